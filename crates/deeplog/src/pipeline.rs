//! The live way: lines in, findings and verdicts out, in one value that can be written down and go on later.
//!
//! It is the same reader, grouper and detector that batch detection uses; only the sessions are judged event by event.

use std::collections::VecDeque;
use std::sync::Arc;

use detection::{Closing, Detector, Finding, Verdict};
use sequence_windowing::{Closed, Event, GroupCounters, Grouper, Key, KeyName, OpenSession, SessionSink, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::experiment::Profile;
use crate::line_reader::{LineReader, LineReaderState};

/// Events that a [`Trail`] keeps.
const KEPT: usize = 20;

/// Parser, open sessions and detector states.
pub struct Pipeline<D: Detector> {
    reader: LineReader,
    keys: Arc<[Key]>,
    grouper: Grouper<Live<D::State>>,
    occurrences: Vec<u64>,
    /// No stamp is later than this.
    latest: Option<Timestamp>,
    /// Messages whose stamps were.
    ahead: u64,
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
        /// When the line was written, where the log says so.
        time: Option<Timestamp>,
        /// The session's way up to there.
        trail: Trail,
    },
    /// A session has ended.
    Verdict {
        /// The detector's last word.
        verdict: Verdict,
        /// The session's whole way.
        trail: Trail,
    },
}

/// The way of a session so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Its events.
    pub events: u64,
    /// How often it left the normal path.
    pub findings: u64,
    /// When its last event was written, where the log says so.
    pub time: Option<Timestamp>,
    /// The number of its first line.
    pub first_line: u64,
    /// The last of its events, twenty at most.
    pub steps: VecDeque<Step>,
}

/// One event of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What kind of line it was, for [`LineReader::key_name`].
    pub key: u32,
    /// Number of the line.
    pub line: u64,
}

/// What is kept of a session while it is open.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Live<S> {
    state: S,
    trail: Trail,
}

/// Everything that a pipeline remembers. With the model that it ran on, it goes on as if nothing had happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot<S> {
    reader: LineReaderState,
    grouper: Grouper<Live<S>>,
    occurrences: Vec<u64>,
    ahead: u64,
}

struct Judge<'s, D> {
    detector: &'s D,
    keys: &'s [Key],
    outputs: &'s mut Vec<Output>,
}

impl<D: Detector> Pipeline<D> {
    /// A pipeline with no open session.
    pub fn new(profile: &Profile, reader: LineReader, detector: D) -> Result<Self> {
        let grouper = profile.grouper()?;
        let keys = reader.keys();
        Ok(Self {
            occurrences: vec![0; keys.len()],
            reader,
            keys,
            grouper,
            latest: None,
            ahead: 0,
            detector,
        })
    }

    /// From here on stamps that are later than this count as unreadable: one of them would set the log's clock ahead, and end
    /// all sessions.
    pub fn expect_until(&mut self, latest: Timestamp) {
        self.latest = Some(latest);
    }

    /// Messages so far with stamps from beyond what was [expected](Self::expect_until).
    #[must_use]
    pub fn ahead(&self) -> u64 {
        self.ahead
    }

    /// Takes in the next line; what it brings about is added to `outputs`.
    pub fn push(&mut self, line: &[u8], outputs: &mut Vec<Output>) {
        let Self {
            reader,
            keys,
            grouper,
            occurrences,
            latest,
            ahead,
            detector,
        } = self;
        let mut judge = Judge {
            detector,
            keys,
            outputs,
        };
        reader.read_numbered(line, |event, names| {
            occurrences[event.key as usize] += 1;
            let mut event = event.clone();
            if event.time > *latest && latest.is_some() {
                event.time = None;
                *ahead += 1;
            }
            grouper.push(&event, names, false, &mut judge);
        });
    }

    /// Takes in the lines of a block, each with its line feed.
    pub fn push_block(&mut self, block: &[u8], outputs: &mut Vec<Output>) {
        let keeps_returns = self.reader.is_binary();
        let mut rest = block;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            let line = if keeps_returns {
                line
            } else {
                line.strip_suffix(b"\r").unwrap_or(line)
            };
            self.push(line, outputs);
        }
    }

    /// Moves the log's clock without a line, so that sessions end in logs that have fallen silent.
    pub fn pass_time(&mut self, time: Timestamp, outputs: &mut Vec<Output>) {
        let mut judge = Judge {
            detector: &self.detector,
            keys: &self.keys,
            outputs,
        };
        self.grouper.pass_time(time, &mut judge);
    }

    /// Ends the input: every open session gets its verdict.
    pub fn finish(mut self, outputs: &mut Vec<Output>) -> GroupCounters {
        let mut judge = Judge {
            detector: &self.detector,
            keys: &self.keys,
            outputs,
        };
        let (grouper, occurrences) = (&mut self.grouper, &mut self.occurrences);
        while self.reader.finish_numbered(|event, names| {
            occurrences[event.key as usize] += 1;
            grouper.push(event, names, false, &mut judge);
        }) {}
        self.grouper.finish(&mut judge)
    }

    /// Number of open sessions.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.grouper.open_sessions()
    }

    /// The open sessions with their ways, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = OpenSession<'_, Trail>> {
        self.grouper.sessions().map(|session| OpenSession {
            id: session.id,
            number: session.number,
            touched: session.touched,
            state: &session.state.trail,
        })
    }

    /// How often each key came, by its number, see [`LineReader::key_name`].
    #[must_use]
    pub fn occurrences(&self) -> &[u64] {
        &self.occurrences
    }

    /// Messages so far whose key the model does not know.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        let keys = self.keys.iter().zip(&self.occurrences);
        keys.filter(|(key, _)| matches!(key, Key::Unseen(_)))
            .map(|(_, count)| count)
            .sum()
    }

    /// What forms the sessions, for its counters and its clock.
    #[must_use]
    pub fn group_counters(&self) -> GroupCounters {
        self.grouper.counters()
    }

    /// What the log's clock shows.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.grouper.clock()
    }

    /// Whether sessions would end if the log's clock showed this.
    #[must_use]
    pub fn is_due(&self, time: Timestamp) -> bool {
        self.grouper.is_due(time)
    }

    /// The reader, for its counters.
    #[must_use]
    pub fn reader(&self) -> &LineReader {
        &self.reader
    }

    /// The name of a key by its number.
    #[must_use]
    pub fn key_name(&self, key: u32) -> &KeyName {
        self.reader.key_name(key)
    }
}

impl<D: Detector<State: Clone>> Pipeline<D> {
    /// Everything it remembers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<D::State> {
        Snapshot {
            reader: self.reader.state(),
            grouper: self.grouper.clone(),
            occurrences: self.occurrences.clone(),
            ahead: self.ahead,
        }
    }

    /// Goes on from a snapshot taken with the same model.
    pub fn restore(&mut self, snapshot: Snapshot<D::State>) {
        self.reader.restore(snapshot.reader);
        self.grouper = snapshot.grouper;
        self.occurrences = snapshot.occurrences;
        self.ahead = snapshot.ahead;
    }
}

impl Trail {
    fn add(&mut self, event: &Event<u32>) {
        if self.events == 0 {
            self.first_line = event.line;
        }
        self.events += 1;
        self.time = event.time.or(self.time);
        if self.steps.len() == KEPT {
            self.steps.pop_front();
        }
        self.steps.push_back(Step {
            key: event.key,
            line: event.line,
        });
    }
}

impl<D: Detector> SessionSink<u32> for Judge<'_, D> {
    type State = Live<D::State>;

    fn open(&mut self, _: &Arc<str>) -> Live<D::State> {
        Live {
            state: self.detector.open(),
            trail: Trail::default(),
        }
    }

    fn event(&mut self, id: &Arc<str>, live: &mut Live<D::State>, event: &Event<u32>) {
        live.trail.add(event);
        let event = Event {
            key: self.keys[event.key as usize].clone(),
            line: event.line,
            time: event.time,
        };
        if let Some(finding) = self.detector.step(&mut live.state, &event) {
            live.trail.findings += 1;
            self.outputs.push(Output::Finding {
                session: id.clone(),
                finding,
                time: event.time,
                trail: live.trail.clone(),
            });
        }
    }

    fn close(&mut self, closed: Closed<Live<D::State>>) {
        let closing = Closing {
            session: closed.id,
            end: closed.end,
            dropped_events: closed.dropped_events,
        };
        self.outputs.push(Output::Verdict {
            verdict: self.detector.close(closed.state.state, &closing),
            trail: closed.state.trail,
        });
    }
}
