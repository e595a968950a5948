//! Pictures of one run, or of several laid over one another, as SVG and PNG from the same drawing code.

mod axis;
mod canvas;
mod chart;
mod confusion;
mod grid;
mod runs;
mod single;

use crate::{EvaluationError, Grid, Metrics};

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Name for a file, without extension.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// 900 × 600 units, without script or outside reference: it may stand inside an HTML page.
    pub svg: String,
    /// 1800 × 1200 pixels.
    pub png: Vec<u8>,
}

/// Draws all that the runs hold: precision/recall curve, number of candidates, training; for a single run rivals,
/// threshold, scores and confusion as well. What a run has no data for is left out.
///
/// # Errors
/// If the drawing library fails.
pub fn plots(metrics: &[Metrics]) -> Result<Vec<Plot>, EvaluationError> {
    let mut charts = vec![runs::precision_recall(metrics)];
    match metrics {
        [run] => charts.extend([
            runs::rivals(run),
            single::candidates(run),
            single::thresholds(run),
            single::scores(run),
        ]),
        _ => charts.push(runs::candidates(metrics)),
    }
    charts.push(runs::losses(metrics));
    let mut plots = Vec::new();
    for chart in charts.into_iter().flatten() {
        plots.push(canvas::render(chart.name, chart.title.clone(), &chart.compose())?);
    }
    if let [run] = metrics
        && run.has_labels()
    {
        plots.push(canvas::render(
            "confusion",
            confusion::TITLE.to_owned(),
            &confusion::compose(run),
        )?);
    }
    Ok(plots)
}

/// Draws average precision, recall and false alarms of a grid over its longest setting, as lines through the others.
///
/// # Errors
/// If the drawing library fails.
pub fn grid_plots(grid: &Grid) -> Result<Vec<Plot>, EvaluationError> {
    let charts = grid::charts(grid).into_iter();
    charts
        .map(|chart| canvas::render(chart.name, chart.title.clone(), &chart.compose()))
        .collect()
}
