//! How often each key occurs in a session: all that most rivals look at.

use std::collections::BTreeMap;

use sequence_windowing::{Event, Key, KeyName, LogKey};
use serde::{Deserialize, Serialize};

use crate::by_score::Summary;

/// The number of times that each key occurs in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counts {
    /// Keys of the vocabulary.
    pub known: BTreeMap<LogKey, u32>,
    /// Keys that training never saw.
    pub unseen: BTreeMap<KeyName, u32>,
}

impl Summary for Counts {
    fn add(&mut self, event: &Event) {
        let count = match &event.key {
            Key::Known(key) => self.known.entry(*key).or_default(),
            Key::Unseen(name) => self.unseen.entry(name.clone()).or_default(),
        };
        *count = count.saturating_add(1);
    }
}

impl Counts {
    /// A vector of `keys + 1` numbers: the count of each key of the vocabulary, then that of all other events.
    #[must_use]
    pub fn vector(&self, keys: usize) -> Vec<f64> {
        let mut vector = vec![0.0; keys + 1];
        for (key, &count) in &self.known {
            vector[(key.0 as usize).min(keys)] += f64::from(count);
        }
        vector[keys] += self.unseen.values().map(|&count| f64::from(count)).sum::<f64>();
        vector
    }

    /// [`Self::vector`] with each number multiplied by its weight.
    pub(crate) fn weighted(&self, weights: &[f64]) -> Vec<f64> {
        let vector = self.vector(weights.len() - 1);
        vector
            .into_iter()
            .zip(weights)
            .map(|(value, weight)| value * weight)
            .collect()
    }
}

/// By key of the vocabulary, and last for unseen keys: ln(sessions / sessions that hold it), these taken as one at
/// least.
pub(crate) fn inverse_document_frequencies(known: &[(Counts, u64)], keys: usize) -> Vec<f64> {
    let mut holding = vec![0_u64; keys + 1];
    for (counts, times) in known {
        for (held, value) in holding.iter_mut().zip(counts.vector(keys)) {
            *held += if value > 0.0 { *times } else { 0 };
        }
    }
    let sessions: u64 = known.iter().map(|(_, times)| times).sum();
    let weight = |held: u64| (sessions.max(1) as f64 / held.max(1) as f64).ln();
    holding.into_iter().map(weight).collect()
}

/// The squared Euclidean distance of two vectors of equal length.
pub(crate) fn squared_distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| (l - r) * (l - r)).sum()
}
