//! "This set of keys never occurred in one training session": no order, no counts, no learning beyond a look-up.
//!
//! The rule that LSTM papers rarely stand beside; Landauer, Skopik and Wurzenberger ("A critical review of common log
//! data sets used for evaluation of sequence-based anomaly detection techniques", 2024) make the case for such rules.

use std::collections::BTreeSet;

use detection::Reason;
use rustc_hash::FxHashSet;
use sequence_windowing::{Event, Key, KeyName, LogKey, Session};
use serde::{Deserialize, Serialize};

use crate::by_score::{ByScore, Scorer, Summary};
use crate::held_out::Limit;

/// Flags a session whose set of keys is that of no training session.
///
/// Its score is the least number of keys in which the set differs from one seen in training, so 0 is normal.
#[derive(Clone, Debug)]
pub struct UnseenKeySet {
    sets: FxHashSet<BTreeSet<LogKey>>,
}

/// The keys of a session, whatever their order and number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeySet {
    known: BTreeSet<LogKey>,
    unseen: BTreeSet<KeyName>,
}

impl Summary for KeySet {
    fn add(&mut self, event: &Event) {
        match &event.key {
            Key::Known(key) => self.known.insert(*key),
            Key::Unseen(name) => self.unseen.insert(name.clone()),
        };
    }
}

impl UnseenKeySet {
    /// Remembers the key set of every normal session.
    #[must_use]
    pub fn fit(normal: &[&Session]) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Score(0.0), |known: &[(KeySet, u64)]| Self {
            sets: known.iter().map(|(set, _)| set.known.clone()).collect(),
        })
    }

    /// How many distinct sets it remembers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether it saw no training session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

impl Scorer for UnseenKeySet {
    type Summary = KeySet;
    const REASON: Reason = Reason::UnseenKeySet;

    fn score(&self, keys: &KeySet) -> f64 {
        let differing = if self.sets.contains(&keys.known) {
            0
        } else {
            let others = self.sets.iter();
            let nearest = others.map(|set| set.symmetric_difference(&keys.known).count()).min();
            nearest.unwrap_or(keys.known.len())
        };
        (differing + keys.unseen.len()) as f64
    }
}
