//! The leak audit: each check in the words of its finding.

mod meaning;
mod sides;

use evaluation::{Check, CheckOutcome, Metrics};
use rustc_hash::FxHashSet;
use sequence_windowing::{Key, Session};

use super::Judged;

/// All checks, in the order in which data flows.
pub(super) fn of(judged: &Judged<'_>, metrics: &Metrics) -> Vec<Check> {
    let mut checks = vec![
        sides::templates(judged),
        sides::vocabulary(judged),
        sides::order(judged),
        sides::identifiers(judged),
        sides::lines(judged),
    ];
    checks.push(meaning::repeated(judged, metrics));
    checks.extend(meaning::labelled(judged));
    checks.push(meaning::purity(judged));
    if metrics.has_labels() {
        checks.extend([meaning::balance(metrics), meaning::prevalence(metrics)]);
    }
    checks.push(meaning::threshold(metrics));
    checks
}

fn check(name: &str, outcome: CheckOutcome, finding: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        outcome,
        finding: finding.into(),
    }
}

pub(super) fn keys(session: &Session) -> Vec<&Key> {
    session.events.iter().map(|event| &event.key).collect()
}

/// The key sequences of all training sessions.
pub(super) fn trained<'j>(judged: &'j Judged<'_>) -> FxHashSet<Vec<&'j Key>> {
    let sessions = judged.training.train.iter().chain(&judged.training.validation);
    sessions.map(keys).collect()
}
