//! The sessions of an experiment, divided into training and test, with labels beside them.

mod divide;
mod faults;
mod files;
mod raw;
mod stress;
mod structured;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drain_parser::{FrozenParser, LineFormat};
use evaluation::{Fault, Label};
use rustc_hash::FxHashMap;
use sequence_windowing::{GroupCounters, KeyName, Session};

use crate::error::{Error, Result};
use crate::experiment::{Experiment, LabelRule, Source};
use crate::input::{self, Labels};
use crate::observer::Observer;
pub(crate) use divide::Division;
pub use raw::NO_TEMPLATE;

/// Sessions ready for training and judging.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Normal sessions to train on, in order of time.
    pub train: Vec<Session<KeyName>>,
    /// Sessions of the training part that are labelled anomalous. The model never sees them, only rivals with labels do.
    pub anomalous_train: Vec<Session<KeyName>>,
    /// Sessions to judge, in order of time.
    pub test: Vec<Session<KeyName>>,
    /// Labels of the test sessions, one each; `None` for a session without one.
    pub labels: Vec<Option<Label>>,
    /// Faults of test sessions by their identifier, where the kind is known.
    pub faults: FxHashMap<String, Fault>,
    /// Text of the event template behind a key, where known.
    pub templates: BTreeMap<KeyName, String>,
    /// The frozen parser of raw logs.
    pub parser: Option<FrozenParser>,
    /// What was counted on the way, by name.
    pub counters: BTreeMap<String, u64>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Where the text of a line can be looked up again.
    pub texts: Texts,
    /// Seconds and lines of parsing, where lines were parsed.
    pub parsing: Option<(f64, u64)>,
    /// Seconds and events of grouping, where lines were grouped.
    pub grouping: Option<(f64, u64)>,
}

/// Where the text of a line can be looked up again.
#[derive(Clone, Debug, Default)]
pub enum Texts {
    /// Nowhere: session files hold keys alone.
    #[default]
    None,
    /// In raw logs of a format.
    Logs(Vec<PathBuf>, Box<LineFormat>),
    /// In the content column of a structured CSV.
    Structured(PathBuf),
}

/// Reads the data of an experiment. `out` is where a simulated log is put.
pub fn read(experiment: &Experiment, out: &Path, observer: &mut dyn Observer) -> Result<Corpus> {
    let mut corpus = match &experiment.data.source {
        Source::Divided {
            train_normal,
            train_abnormal,
            test_normal,
            test_abnormal,
        } => files::divided(
            train_normal,
            train_abnormal.as_deref(),
            [test_normal.as_deref(), test_abnormal.as_deref()],
            observer,
        ),
        Source::Sessions { file } => files::sessions(experiment, file, observer),
        Source::Structured { file } => structured::read(experiment, file, observer),
        Source::Raw { log } => {
            let files = input::expand_logs(log, structured::profile_of(experiment)?, observer)?;
            raw::read(experiment, &files, labels_beside(experiment, log)?, observer)
        }
        Source::Synthetic(config) => {
            let (log, labels) = crate::synthesis::write(config, out, observer)?;
            let labels = Labels::read(&labels, None, None, None)?;
            raw::read(experiment, &[log], Some(labels), observer)
        }
    }?;
    if let Some(stress) = experiment.data.stress {
        stress::apply(&mut corpus, stress, experiment.seed)?;
    }
    if let Some(inject) = &experiment.data.inject {
        faults::inject(&mut corpus, inject, observer)?;
    }
    if let Some(path) = &experiment.data.templates {
        corpus.templates.extend(files::templates(path)?);
    }
    Ok(corpus)
}

/// The labels of sessions: those that the experiment names, else the dataset's file beside the log, if it is there.
fn labels_beside(experiment: &Experiment, log: &Path) -> Result<Option<Labels>> {
    Labels::beside(experiment.profile.as_ref(), experiment.data.labels.as_deref(), log)
}

impl Corpus {
    /// The text of the messages that begin in some lines, lossily decoded, as far as it can be looked up.
    pub fn texts(&self, lines: &std::collections::BTreeSet<u64>) -> Result<BTreeMap<u64, String>> {
        match &self.texts {
            Texts::None => Ok(BTreeMap::new()),
            Texts::Logs(files, format) => input::record_texts(files, format, lines),
            Texts::Structured(path) => {
                let mut texts = BTreeMap::new();
                let mut rows = input::StructuredRows::open(path)?;
                while let Some(row) = rows.next_row()? {
                    if lines.contains(&row.number) {
                        texts.insert(row.number, String::from_utf8_lossy(row.content()).into_owned());
                    }
                    if texts.len() == lines.len() {
                        break;
                    }
                }
                Ok(texts)
            }
        }
    }

    fn count_groups(&mut self, counters: GroupCounters) {
        self.count("lines_without_session", counters.without_session);
        self.count("late_lines", counters.late);
        self.count("events_over_the_session_cap", counters.dropped_events);
        self.count("sessions_reopened", counters.reopened);
        self.count("sessions_evicted", counters.evicted);
    }

    fn count(&mut self, name: &str, number: u64) {
        if number > 0 {
            *self.counters.entry(name.to_owned()).or_default() += number;
        }
    }
}

/// Whether each line of the log says itself what it is, and nobody says otherwise.
fn labels_lines(experiment: &Experiment) -> bool {
    let rule = experiment.profile.as_ref().and_then(|profile| profile.labels.as_ref());
    experiment.data.labels.is_none() && matches!(rule, Some(LabelRule::Line { .. }))
}

/// A session with one anomalous line is anomalous.
fn label_by_lines<K>(session: &Session<K>, is_anomalous: impl Fn(u64) -> bool) -> Label {
    let any = session.events.iter().any(|event| is_anomalous(event.line));
    if any { Label::Anomalous } else { Label::Normal }
}

/// An input without a single session cannot be an experiment.
fn ensure_sessions<K>(sessions: &[Session<K>], path: &Path) -> Result<()> {
    if sessions.is_empty() {
        return Err(Error::run(
            format!("{} holds no session", path.display()),
            "check that the file is not empty and that the session rule fits it; `deeplog init` proposes one",
        ));
    }
    Ok(())
}
