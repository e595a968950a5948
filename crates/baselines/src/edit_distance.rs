//! Edit distance to the nearest training session: order and number together.
//!
//! Landauer, Skopik and Wurzenberger ("A critical review of common log data sets used for evaluation of sequence-based
//! anomaly detection techniques", 2024) detect so; Levenshtein's distance (Soviet Physics Doklady 10, 1966).

use detection::Reason;
use sequence_windowing::{Event, Key, LogKey, Session};
use serde::{Deserialize, Serialize};

use crate::by_score::{ByScore, Scorer, Summary};
use crate::held_out::Limit;

/// The distinct sequences of normal sessions.
///
/// A session scores the keys to insert, remove or replace to make it the nearest of them, divided by the length of the
/// longer of the two: from 0, a sequence that occurred, to 1. Time grows with the product of distinct sequences here
/// and there.
#[derive(Clone, Debug)]
pub struct EditDistance {
    /// Each with its sorted keys.
    sequences: Vec<(Sequence, Sequence)>,
}

/// The keys of a session in their order; `None` is a key that training never saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sequence(Vec<Option<LogKey>>);

impl Summary for Sequence {
    fn add(&mut self, event: &Event) {
        self.0.push(match event.key {
            Key::Known(key) => Some(key),
            Key::Unseen(_) => None,
        });
    }
}

impl<'s> IntoIterator for &'s Sequence {
    type Item = &'s Option<LogKey>;
    type IntoIter = std::slice::Iter<'s, Option<LogKey>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Sequence {
    fn sorted(&self) -> Self {
        let mut keys = self.clone();
        keys.0.sort_unstable();
        keys
    }

    /// Keys that are in one and not in the other of two sorted sequences: there are at least so many edits between
    /// them.
    fn least_edits(&self, other: &Self) -> usize {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = 0;
        while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
            match l.cmp(r) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    common += 1;
                    left.next();
                    right.next();
                }
            }
        }
        self.0.len().max(other.0.len()) - common
    }
}

impl EditDistance {
    /// Remembers the sequences of normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session], false_alarms: f64) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Share(false_alarms), |known: &[(Sequence, u64)]| Self {
            sequences: known
                .iter()
                .map(|(sequence, _)| (sequence.clone(), sequence.sorted()))
                .collect(),
        })
    }
}

impl Scorer for EditDistance {
    type Summary = Sequence;
    const REASON: Reason = Reason::UnusualSequence;

    fn score(&self, sequence: &Sequence) -> f64 {
        let sorted = sequence.sorted();
        let share = |edits: usize, other: &Sequence| edits as f64 / sequence.0.len().max(other.0.len()).max(1) as f64;
        let mut candidates: Vec<(f64, &Sequence)> = self
            .sequences
            .iter()
            .map(|(other, keys)| (share(sorted.least_edits(keys), other), other))
            .collect();
        candidates.sort_by(|left, right| left.0.total_cmp(&right.0));
        let mut nearest: f64 = 1.0;
        for (least, other) in candidates {
            if least >= nearest {
                break;
            }
            nearest = nearest.min(share(strsim::generic_levenshtein(sequence, other), other));
        }
        nearest
    }
}
