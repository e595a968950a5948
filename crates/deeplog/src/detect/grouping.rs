//! Events into sessions, and these to their judge as they close.

use std::sync::Arc;

use sequence_windowing::{Closed, Event, Grouper, Key, Session, SessionSink};

use super::DetectCounters;
use super::judging::Judging;
use super::stages::Stages;
use crate::error::Result;
use crate::observer::Observer;

/// Open sessions, and the judge of closed ones.
pub(super) struct Grouping<'k, 'j> {
    grouper: Grouper<Vec<Event<&'k Key>>>,
    keys: &'k [Key],
    judging: Judging<'k, 'j>,
    unseen_without_session: u64,
}

impl<'k, 'j> Grouping<'k, 'j> {
    /// Nothing open yet. Events come with the numbers of these keys.
    pub(super) fn new(grouper: Grouper<Vec<Event<&'k Key>>>, keys: &'k [Key], judging: Judging<'k, 'j>) -> Self {
        Self {
            grouper,
            keys,
            judging,
            unseen_without_session: 0,
        }
    }

    /// Puts an event into its sessions.
    pub(super) fn push<N: AsRef<str>>(&mut self, event: &Event<u32>, names: impl IntoIterator<Item = N>) {
        let event = Event {
            key: &self.keys[event.key as usize],
            line: event.line,
            time: event.time,
        };
        let without = self.grouper.counters().without_session;
        self.grouper.push(&event, names, false, &mut self.judging);
        let is_passed_over = self.grouper.counters().without_session > without;
        self.unseen_without_session += u64::from(is_passed_over && matches!(event.key, Key::Unseen(_)));
    }

    /// An error if a verdict could not be handed on.
    pub(super) fn ensure_judged(&mut self) -> Result<()> {
        self.judging.ensure_judged()
    }

    /// Where the time went so far.
    pub(super) fn stages(&mut self) -> &mut Stages {
        &mut self.judging.stages
    }

    /// Closes what is open, and waits for the last verdict.
    pub(super) fn finish(mut self, observer: &mut dyn Observer) -> Result<DetectCounters> {
        let groups = self.grouper.finish(&mut self.judging);
        self.judging.finish()?;
        observer.detail(&self.judging.stages.told());
        Ok(DetectCounters {
            groups: Some(groups),
            unseen_without_session: self.unseen_without_session,
            ..self.judging.counters
        })
    }
}

impl<'k> SessionSink<&'k Key> for Judging<'k, '_> {
    type State = Vec<Event<&'k Key>>;

    fn open(&mut self, _: &Arc<str>) -> Self::State {
        Vec::new()
    }

    fn event(&mut self, _: &Arc<str>, events: &mut Self::State, event: &Event<&'k Key>) {
        events.push(event.clone());
    }

    fn close(&mut self, closed: Closed<Self::State>) {
        self.take(Session {
            id: closed.id,
            events: closed.state,
            end: closed.end,
            dropped_events: closed.dropped_events,
        });
    }
}
