//! Random forests: many trees, each of other rows and columns.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::tree::{Drawn, Tree};
use crate::rows::Rows;

/// Trees whose shares are averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Each tree is made of as many rows as there are, drawn with replacement, and each cut is the best by the square
    /// root of the number of columns, of those that vary.
    pub(super) fn fit(rows: &Rows, is_anomalous: &[bool], trees: usize, seed: u64) -> Self {
        let ends = rows.ends();
        let columns = (rows.columns() as f64).sqrt().ceil() as usize;
        let tree = |number: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(number as u64);
            let drawn = draw(&ends, &mut random);
            let mut order: Vec<usize> = (0..rows.columns()).collect();
            Tree::grow(rows, is_anomalous, drawn, &mut || {
                order.shuffle(&mut random);
                (order.clone(), columns)
            })
        };
        Self {
            trees: (0..trees).map(tree).collect(),
        }
    }

    pub(super) fn fits(&self, columns: usize) -> bool {
        self.trees.iter().all(|tree| tree.fits(columns))
    }

    pub(super) fn share(&self, row: &[f64]) -> f64 {
        let sum: f64 = self.trees.iter().map(|tree| tree.share(row)).sum();
        sum / self.trees.len().max(1) as f64
    }

    pub(super) fn contributions(&self, row: &[f64]) -> Vec<f64> {
        let mut found = vec![0.0; row.len()];
        let factor = 1.0 / self.trees.len().max(1) as f64;
        self.trees
            .iter()
            .for_each(|tree| tree.add_contributions(row, factor, &mut found));
        found
    }
}

/// As many rows as occur, drawn with replacement, each once with its number as weight.
fn draw(ends: &[u64], random: &mut ChaCha8Rng) -> Vec<Drawn> {
    let all = ends.last().copied().unwrap_or(0);
    let mut times = vec![0_u64; ends.len()];
    for _ in 0..all {
        let drawn = random.random_range(0..all);
        times[ends.partition_point(|&end| end <= drawn)] += 1;
    }
    let drawn = times.into_iter().enumerate().filter(|(_, times)| *times > 0);
    drawn.map(|(i, times)| (i, times as f64)).collect()
}
