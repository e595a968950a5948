//! Events, and the sessions they form.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Key;

/// Microseconds since 1970-01-01T00:00:00 UTC. Stamps without a zone are read as UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// One log line as its session sees it. `K` is [`KeyName`](crate::KeyName) as read, [`Key`] once a vocabulary is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event<K = Key> {
    /// What kind of line it was.
    pub key: K,
    /// Number of the line in its input, from 1; in a session file, the number of the session's line.
    pub line: u64,
    /// When it was written, where the log says so.
    pub time: Option<Timestamp>,
}

/// Why a session holds no further event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// An end key came, its window of time or count was full, or the input says that its sessions are whole.
    Explicit,
    /// Nothing came for the idle time.
    Idle,
    /// The input ended; more might have come.
    EndOfInput,
    /// Closed early to keep the number of open sessions bounded.
    Evicted,
}

impl SessionEnd {
    /// Whether the end was the session's own. Only then does "nothing came after" say anything about it, so only
    /// then does the end symbol count as a target.
    #[must_use]
    pub fn is_natural(self) -> bool {
        matches!(self, Self::Explicit | Self::Idle)
    }
}

/// Events that belong together, in their order. It never holds a label: a detector cannot see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session<K = Key> {
    /// The identifier (block id, host, window number, …).
    pub id: Arc<str>,
    /// In order of arrival.
    pub events: Vec<Event<K>>,
    /// Why it holds no further event.
    pub end: SessionEnd,
    /// Events beyond the cap on session length, counted and not kept.
    pub dropped_events: u64,
}

impl<K> Session<K> {
    /// Number of the session's first line, 0 for a session without events.
    #[must_use]
    pub fn first_line(&self) -> u64 {
        self.events.first().map_or(0, |event| event.line)
    }

    /// The same session with its keys written in another way.
    #[must_use]
    pub fn map_keys<'s, L>(&'s self, mut key: impl FnMut(&'s K) -> L) -> Session<L> {
        let event = |event: &'s Event<K>| Event {
            key: key(&event.key),
            line: event.line,
            time: event.time,
        };
        Session {
            id: self.id.clone(),
            events: self.events.iter().map(event).collect(),
            end: self.end,
            dropped_events: self.dropped_events,
        }
    }
}
