//! A trained model at work on logs and session files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deeplog_lstm::{Device, LstmModel};
use detection::{DeepLog, Detector, Verdict};
use sequence_windowing::{Collector, Event, GroupCounters, Key, KeyName, Session, Vocabulary};

use crate::artefact::Artefact;
use crate::error::{Error, Result};
use crate::experiment::{Experiment, Profile};
use crate::input::{Lines, read_sessions};
use crate::intake::Names;
use crate::line_reader::{LineCounters, LineReader};
use crate::observer::{Observer, ensure_wanted};

/// Events gathered before their sessions are judged together. More share more work; fewer answer sooner.
const EVENTS_AT_ONCE: usize = 1 << 18;

/// A model read from its file, ready to judge.
pub struct Model {
    /// What the file holds.
    pub artefact: Artefact,
    /// The experiment that trained it.
    pub experiment: Experiment,
    /// The training vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The detector with its thresholds.
    pub detector: DeepLog,
}

/// Where the lines and sessions of an input went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetectCounters {
    /// Sessions judged.
    pub sessions: u64,
    /// Those of them that left the normal path.
    pub anomalous: u64,
    /// Lines, where the input was a log.
    pub lines: Option<LineCounters>,
    /// Events, where the input was a log.
    pub groups: Option<GroupCounters>,
    /// Messages with an unreadable time stamp.
    pub unreadable_stamps: u64,
    /// Messages that match no template and belong to no session: new, and judged by nobody.
    pub unseen_without_session: u64,
}

/// What takes a judged session with its verdict.
pub type Judged<'j> = dyn FnMut(&Session, &Verdict) -> Result<()> + 'j;

impl Model {
    /// Reads a model file and puts the model on a device.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let artefact = Artefact::read(path)?;
        let description = &artefact.description;
        let folder = path.parent().unwrap_or(Path::new("."));
        let experiment = Experiment::from_table(description.experiment.clone(), folder, &path.display().to_string())?;
        let vocabulary = Arc::new(description.vocabulary.clone());
        if description.model.alphabet.keys as usize != vocabulary.len() {
            return Err(Error::run(
                format!(
                    "{}: the model has {} keys and its vocabulary {}",
                    path.display(),
                    description.model.alphabet.keys,
                    vocabulary.len()
                ),
                "train the model again",
            ));
        }
        let model = LstmModel::from_weights(description.model.clone(), &artefact.weights, device)
            .map_err(|error| Error::run(format!("{}: {error}", path.display()), "train the model again"))?;
        let detection = experiment.detection;
        let detector = DeepLog::new(model, vocabulary.clone(), detection.rule, detection.short_sessions);
        Ok(Self {
            artefact,
            experiment,
            vocabulary,
            detector,
        })
    }

    /// A reader of raw lines, for models that were trained on raw logs.
    pub fn line_reader(&self) -> Result<Option<(&Profile, LineReader)>> {
        match (&self.experiment.profile, &self.artefact.description.parser) {
            (Some(profile), Some(parser)) => Ok(Some((
                profile,
                LineReader::new(profile, parser.clone(), &self.vocabulary)?,
            ))),
            _ => Ok(None),
        }
    }

    /// Judges the sessions of some files, which count as one input. Verdicts come in the order in which sessions close.
    pub fn detect(
        &self,
        files: &[PathBuf],
        observer: &mut dyn Observer,
        judged: &mut Judged<'_>,
    ) -> Result<DetectCounters> {
        match self.line_reader()? {
            Some((profile, reader)) => self.detect_in_logs(profile, reader, files, observer, judged),
            None => self.detect_in_sessions(files, observer, judged),
        }
    }

    fn detect_in_logs(
        &self,
        profile: &Profile,
        mut reader: LineReader,
        files: &[PathBuf],
        observer: &mut dyn Observer,
        judged: &mut Judged<'_>,
    ) -> Result<DetectCounters> {
        observer.begin("detecting", None);
        let mut collector = profile.collector::<Key>()?;
        let mut batch = Batch::new(self, judged);
        let mut unseen_without_session = 0;
        let mut lines = Lines::of(files.to_vec());
        if reader.is_binary() {
            lines = lines.with_carriage_returns();
        }
        while let Some((number, line)) = lines.next_line()? {
            reader.read(line, |event, names| {
                unseen_without_session += u64::from(is_passed_over(&mut collector, event, names));
            });
            batch.take(collector.take_closed())?;
            observer.advance(number, "");
            ensure_wanted(observer)?;
        }
        while reader.finish(|event, names| {
            unseen_without_session += u64::from(is_passed_over(&mut collector, event, names));
        }) {}
        reader.ensure_messages(&files[0])?;
        let (closed, groups) = collector.finish();
        batch.take(closed)?;
        batch.judge()?;
        let Batch { mut counters, .. } = batch;
        counters.lines = Some(reader.counters());
        counters.groups = Some(groups);
        counters.unreadable_stamps = reader.unreadable_stamps();
        counters.unseen_without_session = unseen_without_session;
        let LineCounters {
            lines,
            messages,
            continuations,
            without_header,
            ..
        } = reader.counters();
        observer.end(&format!("{} sessions in {lines} lines", counters.sessions));
        warn_of_unjudged(observer, continuations + without_header, lines, "do not fit the header");
        warn_of_unjudged(observer, groups.without_session, messages, "belong to no session");
        Ok(counters)
    }

    fn detect_in_sessions(
        &self,
        files: &[PathBuf],
        observer: &mut dyn Observer,
        judged: &mut Judged<'_>,
    ) -> Result<DetectCounters> {
        observer.begin("detecting", None);
        let mut batch = Batch::new(self, judged);
        for file in files {
            let sessions = read_sessions(file)?;
            if sessions.is_empty() {
                return Err(Error::run(
                    format!("{} holds no session", file.display()),
                    "this model reads session files: one session a line, its keys separated by spaces",
                ));
            }
            self.ensure_known_keys(file, &sessions)?;
            batch.take(sessions.iter().map(|session| self.vocabulary.encode(session)).collect())?;
            observer.advance(batch.counters.sessions, "");
        }
        batch.judge()?;
        observer.end(&format!("{} sessions", batch.counters.sessions));
        Ok(batch.counters)
    }

    /// A file without a single known key is not of the kind that the model was trained on: a raw log, perhaps.
    fn ensure_known_keys(&self, file: &Path, sessions: &[Session<KeyName>]) -> Result<()> {
        let mut events = sessions.iter().flat_map(|session| &session.events).peekable();
        if events.peek().is_none() || events.any(|event| matches!(self.vocabulary.key(&event.key), Key::Known(_))) {
            return Ok(());
        }
        Err(Error::run(
            format!(
                "{} holds none of the {} keys that the model knows",
                file.display(),
                self.vocabulary.len()
            ),
            "this model reads session files with the keys that it was trained on; for raw logs train a model on raw logs",
        ))
    }
}

/// Puts an event into its sessions; whether it is an unseen one that belongs to none.
fn is_passed_over(collector: &mut Collector<Key>, event: &Event, names: Names<'_>) -> bool {
    let without = collector.grouper().counters().without_session;
    collector.push(event, names, false);
    matches!(event.key, Key::Unseen(_)) && collector.grouper().counters().without_session > without
}

/// Says so where a tenth of the lines or more is judged by nobody: a clean verdict on the rest means little then.
pub(crate) fn warn_of_unjudged(observer: &mut dyn Observer, unjudged: u64, all: u64, why: &str) {
    if unjudged > 0 && unjudged >= all / 10 {
        observer.warn(&format!("{unjudged} of {all} lines {why} and were not judged"));
    }
}

/// Sessions that wait to be judged together.
struct Batch<'b, 'j> {
    detector: &'b DeepLog,
    judged: &'b mut Judged<'j>,
    waiting: Vec<Session>,
    events: usize,
    counters: DetectCounters,
}

impl<'b, 'j> Batch<'b, 'j> {
    fn new(model: &'b Model, judged: &'b mut Judged<'j>) -> Self {
        Self {
            detector: &model.detector,
            judged,
            waiting: Vec::new(),
            events: 0,
            counters: DetectCounters::default(),
        }
    }

    fn take(&mut self, sessions: Vec<Session>) -> Result<()> {
        self.events += sessions.iter().map(|session| session.events.len() + 1).sum::<usize>();
        self.waiting.extend(sessions);
        if self.events < EVENTS_AT_ONCE {
            Ok(())
        } else {
            self.judge()
        }
    }

    fn judge(&mut self) -> Result<()> {
        let verdicts = self.detector.judge(&self.waiting, &mut |_| ());
        for (session, verdict) in self.waiting.iter().zip(&verdicts) {
            self.counters.sessions += 1;
            self.counters.anomalous += u64::from(verdict.is_anomalous());
            (self.judged)(session, verdict)?;
        }
        self.waiting.clear();
        self.events = 0;
        Ok(())
    }
}
