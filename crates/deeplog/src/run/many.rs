//! All runs of an experiment, one after the other, and what they are on average.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deeplog_lstm::Device;
use evaluation::{Grid, Many, Metrics, Results, SCHEMA_VERSION, Series, grid_plots, many_html, many_markdown};
use toml::Value;

use super::{Miss, RunOptions, RunSummary, expectation, fingerprint, publish, run_on};
use crate::corpus::{self, Corpus};
use crate::error::{Error, Result};
use crate::experiment::{Experiment, Plan, PlannedRun, Source, SplitMethod};
use crate::observer::{Observer, ensure_wanted};
use crate::output::write_atomically;

/// What came out of all runs of an experiment.
#[derive(Clone, Debug)]
pub struct SeriesSummary {
    /// Means and spreads.
    pub results: Results,
    /// Runs that were there already.
    pub kept: usize,
    /// The report.
    pub report: PathBuf,
    /// Expectations that were not met.
    pub misses: Vec<Miss>,
}

/// What came out of an experiment.
#[derive(Clone, Debug)]
pub enum Ran {
    /// Of one run.
    Once(Box<RunSummary>),
    /// Of several.
    Series(Box<SeriesSummary>),
}

/// Carries out all runs of an experiment. Several ones leave a folder each, `runs/SETTINGS/seed-N`, and means in
/// `metrics.json`, `report.html` and `report.md`. A run that lies there already, of the same settings, program and files,
/// is not done again.
pub fn run_all(plan: &Plan, device: &Device, options: &RunOptions, observer: &mut dyn Observer) -> Result<Ran> {
    if let ([one], false) = (&plan.runs[..], plan.is_series) {
        return Ok(Ran::Once(Box::new(super::run(
            &one.experiment,
            device,
            options,
            observer,
        )?)));
    }
    super::prepare(options)?;
    if options.check && !options.data_is_overridden {
        for planned in &plan.runs {
            expectation::ensure_checksums(plan.name(), &planned.experiment.data.checksums)?;
            if !planned.settings.is_empty() && planned.experiment.expect.is_some() {
                observer.warn("the expectation speaks of one setting, so a grid is not held to it");
                break;
            }
        }
    }
    let mut shared = None;
    let mut kept = 0;
    let mut done: Vec<(&PlannedRun, String, Metrics)> = Vec::new();
    for (place, planned) in plan.runs.iter().enumerate() {
        let between = |error| are_kept(error, place, plan, &options.out);
        ensure_wanted(observer).map_err(between)?;
        let folder = folder(planned, &done);
        let out = options.out.join(&folder);
        let about = format!("run {} of {}: {folder}", place + 1, plan.runs.len());
        if let Some(metrics) = there_already(&planned.experiment, device, &out) {
            observer.detail(&format!("{about} is there already"));
            kept += 1;
            done.push((planned, folder, metrics));
            continue;
        }
        observer.warn(&about);
        let options = RunOptions { out, ..options.clone() };
        super::prepare(&options)?;
        let corpus = corpus_of(&mut shared, &planned.experiment, &options, observer).map_err(between)?;
        // A series is held to its mean.
        let summary = run_on(&planned.experiment, corpus, device, &options, observer)?;
        done.push((planned, folder, summary.metrics));
    }
    let (results, misses) = summarise(plan, done, options);
    let report = publish_means(&results, &options.out)?;
    Ok(Ran::Series(Box::new(SeriesSummary {
        results,
        kept,
        report,
        misses,
    })))
}

/// What is said of an interruption between two trainings: that the runs before it are not lost.
fn are_kept(error: Error, done: usize, plan: &Plan, out: &Path) -> Error {
    match error {
        Error::Interrupted { .. } if done > 0 => Error::Interrupted {
            hint: format!(
                "{done} of {} runs are done and kept in {}; the same command goes on from there",
                plan.runs.len(),
                out.join("runs").display()
            ),
        },
        error => error,
    }
}

/// `runs/`, the settings where a grid has some, the seed; a number behind it where two settings look alike as a name.
fn folder(planned: &PlannedRun, done: &[(&PlannedRun, String, Metrics)]) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.=".contains(c) {
            c
        } else {
            '_'
        }
    };
    let settings = planned.settings.iter().map(|(field, value)| {
        let text: String = format!("{field}={value}").chars().map(plain).collect();
        text + "/"
    });
    let name = format!("runs/{}seed-{}", settings.collect::<String>(), planned.experiment.seed);
    let is_taken = |name: &String| done.iter().any(|(_, taken, _)| taken == name);
    let others = (2..).map(|number| format!("{name}-{number}"));
    let mut free = std::iter::once(name.clone())
        .chain(others)
        .filter(|name| !is_taken(name));
    free.next().unwrap_or(name)
}

fn there_already(experiment: &Experiment, device: &Device, out: &Path) -> Option<Metrics> {
    // Somebody may have taken a file away.
    if [publish::SCORES, "report.html"]
        .iter()
        .any(|file| !out.join(file).exists())
    {
        return None;
    }
    let json = std::fs::read(out.join("metrics.json")).ok()?;
    let metrics: Metrics = serde_json::from_slice(&json).ok()?;
    (metrics.fingerprint == fingerprint::of(experiment, device)).then_some(metrics)
}

type Shared = Option<((Option<Value>, Option<Value>, Option<u64>), Corpus)>;

/// The corpus of a run: that of the run before, where both ask for the same.
fn corpus_of<'s>(
    shared: &'s mut Shared,
    experiment: &Experiment,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<&'s Corpus> {
    let data = &experiment.data;
    let by_lot = matches!(data.source, Source::Synthetic(_))
        || data.split.method == SplitMethod::Random
        || data.inject.is_some()
        || data.stress.is_some();
    let table = |name: &str| experiment.table.get(name).cloned();
    let wanted = (table("data"), table("dataset"), by_lot.then_some(experiment.seed));
    let corpus = match shared.take() {
        Some((key, corpus)) if key == wanted => corpus,
        _ => corpus::read(experiment, &options.out, observer)?,
    };
    Ok(&shared.insert((wanted, corpus)).1)
}

fn summarise(plan: &Plan, done: Vec<(&PlannedRun, String, Metrics)>, options: &RunOptions) -> (Results, Vec<Miss>) {
    type Cell = (BTreeMap<String, String>, Vec<(String, Metrics)>);
    let mut cells: Vec<Cell> = Vec::new();
    for (planned, folder, metrics) in done {
        match cells.last_mut() {
            Some((settings, runs)) if *settings == planned.settings => runs.push((folder, metrics)),
            _ => cells.push((planned.settings.clone(), vec![(folder, metrics)])),
        }
    }
    let mut cells: Vec<Series> = cells
        .into_iter()
        .map(|(settings, runs)| Series::of(&runs, settings))
        .collect();
    let first = plan.runs.first();
    if cells.len() == 1 && cells[0].settings.is_empty() {
        let series = cells.remove(0);
        let binding = options.check && !options.data_is_overridden;
        let misses = first.filter(|_| binding).map_or_else(Vec::new, |planned| {
            expectation::misses(planned.experiment.expect.as_ref(), series.detector.test.mean.f1)
        });
        return (Results::Series(Box::new(series)), misses);
    }
    let experiment = cells.first().map(|cell| cell.experiment.clone()).unwrap_or_default();
    let grid = Grid {
        schema_version: SCHEMA_VERSION,
        experiment,
        cells,
    };
    (Results::Grid(grid), Vec::new())
}

/// Writes the means and gives the path of the report.
fn publish_means(results: &Results, out: &Path) -> Result<PathBuf> {
    let (many, plots) = match results {
        Results::Series(series) => (Many::Seeds(series), Vec::new()),
        Results::Grid(grid) => (
            Many::Settings(grid),
            grid_plots(grid).map_err(|error| Error::run(error.to_string(), ""))?,
        ),
        Results::One(_) => return Ok(out.join("report.html")),
    };
    super::publish::write_plots(&plots, out)?;
    let report = out.join("report.html");
    write_atomically(&report, |file| file.write_all(many_html(many, &plots).as_bytes()))?;
    write_atomically(&out.join("report.md"), |file| {
        file.write_all(many_markdown(many).as_bytes())
    })?;
    write_atomically(&out.join("metrics.json"), |file| {
        match many {
            Many::Seeds(series) => serde_json::to_writer_pretty(&mut *file, series)?,
            Many::Settings(grid) => serde_json::to_writer_pretty(&mut *file, grid)?,
        }
        file.write_all(b"\n")
    })?;
    Ok(report)
}
