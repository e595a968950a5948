//! Principal components of count vectors: what normal sessions do not vary in should not vary.
//!
//! Xu, Huang, Fox, Patterson and Jordan ("Detecting large-scale system problems by mining console logs", SOSP 2009):
//! counts weighted by TF-IDF, the components that hold 95% of the variance are the normal space, and a session scores
//! its squared distance from it. Their threshold is the Q-statistic's; here it is that of the held-out sessions, as for
//! every other rival. The weight of a key that training never saw grows with the number of sessions, so that new sessions
//! with one score above all that were held out: its p-values understate what is normal where such sessions are more frequent
//! than the budget.

use detection::Reason;
use sequence_windowing::Session;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::evd::EVDDecomposable;

use crate::by_score::{ByScore, Scorer};
use crate::counts::{Counts, inverse_document_frequencies};
use crate::held_out::Limit;

/// The normal space. Time to fit it grows with the cube of the vocabulary.
#[derive(Clone, Debug)]
pub struct Pca {
    /// By key: ln(sessions / sessions that hold it). A key in every session counts for nothing, as in the paper.
    weights: Vec<f64>,
    mean: Vec<f64>,
    /// Orthonormal.
    components: Vec<Vec<f64>>,
}

impl Pca {
    /// Beyond so many keys [`Rival::fit`](crate::Rival::fit) leaves it out: it would take minutes.
    pub const MOST_KEYS: usize = 500;

    /// Fits the space to normal sessions over a vocabulary of `keys` keys, such that it holds the share `variance` of
    /// their variance.
    #[must_use]
    pub fn fit(normal: &[&Session], keys: usize, variance: f64, false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Share(false_alarms), |known| {
            Self::space(known, keys, variance)
        })
    }

    fn space(known: &[(Counts, u64)], keys: usize, variance: f64) -> Self {
        let weights = inverse_document_frequencies(known, keys);
        let rows: Vec<(Vec<f64>, f64)> = known
            .iter()
            .map(|(counts, times)| (counts.weighted(&weights), *times as f64))
            .collect();
        let sessions = rows.iter().map(|(_, times)| times).sum::<f64>().max(1.0);
        let mut mean = vec![0.0; keys + 1];
        for (row, times) in &rows {
            mean.iter_mut()
                .zip(row)
                .for_each(|(mean, value)| *mean += times * value / sessions);
        }
        let side = keys + 1;
        let mut covariance = vec![0.0; side * side];
        for (row, times) in &rows {
            let off: Vec<f64> = row.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
            for (line, left) in covariance.chunks_exact_mut(side).zip(&off) {
                let factor = times * left / sessions;
                line.iter_mut()
                    .zip(&off)
                    .for_each(|(sum, right)| *sum += factor * right);
            }
        }
        let components = main_components(side, covariance, variance);
        Self {
            weights,
            mean,
            components,
        }
    }
}

/// The eigenvectors of the largest eigenvalues of a `side × side` matrix that hold a share of the variance; none where
/// nothing varies.
fn main_components(side: usize, covariance: Vec<f64>, share: f64) -> Vec<Vec<f64>> {
    let eigen = DenseMatrix::new(side, side, covariance, false).and_then(|matrix| matrix.evd_mut(true));
    let Ok(eigen) = eigen else { return Vec::new() };
    let total: f64 = eigen.d.iter().map(|value| value.max(0.0)).sum();
    let mut order: Vec<usize> = (0..eigen.d.len()).collect();
    order.sort_by(|&i, &j| eigen.d[j].total_cmp(&eigen.d[i]));
    let mut held = 0.0;
    let needed = order.into_iter().take_while(|&i| {
        let more = held < share * total && eigen.d[i] > 0.0;
        held += eigen.d[i];
        more
    });
    needed
        .map(|i| (0..eigen.d.len()).map(|row| *eigen.V.get((row, i))).collect())
        .collect()
}

impl Scorer for Pca {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        let vector = counts.weighted(&self.weights);
        let mut off: Vec<f64> = vector
            .iter()
            .zip(&self.mean)
            .map(|(value, mean)| value - mean)
            .collect();
        for component in &self.components {
            let along: f64 = off.iter().zip(component).map(|(value, part)| value * part).sum();
            off.iter_mut()
                .zip(component)
                .for_each(|(value, part)| *value -= along * part);
        }
        off.iter().map(|value| value * value).sum()
    }
}
