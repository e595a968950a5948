//! Corpora from session files.

use std::collections::BTreeMap;
use std::path::Path;

use evaluation::Label;
use sequence_windowing::{KeyName, Session};

use super::divide::labels_of;
use super::{Corpus, Division, ensure_sessions, labels_beside};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::input::read_sessions;
use crate::observer::Observer;

/// Files that are divided already.
pub(super) fn divided(
    train_normal: &Path,
    train_abnormal: Option<&Path>,
    [test_normal, test_abnormal]: [Option<&Path>; 2],
    observer: &mut dyn Observer,
) -> Result<Corpus> {
    observer.begin("reading", None);
    let mut corpus = Corpus {
        train: read_sessions(train_normal)?,
        ..Corpus::default()
    };
    ensure_sessions(&corpus.train, train_normal)?;
    corpus.files.push(train_normal.to_owned());
    if let Some(path) = train_abnormal {
        corpus.anomalous_train = read_sessions(path)?;
        ensure_sessions(&corpus.anomalous_train, path)?;
        corpus.files.push(path.to_owned());
    }
    for (path, label) in [(test_normal, Label::Normal), (test_abnormal, Label::Anomalous)] {
        let Some(path) = path else { continue };
        let sessions = read_sessions(path)?;
        ensure_sessions(&sessions, path)?;
        corpus.labels.resize(corpus.labels.len() + sessions.len(), Some(label));
        corpus.test.extend(sessions);
        corpus.files.push(path.to_owned());
    }
    observer.end(&format!(
        "{} training and {} test sessions",
        corpus.train.len(),
        corpus.test.len()
    ));
    Ok(corpus)
}

/// One file, to be divided.
pub(super) fn sessions(experiment: &Experiment, file: &Path, observer: &mut dyn Observer) -> Result<Corpus> {
    observer.begin("reading", None);
    let sessions = read_sessions(file)?;
    ensure_sessions(&sessions, file)?;
    let mut corpus = Corpus {
        files: vec![file.to_owned()],
        ..Corpus::default()
    };
    observer.end(&format!("{} sessions", sessions.len()));
    let labels = labels_beside(experiment, file)?;
    let labels = labels.map(|labels| labels_of(&labels, sessions.iter().map(|session| &*session.id), &mut corpus));
    divide_into(&mut corpus, experiment, sessions, labels)?;
    Ok(corpus)
}

/// Divides sessions that lie there whole.
pub(super) fn divide_into(
    corpus: &mut Corpus,
    experiment: &Experiment,
    sessions: Vec<Session<KeyName>>,
    labels: Option<Vec<Option<Label>>>,
) -> Result<()> {
    let division = Division::of(experiment, &sessions, labels.as_deref())?;
    division.count(corpus);
    corpus.labels = division
        .test
        .iter()
        .map(|&i| labels.as_ref().and_then(|labels| labels[i]))
        .collect();
    corpus.anomalous_train = division.anomalous.iter().map(|&i| sessions[i].clone()).collect();
    corpus.train = division.train.iter().map(|&i| sessions[i].clone()).collect();
    corpus.test = division.test.iter().map(|&i| sessions[i].clone()).collect();
    Ok(())
}

/// Reads a CSV of `EventId,EventTemplate`. An id such as `E5` also stands for the key `5`.
pub(super) fn templates(path: &Path) -> Result<BTreeMap<KeyName, String>> {
    let text = crate::input::read_to_end(path)?;
    let mut reader = csv::Reader::from_reader(&*text);
    let mut templates = BTreeMap::new();
    for row in reader.byte_records() {
        let row = row.map_err(|error| {
            Error::run(
                format!("{}: {error}", path.display()),
                "give a CSV with the columns EventId and EventTemplate",
            )
        })?;
        let field = |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).into_owned();
        let (id, template) = (field(0), field(1));
        if let Some(number) = id.strip_prefix('E') {
            templates.insert(KeyName::from(number), template.clone());
        }
        templates.insert(KeyName::from(id), template);
    }
    Ok(templates)
}
