//! The live way: lines in, findings and verdicts out, in one value that can be written down and go on later.
//!
//! It is the same reader, grouper and detector that batch detection uses; only the sessions are judged event by event.

use std::sync::Arc;

use detection::{Closing, Detector, Finding, Verdict};
use sequence_windowing::{Closed, Event, GroupCounters, Grouper, Key, SessionSink};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::experiment::Profile;
use crate::line_reader::{LineReader, LineReaderState};

/// Parser, open sessions and detector states.
pub struct Pipeline<D: Detector> {
    reader: LineReader,
    grouper: Grouper<D::State>,
    detector: D,
}

/// What a line can bring about.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A session has just left the normal path.
    Finding {
        /// Its identifier.
        session: Arc<str>,
        /// What was found.
        finding: Finding,
    },
    /// A session has ended.
    Verdict(Verdict),
}

/// Everything that a pipeline remembers. With the model that it ran on, it goes on as if nothing had happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot<S> {
    reader: LineReaderState,
    grouper: Grouper<S>,
}

struct Step<'s, D> {
    detector: &'s D,
    outputs: &'s mut Vec<Output>,
}

impl<D: Detector> Pipeline<D> {
    /// A pipeline with no open session.
    pub fn new(profile: &Profile, reader: LineReader, detector: D) -> Result<Self> {
        let grouper = profile.grouper()?;
        Ok(Self {
            reader,
            grouper,
            detector,
        })
    }

    /// Takes in the next line; what it brings about is added to `outputs`.
    pub fn push(&mut self, line: &[u8], outputs: &mut Vec<Output>) {
        let Self {
            reader,
            grouper,
            detector,
        } = self;
        reader.read(line, |event, names| {
            grouper.push(event, names, false, &mut Step { detector, outputs });
        });
    }

    /// Ends the input: every open session gets its verdict.
    pub fn finish(mut self, outputs: &mut Vec<Output>) -> GroupCounters {
        let (grouper, detector) = (&mut self.grouper, &self.detector);
        while self.reader.finish(|event, names| {
            grouper.push(event, names, false, &mut Step { detector, outputs });
        }) {}
        self.grouper.finish(&mut Step {
            detector: &self.detector,
            outputs,
        })
    }

    /// Number of open sessions.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.grouper.open_sessions()
    }

    /// The reader, for its counters.
    #[must_use]
    pub fn reader(&self) -> &LineReader {
        &self.reader
    }
}

impl<D: Detector<State: Clone>> Pipeline<D> {
    /// Everything it remembers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<D::State> {
        Snapshot {
            reader: self.reader.state(),
            grouper: self.grouper.clone(),
        }
    }

    /// Goes on from a snapshot taken with the same model.
    pub fn restore(&mut self, snapshot: Snapshot<D::State>) {
        self.reader.restore(snapshot.reader);
        self.grouper = snapshot.grouper;
    }
}

impl<D: Detector> SessionSink<Key> for Step<'_, D> {
    type State = D::State;

    fn open(&mut self, _: &Arc<str>) -> D::State {
        self.detector.open()
    }

    fn event(&mut self, id: &Arc<str>, state: &mut D::State, event: &Event) {
        if let Some(finding) = self.detector.step(state, event) {
            self.outputs.push(Output::Finding {
                session: id.clone(),
                finding,
            });
        }
    }

    fn close(&mut self, closed: Closed<D::State>) {
        let closing = Closing {
            session: closed.id,
            end: closed.end,
            dropped_events: closed.dropped_events,
        };
        self.outputs
            .push(Output::Verdict(self.detector.close(closed.state, &closing)));
    }
}
