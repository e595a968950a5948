//! Charts that can hold several runs.

use plotters::style::RGBColor;

use super::axis::{Axis, Scale};
use super::canvas::{INK, PALETTE, Symbol};
use super::chart::{Chart, Series, Shape};
use crate::number::{rate, share};
use crate::table::population;
use crate::{CurvePoint, Metrics, Prevalence};

const RIVALS: [Symbol; 4] = [Symbol::Ring, Symbol::Square, Symbol::Triangle, Symbol::Diamond];

/// Recall that is gained by a step that is drawn: less than a line is wide cannot be seen, and turns on one spot give
/// spikes.
const LEAST_STEP: f64 = 0.002;

/// Precision over recall in steps, as average precision counts it.
pub(super) fn precision_recall(runs: &[Metrics]) -> Option<Chart> {
    let mut series = Vec::new();
    for (run, colour) in runs.iter().zip(PALETTE.iter().cycle()) {
        let test = &run.detector.test;
        let curve = precision_recall_steps(run, None);
        if curve.is_empty() {
            continue;
        }
        let name = if runs.len() > 1 {
            run.experiment.name.as_str()
        } else {
            "as measured"
        };
        let name = format!("{name}, AP {}", rate(test.average_precision));
        series.push(Series {
            name,
            colour: *colour,
            shape: Shape::Line,
            points: curve,
        });
    }
    if series.is_empty() {
        return None;
    }
    let mut subtitle = "circles: the settings the runs were measured with".to_owned();
    if let [run] = runs {
        subtitle = format!("{}: {}", run.experiment.name, population(run.detector.test.confusion));
        series.extend(natural(run));
    }
    for (run, colour) in runs.iter().zip(PALETTE.iter().cycle()) {
        let rates = &run.detector.test.rates;
        let (Some(recall), Some(precision)) = (rates.recall, rates.precision) else {
            continue;
        };
        let (name, colour) = match runs {
            [run] => (format!("{}, F1 {}", setting(run), rate(rates.f1)), INK),
            _ => (String::new(), *colour),
        };
        series.push(Series {
            name,
            colour,
            shape: Shape::Points(Symbol::Ring),
            points: vec![(recall, precision)],
        });
    }
    Some(Chart {
        name: "precision_recall",
        title: "Precision and recall".to_owned(),
        subtitle,
        x: Axis::share("recall: anomalous sessions that are flagged").padded(0.015),
        y: Axis::share("precision: flagged sessions that are anomalous").padded(0.015),
        series,
    })
}

/// The rule in force, in short.
fn setting(run: &Metrics) -> String {
    let oracle = if run.operating_point.chosen_on == crate::ChosenOn::Oracle {
        " (oracle)"
    } else {
        ""
    };
    if let Some(alerts) = run.operating_point.alerts {
        return format!("at most {} false alarms{oracle}", share(alerts));
    }
    match (run.operating_point.g, run.operating_point.threshold) {
        (Some(g), _) => format!("g = {g}{oracle}"),
        (None, Some(threshold)) => format!("score ≥ {threshold:.2}{oracle}"),
        (None, None) => format!("as run{oracle}"),
    }
}

fn natural(run: &Metrics) -> Option<Series> {
    let natural = run.detector.natural.as_ref()?;
    let points = precision_recall_steps(run, Some(Prevalence::new(natural.prevalence).ok()?));
    let name = format!(
        "at {} anomalous, AP {}",
        share(natural.prevalence),
        rate(natural.average_precision)
    );
    let colour = RGBColor(86, 180, 233);
    (!points.is_empty()).then_some(Series {
        name,
        colour,
        shape: Shape::Dashed,
        points,
    })
}

/// The detector's curve among those of its rivals, with the points that they were run at.
pub(super) fn rivals(run: &Metrics) -> Option<Chart> {
    if run.baselines.is_empty() || !run.has_labels() {
        return None;
    }
    let curve = |points: &[CurvePoint]| {
        let mut before = 0.0;
        let steps = points.iter().filter_map(|point| {
            let gained = point.recall - before >= LEAST_STEP;
            gained.then(|| {
                let from = std::mem::replace(&mut before, point.recall);
                [(from, point.precision), (point.recall, point.precision)]
            })
        });
        steps.flatten().collect::<Vec<_>>()
    };
    let main = &run.detector.test;
    let first = ("deeplog", main, precision_recall_steps(run, None));
    let others = run
        .baselines
        .iter()
        .map(|(name, rival)| (&**name, &rival.test, curve(&rival.curve)));
    let mut series = Vec::new();
    for (place, (name, test, points)) in std::iter::once(first).chain(others).enumerate() {
        let colour = PALETTE[place % PALETTE.len()];
        if points.is_empty() {
            continue;
        }
        series.push(Series {
            name: format!("{name}, AP {}", rate(test.average_precision)),
            colour,
            shape: if place < PALETTE.len() {
                Shape::Line
            } else {
                Shape::Dashed
            },
            points,
        });
        let point = test.rates.recall.zip(test.rates.precision);
        series.push(Series {
            name: String::new(),
            colour,
            shape: Shape::Points(RIVALS[place % RIVALS.len()]),
            points: point.into_iter().collect(),
        });
    }
    Some(Chart {
        name: "rivals",
        title: "Rivals".to_owned(),
        subtitle: "marks: the settings they were run with".to_owned(),
        x: Axis::share("recall: anomalous sessions that are flagged").padded(0.015),
        y: Axis::share("precision: flagged sessions that are anomalous").padded(0.015),
        series,
    })
}

/// Precision at a recall is that of the step which reaches it.
fn precision_recall_steps(run: &Metrics, prevalence: Option<Prevalence>) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    let mut before = 0.0;
    for step in &run.sweeps.threshold {
        let precision = match prevalence {
            None => step.precision,
            Some(prevalence) => step.confusion.rates_at(prevalence).and_then(|rates| rates.precision),
        };
        if let (Some(recall), Some(precision)) = (step.recall, precision) {
            points.extend([(before, precision), (recall, precision)]);
            before = recall;
        }
    }
    points
}

/// F1 over the number of candidates.
pub(super) fn candidates(runs: &[Metrics]) -> Option<Chart> {
    let mut series = Vec::new();
    for (run, colour) in runs.iter().zip(PALETTE.iter().cycle()) {
        let points: Vec<_> = run
            .sweeps
            .g
            .iter()
            .filter_map(|point| Some((f64::from(point.g), point.f1?)))
            .collect();
        if points.is_empty() {
            continue;
        }
        let name = run.experiment.name.clone();
        let used = run.operating_point.g.map(f64::from);
        let chosen: Vec<_> = points.iter().copied().filter(|(g, _)| Some(*g) == used).collect();
        series.push(Series {
            name,
            colour: *colour,
            shape: Shape::Line,
            points,
        });
        series.push(Series {
            name: String::new(),
            colour: *colour,
            shape: Shape::Points(Symbol::Ring),
            points: chosen,
        });
    }
    if series.is_empty() {
        return None;
    }
    let gs: Vec<f64> = series
        .iter()
        .flat_map(|series| &series.points)
        .map(|(g, _)| *g)
        .collect();
    Some(Chart {
        name: "candidates",
        title: "Number of candidates".to_owned(),
        subtitle: "swept on the test sessions; circles: the settings the runs were measured with".to_owned(),
        x: Axis::over("g: candidates that count as expected", Scale::Whole, gs).padded(0.015),
        y: Axis::share("F1").padded(0.015),
        series,
    })
}

/// Loss after each epoch.
pub(super) fn losses(runs: &[Metrics]) -> Option<Chart> {
    let mut series = Vec::new();
    for (run, colour) in runs.iter().zip(PALETTE.iter().cycle()) {
        let train: Vec<_> = run
            .losses
            .iter()
            .map(|loss| (f64::from(loss.epoch), loss.train))
            .collect();
        let validation: Vec<_> = run
            .losses
            .iter()
            .filter_map(|loss| Some((f64::from(loss.epoch), loss.validation?)))
            .collect();
        let (of_run, second) = match runs {
            [_] => (String::new(), PALETTE[1]),
            _ => (format!("{}: ", run.experiment.name), *colour),
        };
        let parts = [
            ("training", *colour, train, false),
            ("validation", second, validation, true),
        ];
        for (part, colour, points, dashed) in parts {
            let name = format!("{of_run}{part}");
            let shape = match (points.len(), dashed) {
                (0, _) => continue,
                // A single epoch has no line.
                (1, _) => Shape::Points(Symbol::Dot),
                (_, true) => Shape::Dashed,
                (_, false) => Shape::Line,
            };
            series.push(Series {
                name,
                colour,
                shape,
                points,
            });
        }
    }
    let points: Vec<(f64, f64)> = series.iter().flat_map(|series| &series.points).copied().collect();
    (!points.is_empty()).then(|| Chart {
        name: "loss",
        title: "Loss in training".to_owned(),
        subtitle: "mean loss after each epoch".to_owned(),
        x: Axis::over("epoch", Scale::Whole, points.iter().map(|(epoch, _)| *epoch)).padded(0.015),
        y: Axis::over(
            "nats per window",
            Scale::Linear,
            points.iter().map(|(_, loss)| *loss).chain([0.0]),
        ),
        series,
    })
}
