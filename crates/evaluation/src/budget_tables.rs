//! Stated against achieved budgets as rows of text: a row a detector, two columns a budget.

use std::collections::BTreeSet;

use crate::number::{count, percent};
use crate::table::{MAIN, main_name};
use crate::{AveragedBudgetPoint, AveragedBudgets, MeanAndSpread, Metrics, Series, visible};

/// What the table means, for reports.
pub(crate) const BUDGET_NOTE: &str = "Here a session is flagged if its p-value is at most the budget: the share of normal sessions \
     that a user is ready to see flagged. The p-values come from normal training sessions that were held out; no label has a part \
     in them. If normal test sessions are exchangeable with those, as if drawn from one urn, the false alarms of 19 runs in 20 are \
     within the range to expect, or below it where many scores are equal. A rival has learnt more sessions when it meets the test \
     than when it met those held out, so for it this holds roughly, as it does for a detector of several models. It is no promise for other times and places: training \
     and test differ in both, and alarms beyond the range are what that costs.";

/// The table of one run, its head first; `None` where no detector is calibrated.
pub(crate) fn budget_rows(metrics: &Metrics) -> Option<Vec<Vec<String>>> {
    let (main, rivals): (Vec<_>, Vec<_>) = metrics.budgets.iter().partition(|(name, _)| *name == MAIN);
    let rows = main.into_iter().chain(rivals).filter_map(|(name, budgets)| {
        let name = if name == MAIN {
            main_name(metrics)
        } else {
            visible(name)
        };
        Some((name, AveragedBudgets::of(&[budgets])?))
    });
    table(&rows.collect::<Vec<_>>())
}

/// The table of several runs.
pub(crate) fn averaged_budget_rows(series: &Series) -> Option<Vec<Vec<String>>> {
    let rivals = series.baselines.iter().map(|(name, rival)| (&**name, rival));
    let rows = std::iter::once((MAIN, &series.detector)).chain(rivals);
    let rows = rows.filter_map(|(name, detector)| Some((visible(name), detector.budgets.clone()?)));
    table(&rows.collect::<Vec<_>>())
}

/// What to expect for each number of calibration sessions, then the detectors.
fn table(rows: &[(String, AveragedBudgets)]) -> Option<Vec<Vec<String>>> {
    let head = rows.first()?.1.points.iter().flat_map(|point| {
        let budget = percent(point.budget);
        [format!("false alarms at {budget}"), format!("recall at {budget}")]
    });
    let names = ["detector", "calibrated on"].map(str::to_owned);
    let mut table = vec![names.into_iter().chain(head).collect::<Vec<_>>()];
    let size = |budgets: &AveragedBudgets| count(budgets.calibrated_on.round() as u64);
    let mut met = BTreeSet::new();
    for (_, budgets) in rows {
        if met.insert(size(budgets)) {
            let cells = budgets.points.iter().flat_map(|point| [expected(point), String::new()]);
            table.push(
                ["to expect".to_owned(), size(budgets)]
                    .into_iter()
                    .chain(cells)
                    .collect(),
            );
        }
    }
    for (name, budgets) in rows {
        let cells = budgets.points.iter().flat_map(|point| [alarms(point), recall(point)]);
        table.push([name.clone(), size(budgets)].into_iter().chain(cells).collect());
    }
    Some(table)
}

fn expected(point: &AveragedBudgetPoint) -> String {
    let range = point
        .expected
        .map(|range| [range.low, range.high].map(|end| count(end.round() as u64)));
    range.map_or_else(dash, |[low, high]| format!("{low}–{high}"))
}

fn alarms(point: &AveragedBudgetPoint) -> String {
    if let Some(needed) = point.needed {
        return format!("needs {} sessions", count(needed));
    }
    let Some(MeanAndSpread { mean, spread }) = point.false_alarms else {
        return dash();
    };
    let share = point.false_alarm_rate.map_or_else(dash, |share| percent(share.mean));
    if spread > 0.0 {
        format!("{share} ({mean:.1} ± {spread:.1})")
    } else {
        format!("{share} ({})", count(mean.round() as u64))
    }
}

fn recall(point: &AveragedBudgetPoint) -> String {
    match point.recall {
        None => dash(),
        Some(MeanAndSpread { mean, spread }) if spread >= 0.000_05 => format!("{mean:.4} ± {spread:.4}"),
        Some(MeanAndSpread { mean, .. }) => format!("{mean:.4}"),
    }
}

fn dash() -> String {
    "–".to_owned()
}
