//! Means and spreads over several runs, as rows of text: a row a detector.

use crate::budget_tables::{averaged_budget_rows, budget_rows};
use crate::kind_tables::kind_tables;
use crate::number::optional_seconds;
use crate::table::{MAIN, align, markdown, results_head, rows_markdown};
use crate::{Averaged, AveragedDetector, Grid, MeanAndSpread, Results, Series, visible};

/// The results of several seeds as aligned text.
#[must_use]
pub fn series_table(series: &Series) -> String {
    let mut text = format!(
        "{}: means over {} seeds ± standard deviation\n{}",
        visible(&series.experiment.name),
        series.runs.len(),
        align(&at_a_glance(series_rows(series)))
    );
    if let Some(rows) = kind_rows(series) {
        text += &format!("\nrecall by kind of fault\n{}", align(&rows));
    }
    text
}

/// The results of several seeds as a Markdown table, a row for each detector.
#[must_use]
pub fn series_markdown(series: &Series) -> String {
    markdown(&series_rows(series), 1)
}

/// What a table beside that of the results is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Recall by kind of fault.
    Kind,
    /// False alarms and recall by stated budget.
    Budget,
    /// The detector with some of its parts.
    Part,
}

impl By {
    /// Every kind of table.
    pub const ALL: [Self; 3] = [Self::Kind, Self::Budget, Self::Part];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Budget => "budget",
            Self::Part => "part",
        }
    }
}

/// A Markdown table with a row for each detector; `None` where the results know nothing of the kind, as those of a grid do not.
#[must_use]
pub fn markdown_by(results: &Results, by: By) -> Option<String> {
    let rows = match (results, by) {
        (Results::One(metrics), By::Kind) => kind_tables(metrics).into_iter().next()?.rows,
        (Results::One(metrics), By::Budget) => budget_rows(metrics)?,
        (Results::One(metrics), By::Part) => {
            let rows = crate::table::ablation_rows(metrics);
            return (!rows.is_empty()).then(|| rows_markdown(metrics, rows));
        }
        (Results::Series(series), By::Kind) => kind_rows(series)?,
        (Results::Series(series), By::Budget) => averaged_budget_rows(series)?,
        (Results::Series(series), By::Part) => ablation_rows(series)?,
        (Results::Grid(_), _) => return None,
    };
    Some(markdown(&rows, 1))
}

/// Head first: recall by kind, then false alarms.
pub(crate) fn kind_rows(series: &Series) -> Option<Vec<Vec<String>>> {
    let kinds: Vec<&String> = series.detector.recall_by_kind.keys().collect();
    let row = |name: &str, detector: &AveragedDetector| {
        let recall = |kind: &&String| match detector.recall_by_kind.get(*kind) {
            None => "–".to_owned(),
            Some(MeanAndSpread { mean, spread }) if *spread >= 0.005 => format!("{mean:.2} ± {spread:.2}"),
            Some(MeanAndSpread { mean, .. }) => format!("{mean:.2}"),
        };
        let alarms = figure(&detector.test, |of| of.false_alarm_rate);
        std::iter::once(visible(name))
            .chain(kinds.iter().map(recall))
            .chain([alarms])
            .collect::<Vec<_>>()
    };
    let head = kinds.iter().map(|kind| visible(&kind.replace('_', " ")));
    let head = std::iter::once("detector".to_owned())
        .chain(head)
        .chain(["false alarms".to_owned()]);
    let rivals = series.baselines.iter().map(|(name, rival)| row(name, rival));
    let rows = std::iter::once(head.collect())
        .chain([row(MAIN, &series.detector)])
        .chain(rivals);
    (!kinds.is_empty()).then(|| rows.collect())
}

/// The results of a grid as aligned text: a row a cell, the detector beside the rival with the best average precision.
#[must_use]
pub fn grid_table(grid: &Grid) -> String {
    let head = ["recall", "F1", "AP", "false alarms", "best rival by AP", "its AP"];
    let fields = settings(grid);
    let names = fields.iter().map(|field| visible(field));
    let mut rows = vec![names.chain(head.map(str::to_owned)).collect::<Vec<_>>()];
    for cell in &grid.cells {
        let test = &cell.detector.test;
        let rivals = cell.baselines.iter();
        let best = rivals.reduce(|best, rival| {
            let score = |rival: &AveragedDetector| rival.test.mean.average_precision;
            if score(rival.1) > score(best.1) { rival } else { best }
        });
        let mut row = values(cell, &fields);
        row.extend([
            figure(test, |of| of.recall),
            figure(test, |of| of.f1),
            figure(test, |of| of.average_precision),
            figure(test, |of| of.false_alarm_rate),
            best.map_or_else(|| "–".to_owned(), |(name, _)| visible(name)),
            best.map_or_else(String::new, |(_, rival)| figure(&rival.test, |of| of.average_precision)),
        ]);
        rows.push(row);
    }
    let seeds = grid.cells.first().map_or(0, |cell| cell.runs.len());
    format!(
        "{}: {} settings, {}\n{}",
        visible(&grid.experiment.name),
        grid.cells.len(),
        if seeds == 1 {
            "one seed each".to_owned()
        } else {
            format!("means over {seeds} seeds each ± standard deviation")
        },
        align(&rows)
    )
}

/// The results of a grid as a Markdown table, a row for each cell and detector.
#[must_use]
pub fn grid_markdown(grid: &Grid) -> String {
    let rows = grid_rows(grid);
    markdown(&rows, settings(grid).len() + 1)
}

/// The first columns and the time: what fits a terminal.
fn at_a_glance(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let cut = |row: Vec<String>| row.iter().take(8).chain(row.last()).cloned().collect();
    rows.into_iter().map(cut).collect()
}

/// Settings, then what [`series_rows`] says, for every cell.
pub(crate) fn grid_rows(grid: &Grid) -> Vec<Vec<String>> {
    let fields = settings(grid);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for cell in &grid.cells {
        let mut of_cell = series_rows(cell).into_iter();
        let head = of_cell.next().unwrap_or_default();
        if rows.is_empty() {
            rows.push(fields.iter().map(|field| visible(field)).chain(head).collect());
        }
        rows.extend(of_cell.map(|row| values(cell, &fields).into_iter().chain(row).collect()));
    }
    rows
}

/// Head first.
pub(crate) fn series_rows(series: &Series) -> Vec<Vec<String>> {
    let rivals = series.baselines.iter().map(|(name, rival)| (name.as_str(), rival));
    detector_rows(series, rivals)
}

/// The detector with some of its parts, head first; `None` for detectors without parts.
pub(crate) fn ablation_rows(series: &Series) -> Option<Vec<Vec<String>>> {
    let ablated = series.ablation.iter();
    let ablated = ablated.map(|ablated| (ablated.label.as_str(), &ablated.figures));
    (!series.ablation.is_empty()).then(|| detector_rows(series, ablated))
}

/// The head, the detector, then others.
fn detector_rows<'s>(
    series: &'s Series,
    others: impl Iterator<Item = (&'s str, &'s AveragedDetector)>,
) -> Vec<Vec<String>> {
    let row = |name: &str, detector: &AveragedDetector| {
        let test = &detector.test;
        let mut row = vec![
            visible(name),
            count(test, |of| of.true_positives),
            count(test, |of| of.false_positives),
            figure(test, |of| of.precision),
            figure(test, |of| of.recall),
            figure(test, |of| of.f1),
            figure(test, |of| of.average_precision),
            figure(test, |of| of.false_alarm_rate),
        ];
        if series.prevalence.is_some() {
            let natural = detector.natural.unwrap_or_default();
            row.extend([
                figure(&natural, |of| of.precision),
                figure(&natural, |of| of.f1),
                figure(&natural, |of| of.average_precision),
            ]);
        }
        row.extend([
            figure(&detector.distinct, |of| of.f1),
            figure(&detector.novel, |of| of.false_alarm_rate),
            optional_seconds(detector.seconds),
        ]);
        row
    };
    let others = others.map(|(name, other)| row(name, other));
    std::iter::once(results_head(series.prevalence))
        .chain(std::iter::once(row(MAIN, &series.detector)))
        .chain(others)
        .collect()
}

/// The paths of the fields that a grid sets.
fn settings(grid: &Grid) -> Vec<String> {
    let first = grid.cells.first();
    first.map_or_else(Vec::new, |cell| cell.settings.keys().cloned().collect())
}

fn values(cell: &Series, fields: &[String]) -> Vec<String> {
    let value = |field: &String| {
        cell.settings
            .get(field)
            .map_or_else(String::new, |value| visible(value))
    };
    fields.iter().map(value).collect()
}

type Of = fn(&crate::Figures) -> Option<f64>;

/// The spread is left out where all runs agree.
fn figure(averaged: &Averaged, of: Of) -> String {
    match (of(&averaged.mean), of(&averaged.spread)) {
        (None, _) => "–".to_owned(),
        (Some(mean), Some(spread)) if spread >= 0.000_05 => format!("{mean:.4} ± {spread:.4}"),
        (Some(mean), _) => format!("{mean:.4}"),
    }
}

fn count(averaged: &Averaged, of: Of) -> String {
    match (of(&averaged.mean), of(&averaged.spread)) {
        (None, _) => "–".to_owned(),
        (Some(mean), Some(spread)) if spread > 0.0 => format!("{mean:.1} ± {spread:.1}"),
        (Some(mean), _) => crate::number::count(mean.round() as u64),
    }
}
