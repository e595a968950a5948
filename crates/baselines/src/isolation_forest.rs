//! Isolation forest, on count vectors or any rows of numbers: what few random cuts set apart is unusual.
//!
//! Liu, Ting and Zhou ("Isolation forest", ICDM 2008), with the settings of the paper. Written here, as no kept crate
//! takes rows with a number of occurrences and draws from a seed: the same forest on every machine.

use detection::Reason;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sequence_windowing::Session;
use serde::{Deserialize, Serialize};

use crate::by_score::{ByScore, Scorer};
use crate::counts::Counts;
use crate::held_out::Limit;
use crate::rows::Rows;

/// Random trees over the count vectors of sessions; a key that is never in training, or in each session the same number
/// of times, is never cut by, and so never seen.
#[derive(Clone, Debug)]
pub struct IsolationForest {
    keys: usize,
    trees: IsolationTrees,
}

/// Random trees over rows of numbers. A row scores 2^(−mean depth / expected depth), between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct IsolationTrees {
    trees: Vec<Node>,
    /// Mean depth of an unsuccessful search among as many rows as a tree was made of.
    expected: f64,
}

/// Number of trees, and of rows that each is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestSize {
    /// Trees; 100 in the paper.
    pub trees: usize,
    /// Rows drawn for each tree; 256 in the paper.
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Node {
    /// Of so many rows that were not told apart.
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
        ByScore::fit(normal, Limit::Share(false_alarms), |known: &[(Counts, u64)]| {
            let mut rows = Rows::new(keys + 1);
            known
                .iter()
                .for_each(|(counts, times)| rows.push(&counts.vector(keys), *times));
            Self {
                keys,
                trees: IsolationTrees::grow(&rows, size, seed),
            }
        })
    }
}

impl IsolationTrees {
    /// Each tree is made of rows drawn without replacement, and as deep as it takes to tell so many apart.
    pub(crate) fn grow(rows: &Rows, size: ForestSize, seed: u64) -> Self {
        let ends = rows.ends();
        let all = ends.last().copied().unwrap_or(0) as usize;
        let sample = size.sample.min(all);
        let deepest = sample.max(2).ilog2() + u32::from(!sample.max(2).is_power_of_two());
        let tree = |number: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(number as u64);
            let drawn = rand::seq::index::sample(&mut random, all, sample);
            let rows: Vec<&[f64]> = drawn
                .iter()
                .map(|drawn| rows.row(ends.partition_point(|&end| end <= drawn as u64)))
                .collect();
            grow(rows, deepest, &mut random)
        };
        Self {
            trees: (0..size.trees).map(tree).collect(),
            expected: expected_depth(sample).max(1.0),
        }
    }

    pub(crate) fn fits(&self, columns: usize) -> bool {
        self.trees.iter().all(|tree| tree.fits(columns))
    }

    pub(crate) fn score(&self, row: &[f64]) -> f64 {
        let depth: f64 = self.trees.iter().map(|tree| tree.depth(row)).sum();
        (-depth / self.trees.len().max(1) as f64 / self.expected).exp2()
    }

    /// By column, its part in the cuts that isolate a row; a cut counts the more, the fewer it took.
    pub(crate) fn contributions(&self, row: &[f64]) -> Vec<f64> {
        let mut found = vec![0.0; row.len()];
        for tree in &self.trees {
            let cuts: Vec<usize> = tree.cuts(row).collect();
            for &column in &cuts {
                found[column] += 1.0 / (cuts.len() * self.trees.len()) as f64;
            }
        }
        found
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
            Self::Cut { .. } => 1.0 + self.below(row).map_or(0.0, |node| node.depth(row)),
        }
    }

    fn fits(&self, columns: usize) -> bool {
        match self {
            Self::Leaf(_) => true,
            Self::Cut {
                column, below, above, ..
            } => *column < columns && below.fits(columns) && above.fits(columns),
        }
    }

    /// The next node of a row.
    fn below(&self, row: &[f64]) -> Option<&Self> {
        match self {
            Self::Leaf(_) => None,
            Self::Cut {
                column,
                at,
                below,
                above,
            } => Some(if row[*column] <= *at { below } else { above }),
        }
    }

    /// The columns of the cuts on the way of a row.
    fn cuts(&self, row: &[f64]) -> impl Iterator<Item = usize> {
        let way = std::iter::successors(Some(self), move |node| node.below(row));
        way.filter_map(|node| match node {
            Self::Leaf(_) => None,
            Self::Cut { column, .. } => Some(*column),
        })
    }
}

impl Scorer for IsolationForest {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        self.trees.score(&counts.vector(self.keys))
    }
}
