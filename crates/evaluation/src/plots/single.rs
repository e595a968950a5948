//! Charts of a single run.

use super::axis::{Axis, Scale};
use super::canvas::{BLUE, GREEN, GREY, INK, PALETTE, Symbol, VERMILION};
use super::chart::{Chart, Series, Shape};
use crate::number::rate;
use crate::{ChosenOn, Metrics};

/// The share of the axis that stays free at its ends.
const ROOM: f64 = 0.015;

/// A setting and what it gives: precision, recall, F1.
type Setting = (f64, [Option<f64>; 3]);

/// Precision, recall and F1 over the number of candidates.
pub(super) fn candidates(run: &Metrics) -> Option<Chart> {
    let settings = run
        .sweeps
        .g
        .iter()
        .map(|point| (f64::from(point.g), [point.precision, point.recall, point.f1]));
    let settings: Vec<Setting> = settings.collect();
    let mut series = rates(&settings);
    let used = run.operating_point.g;
    series.extend(used.map(|g| upright(f64::from(g), format!("g = {g}{}", origin(run)))));
    series.extend(run.sweeps.oracle.g.and_then(|best| {
        let name = format!("oracle: g = {}, F1 {}", best.g, rate(best.f1));
        Some(oracle(f64::from(best.g), best.f1?, name))
    }));
    (!settings.is_empty()).then(|| Chart {
        name: "candidates",
        title: "Number of candidates".to_owned(),
        subtitle: "what other settings would have done on the test sessions".to_owned(),
        x: Axis::over(
            "g: candidates that count as expected",
            Scale::Whole,
            settings.iter().map(|(g, _)| *g),
        )
        .padded(ROOM),
        y: Axis::share("share").padded(ROOM),
        series,
    })
}

/// Precision, recall and F1 over the threshold on the score.
pub(super) fn thresholds(run: &Metrics) -> Option<Chart> {
    let points = run.sweeps.threshold.iter().rev();
    let settings = points.map(|point| (point.threshold, [point.precision, point.recall, point.f1]));
    let settings: Vec<Setting> = settings.collect();
    let mut series = rates(&settings);
    let used = run.operating_point.threshold;
    series.extend(used.map(|least| upright(least, format!("score ≥ {least:.2}{}", origin(run)))));
    series.extend(run.sweeps.oracle.threshold.and_then(|best| {
        let name = format!("oracle: score ≥ {:.2}, F1 {}", best.threshold, rate(best.f1));
        Some(oracle(best.threshold, best.f1?, name))
    }));
    (!settings.is_empty()).then(|| Chart {
        name: "threshold",
        title: "Score threshold".to_owned(),
        subtitle: "what other thresholds would have done on the test sessions".to_owned(),
        x: Axis::over(
            "least score that is flagged",
            Scale::Linear,
            settings.iter().map(|(score, _)| *score),
        )
        .padded(ROOM),
        y: Axis::share("share").padded(ROOM),
        series,
    })
}

fn rates(settings: &[Setting]) -> Vec<Series> {
    let names = ["precision", "recall", "F1"];
    let looks = names.into_iter().zip([BLUE, GREEN, VERMILION]).enumerate();
    let series = looks.map(|(which, (name, colour))| Series {
        name: name.to_owned(),
        colour,
        shape: Shape::Line,
        points: settings
            .iter()
            .filter_map(|(setting, rates)| Some((*setting, rates[which]?)))
            .collect(),
    });
    series.collect()
}

fn upright(x: f64, name: String) -> Series {
    Series {
        name,
        colour: INK,
        shape: Shape::Upright,
        points: vec![(x, 0.0)],
    }
}

fn oracle(x: f64, y: f64, name: String) -> Series {
    Series {
        name,
        colour: GREY,
        shape: Shape::Points(Symbol::Diamond),
        points: vec![(x, y)],
    }
}

/// Where the setting in force comes from.
fn origin(run: &Metrics) -> &'static str {
    match run.operating_point.chosen_on {
        ChosenOn::Config => ", from the experiment",
        ChosenOn::Validation => ", from validation",
        ChosenOn::Oracle => ", oracle",
    }
}

/// How the scores of normal and anomalous sessions spread.
pub(super) fn scores(run: &Metrics) -> Option<Chart> {
    let histogram = &run.scores;
    let last = *histogram.edges.last()?;
    let bars = |name: &str, colour, counts: &[u64]| {
        let mut points: Vec<(f64, f64)> = histogram
            .edges
            .iter()
            .copied()
            .zip(counts.iter().map(|count| *count as f64))
            .collect();
        points.push((last, 0.0));
        Series {
            name: name.to_owned(),
            colour,
            shape: Shape::Bars,
            points,
        }
    };
    let counts = histogram
        .normal
        .iter()
        .chain(&histogram.anomalous)
        .map(|count| *count as f64);
    let score = match run.operating_point.alerts {
        Some(_) => "−ln of the mean p-value of a session",
        None => "the largest surprise in a session",
    };
    let mut series = vec![
        bars("normal", PALETTE[0], &histogram.normal),
        bars("anomalous", PALETTE[1], &histogram.anomalous),
    ];
    series.extend(
        run.operating_point
            .threshold
            .map(|least| upright(least, format!("score ≥ {least:.2}{}", origin(run)))),
    );
    Some(Chart {
        name: "scores",
        title: "Scores of the test sessions".to_owned(),
        subtitle: format!("{score}; the number of sessions is on a logarithmic scale"),
        x: Axis::over("score", Scale::Linear, histogram.edges.iter().copied()).padded(ROOM),
        y: Axis::over("sessions", Scale::Logarithmic, counts),
        series,
    })
}
