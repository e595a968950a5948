//! Raw logs with known faults in them.
//!
//! Three passes that each hold little: which lines form which sessions, while templates are learnt; what each line is; and the
//! text of the lines that faults need. The log is then copied, without the lines that are gone and with those that are made.

mod change;
mod made;
mod plan;
mod survey;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::faults::{self, Injected};
use crate::error::{Error, Result};
use crate::experiment::{Inject, Profile};
use crate::input::Labels;
use crate::observer::{Observer, ensure_wanted};
use crate::output::create_folder;
use survey::Survey;

/// A raw log to put faults into.
#[derive(Clone, Debug)]
pub struct LogInjection {
    /// The log: a file, a folder or a glob. The dataset's labels lie beside it.
    pub log: PathBuf,
    /// Its files, in the order of time.
    pub files: Vec<PathBuf>,
    /// Its dataset: how lines are laid out, which form a session, and when they were written.
    pub profile: Profile,
    /// Labels of its sessions, over the dataset's own beside the log. Without any, all sessions count as normal.
    pub labels: Option<PathBuf>,
    /// How many faults of which kinds.
    pub faults: Inject,
}

/// What is known of a session before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Normal,
    /// Anomalous already, of this kind: left as it is.
    Anomalous(String),
    /// Without a label, where others have one: left as it is.
    Unlabelled,
}

/// The kind of sessions that were labelled anomalous without one.
const LABELLED: &str = "labelled";

/// Writes `faulty.log`, the whole log in its order, and `labels.csv`, a row a session that is labelled, into a folder: both
/// or neither. The columns are `Session`, `Label` (or what the dataset calls these two), `Kind`, `Position` (the event within
/// the session, from 0) and `Line` (that event's in the faulty log, from 1; empty where the session merely ends early).
///
/// Sessions that are labelled anomalous stay as they are, in the log and in the labels.
pub fn inject_log(injection: &LogInjection, folder: &Path, observer: &mut dyn Observer) -> Result<()> {
    let LogInjection { files, profile, .. } = injection;
    ensure_lines(injection)?;
    let mut survey = Survey::group(profile, files, observer)?;
    let standings = standings(injection, &survey)?;
    survey.parse(profile, files, &standings, observer)?;
    let mut plan = plan::plan(&survey, &standings, profile, &injection.faults)?;
    let made = made::make(&survey, &mut plan, injection, observer)?;
    let of_kind = |kind: fn(&Standing) -> bool| standings.iter().filter(|standing| kind(standing)).count();
    let normal = of_kind(|standing| *standing == Standing::Normal);
    faults::ensure_any(plan.faulty.len(), plan::kinds(&injection.faults), normal)?;
    ensure_wanted(observer)?;
    create_folder(folder)?;
    let written = write::log(files, &survey, &plan, &made, &folder.join("faulty.log"), observer)?;
    write::labels(&survey, &standings, &plan, written, profile, &folder.join("labels.csv"))?;
    let left = of_kind(|standing| matches!(standing, Standing::Anomalous(_)));
    if left > 0 {
        observer.warn(&format!(
            "{left} sessions are anomalous already: they stay as they are, and labelled so"
        ));
    }
    let unlabelled = of_kind(|standing| *standing == Standing::Unlabelled);
    if unlabelled > 0 {
        observer.warn(&format!(
            "{unlabelled} sessions have no label: they stay as they are, and without one"
        ));
    }
    let faults = plan.faulty.iter().map(|faulty| {
        let fault = evaluation::Fault {
            kind: faulty.kind.to_string(),
            position: Some(faulty.position),
        };
        (survey.sessions[faulty.session].id.to_string(), fault)
    });
    let injected = Injected {
        faults: faults.collect::<FxHashMap<_, _>>(),
        counts: plan.counts,
        without: plan.without,
    };
    let summary = injected.told(survey.sessions.len(), observer);
    observer.end(&format!("{summary}; in {}", folder.display()));
    Ok(())
}

/// Logs whose lines mean nothing by themselves, or that can be read once only, take no faults.
fn ensure_lines(injection: &LogInjection) -> Result<()> {
    if injection.files.iter().any(|file| file == Path::new("-")) {
        return Err(Error::config(
            "the call",
            "INPUT",
            "a log is read several times, and standard input only once: give a file",
        ));
    }
    let format = &injection.profile.header;
    if format.as_header().is_none() && !format.has_lines_of_their_own() {
        return Err(Error::run(
            format!(
                "lines of `{}` mean nothing by themselves, so none can be moved or rewritten alone",
                format.source()
            ),
            "put faults into the sessions of an experiment instead, by `[data.inject]`",
        ));
    }
    if matches!(injection.profile.session, sequence_windowing::SessionRule::Count { .. }) {
        return Err(Error::run(
            "sessions are counts of lines here, so one line more or less changes every session behind it",
            "put faults into the sessions of an experiment instead, by `[data.inject]`",
        ));
    }
    Ok(())
}

/// By session, in their order.
fn standings(injection: &LogInjection, survey: &Survey) -> Result<Vec<Standing>> {
    let labels = Labels::beside(Some(&injection.profile), injection.labels.as_deref(), &injection.log)?;
    let standing = |session: &sequence_windowing::Session<u32>| {
        let Some(labels) = &labels else {
            let is_anomalous = |event: &sequence_windowing::Event<u32>| survey.anomalous_lines.contains(&event.line);
            return if session.events.iter().any(is_anomalous) {
                Standing::Anomalous(LABELLED.to_owned())
            } else {
                Standing::Normal
            };
        };
        match labels.get(&session.id) {
            None => Standing::Unlabelled,
            Some(evaluation::Label::Normal) => Standing::Normal,
            Some(evaluation::Label::Anomalous) => {
                let fault = labels.faults().get(&*session.id);
                Standing::Anomalous(fault.map_or_else(|| LABELLED.to_owned(), |fault| fault.kind.clone()))
            }
        }
    };
    Ok(survey.sessions.iter().map(standing).collect())
}
