//! Charts of an experiment under several settings.

use std::collections::BTreeMap;

use super::axis::{Axis, Scale};
use super::canvas::{PALETTE, Symbol};
use super::chart::{Chart, Series, Shape};
use crate::{AveragedDetector, Figures, Grid, visible};

/// What is drawn: names of the two charts, the axis, and the figure.
type Drawn = ([&'static str; 2], &'static str, fn(&Figures) -> Option<f64>);

const DRAWN: [Drawn; 3] = [
    (
        ["grid_average_precision", "grid_rivals_average_precision"],
        "average precision",
        |figures| figures.average_precision,
    ),
    (
        ["grid_recall", "grid_rivals_recall"],
        "recall: anomalous sessions that are flagged",
        |figures| figures.recall,
    ),
    (
        ["grid_false_alarms", "grid_rivals_false_alarms"],
        "false alarms: normal sessions that are flagged",
        |figures| figures.false_alarm_rate,
    ),
];

/// A line through the cells of one detector that share all settings but the one on the axis.
struct Line<'g> {
    name: String,
    points: Vec<(usize, &'g AveragedDetector)>,
}

/// Each figure over the setting with the most values: our detector in all combinations of the other settings, and all
/// detectors in the first of them.
pub(super) fn charts(grid: &Grid) -> Vec<Chart> {
    let Some(field) = longest(grid) else {
        return Vec::new();
    };
    let values = values(grid, &field);
    let place = |cell: &crate::Series| values.iter().position(|value| cell.settings.get(&field) == Some(value));
    let mut groups: BTreeMap<String, Vec<(usize, &crate::Series)>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for cell in &grid.cells {
        let others = cell.settings.iter().filter(|(name, _)| **name != field);
        let others: Vec<String> = others.map(|(name, value)| format!("{name} = {value}")).collect();
        let others = visible(&others.join(", "));
        if !order.contains(&others) {
            order.push(others.clone());
        }
        groups
            .entry(others)
            .or_default()
            .extend(place(cell).map(|place| (place, cell)));
    }
    let ours = order.iter().map(|name| Line {
        name: name.clone(),
        points: groups[name].iter().map(|(x, cell)| (*x, &cell.detector)).collect(),
    });
    let ours: Vec<Line<'_>> = ours.collect();
    let first = order.first().map(|name| (name, &groups[name]));
    let rivals = first.map_or_else(Vec::new, |(_, cells)| {
        let mut lines = vec![Line {
            name: crate::table::MAIN.to_owned(),
            points: cells.iter().map(|(x, cell)| (*x, &cell.detector)).collect(),
        }];
        let names = cells.first().map(|(_, cell)| cell.baselines.keys());
        for name in names.into_iter().flatten() {
            let points = cells
                .iter()
                .filter_map(|(x, cell)| Some((*x, cell.baselines.get(name)?)));
            lines.push(Line {
                name: visible(name),
                points: points.collect(),
            });
        }
        lines
    });
    let under = first.map_or("", |(name, _)| name);
    let mut charts = Vec::new();
    for ([own, with_rivals], figure, of) in DRAWN {
        let seeds = grid.cells.first().map_or(1, |cell| cell.runs.len());
        let spread = match seeds {
            1 => "one seed".to_owned(),
            _ => format!("means over {seeds} seeds, upright lines: ± standard deviation"),
        };
        if ours.len() > 1 {
            charts.extend(chart(
                own,
                "deeplog".to_owned(),
                &spread,
                (&field, &values),
                figure,
                of,
                &ours,
            ));
        }
        let title = if ours.len() > 1 {
            format!("All detectors, {under}")
        } else {
            "All detectors".to_owned()
        };
        charts.extend(chart(
            with_rivals,
            title,
            &spread,
            (&field, &values),
            figure,
            of,
            &rivals,
        ));
    }
    charts
}

fn chart(
    name: &'static str,
    title: String,
    subtitle: &str,
    (field, values): (&str, &[String]),
    figure: &str,
    of: fn(&Figures) -> Option<f64>,
    lines: &[Line<'_>],
) -> Option<Chart> {
    let mut series = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let colour = PALETTE[index % PALETTE.len()];
        let figures = line.points.iter().filter_map(|(x, detector)| {
            let mean = of(&detector.test.mean)?;
            Some((*x as f64, mean, of(&detector.test.spread).unwrap_or(0.0)))
        });
        let figures: Vec<(f64, f64, f64)> = figures.collect();
        if figures.is_empty() {
            continue;
        }
        let points: Vec<(f64, f64)> = figures.iter().map(|(x, mean, _)| (*x, *mean)).collect();
        series.push(Series {
            name: line.name.clone(),
            colour,
            shape: if index < PALETTE.len() {
                Shape::Line
            } else {
                Shape::Dashed
            },
            points: points.clone(),
        });
        series.push(Series {
            name: String::new(),
            colour,
            shape: Shape::Points(Symbol::Dot),
            points,
        });
        series.extend(
            figures
                .iter()
                .filter(|(_, _, spread)| *spread > 0.0)
                .map(|(x, mean, spread)| Series {
                    name: String::new(),
                    colour,
                    shape: Shape::Line,
                    points: vec![(*x, (mean - spread).max(0.0)), (*x, (mean + spread).min(1.0))],
                }),
        );
    }
    let heights: Vec<f64> = series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.1)
        .collect();
    (!series.is_empty()).then(|| Chart {
        name,
        title,
        subtitle: subtitle.to_owned(),
        x: Axis::named(&visible(field), values.iter().map(|value| visible(value)).collect()),
        y: Axis::over(figure, Scale::Linear, heights).padded(0.03),
        series,
    })
}

/// The field with the most values; of several the first by name.
fn longest(grid: &Grid) -> Option<String> {
    let fields = grid.cells.first()?.settings.keys();
    let count = |field: &&String| values(grid, field).len();
    fields.rev().max_by_key(count).cloned()
}

/// In the order of the cells.
fn values(grid: &Grid, field: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in grid.cells.iter().filter_map(|cell| cell.settings.get(field)) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}
