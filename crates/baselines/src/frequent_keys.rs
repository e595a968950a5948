//! "This key is none of the few that are frequent late in a session": the top-g rule without a model, and with the gift
//! that padding makes to the usual code.
//!
//! It stands beside DeepLog with `short_sessions = "flag"`: windows as in that code, a key of the history never looked
//! at.

use detection::{LARGEST_SURPRISE, Reason};
use rustc_hash::FxHashMap;
use sequence_windowing::{Event, Key, LogKey, Session, Vocabulary};

use crate::by_event::{ByEvent, EventScorer};
use crate::held_out::Limit;

/// The frequencies of keys behind the first `history` events of normal sessions.
///
/// An event behind these scores its surprise, −ln of its key's share; a session that has none scores
/// [`LARGEST_SURPRISE`] at its end. What is less frequent than the g-th key is flagged.
#[derive(Clone, Debug)]
pub struct FrequentKeys {
    history: u64,
    surprise: FxHashMap<LogKey, f64>,
}

impl FrequentKeys {
    /// Counts in normal sessions; `top_g` is at least 1.
    #[must_use]
    pub fn fit(normal: &[&Session], top_g: usize, history: usize, vocabulary: &Vocabulary) -> ByEvent<Self> {
        let mut ranked: Vec<f64> = Self::count(normal, history).surprise.into_values().collect();
        ranked.sort_unstable_by(f64::total_cmp);
        let threshold = ranked.get(top_g.saturating_sub(1)).or(ranked.last()).copied();
        let limit = Limit::Score(threshold.unwrap_or(0.0));
        ByEvent::fit(normal, limit, vocabulary, |sessions| Self::count(sessions, history))
    }

    fn count(normal: &[&Session], history: usize) -> Self {
        let mut counts: FxHashMap<LogKey, u64> = FxHashMap::default();
        for event in normal.iter().flat_map(|session| session.events.iter().skip(history)) {
            if let Key::Known(key) = event.key {
                *counts.entry(key).or_default() += 1;
            }
        }
        let total: u64 = counts.values().sum();
        let surprise = |count: u64| -(count as f64 / total as f64).ln();
        Self {
            history: history as u64,
            surprise: counts.into_iter().map(|(key, count)| (key, surprise(count))).collect(),
        }
    }
}

impl EventScorer for FrequentKeys {
    type Past = u64;

    fn score(&self, past: &mut u64, next: Option<&Event>) -> f64 {
        let Some(event) = next else {
            return if *past > self.history { 0.0 } else { LARGEST_SURPRISE };
        };
        *past += 1;
        if *past <= self.history {
            return 0.0;
        }
        match &event.key {
            Key::Known(key) => self.surprise.get(key).copied().unwrap_or(LARGEST_SURPRISE),
            Key::Unseen(_) => LARGEST_SURPRISE,
        }
    }

    fn reason(&self, next: Option<&Event>) -> Reason {
        match next.map(|event| &event.key) {
            None => Reason::ShortSession,
            Some(Key::Unseen(_)) => Reason::UnseenKey,
            Some(Key::Known(_)) => Reason::OutsideTopCandidates,
        }
    }
}
