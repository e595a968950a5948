//! Log clustering: sessions are compared with the representatives of clusters of normal ones.
//!
//! Lin, Zhang, Lou, Zhang and Chen ("Log clustering based problem identification for online service systems", ICSE-SEIP
//! 2016): keys weighted by inverse document frequency through a sigmoid, agglomerative clustering by cosine distance,
//! cut at a distance. Their second weight compares production with a test environment, which there is none of here. What
//! they call new lies farther from every cluster than the cut; here the threshold is that of the held-out sessions.

use detection::Reason;
use kodama::{Method, linkage};
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer};
use crate::counts::{Counts, inverse_document_frequencies};
use crate::held_out::Limit;

/// The centres of the clusters. A session scores its cosine distance to the nearest. Time and memory to fit grow with
/// the square of the number of distinct count vectors.
#[derive(Clone, Debug)]
pub struct LogClustering {
    weights: Vec<f64>,
    centres: Vec<Vec<f64>>,
}

impl LogClustering {
    /// Clusters normal sessions over a vocabulary of `keys` keys; within a cluster no two are farther apart than
    /// `distance`.
    #[must_use]
    pub fn fit(normal: &[&Session], keys: usize, distance: f64, false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Share(false_alarms), |known| {
            Self::cluster(known, keys, distance)
        })
    }

    fn cluster(known: &[(Counts, u64)], keys: usize, distance: f64) -> Self {
        let weights: Vec<f64> = inverse_document_frequencies(known, keys)
            .into_iter()
            .map(|weight| 1.0 / (1.0 + (-weight).exp()))
            .collect();
        let rows: Vec<Vec<f64>> = known.iter().map(|(counts, _)| counts.weighted(&weights)).collect();
        let mut clusters: Vec<Vec<usize>> = (0..rows.len()).map(|row| vec![row]).collect();
        let mut distances: Vec<f64> = (0..rows.len())
            .flat_map(|i| (i + 1..rows.len()).map(move |j| (i, j)))
            .map(|(i, j)| cosine_distance(&rows[i], &rows[j]))
            .collect();
        for step in linkage(&mut distances, rows.len(), Method::Complete).steps() {
            let apart = step.dissimilarity > distance;
            let [one, other] = [step.cluster1, step.cluster2].map(|cluster| match apart {
                true => Vec::new(),
                false => std::mem::take(&mut clusters[cluster]),
            });
            clusters.push([one, other].concat());
        }
        clusters.retain(|members| !members.is_empty());
        let centre = |members: &Vec<usize>| {
            let mut centre = vec![0.0; keys + 1];
            for &row in members {
                let times = known[row].1 as f64;
                centre
                    .iter_mut()
                    .zip(&rows[row])
                    .for_each(|(sum, value)| *sum += times * value);
            }
            centre
        };
        Self {
            centres: clusters.iter().map(centre).collect(),
            weights,
        }
    }
}

/// One minus the cosine of the angle between two vectors: 0..=1 for counts; 0 between two that are nothing, 1 from
/// these to others.
fn cosine_distance(left: &[f64], right: &[f64]) -> f64 {
    let length = |vector: &[f64]| vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    let lengths = length(left) * length(right);
    if lengths == 0.0 {
        return if length(left) == length(right) { 0.0 } else { 1.0 };
    }
    let product: f64 = left.iter().zip(right).map(|(l, r)| l * r).sum();
    (1.0 - product / lengths).clamp(0.0, 1.0)
}

impl Scorer for LogClustering {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        let row = counts.weighted(&self.weights);
        self.centres
            .iter()
            .map(|centre| cosine_distance(&row, centre))
            .fold(1.0, f64::min)
    }
}
