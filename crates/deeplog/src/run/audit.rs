//! The leak audit: each check in the words of its finding.

use std::collections::BTreeSet;

use baselines::Rival;
use evaluation::{Check, CheckOutcome, ChosenOn, Metrics, Scores};
use rustc_hash::FxHashSet;
use sequence_windowing::{KeyName, Session};

use super::Judged;
use crate::experiment::{Baseline, Source, SplitMethod};

/// All checks, in the order in which data flows.
pub(super) fn of(judged: &Judged<'_>, metrics: &Metrics) -> Vec<Check> {
    let mut checks = vec![
        templates(judged),
        vocabulary(judged),
        order(judged),
        identifiers(judged),
        lines(judged),
    ];
    checks.push(repeated(judged, metrics));
    checks.extend(labelled(judged));
    checks.push(purity(judged));
    if metrics.has_labels() {
        checks.extend([balance(metrics), prevalence(metrics)]);
    }
    checks.push(threshold(metrics));
    checks
}

fn check(name: &str, outcome: CheckOutcome, finding: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        outcome,
        finding: finding.into(),
    }
}

/// Whether test lines took part in making event templates.
fn templates(judged: &Judged<'_>) -> Check {
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

fn vocabulary(judged: &Judged<'_>) -> Check {
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
            "{} log keys come from training sessions; {} more occur in test sessions only, and each of their events is a finding.",
            judged.training.vocabulary.len(),
            unseen.len()
        ),
    )
}

/// Whether training knows the future, or windows reach over the cut.
fn order(judged: &Judged<'_>) -> Check {
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
fn identifiers(judged: &Judged<'_>) -> Check {
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
fn lines(judged: &Judged<'_>) -> Check {
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

/// Test sessions that training knows whole.
fn repeated(judged: &Judged<'_>, metrics: &Metrics) -> Check {
    let name = "test sequences that training has not";
    let trained = trained(judged);
    let repeated = judged
        .test
        .iter()
        .filter(|session| trained.contains(&keys(session)))
        .count();
    let all = judged.test.len();
    if repeated == 0 {
        return check(
            name,
            CheckOutcome::Passed,
            "No test session has the key sequence of a training session.",
        );
    }
    let (test, novel) = (&metrics.detector.test, &metrics.detector.novel);
    let rates = |scores: &Scores| {
        let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.4}"));
        format!(
            "recall {}, false alarms {}, F1 {}",
            rate(scores.rates.recall),
            rate(scores.rates.false_alarm_rate),
            rate(scores.rates.f1)
        )
    };
    let figures = match metrics.has_labels() {
        true => format!(" With them: {}; without: {}.", rates(test), rates(novel)),
        false => String::new(),
    };
    check(
        name,
        CheckOutcome::Warning,
        format!(
            "{repeated} of {all} test sessions ({:.1}%) have a key sequence that also occurs in training, and are easy for \
             that.{figures}",
            100.0 * repeated as f64 / all as f64
        ),
    )
}

/// Whether rivals with labels have seen what they are tested on.
fn labelled(judged: &Judged<'_>) -> Option<Check> {
    let anomalous = &judged.corpus.anomalous_train;
    let learn = |rival: &Baseline| matches!(rival.rival, Rival::WithLabels(_));
    if anomalous.is_empty() || !judged.experiment.baselines.iter().any(learn) {
        return None;
    }
    let keys = |session: &Session<KeyName>| session.events.iter().map(|event| event.key.clone()).collect::<Vec<_>>();
    let learnt: FxHashSet<Vec<KeyName>> = anomalous.iter().map(keys).collect();
    let known = judged
        .corpus
        .test
        .iter()
        .filter(|session| learnt.contains(&keys(session)))
        .count();
    let name = "anomalies that rivals with labels have not seen";
    Some(match known {
        0 => check(
            name,
            CheckOutcome::Passed,
            "No test session has the key sequence of an anomalous training session.",
        ),
        known => check(
            name,
            CheckOutcome::Warning,
            format!(
                "{known} of {} test sessions have the key sequence of one of the {} anomalous training sessions, which rivals with \
                 labels learn from.",
                judged.test.len(),
                anomalous.len()
            ),
        ),
    })
}

/// Whether what trained is normal.
fn purity(judged: &Judged<'_>) -> Check {
    let name = "training on normal sessions";
    let counters = &judged.corpus.counters;
    let count = |name: &str| counters.get(name).copied().unwrap_or(0);
    let moved = count("anomalous_sessions_moved_to_training");
    if moved > 0 {
        return check(
            name,
            CheckOutcome::Warning,
            format!(
                "{moved} of {} training sessions are anomalous, put there on purpose; other sessions of their sequences may be \
                 among the test sessions.",
                judged.corpus.train.len()
            ),
        );
    }
    let left_out = count("anomalous_sessions_left_out_of_training");
    if left_out > 0 {
        return check(
            name,
            CheckOutcome::Warning,
            format!(
                "Labels were used to keep {left_out} anomalous sessions out of training. Where nobody has labels, they would \
                 have been learnt as normal: `data.stress.anomalous` shows what that does."
            ),
        );
    }
    match (
        &judged.experiment.data.source,
        judged.corpus.labels.iter().any(Option::is_some) && judged.experiment.data.inject.is_none(),
    ) {
        (Source::Divided { .. }, _) => check(
            name,
            CheckOutcome::Unknown,
            "The training sessions came as normal ones, by somebody's labels.",
        ),
        (_, true) => check(
            name,
            CheckOutcome::Passed,
            "The labels find no anomalous session in the training part.",
        ),
        (_, false) => check(
            name,
            CheckOutcome::Unknown,
            "No label speaks of the training sessions: all are taken as normal, and what is wrong among them is learnt.",
        ),
    }
}

fn balance(metrics: &Metrics) -> Check {
    let name = "both classes in the test";
    let confusion = metrics.detector.test.confusion;
    let (normal, anomalous) = (confusion.normal(), confusion.anomalous());
    if normal == 0 || anomalous == 0 {
        let class = if normal == 0 { "normal" } else { "anomalous" };
        return check(
            name,
            CheckOutcome::Warning,
            format!("There is no {class} test session: precision and F1 say nothing."),
        );
    }
    let share = anomalous as f64 / (normal + anomalous) as f64;
    let fewer = normal.min(anomalous);
    let finding = format!(
        "{anomalous} anomalous and {normal} normal test sessions. Flagging all of them would give F1 {:.4}, flagging none an \
         accuracy of {:.4}.",
        2.0 * share / (1.0 + share),
        1.0 - share
    );
    if fewer < 30 {
        return check(
            name,
            CheckOutcome::Warning,
            format!("{finding} Rates of {fewer} sessions are rough."),
        );
    }
    check(name, CheckOutcome::Passed, finding)
}

fn prevalence(metrics: &Metrics) -> Check {
    let name = "share of anomalies as in nature";
    let confusion = metrics.detector.test.confusion;
    let share = 100.0 * confusion.anomalous() as f64 / (confusion.normal() + confusion.anomalous()).max(1) as f64;
    match &metrics.detector.natural {
        None => check(
            name,
            CheckOutcome::Unknown,
            format!(
                "{share:.1}% of the test sessions are anomalous, and the experiment states no natural share \
                 (`evaluation.prevalence`): precision, F1 and average precision hold for {share:.1}%."
            ),
        ),
        Some(natural) => {
            let stated = 100.0 * natural.prevalence;
            let outcome = if (share - stated).abs() <= 0.5 * stated {
                CheckOutcome::Passed
            } else {
                CheckOutcome::Warning
            };
            check(
                name,
                outcome,
                format!(
                    "{share:.1}% of the labelled test sessions are anomalous, {stated:.1}% in nature: precision, F1 and average \
                     precision are also given weighted to that."
                ),
            )
        }
    }
}

fn threshold(metrics: &Metrics) -> Check {
    let name = "threshold not chosen on the test";
    match metrics.operating_point.chosen_on {
        ChosenOn::Config => check(
            name,
            CheckOutcome::Unknown,
            "The threshold stands in the experiment; that nobody chose it by looking at these test sessions is the word of \
             whoever wrote it.",
        ),
        ChosenOn::Validation => check(
            name,
            CheckOutcome::Passed,
            "The threshold comes from normal validation sessions.",
        ),
        ChosenOn::Oracle => check(
            name,
            CheckOutcome::Warning,
            "The threshold was chosen on the test sessions: an upper bound and not a result.",
        ),
    }
}

pub(super) fn keys(session: &Session) -> Vec<&sequence_windowing::Key> {
    session.events.iter().map(|event| &event.key).collect()
}

/// The key sequences of all training sessions.
pub(super) fn trained<'j>(judged: &'j Judged<'_>) -> FxHashSet<Vec<&'j sequence_windowing::Key>> {
    let sessions = judged.training.train.iter().chain(&judged.training.validation);
    sessions.map(keys).collect()
}
