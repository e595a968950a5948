//! What the sessions let the figures mean.

use baselines::Rival;
use evaluation::{Check, CheckOutcome, ChosenOn, Metrics, Scores};
use rustc_hash::FxHashSet;
use sequence_windowing::{KeyName, Session};

use super::{Judged, check, keys, trained};
use crate::experiment::{Baseline, Source};

/// Test sessions that training knows whole.
pub(super) fn repeated(judged: &Judged<'_>, metrics: &Metrics) -> Check {
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
pub(super) fn labelled(judged: &Judged<'_>) -> Option<Check> {
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
pub(super) fn purity(judged: &Judged<'_>) -> Check {
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

pub(super) fn balance(metrics: &Metrics) -> Check {
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

pub(super) fn prevalence(metrics: &Metrics) -> Check {
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

pub(super) fn threshold(metrics: &Metrics) -> Check {
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
            "The threshold comes from normal training sessions, each judged by models that did not see it.",
        ),
        ChosenOn::Oracle => check(
            name,
            CheckOutcome::Warning,
            "The threshold was chosen on the test sessions: an upper bound and not a result.",
        ),
    }
}
