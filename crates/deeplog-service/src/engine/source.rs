//! One source of lines with its pipeline.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use deeplog::{Error, LineCounters, Model, Output, Pipeline, Result, Trail};
use detection::{AnyDetector, AnyState, Verdict};
use sequence_windowing::{GroupCounters, KeyName, Timestamp};
use serde::{Deserialize, Serialize};

use super::telling::{Place, Teller, ended};
use super::texts::Texts;
use super::volume::Volume;
use super::{OpenSession, Outcome};
use crate::record::Change;
use crate::wal::Definition;

/// So long after its last line a silent source's clock begins to run on: what is under way has arrived by then.
const SLACK: i64 = 5_000_000;
/// Scores of closed sessions that are kept for quantiles.
const SCORES: usize = 1_000;
/// How far ahead of this machine's clock a stamp may be, as clocks and zones differ, microseconds.
const DAY: i64 = 24 * 3_600_000_000;
/// Lines after which it can be said whether they fit.
const ENOUGH: u64 = 1_000;

/// A source as the engine sees it.
pub struct Source {
    definition: Definition,
    model: Arc<Model>,
    pipeline: Pipeline<AnyDetector>,
    memory: Memory,
    /// Scores of the sessions that closed last.
    scores: VecDeque<f64>,
    /// Whether it was said that its lines do not fit.
    is_told: bool,
}

/// What is kept of a source besides its pipeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Memory {
    /// Findings of sessions that are still open.
    found: BTreeMap<Arc<str>, u64>,
    /// Lines before the pipeline's first: those of pipelines before it.
    lines_before: u64,
    bytes: u64,
    /// When the last line came.
    received: Timestamp,
    volume: Volume,
}

/// Everything that is remembered of a source.
#[derive(Serialize, Deserialize)]
pub(super) struct SourceSnapshot {
    pub(super) definition: Definition,
    pipeline: deeplog::Snapshot<AnyState>,
    memory: Memory,
}

impl Source {
    pub(crate) fn new(definition: Definition, model: Arc<Model>) -> Result<Self> {
        let Some((profile, reader)) = model.line_reader()? else {
            return Err(Error::run(
                "the model was trained on session files, and here come raw lines",
                "train a model on raw logs: `deeplog init` writes the experiment for it",
            ));
        };
        Ok(Self {
            pipeline: Pipeline::new(profile, reader, model.detector.clone())?,
            definition,
            model,
            memory: Memory {
                found: BTreeMap::new(),
                lines_before: 0,
                bytes: 0,
                received: Timestamp(0),
                volume: Volume::default(),
            },
            scores: VecDeque::new(),
            is_told: false,
        })
    }

    pub(super) fn snapshot(&self) -> SourceSnapshot {
        SourceSnapshot {
            definition: self.definition.clone(),
            pipeline: self.pipeline.snapshot(),
            memory: self.memory.clone(),
        }
    }

    pub(super) fn restore(&mut self, snapshot: SourceSnapshot) {
        self.pipeline.restore(snapshot.pipeline);
        self.memory = snapshot.memory;
    }

    /// Goes on behind a source that was defined otherwise.
    pub(super) fn follow(&mut self, before: &Self) {
        self.memory = before.memory.clone();
        self.memory.found.clear();
        self.memory.lines_before = before.lines();
    }

    pub(super) fn take(&mut self, block: &[u8], received: Timestamp, outputs: &mut Vec<Output>) {
        self.memory.received = received;
        self.memory.bytes += block.len() as u64;
        let (before, ahead) = (self.lines(), self.pipeline.ahead());
        self.pipeline.expect_until(Timestamp(received.0.saturating_add(DAY)));
        self.pipeline.push_block(block, outputs);
        self.memory.volume.count(received, self.lines() - before, 0);
        self.warn_of_unfit();
        if ahead == 0 && self.pipeline.ahead() > 0 {
            tracing::warn!(
                "a line is stamped more than a day ahead of this machine's clock; such stamps are not believed"
            );
        }
    }

    /// Says so once where most lines fit no header: they are judged by nobody, and no finding would say so.
    fn warn_of_unfit(&mut self) {
        let LineCounters {
            lines,
            messages,
            joined,
            ..
        } = self.line_counters();
        if !self.is_told && lines >= ENOUGH && (messages + joined) * 2 < lines {
            self.is_told = true;
            let header = self.model.experiment.profile.as_ref();
            let header = header.map_or("", |profile| profile.header.source());
            tracing::warn!(
                lines,
                messages,
                header,
                "most lines do not fit the model's header, and are judged by nobody"
            );
        }
    }

    /// What the log's clock shows when that of this machine shows `now`.
    fn clock_at(&self, now: Timestamp) -> Option<Timestamp> {
        let silent = now.0 - self.memory.received.0 - SLACK;
        let clock = self.pipeline.clock()?;
        (silent > 0).then(|| Timestamp(clock.0.saturating_add(silent)))
    }

    /// Whether sessions are over by now, as no line has come for long enough.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.clock_at(now).is_some_and(|clock| self.pipeline.is_due(clock))
    }

    pub(super) fn pass_time(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if let Some(clock) = self.clock_at(now) {
            self.pipeline.pass_time(clock, outputs);
        }
    }

    /// Ends every open session.
    pub(super) fn finish(&mut self, name: &Arc<str>, texts: &Texts, version: &mut u64) -> Result<Vec<Change>> {
        let next = Self::new(self.definition.clone(), self.model.clone())?.pipeline;
        let lines = self.lines();
        let mut outputs = Vec::new();
        std::mem::replace(&mut self.pipeline, next).finish(&mut outputs);
        let changes = self.tell(name, texts, version, outputs);
        self.memory.lines_before = lines;
        Ok(changes)
    }

    /// Turns what the pipeline said into changes.
    pub(super) fn tell(
        &mut self,
        name: &Arc<str>,
        texts: &Texts,
        version: &mut u64,
        outputs: Vec<Output>,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for output in outputs {
            let change = match output {
                Output::Finding {
                    session,
                    finding,
                    time,
                    trail,
                } => {
                    if self.memory.found.contains_key(&session) {
                        continue;
                    }
                    let id = *version + 1;
                    let place = Place {
                        id,
                        session: &session,
                        finding: &finding,
                        time,
                        trail: &trail,
                    };
                    let record = self.teller(name, texts).record(&place);
                    self.memory.found.insert(session.clone(), id);
                    Change::Found(Box::new(record))
                }
                Output::Verdict { verdict, trail } => {
                    if self.scores.len() == SCORES {
                        self.scores.pop_front();
                    }
                    self.scores.push_back(verdict.score);
                    match self.close(name, texts, *version + 1, &verdict, &trail) {
                        Some(change) => change,
                        None => continue,
                    }
                }
            };
            *version += 1;
            if matches!(change, Change::Found(_)) {
                self.memory.volume.count(self.memory.received, 0, 1);
            }
            changes.push(change);
        }
        changes
    }

    /// What a verdict changes: the finding that was told before, or a new one if it is of the session as a whole.
    fn close(&mut self, name: &str, texts: &Texts, version: u64, verdict: &Verdict, trail: &Trail) -> Option<Change> {
        if let Some(id) = self.memory.found.remove(&verdict.session) {
            return Some(Change::Ended {
                version,
                id,
                ended: Box::new(ended(verdict, trail)),
            });
        }
        let place = Place {
            id: version,
            session: &verdict.session,
            finding: verdict.decisive()?,
            time: trail.time,
            trail,
        };
        let mut record = self.teller(name, texts).record(&place);
        record.ended = Some(ended(verdict, trail));
        Some(Change::Found(Box::new(record)))
    }

    fn teller<'t>(&'t self, name: &'t str, texts: &'t Texts) -> Teller<'t> {
        Teller {
            source: self,
            name,
            texts,
        }
    }

    /// How its lines are read and judged.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The model that judges it.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The pipeline, for its counters.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline<AnyDetector> {
        &self.pipeline
    }

    /// Lines so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.memory.lines_before + self.line_counters().lines
    }

    /// What became of the lines since the source was last defined.
    #[must_use]
    pub fn line_counters(&self) -> LineCounters {
        self.pipeline.reader().counters()
    }

    /// Where their events went.
    #[must_use]
    pub fn group_counters(&self) -> GroupCounters {
        self.pipeline.group_counters()
    }

    /// Lines before the pipeline's first one.
    #[must_use]
    pub(super) fn lines_before(&self) -> u64 {
        self.memory.lines_before
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.memory.bytes
    }

    /// When the last lines came.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        self.memory.received
    }

    /// Lines and findings by minute.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.memory.volume
    }

    /// Scores of the sessions that closed last, a thousand at most.
    pub fn scores(&self) -> impl Iterator<Item = f64> {
        self.scores.iter().copied()
    }

    /// The template of a key that has one.
    #[must_use]
    pub fn template(&self, key: &KeyName) -> Option<&str> {
        self.model.artefact.description.templates.get(key).map(String::as_str)
    }

    /// How often each key came since the source was last defined.
    #[must_use]
    pub fn template_counts(&self) -> BTreeMap<KeyName, u64> {
        let counts = (0..).zip(self.pipeline.occurrences());
        counts
            .map(|(key, &count)| (self.pipeline.key_name(key).clone(), count))
            .collect()
    }

    /// Open sessions in the order of their opening: those after the one with this number, so many at most.
    #[must_use]
    pub fn open_sessions(&self, after: Option<u64>, limit: usize) -> Vec<OpenSession> {
        let sessions = self.pipeline.sessions();
        let mut sessions: Vec<_> = sessions
            .filter(|session| after.is_none_or(|after| session.number > after))
            .collect();
        if limit < sessions.len() {
            sessions.select_nth_unstable_by_key(limit, |session| session.number);
            sessions.truncate(limit);
        }
        sessions.sort_unstable_by_key(|session| session.number);
        let open = sessions.into_iter().map(|session| OpenSession {
            session: session.id.to_string(),
            number: session.number,
            events: session.state.events,
            outcome: Outcome::of(session.state.findings),
            finding: self.memory.found.get(session.id).copied(),
            first_line: self.memory.lines_before + session.state.first_line,
            last_time: session.state.time.map(crate::rfc3339),
        });
        open.collect()
    }
}
