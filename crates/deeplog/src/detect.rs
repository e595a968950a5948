//! A trained model at work on logs and session files.

mod grouping;
mod judging;
mod stages;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use deeplog_lstm::{Device, LstmModel};
use detection::{AnyDetector, Calibrated, DeepLog, Judge, Verdict};
use sequence_windowing::{GroupCounters, Key, KeyName, Session, Vocabulary, Windowing};

use crate::artefact::Artefact;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::experiment::{Alerts, Experiment, Profile};
use crate::input::{Blocks, Lines, read_sessions};
use crate::line_batch::LineBatch;
use crate::line_reader::{LineCounters, LineReader};
use crate::observer::{Observer, ensure_wanted};
use grouping::Grouping;
use judging::Judging;
use stages::Stage;

/// Sessions of a file that are judged together.
const SESSIONS_AT_ONCE: usize = 1 << 12;

/// A model read from its file, ready to judge.
pub struct Model {
    /// What the file holds.
    pub artefact: Artefact,
    /// The experiment that trained it.
    pub experiment: Experiment,
    /// The training vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The detector with its thresholds.
    pub detector: AnyDetector,
    /// How many threads read lines; at first as many as there are cores. No result depends on it.
    pub threads: NonZeroUsize,
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
pub type Judged<'j> = dyn FnMut(&Session<&Key>, &Verdict) -> Result<()> + 'j;

impl Model {
    /// Reads a model file and puts the model on a device.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let artefact = Artefact::read(path)?;
        let description = &artefact.description;
        let folder = path.parent().unwrap_or(Path::new("."));
        let experiment = Experiment::from_table(description.experiment.clone(), folder, &path.display().to_string())?;
        let vocabulary = Arc::new(description.vocabulary.clone());
        let unfit = |fact: String| Error::run(format!("{}: {fact}", path.display()), "train the model again");
        if description.model.alphabet.keys as usize != vocabulary.len() {
            return Err(unfit(format!(
                "the model has {} keys and its vocabulary {}",
                description.model.alphabet.keys,
                vocabulary.len()
            )));
        }
        let models = artefact
            .weights
            .iter()
            .map(|weights| LstmModel::from_weights(description.model.clone(), weights, device))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| unfit(error.to_string()))?;
        let detection = experiment.detection;
        let detector = match (&description.calibration, models.first()) {
            (None, Some(model)) => DeepLog::new(
                model.clone(),
                vocabulary.clone(),
                detection.rule,
                detection.short_sessions,
            )
            .with_held_out(description.held_out.clone())
            .into(),
            (Some(calibration), Some(model)) => {
                let config = model.config();
                let windowing = Windowing {
                    alphabet: config.alphabet,
                    history: config.history,
                    framing: detection.short_sessions.framing(),
                };
                let alerts = detection.calibration.unwrap_or_default().alerts;
                let budget = alerts.share(calibration.sessions_a_day)?;
                let fitted = calibration.fitted.clone();
                Calibrated::new(models, vocabulary.clone(), windowing, fitted, budget)
                    .map_err(|few| Error::too_few(few, budget))?
                    .into()
            }
            (_, None) => return Err(unfit("there is no model in it".into())),
        };
        Ok(Self {
            artefact,
            experiment,
            vocabulary,
            detector,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }

    /// Gives a model with a budget of alarms another budget.
    ///
    /// # Errors
    /// If the model has a fixed rule, or was calibrated on too few sessions for the budget.
    pub fn set_alerts(&mut self, alerts: Alerts) -> Result<()> {
        let (AnyDetector::Calibrated(detector), Some(calibration)) =
            (&self.detector, &self.artefact.description.calibration)
        else {
            return Err(Error::config(
                "--alerts",
                "--alerts",
                "is for models that were trained with a budget of alarms, and this one has a fixed rule",
            ));
        };
        let budget = alerts.share(calibration.sessions_a_day)?;
        let detector = detector
            .with_budget(budget)
            .map_err(|few| Error::too_few(few, budget))?;
        self.detector = detector.into();
        Ok(())
    }

    /// Reads lines of another layout than the model was trained on: what `dataset` says of `header`, `time` and `session`
    /// takes the place of what the model's dataset says; a `session` without `by` changes single settings of its rule.
    ///
    /// # Errors
    /// A dataset that is wrong, with every mistake; or a model that was trained on session files.
    pub fn read_as(&mut self, dataset: &toml::Table) -> Result<()> {
        let mut table = self.experiment.table.clone();
        let Some(toml::Value::Table(own)) = table.get_mut("dataset") else {
            return Err(Error::config(
                "dataset",
                "dataset",
                "the model was trained on session files and reads no lines",
            ));
        };
        for section in ["header", "time", "session"] {
            let Some(new) = dataset.get(section) else { continue };
            match (own.get_mut(section), new) {
                (Some(toml::Value::Table(old)), toml::Value::Table(new))
                    if section == "session" && !new.contains_key("by") =>
                {
                    old.extend(new.clone());
                }
                _ => {
                    own.insert(section.to_owned(), new.clone());
                }
            }
        }
        self.experiment = Experiment::from_table(table, Path::new("."), "dataset")?;
        Ok(())
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
        let keys = reader.keys();
        let grouper = profile.grouper()?;
        let mut counters = thread::scope(|scope| {
            let mut grouping = Grouping::new(grouper, &keys, Judging::new(scope, self.detector.clone(), judged));
            match reader.batch_reader() {
                Some(workers) => {
                    let workers = (0..self.threads.get()).map(|_| {
                        let mut worker = workers.clone();
                        move |batch: &mut TimedBatch| {
                            let started = Instant::now();
                            worker.read(&mut batch.lines);
                            batch.took = started.elapsed();
                        }
                    });
                    let crew = Crew::new(scope, workers);
                    group_blocks(&mut reader, files, crew, &mut grouping, observer)?;
                }
                None => group_records(&mut reader, files, &mut grouping, observer)?,
            }
            reader.ensure_messages(&files[0])?;
            grouping.finish(observer)
        })?;
        let lines = reader.counters();
        counters.lines = Some(lines);
        counters.unreadable_stamps = reader.unreadable_stamps();
        observer.end(&format!("{} sessions in {} lines", counters.sessions, lines.lines));
        let unfit = lines.continuations + lines.without_header;
        warn_of_unjudged(observer, unfit, lines.lines, "do not fit the header");
        let without_session = counters.groups.map_or(0, |groups| groups.without_session);
        warn_of_unjudged(observer, without_session, lines.messages, "belong to no session");
        Ok(counters)
    }

    fn detect_in_sessions(
        &self,
        files: &[PathBuf],
        observer: &mut dyn Observer,
        judged: &mut Judged<'_>,
    ) -> Result<DetectCounters> {
        observer.begin("detecting", None);
        let mut counters = DetectCounters::default();
        let mut judge = Judge::new(self.detector.clone());
        for file in files {
            let sessions = read_sessions(file)?;
            if sessions.is_empty() {
                return Err(Error::run(
                    format!("{} holds no session", file.display()),
                    "this model reads session files: one session a line, its keys separated by spaces",
                ));
            }
            self.ensure_known_keys(file, &sessions)?;
            for sessions in sessions.chunks(SESSIONS_AT_ONCE) {
                let sessions: Vec<Session> = sessions.iter().map(|session| self.vocabulary.encode(session)).collect();
                for (session, verdict) in sessions.iter().zip(judge.judge(&sessions, &mut |_| ())) {
                    counters.count(&verdict);
                    judged(&session.map_keys(|key| key), &verdict)?;
                }
                observer.advance(counters.sessions, "");
                ensure_wanted(observer)?;
            }
        }
        observer.end(&format!("{} sessions", counters.sessions));
        Ok(counters)
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

/// A batch of lines, and how long a thread was busy with it.
#[derive(Default)]
struct TimedBatch {
    lines: LineBatch,
    took: Duration,
}

/// Reads lines that are messages by themselves, a block of them on each thread, and groups them in their order.
fn group_blocks(
    reader: &mut LineReader,
    files: &[PathBuf],
    mut crew: Crew<TimedBatch>,
    grouping: &mut Grouping<'_, '_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut blocks = Blocks::of(files.to_vec());
    let mut spare: Vec<TimedBatch> = Vec::new();
    let mut more = true;
    loop {
        while more && crew.has_room() {
            let mut batch = spare.pop().unwrap_or_default();
            more = blocks.next_block(&mut batch.lines.block)?;
            grouping.stages().end(Stage::Reading);
            if more {
                crew.give(batch);
            }
        }
        let Some(batch) = crew.take() else { return Ok(()) };
        grouping.stages().end(Stage::AwaitingLines);
        grouping.stages().add(Stage::Parsing, batch.took);
        reader.take_batch(&batch.lines, |event, names| grouping.push(event, names));
        grouping.stages().end(Stage::Grouping);
        spare.push(batch);
        grouping.ensure_judged()?;
        observer.advance(reader.counters().lines, "");
        ensure_wanted(observer)?;
    }
}

/// Reads and groups lines one after the other.
fn group_records(
    reader: &mut LineReader,
    files: &[PathBuf],
    grouping: &mut Grouping<'_, '_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut lines = Lines::of(files.to_vec());
    if reader.is_binary() {
        lines = lines.with_carriage_returns();
    }
    while let Some((number, line)) = lines.next_line()? {
        reader.read_numbered(line, |event, names| grouping.push(event, names));
        grouping.ensure_judged()?;
        observer.advance(number, "");
        ensure_wanted(observer)?;
    }
    while reader.finish_numbered(|event, names| grouping.push(event, names)) {}
    grouping.stages().end(Stage::Records);
    Ok(())
}

impl DetectCounters {
    fn count(&mut self, verdict: &Verdict) {
        self.sessions += 1;
        self.anomalous += u64::from(verdict.is_anomalous());
    }
}

/// Says so where a tenth of the lines or more is judged by nobody: a clean verdict on the rest means little then.
pub(crate) fn warn_of_unjudged(observer: &mut dyn Observer, unjudged: u64, all: u64, why: &str) {
    warn_of_many(observer, unjudged, all, &format!("{why} and were not judged"));
}

/// Says what became of lines, where it is a tenth of them or more.
pub(crate) fn warn_of_many(observer: &mut dyn Observer, lines: u64, all: u64, fate: &str) {
    if lines > 0 && lines >= all / 10 {
        observer.warn(&format!("{lines} of {all} lines {fate}"));
    }
}
