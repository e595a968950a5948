//! Sessions to windows of history and next key, as codes that a model takes in and puts out.

use std::borrow::Borrow;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{Key, Session, SessionEnd};

/// How windows stand at the ends of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// `h` begin symbols stand in front and an end symbol behind, so n events give n + 1 windows, n where the session
    /// was merely cut.
    #[default]
    BeginEnd,
    /// As in the DeepLog paper: n events give max(0, n − h) windows and a session of h events or fewer none.
    Classic,
}

/// The codes of a model over `keys` log keys.
///
/// Input: `0..keys` are log keys, then the begin symbol, then the unseen key (which a model must read as a zero
/// vector). Target: `0..keys` are log keys, then the end symbol. Both alphabets exist in [`Framing::Classic`] too,
/// where begin and end never occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alphabet {
    /// Number of log keys in the vocabulary.
    pub keys: u32,
}

impl Alphabet {
    /// Input code of the begin symbol.
    #[must_use]
    pub fn begin(self) -> u32 {
        self.keys
    }

    /// Code of a key that training never saw: a zero input, and a target that no model predicts.
    #[must_use]
    pub fn unseen(self) -> u32 {
        self.keys + 1
    }

    /// Target code of the end symbol.
    #[must_use]
    pub fn end(self) -> u32 {
        self.keys
    }

    /// Number of target codes, and of input codes that carry weights.
    #[must_use]
    pub fn symbols(self) -> u32 {
        self.keys + 1
    }

    /// Code of a key, the same as input and as target.
    #[must_use]
    pub fn code(self, key: &Key) -> u32 {
        match key {
            Key::Known(key) => key.0,
            Key::Unseen(_) => self.unseen(),
        }
    }
}

/// How sessions are cut into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windowing {
    /// The codes.
    pub alphabet: Alphabet,
    /// Number of input codes in front of each target, `h` in the paper.
    pub history: usize,
    /// What stands at the ends.
    pub framing: Framing,
}

impl Windowing {
    /// A session as codes, with what stands at its ends, such that each run of `h + 1` codes is one window: `h` input
    /// codes, then the target (whose code is [`Alphabet::unseen`] for an unseen key, no target of any model).
    ///
    /// `codes.windows(h + 1)` are the windows in order; window `i` has the event at position
    /// `i + self.first_position()` as its target, or the end.
    #[must_use]
    pub fn codes<K: Borrow<Key>>(&self, session: &Session<K>) -> Vec<u32> {
        let mut codes = Vec::with_capacity(self.padding() + session.events.len() + 1);
        self.codes_into(session, &mut codes);
        codes
    }

    /// Puts [`Self::codes`] in place of what `codes` held.
    pub fn codes_into<K: Borrow<Key>>(&self, session: &Session<K>, codes: &mut Vec<u32>) {
        codes.clear();
        codes.resize(self.padding(), self.alphabet.begin());
        codes.extend(
            session
                .events
                .iter()
                .map(|event| self.alphabet.code(event.key.borrow())),
        );
        if self.has_end(session.end, session.dropped_events) {
            codes.push(self.alphabet.end());
        }
    }

    /// Number of windows of a session.
    #[must_use]
    pub fn count(&self, session: &Session<Key>) -> usize {
        let end = usize::from(self.has_end(session.end, session.dropped_events));
        session.events.len().saturating_sub(self.first_position()) + end
    }

    /// Position of the first event that is a target: 0, or h in [`Framing::Classic`].
    #[must_use]
    pub fn first_position(&self) -> usize {
        self.history - self.padding()
    }

    /// Whether the end symbol is the last target of a session that ended so, with so many events over the cap.
    #[must_use]
    pub fn has_end(&self, end: SessionEnd, dropped_events: u64) -> bool {
        self.framing == Framing::BeginEnd && end.is_natural() && dropped_events == 0
    }

    /// Number of begin symbols in front of a session.
    #[must_use]
    pub fn padding(&self) -> usize {
        match self.framing {
            Framing::BeginEnd => self.history,
            Framing::Classic => 0,
        }
    }
}

/// Windows of many sessions, each distinct one once, with the number of times it occurred.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DistinctWindows {
    /// `[len × h]` input codes.
    pub histories: Vec<u32>,
    /// `[len]` target codes.
    pub targets: Vec<u32>,
    /// `[len]` occurrences.
    pub weights: Vec<u32>,
}

impl DistinctWindows {
    /// The windows of the given sessions, in order of their first occurrence. Windows whose target is an unseen key
    /// are left out: nothing can be learnt from them.
    pub fn of<'s>(windowing: &Windowing, sessions: impl IntoIterator<Item = &'s Session<Key>>) -> Self {
        let h = windowing.history;
        let mut index: FxHashMap<Box<[u32]>, usize> = FxHashMap::default();
        let mut windows = Self::default();
        for session in sessions {
            for window in windowing.codes(session).windows(h + 1) {
                if window[h] == windowing.alphabet.unseen() {
                    continue;
                }
                if let Some(&at) = index.get(window) {
                    windows.weights[at] += 1;
                } else {
                    index.insert(window.into(), windows.len());
                    windows.histories.extend_from_slice(&window[..h]);
                    windows.targets.push(window[h]);
                    windows.weights.push(1);
                }
            }
        }
        windows
    }

    /// Number of distinct windows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Number of windows, each counted as often as it occurred.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.weights.iter().map(|&weight| u64::from(weight)).sum()
    }
}
