//! Local outlier factor on count vectors: how much thinner it is here than around the neighbours.
//!
//! Breunig, Kriegel, Ng and Sander ("LOF: identifying density-based local outliers", SIGMOD 2000). Written here, as no
//! kept crate has it.

use detection::Reason;
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer};
use crate::counts::{Counts, squared_distance};
use crate::held_out::Limit;

/// The distinct count vectors of normal sessions with their local densities. Distinct ones, as the paper proposes where
/// many are equal: otherwise a density would have no bound. Time to fit grows with the square of their number.
#[derive(Clone, Debug)]
pub struct LocalOutlierFactor {
    keys: usize,
    neighbours: usize,
    vectors: Vec<Vec<f64>>,
    /// Distance of each to the last of its neighbours.
    reach: Vec<f64>,
    density: Vec<f64>,
}

impl LocalOutlierFactor {
    /// Measures the densities of normal sessions over a vocabulary of `keys` keys, by so many nearest neighbours (at
    /// least 1).
    #[must_use]
    pub fn fit(normal: &[&Session], keys: usize, neighbours: usize, false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Share(false_alarms), |known: &[(Counts, u64)]| {
            Self::measure(
                known.iter().map(|(counts, _)| counts.vector(keys)).collect(),
                keys,
                neighbours,
            )
        })
    }

    fn measure(vectors: Vec<Vec<f64>>, keys: usize, neighbours: usize) -> Self {
        let mut factor = Self {
            keys,
            neighbours: neighbours.min(vectors.len().saturating_sub(1)),
            reach: Vec::new(),
            density: Vec::new(),
            vectors,
        };
        let near: Vec<Vec<(usize, f64)>> = (0..factor.vectors.len())
            .map(|i| factor.nearest(&factor.vectors[i], Some(i)))
            .collect();
        factor.reach = near
            .iter()
            .map(|near| near.last().map_or(0.0, |&(_, distance)| distance))
            .collect();
        factor.density = near.iter().map(|near| factor.density_by(near)).collect();
        factor
    }

    /// The nearest vectors with their distances, the nearest first, without the one at `itself`.
    fn nearest(&self, vector: &[f64], itself: Option<usize>) -> Vec<(usize, f64)> {
        let others = (0..self.vectors.len()).filter(|&i| Some(i) != itself);
        let mut near: Vec<(usize, f64)> = others
            .map(|i| (i, squared_distance(vector, &self.vectors[i])))
            .collect();
        if self.neighbours < near.len() {
            near.select_nth_unstable_by(self.neighbours, |left, right| {
                left.1.total_cmp(&right.1).then(left.0.cmp(&right.0))
            });
            near.truncate(self.neighbours);
        }
        near.sort_unstable_by(|left, right| left.1.total_cmp(&right.1).then(left.0.cmp(&right.0)));
        near.iter_mut().for_each(|(_, distance)| *distance = distance.sqrt());
        near
    }

    /// One over the mean reachability distance: the distance, but no less than the neighbour's own reach.
    fn density_by(&self, near: &[(usize, f64)]) -> f64 {
        let sum: f64 = near.iter().map(|&(i, distance)| distance.max(self.reach[i])).sum();
        near.len() as f64 / sum.max(f64::MIN_POSITIVE)
    }
}

impl Scorer for LocalOutlierFactor {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    /// The mean density of the neighbours over the session's own, about 1 within a cluster. With fewer than two vectors
    /// there is no density, and the distance to the one stands for it.
    fn score(&self, counts: &Counts) -> f64 {
        let vector = counts.vector(self.keys);
        let near = self.nearest(&vector, None);
        if self.neighbours == 0 {
            return self
                .vectors
                .first()
                .map_or(0.0, |only| squared_distance(&vector, only).sqrt());
        }
        let around: f64 = near.iter().map(|&(i, _)| self.density[i]).sum();
        around / near.len() as f64 / self.density_by(&near)
    }
}
