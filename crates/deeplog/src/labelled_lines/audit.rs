//! The leak audit of a run on labelled lines: each check in the words of its finding.

use evaluation::number::{count, rate, share};
use evaluation::{Check, CheckOutcome};

use super::figures::LineMetrics;

/// Anomalous lines in all folds together below which the choice of a model is called a matter of luck.
const FEW: u64 = 50;
/// Lines of one class below which rates are called rough.
const ROUGH: u64 = 30;

/// All checks, in the order in which data flows.
pub(super) fn of(metrics: &LineMetrics) -> Vec<Check> {
    let data = &metrics.data;
    vec![
        check(
            "event templates from training lines",
            CheckOutcome::Passed,
            format!(
                "{} templates and their shares come from the first {} lines alone; the label is no part of what models see.",
                count(data.templates),
                count(data.train.lines)
            ),
        ),
        check(
            "training before test",
            CheckOutcome::Unknown,
            format!(
                "The first {} lines train and the other {} test; whether the file is in the order of time is not known.",
                count(data.train.lines),
                count(data.test.lines)
            ),
        ),
        repeated(metrics),
        choice(metrics),
        classes(metrics),
    ]
}

fn check(name: &str, outcome: CheckOutcome, finding: String) -> Check {
    Check {
        name: name.to_owned(),
        outcome,
        finding,
    }
}

/// What a model could do by remembering.
fn repeated(metrics: &LineMetrics) -> Check {
    let data = &metrics.data;
    let (same, new, all) = (
        data.test_lines_also_in_training,
        data.test_lines_of_new_templates,
        data.test.lines,
    );
    let part = |lines: u64| share(lines as f64 / all.max(1) as f64);
    let figures = metrics
        .models
        .get(&metrics.chosen)
        .map(|chosen| chosen.test_new_templates);
    let there = figures.map_or_else(String::new, |figures| {
        format!(
            " There the chosen model has precision {}, recall {} and F1 {}.",
            rate(figures.precision),
            rate(figures.recall),
            rate(figures.f1)
        )
    });
    let outcome = if same > 0 {
        CheckOutcome::Warning
    } else {
        CheckOutcome::Passed
    };
    check(
        "test lines that training has not",
        outcome,
        format!(
            "{} of {} test lines ({}) say exactly what a training line says, and {} ({}) are of a template that no training line \
             has: only on these does a model show more than that it remembers.{there}",
            count(same),
            count(all),
            part(same),
            count(new),
            part(new)
        ),
    )
}

/// Who chose the model.
fn choice(metrics: &LineMetrics) -> Check {
    let held = || metrics.data.folds.iter().filter(|fold| !fold.left_out);
    let anomalous: u64 = held().map(|fold| fold.test.anomalous).sum();
    let chosen = format!(
        "{} was chosen by its F1 over {} folds of the training lines, {} anomalous lines in all; the test lines had no say.",
        metrics.chosen,
        held().count(),
        count(anomalous)
    );
    let name = "model not chosen on the test";
    if anomalous < FEW {
        let luck = format!("{chosen} That is too few to tell models apart: other folds may well choose another one.");
        return check(name, CheckOutcome::Warning, luck);
    }
    check(name, CheckOutcome::Passed, chosen)
}

fn classes(metrics: &LineMetrics) -> Check {
    let test = metrics.data.test;
    let normal = test.lines - test.anomalous;
    let name = "both classes in the test";
    if test.anomalous == 0 {
        let finding = "No test line is anomalous, so that nothing can be said about recall or F1: false alarms are all there is \
                       to count.";
        return check(name, CheckOutcome::Warning, finding.to_owned());
    }
    let finding = format!(
        "{} anomalous and {} normal test lines. A program that never flags anything has an accuracy of {} here: look at \
         precision and recall.",
        count(test.anomalous),
        count(normal),
        rate(Some(normal as f64 / test.lines.max(1) as f64))
    );
    let outcome = if test.anomalous.min(normal) < ROUGH {
        CheckOutcome::Warning
    } else {
        CheckOutcome::Passed
    };
    check(name, outcome, finding)
}
