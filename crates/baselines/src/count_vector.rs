//! Distance to the nearest count vector of training: order forgotten, numbers kept.
//!
//! Landauer, Skopik and Wurzenberger ("A critical review of common log data sets used for evaluation of sequence-based
//! anomaly detection techniques", 2024) detect by count vectors so.

use detection::Reason;
use rustc_hash::FxHashSet;
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer};
use crate::counts::Counts;
use crate::held_out::Limit;

/// The distinct count vectors of normal sessions. A session scores the number of keys whose count differs from that in
/// the nearest of them (Hamming distance), so 0 is a count vector that occurred.
#[derive(Clone, Debug)]
pub struct CountVector {
    vectors: FxHashSet<Counts>,
}

impl CountVector {
    /// Remembers the count vectors of normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session], false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Share(false_alarms), |known: &[(Counts, u64)]| Self {
            vectors: known.iter().map(|(counts, _)| counts.clone()).collect(),
        })
    }
}

impl Scorer for CountVector {
    type Summary = Counts;
    const REASON: Reason = Reason::UnusualCounts;

    fn score(&self, counts: &Counts) -> f64 {
        if self.vectors.contains(counts) {
            return 0.0;
        }
        let differing = |vector: &Counts| {
            let equal = |(key, count)| counts.known.get(key) == Some(count);
            let same = vector.known.iter().filter(|&entry| equal(entry)).count();
            let common = vector.known.keys().filter(|key| counts.known.contains_key(key)).count();
            vector.known.len() + counts.known.len() - common - same
        };
        let nearest = self.vectors.iter().map(differing).min();
        (nearest.unwrap_or(counts.known.len()) + counts.unseen.len()) as f64
    }
}
