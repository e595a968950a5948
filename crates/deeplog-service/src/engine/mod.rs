//! What judges accepted input: a value that depends on nothing but the records it was given, in their order.
//!
//! So a crash loses nothing: from a checkpoint of it, the records after that bring about the same changes with the same
//! numbers again.

mod keys;
mod models;
mod source;
mod telling;
mod texts;
mod volume;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use deeplog::Result;
use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

pub use keys::RecentKeys;
pub use models::Models;
pub use source::Source;
pub use volume::{Minute, Volume};

use crate::wal::{Definition, Entry, Record};
use crate::{Batch, Change, FileId, FilePosition, Origin};
use source::SourceSnapshot;
use texts::Texts;

/// Bytes of raw lines that are at hand to be shown with findings, of all sources together.
const TEXTS: usize = 64 << 20;
/// Bytes of lines whose outcome is handed on together.
const AT_ONCE: usize = 256 << 10;

/// Every source with its pipeline, and what came of their lines so far.
pub struct Engine {
    models: Arc<Models>,
    sources: BTreeMap<Arc<str>, Source>,
    progress: Progress,
    texts: Texts,
}

type Positions = BTreeMap<(Arc<str>, FileId), FilePosition>;

/// How far it has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Number of the last record.
    record: u64,
    /// Number of the last change.
    version: u64,
    /// How far files were read: by source, as several may follow the same file, and by file.
    #[serde(with = "as_list")]
    positions: Positions,
    /// Batches that were taken in.
    keys: RecentKeys,
    /// Lines that came for a source which was not defined.
    homeless: u64,
}

/// Everything that an engine remembers, but for raw lines.
#[derive(Serialize, Deserialize)]
pub struct Snapshot {
    progress: Progress,
    sources: BTreeMap<Arc<str>, SourceSnapshot>,
}

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenSession {
    /// Its identifier.
    pub session: String,
    /// Sessions of the source opened before it.
    pub number: u64,
    /// Its events so far.
    pub events: u64,
    /// What is thought of it so far.
    pub outcome: Outcome,
    /// The finding that it led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<u64>,
    /// Number of its first line in the source.
    pub first_line: u64,
    /// When its last event was written, where the log says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<String>,
}

/// What is thought of an open session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not left the normal path.
    Normal,
    /// It has.
    Anomalous,
}

impl Outcome {
    fn of(findings: u64) -> Self {
        if findings == 0 { Self::Normal } else { Self::Anomalous }
    }
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(models: Arc<Models>) -> Self {
        Self {
            models,
            sources: BTreeMap::new(),
            progress: Progress::default(),
            texts: Texts::new(TEXTS),
        }
    }

    /// Goes on from a snapshot.
    ///
    /// # Errors
    /// A model that it needs and that is gone or cannot be read.
    pub fn restored(models: Arc<Models>, snapshot: Snapshot) -> Result<Self> {
        let mut engine = Self::new(models);
        engine.progress = snapshot.progress;
        for (name, snapshot) in snapshot.sources {
            let definition = snapshot.definition.clone();
            let mut source = Source::new(definition.clone(), engine.models.open(&definition)?)?;
            source.restore(snapshot);
            engine.sources.insert(name, source);
        }
        Ok(engine)
    }

    /// Everything it remembers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let sources = self.sources.iter();
        Snapshot {
            progress: self.progress.clone(),
            sources: sources
                .map(|(name, source)| (name.clone(), source.snapshot()))
                .collect(),
        }
    }

    /// Puts back the raw lines of the records before the snapshot, in their order.
    pub fn refill(&mut self, batches: Vec<(u64, Batch)>) {
        let count = |block: &[u8]| memchr::memchr_iter(b'\n', block).count() as u64;
        let mut next: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, source) in &self.sources {
            next.insert(name, source.lines() + 1);
        }
        for (_, batch) in &batches {
            if let Some(next) = next.get_mut(&*batch.source) {
                *next = next.saturating_sub(count(&batch.block));
            }
        }
        let mut next: BTreeMap<String, u64> = next.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
        for (record, batch) in batches {
            if let Some(next) = next.get_mut(&*batch.source) {
                let lines = count(&batch.block);
                self.texts.add(record, &batch.source, *next, batch.block);
                *next += lines;
            }
        }
    }

    /// Takes in the next record; what it brings about goes to `take`, bit by bit.
    ///
    /// # Errors
    /// A definition whose model cannot be read.
    pub fn apply(&mut self, record: Record, take: &mut dyn FnMut(Vec<Change>)) -> Result<()> {
        self.progress.record = record.number;
        match record.entry {
            Entry::Lines(batch) => self.take(record.number, batch, take),
            Entry::Silence(now) => {
                let Self {
                    sources,
                    progress,
                    texts,
                    ..
                } = self;
                for (name, source) in sources {
                    let mut outputs = Vec::new();
                    source.pass_time(now, &mut outputs);
                    take(source.tell(name, texts, &mut progress.version, outputs));
                }
            }
            Entry::Define { source, definition } => self.define(source, definition, take)?,
        }
        Ok(())
    }

    fn take(&mut self, record: u64, batch: Batch, take: &mut dyn FnMut(Vec<Change>)) {
        let Self {
            sources,
            progress,
            texts,
            ..
        } = self;
        match batch.origin {
            Origin::Pushed(Some(key)) => progress.keys.add(key, RecentKeys::hash(&batch.block)),
            Origin::File(position) => {
                progress.positions.insert((batch.source.clone(), position.id), position);
            }
            Origin::Pushed(None) | Origin::Stream => {}
        }
        let name = batch.source;
        let Some(source) = sources.get_mut(&name) else {
            progress.homeless += memchr::memchr_iter(b'\n', &batch.block).count() as u64;
            return;
        };
        if batch.block.is_empty() {
            return;
        }
        texts.add(record, &name, source.lines() + 1, batch.block);
        let mut rest = texts.last(&name);
        while !rest.is_empty() {
            let limit = rest.len().min(AT_ONCE);
            let end = memchr::memchr(b'\n', &rest[limit - 1..]).map_or(rest.len(), |end| limit + end);
            let (lines, after) = rest.split_at(end);
            rest = after;
            let mut outputs = Vec::new();
            source.take(lines, batch.received, &mut outputs);
            take(source.tell(&name, texts, &mut progress.version, outputs));
        }
    }

    /// Ends the sessions of a source, and begins anew in another way, or not at all.
    fn define(
        &mut self,
        name: Arc<str>,
        definition: Option<Definition>,
        take: &mut dyn FnMut(Vec<Change>),
    ) -> Result<()> {
        let next = match definition {
            Some(definition) => Some(Source::new(definition.clone(), self.models.open(&definition)?)?),
            None => None,
        };
        let before = self.sources.remove(&name);
        if let Some(mut before) = before {
            take(before.finish(&name, &self.texts, &mut self.progress.version)?);
            if let Some(mut next) = next {
                next.follow(&before);
                self.sources.insert(name, next);
            }
        } else if let Some(next) = next {
            self.sources.insert(name, next);
        }
        Ok(())
    }

    /// Whether sessions of a silent source are over by now, so that an [`Entry::Silence`] is due.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.sources.values().any(|source| source.is_due(now))
    }

    /// The sources by name.
    pub fn sources(&self) -> impl Iterator<Item = (&Arc<str>, &Source)> {
        self.sources.iter()
    }

    /// The source of a name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// Number of the last record.
    #[must_use]
    pub fn record(&self) -> u64 {
        self.progress.record
    }

    /// Number of the last change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.progress.version
    }

    /// How far files were read, each with the source that it was read for.
    pub fn positions(&self) -> impl Iterator<Item = (&Arc<str>, &FilePosition)> {
        let positions = self.progress.positions.iter();
        positions.map(|((source, _), position)| (source, position))
    }

    /// The batches that were taken in last.
    #[must_use]
    pub fn keys(&self) -> &RecentKeys {
        &self.progress.keys
    }

    /// Lines that came for a source which was not defined.
    #[must_use]
    pub fn homeless(&self) -> u64 {
        self.progress.homeless
    }

    /// The oldest record whose raw lines are at hand.
    #[must_use]
    pub fn oldest_text(&self) -> u64 {
        self.texts.oldest().unwrap_or(self.progress.record + 1)
    }

    /// The models that its sources need.
    #[must_use]
    pub fn models_in_use(&self) -> HashSet<String> {
        let sources = self.sources.values();
        sources.map(|source| source.definition().model.clone()).collect()
    }
}

/// A map whose keys are no strings, as a list.
mod as_list {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Positions;
    use crate::FilePosition;

    pub(super) fn serialize<S: Serializer>(positions: &Positions, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(positions.iter().map(|((source, _), position)| (source, position)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Positions, D::Error> {
        let positions = Vec::<(Arc<str>, FilePosition)>::deserialize(deserializer)?;
        let keyed = positions
            .into_iter()
            .map(|(source, position)| ((source, position.id), position));
        Ok(keyed.collect())
    }
}
