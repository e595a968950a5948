//! Linear relations between counts that hold in normal sessions: as many files closed as opened.
//!
//! Lou, Fu, Yang, Xu and Li ("Mining invariants from console logs for system problem detection", USENIX ATC 2010):
//! relations of few keys with small whole coefficients that hold in 98% of the sessions; one that follows from a
//! relation of fewer keys is not looked for. As there, one broken relation is an anomaly.

use detection::Reason;
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer};
use crate::counts::Counts;
use crate::held_out::Limit;

/// Largest coefficient.
const LARGEST: i32 = 3;

/// Relations of three terms are looked for up to so many terms; their number grows with its cube. Beyond, those of two
/// are.
const MOST_FOR_TRIPLES: usize = 64;

/// The relations. A session scores the number of them that it breaks.
#[derive(Clone, Debug)]
pub struct Invariants {
    keys: usize,
    relations: Vec<Relation>,
}

/// Terms with their coefficients, whose sum is 0. The terms: 1, the count of each key, the count of unseen keys.
type Relation = Vec<(usize, i32)>;

impl Invariants {
    /// Finds the relations that hold in the share `support` of normal sessions over a vocabulary of `keys` keys.
    #[must_use]
    pub fn fit(normal: &[&Session], keys: usize, support: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Score(0.0), |known| Self::mine(known, keys, support))
    }

    fn mine(known: &[(Counts, u64)], keys: usize, support: f64) -> Self {
        let rows: Vec<(Vec<f64>, u64)> = known
            .iter()
            .map(|(counts, times)| (terms(counts, keys), *times))
            .collect();
        let sessions: u64 = rows.iter().map(|(_, times)| times).sum();
        let may_break = sessions - (support * sessions as f64).ceil() as u64;
        let holds = |relation: &[(usize, i32)]| {
            let mut broken = 0;
            rows.iter().all(|(row, times)| {
                broken += if is_kept(relation, row) { 0 } else { *times };
                broken <= may_break
            })
        };
        let number = keys + 2;
        let mut relations: Vec<Relation> = Vec::new();
        let most = if number > MOST_FOR_TRIPLES { 2 } else { 3 };
        for size in 1..=most {
            for chosen in choices(number, size) {
                let within = |relation: &Relation| relation.iter().all(|(term, _)| chosen.contains(term));
                if relations.iter().any(within) {
                    continue;
                }
                let found = coefficients(size)
                    .map(|coefficients| chosen.iter().copied().zip(coefficients).collect::<Relation>())
                    .find(|relation| holds(relation));
                relations.extend(found);
            }
        }
        Self { keys, relations }
    }

    /// How many relations it found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.relations.len()
    }

    /// Whether it found none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relations.is_empty()
    }
}

fn terms(counts: &Counts, keys: usize) -> Vec<f64> {
    std::iter::once(1.0).chain(counts.vector(keys)).collect()
}

fn is_kept(relation: &[(usize, i32)], row: &[f64]) -> bool {
    relation
        .iter()
        .map(|&(term, factor)| f64::from(factor) * row[term])
        .sum::<f64>()
        == 0.0
}

/// All ways to choose `size` of `number` terms, in order.
fn choices(number: usize, size: usize) -> Vec<Vec<usize>> {
    (0..size).fold(vec![Vec::new()], |chosen, _| {
        let longer = |chosen: &Vec<usize>| {
            let from = chosen.last().map_or(0, |last| last + 1);
            let chosen = chosen.clone();
            (from..number).map(move |next| [&chosen[..], &[next]].concat())
        };
        chosen.iter().flat_map(longer).collect()
    })
}

/// All whole coefficients other than 0, the smallest first; the first one is positive, as a relation's negative is the
/// same.
fn coefficients(size: usize) -> impl Iterator<Item = Vec<i32>> {
    let values = (1..=LARGEST).flat_map(|value| [value, -value]);
    let mut all: Vec<Vec<i32>> = (0..size).fold(vec![Vec::new()], |all, _| {
        all.iter()
            .flat_map(|some| values.clone().map(move |value| [&some[..], &[value]].concat()))
            .collect()
    });
    all.retain(|some| some[0] > 0);
    all.sort_by_key(|some| some.iter().map(|value| value.abs()).sum::<i32>());
    all.into_iter()
}

impl Scorer for Invariants {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        let row = terms(counts, self.keys);
        self.relations
            .iter()
            .filter(|relation| !is_kept(relation, &row))
            .count() as f64
    }
}
