//! Next-key probabilities from counts: the n-gram model that backs off to shorter histories where the longer ones are
//! rare.
//!
//! Witten and Bell ("The zero-frequency problem", IEEE Transactions on Information Theory 37, 1991), method C,
//! interpolated; Chen and Goodman (Computer Speech and Language 13, 1999) compare it with others.

use detection::{LARGEST_SURPRISE, Reason};
use rustc_hash::FxHashMap;
use sequence_windowing::{DistinctWindows, Event, Session, Vocabulary, Windowing};

use crate::by_event::{ByEvent, EventScorer, reason_or};
use crate::held_out::Limit;
use crate::unseen_ngram::{begin_end, next_gram};

/// A model of the next key given up to n − 1 keys before it. An event scores its surprise, −ln p, as in the LSTM's
/// rule.
#[derive(Clone, Debug)]
pub struct NgramModel {
    windowing: Windowing,
    /// By history, of each length from 0.
    followers: FxHashMap<Box<[u32]>, Followers>,
}

/// What came after a history.
#[derive(Clone, Debug, Default)]
struct Followers {
    total: u64,
    counts: FxHashMap<u32, u64>,
}

impl NgramModel {
    /// Counts in normal sessions; `n` is at least 1. Surprises above that of `false_alarms` of the held-out ones are
    /// flagged.
    #[must_use]
    pub fn fit(normal: &[&Session], n: usize, false_alarms: f64, vocabulary: &Vocabulary) -> ByEvent<Self> {
        let windowing = begin_end(vocabulary, n);
        ByEvent::fit(normal, Limit::Share(false_alarms), vocabulary, |sessions| {
            Self::count(sessions, windowing)
        })
    }

    fn count(normal: &[&Session], windowing: Windowing) -> Self {
        let windows = DistinctWindows::of(&windowing, normal.iter().copied());
        let mut followers: FxHashMap<Box<[u32]>, Followers> = FxHashMap::default();
        for (i, (&target, &weight)) in windows.targets.iter().zip(&windows.weights).enumerate() {
            let history = &windows.histories[i * windowing.history..(i + 1) * windowing.history];
            for from in 0..=history.len() {
                let followers = followers.entry(history[from..].into()).or_default();
                followers.total += u64::from(weight);
                *followers.counts.entry(target).or_default() += u64::from(weight);
            }
        }
        Self { windowing, followers }
    }

    /// The probability of a code after a history: the share among what followed, mixed with that after the shorter
    /// history by the number of distinct followers; at the shortest all symbols are alike.
    pub(crate) fn probability(&self, history: &[u32], target: u32) -> f64 {
        let alike = 1.0 / f64::from(self.windowing.alphabet.symbols());
        (0..=history.len()).rev().fold(alike, |shorter, from| {
            let Some(followers) = self.followers.get(&history[from..]) else {
                return shorter;
            };
            let (total, distinct) = (followers.total as f64, followers.counts.len() as f64);
            let count = followers.counts.get(&target).copied().unwrap_or(0) as f64;
            (count + distinct * shorter) / (total + distinct)
        })
    }
}

impl EventScorer for NgramModel {
    type Past = Vec<u32>;

    fn score(&self, past: &mut Vec<u32>, next: Option<&Event>) -> f64 {
        let gram = next_gram(&self.windowing, past, next);
        match gram.split_last() {
            Some((&target, history)) if target != self.windowing.alphabet.unseen() => {
                -self.probability(history, target).ln()
            }
            _ => LARGEST_SURPRISE,
        }
    }

    fn reason(&self, next: Option<&Event>) -> Reason {
        reason_or(next, Reason::BelowProbability)
    }
}
