//! Whole sessions out of a stream of events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Closed, Event, GroupCounters, Grouper, InvalidRule, Limits, Session, SessionRule, SessionSink};

/// A [`Grouper`] that keeps the events, so that closed sessions come out whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collector<K> {
    grouper: Grouper<Vec<Event<K>>>,
    closed: Vec<Session<K>>,
}

struct Keep<'c, K>(&'c mut Vec<Session<K>>);

impl<K: Clone> Collector<K> {
    /// Begins with no open session.
    ///
    /// # Errors
    /// Every mistake in the rule and in the limits.
    pub fn new(rule: SessionRule, limits: Limits) -> Result<Self, InvalidRule> {
        Ok(Self {
            grouper: Grouper::new(rule, limits)?,
            closed: Vec::new(),
        })
    }

    /// Takes in the next event, see [`Grouper::push`].
    pub fn push<N: AsRef<str>>(&mut self, event: &Event<K>, names: impl IntoIterator<Item = N>, ends: bool) {
        self.grouper.push(event, names, ends, &mut Keep(&mut self.closed));
    }

    /// The sessions that have closed since this was last called, in the order of their closing.
    pub fn take_closed(&mut self) -> Vec<Session<K>> {
        std::mem::take(&mut self.closed)
    }

    /// What forms the sessions.
    #[must_use]
    pub fn grouper(&self) -> &Grouper<Vec<Event<K>>> {
        &self.grouper
    }

    /// Closes what is open: the sessions that were not yet taken, in the order of their closing, and where the events
    /// went.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Session<K>>, GroupCounters) {
        let counters = self.grouper.finish(&mut Keep(&mut self.closed));
        (self.closed, counters)
    }
}

impl<K: Clone> SessionSink<K> for Keep<'_, K> {
    type State = Vec<Event<K>>;

    fn open(&mut self, _: &Arc<str>) -> Vec<Event<K>> {
        Vec::new()
    }

    fn event(&mut self, _: &Arc<str>, events: &mut Vec<Event<K>>, event: &Event<K>) {
        events.push(event.clone());
    }

    fn close(&mut self, closed: Closed<Vec<Event<K>>>) {
        let Closed {
            id,
            state: events,
            end,
            dropped_events,
        } = closed;
        self.0.push(Session {
            id,
            events,
            end,
            dropped_events,
        });
    }
}
