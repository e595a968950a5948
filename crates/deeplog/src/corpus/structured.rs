//! Corpora from logparser's structured CSV: lines that are parsed already.

use std::path::Path;

use evaluation::Label;
use rustc_hash::{FxHashMap, FxHashSet};
use sequence_windowing::{Event, KeyName};

use super::divide::labels_of;
use super::files::divide_into;
use super::{Corpus, Texts, ensure_sessions, labels_beside, labels_lines};
use crate::error::{Error, Result};
use crate::experiment::{Experiment, Profile};
use crate::input::{StructuredRow, StructuredRows};
use crate::intake::{Intake, Message};
use crate::observer::{Observer, ensure_wanted};

impl Message for StructuredRow<'_> {
    fn content(&self) -> &[u8] {
        (*self).content()
    }

    fn field(&self, column: usize) -> &[u8] {
        self.column(column)
    }
}

/// Reads a structured CSV, groups its rows and divides the sessions.
pub(super) fn read(experiment: &Experiment, file: &Path, observer: &mut dyn Observer) -> Result<Corpus> {
    let profile = profile_of(experiment)?;
    observer.begin("reading", None);
    let mut rows = StructuredRows::open(file)?;
    let mut intake = Intake::new(profile, rows.columns())?;
    let mut collector = profile.collector()?;
    let mut corpus = Corpus {
        texts: Texts::Structured(file.to_owned()),
        ..Corpus::default()
    };
    corpus.files.push(file.to_owned());
    let mut names: FxHashMap<Vec<u8>, KeyName> = FxHashMap::default();
    let mut anomalous_rows = FxHashSet::default();
    let mut without_event = 0;
    while let Some(row) = rows.next_row()? {
        if row.event().is_empty() {
            without_event += 1;
            continue;
        }
        let key = names.entry(row.event().to_owned()).or_insert_with(|| {
            let key = KeyName::from(&*String::from_utf8_lossy(row.event()));
            if let Some(template) = row.template() {
                corpus
                    .templates
                    .insert(key.clone(), String::from_utf8_lossy(template).into_owned());
            }
            key
        });
        let ends = profile.limits.is_end_key(key);
        if intake.label(&row) == Some(Label::Anomalous) {
            anomalous_rows.insert(row.number);
        }
        let (time, names) = intake.place(&row);
        collector.push(
            &Event {
                key: key.clone(),
                line: row.number,
                time,
            },
            names,
            ends,
        );
        observer.advance(row.number, "");
        ensure_wanted(observer)?;
    }
    let (mut sessions, counters) = collector.finish();
    sessions.sort_by_key(sequence_windowing::Session::first_line);
    ensure_sessions(&sessions, file)?;
    observer.end(&format!("{} sessions", sessions.len()));
    corpus.count("rows_without_event", without_event);
    corpus.count("unreadable_time_stamps", intake.state().unreadable_stamps);
    corpus.count_groups(counters);
    let labels = if labels_lines(experiment) {
        let is_anomalous = |line: u64| anomalous_rows.contains(&line);
        Some(
            sessions
                .iter()
                .map(|session| Some(super::label_by_lines(session, is_anomalous)))
                .collect(),
        )
    } else {
        let labels = labels_beside(experiment, file)?;
        labels.map(|labels| labels_of(&labels, sessions.iter().map(|session| &*session.id), &mut corpus))
    };
    divide_into(&mut corpus, experiment, sessions, labels)?;
    Ok(corpus)
}

pub(super) fn profile_of(experiment: &Experiment) -> Result<&Profile> {
    let missing = || Error::config(&experiment.name, "dataset", "is missing");
    experiment.profile.as_ref().ok_or_else(missing)
}
