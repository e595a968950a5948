//! What training and test share.

use std::collections::BTreeSet;

use evaluation::{Check, CheckOutcome};
use rustc_hash::FxHashSet;
use sequence_windowing::{KeyName, Session};

use super::{Judged, check};
use crate::experiment::{Source, SplitMethod};

/// Whether test lines took part in making event templates.
pub(super) fn templates(judged: &Judged<'_>) -> Check {
    let name = "event templates from training lines";
    let data = &judged.experiment.data;
    let known = judged
        .experiment
        .profile
        .as_ref()
        .and_then(|profile| profile.known.as_ref());
    match (&data.source, known) {
        (Source::Raw { .. } | Source::Synthetic(_), Some(known)) if !known.learn => check(
            name,
            CheckOutcome::Unknown,
            format!(
                "The templates are those of {}; whether test lines taught them is not known.",
                known.state.display()
            ),
        ),
        (Source::Raw { .. } | Source::Synthetic(_), _) => check(
            name,
            CheckOutcome::Passed,
            "The parser learnt from the lines of training sessions alone, and was frozen before it saw a test line.",
        ),
        (Source::Structured { .. }, _) => check(
            name,
            CheckOutcome::Warning,
            "The file was parsed as a whole, so test lines took part in making its event templates: a new kind of event may \
             look like a known one, or have a template of its own from the start.",
        ),
        (Source::Divided { .. } | Source::Sessions { .. }, _) => check(
            name,
            CheckOutcome::Unknown,
            "The sessions came as log keys; whether their parser saw test lines is not known.",
        ),
    }
}

pub(super) fn vocabulary(judged: &Judged<'_>) -> Check {
    let unseen = judged.corpus.test.iter().flat_map(|session| &session.events);
    let known: FxHashSet<_> = judged
        .corpus
        .train
        .iter()
        .flat_map(|session| &session.events)
        .map(|event| &event.key)
        .collect();
    let unseen: BTreeSet<_> = unseen
        .map(|event| &event.key)
        .filter(|key| !known.contains(key))
        .collect();
    check(
        "vocabulary from training sessions",
        CheckOutcome::Passed,
        format!(
            "{} log keys come from training sessions; {} more occur in test sessions only, and {}.",
            judged.training.vocabulary.len(),
            unseen.len(),
            match judged.training.detector.calibrated() {
                None => "each of their events is a finding",
                Some(_) =>
                    "they are as surprising as can be: findings, unless the budget went to training sessions with keys of their own",
            }
        ),
    )
}

/// Whether training knows the future, or windows reach over the cut.
pub(super) fn order(judged: &Judged<'_>) -> Check {
    let name = "training before test";
    let straddling = judged.corpus.counters.get("training_sessions_straddling_the_split");
    match (&judged.experiment.data.source, judged.experiment.data.split.method) {
        (Source::Divided { .. }, _) => check(
            name,
            CheckOutcome::Unknown,
            "The files were divided by somebody else; whether the training sessions come first is not known.",
        ),
        (_, SplitMethod::Random) => check(
            name,
            CheckOutcome::Warning,
            "The split is by lot, so training has seen sessions later than those it is tested on. A chronological split is \
             stricter: `--split chronological,random` shows both.",
        ),
        (Source::Sessions { .. }, SplitMethod::Chronological) => check(
            name,
            CheckOutcome::Unknown,
            "The sessions are divided in the order of their file; whether that is the order of time is not known.",
        ),
        (_, SplitMethod::Chronological) => match straddling {
            Some(sessions) => check(
                name,
                CheckOutcome::Warning,
                format!(
                    "{sessions} training sessions begin before the first test session and go on after it has begun: their \
                     windows overlap the time of the test."
                ),
            ),
            None => check(
                name,
                CheckOutcome::Passed,
                "All training sessions end before the first test session begins.",
            ),
        },
    }
}

/// Whether a session of one name is on both sides.
pub(super) fn identifiers(judged: &Judged<'_>) -> Check {
    let name = "no session on both sides";
    let training: FxHashSet<&str> = judged.corpus.train.iter().map(|session| &*session.id).collect();
    let both: Vec<&str> = judged
        .corpus
        .test
        .iter()
        .map(|session| &*session.id)
        .filter(|id| training.contains(id))
        .collect();
    match both.first() {
        None => check(
            name,
            CheckOutcome::Passed,
            "No test session has the identifier of a training session.",
        ),
        Some(first) => check(
            name,
            CheckOutcome::Warning,
            format!(
                "{} test sessions have the identifier of a training session, such as `{first}`: the same one, or its other half.",
                both.len()
            ),
        ),
    }
}

/// Whether a line is in a training and in a test session: windows of time that overlap, or a line that names two sessions.
pub(super) fn lines(judged: &Judged<'_>) -> Check {
    let name = "no line on both sides";
    if matches!(
        judged.experiment.data.source,
        Source::Divided { .. } | Source::Sessions { .. }
    ) {
        return check(
            name,
            CheckOutcome::Unknown,
            "The sessions came as log keys, without the lines behind them.",
        );
    }
    let events = |sessions: &'_ [Session<KeyName>]| {
        let lines = sessions.iter().flat_map(|session| &session.events);
        lines
            .map(|event| event.line)
            .filter(|&line| line > 0)
            .collect::<FxHashSet<u64>>()
    };
    let (training, test) = (events(&judged.corpus.train), events(&judged.corpus.test));
    match test.iter().filter(|line| training.contains(line)).count() {
        0 => check(
            name,
            CheckOutcome::Passed,
            "No line is in a training and in a test session.",
        ),
        both => check(
            name,
            CheckOutcome::Warning,
            format!(
                "{both} of {} lines of test sessions are in training sessions too: lines that name two sessions, or windows of \
                 time that overlap the split.",
                test.len()
            ),
        ),
    }
}
