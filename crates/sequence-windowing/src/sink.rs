//! What a grouper hands out: sessions as they open, grow and close, and the count of where events went.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Event, SessionEnd};

/// What becomes of the sessions that a [`Grouper`](crate::Grouper) forms.
pub trait SessionSink<K> {
    /// What is kept for each open session.
    type State;

    /// A session begins.
    fn open(&mut self, id: &Arc<str>) -> Self::State;

    /// The next event of a session.
    fn event(&mut self, id: &Arc<str>, state: &mut Self::State, event: &Event<K>);

    /// A session has ended.
    fn close(&mut self, closed: Closed<Self::State>);
}

/// A session that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed<S> {
    /// The identifier.
    pub id: Arc<str>,
    /// What was kept for it.
    pub state: S,
    /// Why it holds no further event.
    pub end: SessionEnd,
    /// Events beyond the cap on session length, counted and not given to the sink.
    pub dropped_events: u64,
}

/// Where the events went. Every event is in `without_session` or was placed at least once, and every placing was
/// given to the sink or is in `dropped_events`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCounters {
    /// Events pushed.
    pub events: u64,
    /// Pairs of event and session: more than events where a line names several identifiers or windows overlap.
    pub placed: u64,
    /// Events that belong to no session: without identifier, without a value of the stream's field, or, for windows
    /// of time, before the first time stamp.
    pub without_session: u64,
    /// Events that came when a window of theirs had closed. They went into their windows that were still open; if
    /// there was none, into the oldest window of their stream that was.
    pub late: u64,
    /// Placed events beyond the cap on session length.
    pub dropped_events: u64,
    /// Sessions opened.
    pub sessions: u64,
    /// Those of them whose identifier had been closed before.
    pub reopened: u64,
    /// Sessions closed early to keep the number of open ones bounded.
    pub evicted: u64,
}
