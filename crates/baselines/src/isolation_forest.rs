//! Isolation forest on count vectors: what few random cuts set apart is unusual.
//!
//! Liu, Ting and Zhou ("Isolation forest", ICDM 2008), with the settings of the paper. Written here, as no kept crate
//! takes rows with a number of occurrences and draws from a seed: the same forest on every machine.

use detection::Reason;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer};
use crate::counts::Counts;

/// Random trees over count vectors. A session scores 2^(−mean depth / expected depth), between 0 and 1; a key that is
/// never in training, or in each session the same number of times, is never cut by, and so never seen.
#[derive(Clone, Debug)]
pub struct IsolationForest {
    keys: usize,
    trees: Vec<Node>,
    /// Mean depth of an unsuccessful search among as many vectors as a tree was made of.
    expected: f64,
}

/// Number of trees, and of sessions that each is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestSize {
    /// Trees; 100 in the paper.
    pub trees: usize,
    /// Sessions drawn for each tree; 256 in the paper.
    pub sample: usize,
}

impl Default for ForestSize {
    fn default() -> Self {
        Self {
            trees: 100,
            sample: 256,
        }
    }
}

#[derive(Clone, Debug)]
enum Node {
    /// Of so many vectors that were not told apart.
    Leaf(usize),
    Cut {
        column: usize,
        at: f64,
        below: Box<Node>,
        above: Box<Node>,
    },
}

impl IsolationForest {
    /// Grows a forest on normal sessions over a vocabulary of `keys` keys.
    #[must_use]
    pub fn fit(normal: &[&Session], keys: usize, size: ForestSize, seed: u64, false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, false_alarms, |known| Self::grow(known, keys, size, seed))
    }

    fn grow(known: &[(Counts, u64)], keys: usize, size: ForestSize, seed: u64) -> Self {
        let rows: Vec<Vec<f64>> = known.iter().map(|(counts, _)| counts.vector(keys)).collect();
        let ends: Vec<u64> = known
            .iter()
            .scan(0, |sum, (_, times)| {
                *sum += times;
                Some(*sum)
            })
            .collect();
        let sessions = ends.last().copied().unwrap_or(0) as usize;
        let sample = size.sample.min(sessions);
        let deepest = sample.max(2).ilog2() + u32::from(!sample.max(2).is_power_of_two());
        let tree = |number: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(number as u64);
            let drawn = rand::seq::index::sample(&mut random, sessions, sample);
            let rows: Vec<&[f64]> = drawn
                .iter()
                .map(|session| &*rows[ends.partition_point(|&end| end <= session as u64)])
                .collect();
            grow(rows, deepest, &mut random)
        };
        Self {
            keys,
            trees: (0..size.trees).map(tree).collect(),
            expected: expected_depth(sample).max(1.0),
        }
    }
}

fn grow(rows: Vec<&[f64]>, levels: u32, random: &mut ChaCha8Rng) -> Node {
    let columns = rows.first().map_or(0, |row| row.len());
    let range = |column: usize| {
        let values = rows.iter().map(|row| row[column]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let varying: Vec<(usize, (f64, f64))> = (0..columns)
        .map(|column| (column, range(column)))
        .filter(|(_, (low, high))| low < high)
        .collect();
    if levels == 0 || varying.is_empty() {
        return Node::Leaf(rows.len());
    }
    let (column, (low, high)) = varying[random.random_range(0..varying.len())];
    let at = random.random_range(low..high);
    let (below, above): (Vec<&[f64]>, Vec<&[f64]>) = rows.into_iter().partition(|row| row[column] <= at);
    Node::Cut {
        column,
        at,
        below: Box::new(grow(below, levels - 1, random)),
        above: Box::new(grow(above, levels - 1, random)),
    }
}

/// Mean depth of an unsuccessful search in a binary search tree of n values: 2 H(n − 1) − 2 (n − 1) / n.
fn expected_depth(n: usize) -> f64 {
    let harmonic: f64 = (1..n).map(|i| 1.0 / i as f64).sum();
    if n < 2 {
        0.0
    } else {
        2.0 * harmonic - 2.0 * (n - 1) as f64 / n as f64
    }
}

impl Node {
    fn depth(&self, row: &[f64]) -> f64 {
        match self {
            Self::Leaf(rows) => expected_depth(*rows),
            Self::Cut {
                column,
                at,
                below,
                above,
            } => 1.0 + if row[*column] <= *at { below } else { above }.depth(row),
        }
    }
}

impl Scorer for IsolationForest {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        let row = counts.vector(self.keys);
        let depth: f64 = self.trees.iter().map(|tree| tree.depth(&row)).sum();
        (-depth / self.trees.len().max(1) as f64 / self.expected).exp2()
    }
}
