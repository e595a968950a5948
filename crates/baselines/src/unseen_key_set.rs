//! "This set of keys never occurred in one training session": no order, no counts, no learning beyond a look-up.
//!
//! The rule that LSTM papers rarely stand beside; Landauer, Skopik and Wurzenberger ("A critical review of common log
//! data sets used for evaluation of sequence-based anomaly detection techniques", 2024) make the case for such rules.

use std::collections::BTreeSet;

use detection::{Closing, Detector, Extent, Finding, Reason, Verdict};
use rustc_hash::FxHashSet;
use sequence_windowing::{Event, Key, LogKey, Session};
use serde::{Deserialize, Serialize};

/// Flags a session whose set of keys is that of no training session.
///
/// Its score is the least number of keys in which the set differs from one seen in training, so 0 is normal.
#[derive(Clone, Debug)]
pub struct UnseenKeySet {
    sets: FxHashSet<BTreeSet<LogKey>>,
}

/// What [`UnseenKeySet`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnseenKeySetState {
    keys: BTreeSet<LogKey>,
    unseen: BTreeSet<String>,
    extent: Extent,
}

impl UnseenKeySet {
    /// Remembers the key set of every normal session.
    pub fn fit<'s>(normal: impl IntoIterator<Item = &'s Session>) -> Self {
        let known = |event: &Event| match event.key {
            Key::Known(key) => Some(key),
            Key::Unseen(_) => None,
        };
        Self {
            sets: normal
                .into_iter()
                .map(|session| session.events.iter().filter_map(known).collect())
                .collect(),
        }
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

impl Detector for UnseenKeySet {
    type State = UnseenKeySetState;

    fn open(&self) -> UnseenKeySetState {
        UnseenKeySetState::default()
    }

    fn step(&self, state: &mut UnseenKeySetState, event: &Event) -> Option<Finding> {
        state.extent.count(event);
        match &event.key {
            Key::Known(key) => state.keys.insert(*key),
            Key::Unseen(name) => state.unseen.insert(name.to_string()),
        };
        None
    }

    fn close(&self, state: UnseenKeySetState, closing: &Closing) -> Verdict {
        let distance = if state.unseen.is_empty() && self.sets.contains(&state.keys) {
            0
        } else {
            let nearest = self
                .sets
                .iter()
                .map(|set| set.symmetric_difference(&state.keys).count())
                .min();
            nearest.unwrap_or(state.keys.len()) + state.unseen.len()
        };
        let findings = if distance == 0 {
            Vec::new()
        } else {
            vec![Finding::of_session(Reason::UnseenKeySet)]
        };
        Verdict::new(closing, state.extent, distance as f64, findings)
    }
}
