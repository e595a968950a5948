//! Closed sessions to verdicts, on a thread of its own.

use std::thread::Scope;
use std::time::{Duration, Instant};

use detection::{AnyDetector, Judge, Verdict};
use sequence_windowing::{Key, Session};

use super::stages::{Stage, Stages};
use super::{DetectCounters, Judged};
use crate::crew::Crew;
use crate::error::Result;

/// Events gathered before their sessions are judged together. More share more work; fewer answer sooner.
const EVENTS_AT_ONCE: usize = 1 << 16;

/// Gathers sessions, has them judged and hands them on, in the order in which they came.
pub(super) struct Judging<'k, 'j> {
    crew: Crew<Batch<'k>>,
    waiting: Vec<Session<&'k Key>>,
    events: usize,
    judged: &'j mut Judged<'j>,
    pub(super) counters: DetectCounters,
    pub(super) stages: Stages,
    /// What came of handing on verdicts; after an error there is no more of it.
    outcome: Result<()>,
}

#[derive(Default)]
struct Batch<'k> {
    sessions: Vec<Session<&'k Key>>,
    verdicts: Vec<Verdict>,
    /// How long the judge was busy with it.
    took: Duration,
}

impl<'k, 'j> Judging<'k, 'j> {
    pub(super) fn new<'s>(scope: &'s Scope<'s, '_>, detector: AnyDetector, judged: &'j mut Judged<'j>) -> Self
    where
        'k: 's,
    {
        let mut judge = Judge::new(detector);
        let work = move |batch: &mut Batch<'k>| {
            let started = Instant::now();
            batch.verdicts = judge.judge(&batch.sessions, &mut |_| ());
            batch.took = started.elapsed();
        };
        Self {
            crew: Crew::new(scope, [work]),
            waiting: Vec::new(),
            events: 0,
            judged,
            counters: DetectCounters::default(),
            stages: Stages::begin(),
            outcome: Ok(()),
        }
    }

    /// Takes a session that has closed.
    pub(super) fn take(&mut self, session: Session<&'k Key>) {
        self.events += session.events.len() + 1;
        self.waiting.push(session);
        if self.events >= EVENTS_AT_ONCE {
            self.have_judged();
        }
    }

    /// An error if a verdict could not be handed on.
    pub(super) fn ensure_judged(&mut self) -> Result<()> {
        std::mem::replace(&mut self.outcome, Ok(()))
    }

    /// Waits for all verdicts.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.have_judged();
        while self.hand_on() {}
        self.ensure_judged()
    }

    fn have_judged(&mut self) {
        if !self.crew.has_room() {
            self.hand_on();
        }
        self.events = 0;
        self.crew.give(Batch {
            sessions: std::mem::take(&mut self.waiting),
            ..Batch::default()
        });
    }

    /// Hands on the first verdicts that are not yet; `false` if there are none.
    fn hand_on(&mut self) -> bool {
        self.stages.end(Stage::Grouping);
        let Some(Batch {
            sessions,
            verdicts,
            took,
        }) = self.crew.take()
        else {
            return false;
        };
        self.stages.end(Stage::AwaitingVerdicts);
        self.stages.add(Stage::Judging, took);
        for (session, verdict) in sessions.iter().zip(&verdicts) {
            if self.outcome.is_ok() {
                self.counters.count(verdict);
                self.outcome = (self.judged)(session, verdict);
            }
        }
        drop((sessions, verdicts));
        self.stages.end(Stage::HandingOn);
        true
    }
}
