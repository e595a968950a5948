//! What a session's past is to the parts that look at it.

use sequence_windowing::{Event, Key, Timestamp, Windowing};
use serde::{Deserialize, Serialize};

/// All that any part knows of the events so far. It does not depend on what was learnt, so all folds share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// The last h input codes, begin symbols in front.
    pub history: Vec<u32>,
    /// How often each key of the vocabulary has come, by code, ascending.
    pub counts: Vec<(u32, u32)>,
    /// How many events had a key that is none of the vocabulary.
    pub unseen: u32,
    /// Code and time of the event before, if it had both.
    pub before: Option<(u32, Timestamp)>,
}

impl Past {
    /// Nothing yet.
    #[must_use]
    pub fn new(windowing: &Windowing) -> Self {
        Self {
            history: vec![windowing.alphabet.begin(); windowing.history],
            counts: Vec::new(),
            unseen: 0,
            before: None,
        }
    }

    /// Takes in an event.
    pub fn add(&mut self, event: &Event, windowing: &Windowing) {
        let code = windowing.alphabet.code(&event.key);
        self.history.rotate_left(1);
        if let Some(last) = self.history.last_mut() {
            *last = code;
        }
        self.before = None;
        match event.key {
            Key::Known(_) => {
                match self.counts.binary_search_by_key(&code, |&(key, _)| key) {
                    Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(1),
                    Err(at) => self.counts.insert(at, (code, 1)),
                }
                self.before = event.time.map(|time| (code, time));
            }
            Key::Unseen(_) => self.unseen = self.unseen.saturating_add(1),
        }
    }

    /// How often a key has come.
    #[must_use]
    pub fn count(&self, code: u32) -> u32 {
        let found = self.counts.binary_search_by_key(&code, |&(key, _)| key);
        found.map_or(0, |at| self.counts[at].1)
    }
}
