//! The trait that batch and stream share.

use std::sync::Arc;

use sequence_windowing::{Event, Session, SessionEnd};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Finding, Verdict};

/// Which session a state belongs to and how it ended; what a verdict needs besides the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Identifier of the session.
    pub session: Arc<str>,
    /// Why it holds no further event.
    pub end: SessionEnd,
    /// Events that were over the cap on session length; they were counted and never given to `step`.
    pub dropped_events: u64,
}

/// Judges sessions, an event at a time.
///
/// The state of an open session is a value that can be written down and read back, so a stream survives a restart.
/// Batch is a stream that ends: [`Detector::judge`] must say what `open`, `step` and `close` say; a detector overrides
/// it only to be faster.
pub trait Detector: Send + Sync {
    /// What is known of an open session.
    type State: Serialize + DeserializeOwned + Send;

    /// Begins a session.
    fn open(&self) -> Self::State;

    /// Takes in the next event; a finding if it leaves the normal path.
    fn step(&self, state: &mut Self::State, event: &Event) -> Option<Finding>;

    /// Ends a session.
    fn close(&self, state: Self::State, closing: &Closing) -> Verdict;

    /// Verdicts of whole sessions, in their order. `progress` is told the number of sessions just finished.
    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        one_by_one(self, sessions, progress)
    }
}

/// Verdicts event by event, which is what any faster way must say too.
pub(crate) fn one_by_one<D: Detector + ?Sized>(
    detector: &D,
    sessions: &[Session],
    progress: &mut dyn FnMut(usize),
) -> Vec<Verdict> {
    let one = |session: &Session| {
        let mut state = detector.open();
        for event in &session.events {
            detector.step(&mut state, event);
        }
        progress(1);
        detector.close(state, &Closing::of(session))
    };
    sessions.iter().map(one).collect()
}

impl Closing {
    /// The closing of a session that lies there whole.
    #[must_use]
    pub fn of<K>(session: &Session<K>) -> Self {
        Self {
            session: session.id.clone(),
            end: session.end,
            dropped_events: session.dropped_events,
        }
    }
}
