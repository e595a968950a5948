//! An experiment on labelled lines, from its file to its report.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use baselines::Classifier;
use drain_parser::ParserConfig;
use rustc_hash::FxHashSet;

use super::collection::Collection;
use super::figures::{FeatureWeight, Fold, KIND, LineData, LineFigures, LineMetrics, LinePart, Measured};
use super::judges::{Fitted, Judge};
use super::layout::Layout;
use super::model::{LineModel, LineVerdict};
use super::trial::Trial;
use super::{audit, reading, report};
use crate::error::{Error, Result};
use crate::experiment::LineExperiment;
use crate::input::sha256;
use crate::observer::Observer;
use crate::output::write_atomically;
use crate::run::{Miss, RunOptions, expectation, prepare};

/// What came out.
#[derive(Clone, Debug)]
pub struct LineSummary {
    /// Everything measured.
    pub metrics: LineMetrics,
    /// The results as tables for a terminal.
    pub text: String,
    /// The report.
    pub report: PathBuf,
    /// Expectations that were not met.
    pub misses: Vec<Miss>,
}

/// Some of the test lines that the chosen model judges wrong.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) missed: Vec<LineVerdict>,
    pub(super) false_alarms: Vec<LineVerdict>,
}

/// Runs an experiment on labelled lines and leaves its results in a folder: `metrics.json`, `verdicts.jsonl` of the test
/// lines, `report.html`, `report.md`, `model.deeplog`.
///
/// The earliest lines train, the latest test. The training lines are cut into blocks of equal size; each but the first is
/// judged by what was learnt from those before it, and the model that is best there is the one that is kept. What is
/// learnt from lines in between, templates included, never comes from lines that are judged.
///
/// # Errors
/// Lines that cannot be read or lack a class, and files that cannot be written.
pub fn run_lines(
    experiment: &LineExperiment,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<LineSummary> {
    prepare(options)?;
    let binding = options.check && !options.data_is_overridden;
    if binding {
        expectation::ensure_checksums(&experiment.name, &experiment.checksums)?;
    }
    let layout = Layout::new(experiment.profile.as_ref())?;
    let config = experiment
        .profile
        .as_ref()
        .map_or_else(ParserConfig::default, |profile| profile.parser.clone());
    let lines = reading::read(&experiment.file, experiment.profile.as_ref(), &layout, observer)?;
    let cut = ((lines.len() as f64 * experiment.train) as usize).clamp(1, lines.len());
    ensure_classes(&lines, cut, experiment)?;

    let (folds, validations) = cross_validate(experiment, &config, &lines, cut, observer)?;
    let chosen = choose(&validations);
    observer.begin("learning from all training lines", None);
    let last = Trial::hold(&config, &lines, (0..cut, cut..lines.len()), experiment.seed, observer)?;
    observer.end(&format!("{} event templates", last.features.templates()));

    let mut metrics = LineMetrics {
        kind: KIND.into(),
        schema_version: 1,
        experiment: evaluation::Experiment {
            name: experiment.name.clone(),
            description: experiment.description.clone(),
        },
        seed: experiment.seed,
        data: LineData {
            lines: lines.len() as u64,
            anomalous: lines.anomalous(0..lines.len()),
            train: part(&lines, 0..cut),
            test: part(&lines, cut..lines.len()),
            folds,
            learnt_from: last.rows.len() as u64,
            templates: last.features.templates() as u64,
            features: last.features.columns() as u64,
            test_lines_also_in_training: also_in_training(&lines, cut),
            test_lines_of_new_templates: last.new_templates,
            counters: lines.counters.clone(),
        },
        audit: Vec::new(),
        chosen: chosen.name().to_owned(),
        test: LineFigures::default(),
        models: BTreeMap::new(),
        baselines: BTreeMap::new(),
        features: Vec::new(),
        version: env!("CARGO_PKG_VERSION").into(),
    };
    let mut classifier = None;
    for (outcome, folds) in last.outcomes.into_iter().zip(validations) {
        let measured = Measured {
            cross_validated: LineFigures::pooled(&folds),
            folds,
            test: outcome.figures,
            test_new_templates: outcome.of_new_templates,
            fit_seconds: outcome.fit_seconds,
        };
        if let (true, Fitted::Classifier(found)) = (outcome.judge == chosen, outcome.fitted) {
            metrics.test = outcome.figures;
            classifier = Some(*found);
        }
        let by_name = match outcome.judge.is_learner() {
            true => &mut metrics.models,
            false => &mut metrics.baselines,
        };
        by_name.insert(outcome.judge.name().to_owned(), measured);
    }
    let classifier = classifier.ok_or_else(|| Error::run("no model was chosen", ""))?;
    metrics.audit = audit::of(&metrics);
    let names = last.features.names();
    metrics.features = weights(&classifier, &last.rows, &last.is_anomalous, &names);
    let model = LineModel {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        experiment: experiment.table.clone(),
        learner: chosen.name().to_owned(),
        lines: cut as u64,
        test: metrics.test,
        cross_validated: metrics
            .models
            .get(chosen.name())
            .map(|found| found.cross_validated)
            .unwrap_or_default(),
        data: BTreeMap::from([(experiment.file.display().to_string(), sha256(&experiment.file)?)]),
        layout,
        features: last.features,
        classifier,
    };
    model.write(&options.out.join("model.deeplog"))?;
    observer.begin("reporting", None);
    let wrong = judge_test(&model, &lines, cut, &options.out.join("verdicts.jsonl"))?;
    let report = publish(&metrics, &wrong, options)?;
    observer.end(&format!("in {}", options.out.display()));
    let misses = match binding {
        true => expectation::misses(experiment.expect.as_ref(), metrics.test.f1),
        false => Vec::new(),
    };
    Ok(LineSummary {
        text: report::text(&metrics),
        metrics,
        report,
        misses,
    })
}

fn part(lines: &Collection, range: Range<usize>) -> LinePart {
    LinePart {
        lines: range.len() as u64,
        anomalous: lines.anomalous(range),
    }
}

fn ensure_classes(lines: &Collection, cut: usize, experiment: &LineExperiment) -> Result<()> {
    let missing = |part: LinePart| match part {
        LinePart { anomalous: 0, .. } => Some("anomalous"),
        LinePart { lines, anomalous } if lines == anomalous => Some("normal"),
        _ => None,
    };
    let file = experiment.file.display();
    if let Some(class) = missing(part(lines, 0..lines.len())) {
        return Err(Error::run(
            format!("{file}: none of the {} lines is labelled {class}", lines.len()),
            "models learn from lines of both classes; a log without labels is for the other kinds of data",
        ));
    }
    if let Some(class) = missing(part(lines, 0..cut)) {
        return Err(Error::run(
            format!("{file}: none of the first {cut} lines, which train, is labelled {class}"),
            "lines stand in the order of time; raise `data.split.train`",
        ));
    }
    Ok(())
}

/// The blocks of the training lines that are judged, and the figures of each judge on those that could be.
fn cross_validate(
    experiment: &LineExperiment,
    config: &ParserConfig,
    lines: &Collection,
    cut: usize,
    observer: &mut dyn Observer,
) -> Result<(Vec<Fold>, Vec<Vec<LineFigures>>)> {
    let mut figures: Vec<Vec<LineFigures>> = Judge::all().iter().map(|_| Vec::new()).collect();
    let mut folds = Vec::new();
    let blocks = experiment.folds + 1;
    observer.begin("cross-validating", Some(experiment.folds as u64));
    for fold in 1..blocks {
        let (train, test) = (0..cut * fold / blocks, cut * fold / blocks..cut * (fold + 1) / blocks);
        let before = part(lines, train.clone());
        let left_out = before.anomalous == 0 || before.anomalous == before.lines || test.is_empty();
        folds.push(Fold {
            train: before,
            test: part(lines, test.clone()),
            left_out,
        });
        if !left_out {
            let trial = Trial::hold(config, lines, (train, test), experiment.seed, observer)?;
            for (figures, outcome) in figures.iter_mut().zip(&trial.outcomes) {
                figures.push(outcome.figures);
            }
        }
        observer.advance(fold as u64, "");
    }
    let held = folds.iter().filter(|fold| !fold.left_out).count();
    observer.end(&format!("{held} of {} folds", folds.len()));
    if held == 0 {
        return Err(Error::run(
            "no model can be cross-validated: the first lines of each fold are of one class",
            "lines stand in the order of time; lower `validation.folds` or raise `data.split.train`",
        ));
    }
    if held < folds.len() {
        observer.warn(&format!(
            "{} of {} folds are left out: the lines before them are of one class",
            folds.len() - held,
            folds.len()
        ));
    }
    Ok((folds, figures))
}

/// The learner with the highest F1 over all folds; among equals that with the highest average precision, and then the first.
fn choose(validations: &[Vec<LineFigures>]) -> Judge {
    let mut best: Option<(Judge, LineFigures)> = None;
    for (judge, folds) in Judge::all().into_iter().zip(validations) {
        let figures = LineFigures::pooled(folds);
        let rank = |figures: &LineFigures| (figures.f1, figures.average_precision);
        let is_better = best.as_ref().is_none_or(|(_, known)| rank(&figures) > rank(known));
        if judge.is_learner() && is_better {
            best = Some((judge, figures));
        }
    }
    best.map_or(Judge::AlwaysNormal, |(judge, _)| judge)
}

fn also_in_training(lines: &Collection, cut: usize) -> u64 {
    let known: FxHashSet<u64> = (0..cut).map(|index| lines.fingerprint(index)).collect();
    (cut..lines.len())
        .filter(|&index| known.contains(&lines.fingerprint(index)))
        .count() as u64
}

/// Features that the report shows.
const SHOWN: usize = 20;

fn weights(
    classifier: &Classifier,
    rows: &baselines::Rows,
    is_anomalous: &[bool],
    names: &[String],
) -> Vec<FeatureWeight> {
    let mut sums = vec![[0.0; 2]; names.len()];
    let mut counts = [0.0; 2];
    for (index, &label) in is_anomalous.iter().enumerate() {
        counts[usize::from(label)] += 1.0;
        for (sum, moved) in sums.iter_mut().zip(classifier.contributions(rows.row(index))) {
            sum[usize::from(label)] += moved;
        }
    }
    let mut found: Vec<FeatureWeight> = names
        .iter()
        .zip(sums)
        .map(|(name, [normal, anomalous])| FeatureWeight {
            name: name.clone(),
            anomalous: anomalous / f64::max(counts[1], 1.0),
            normal: normal / f64::max(counts[0], 1.0),
        })
        .collect();
    let apart = |weight: &FeatureWeight| (weight.anomalous - weight.normal).abs();
    found.sort_by(|left, right| apart(right).total_cmp(&apart(left)));
    found.truncate(SHOWN);
    found
}

/// Verdicts that the report shows of each kind.
const SHOWN_WRONG: usize = 20;

/// Writes the verdicts on the test lines, as they come: there may be millions.
fn judge_test(model: &LineModel, lines: &Collection, cut: usize, path: &Path) -> Result<Wrong> {
    let mut judging = model.judging();
    let mut wrong = Wrong::default();
    write_atomically(path, |file| {
        for index in cut..lines.len() {
            let verdict = judging.judge(lines.number(index), lines.said(index));
            serde_json::to_writer(&mut *file, &verdict)?;
            file.write_all(b"\n")?;
            let kept = match (verdict.is_anomalous(), lines.is_anomalous(index)) {
                (false, true) => &mut wrong.missed,
                (true, false) => &mut wrong.false_alarms,
                _ => continue,
            };
            if kept.len() < SHOWN_WRONG {
                kept.push(verdict);
            }
        }
        Ok(())
    })?;
    Ok(wrong)
}

fn publish(metrics: &LineMetrics, wrong: &Wrong, options: &RunOptions) -> Result<PathBuf> {
    let out = &options.out;
    let path = out.join("report.html");
    let page = report::html(metrics, wrong);
    write_atomically(&path, |file| file.write_all(page.as_bytes()))?;
    let page = report::markdown(metrics, wrong);
    write_atomically(&out.join("report.md"), |file| file.write_all(page.as_bytes()))?;
    write_atomically(&out.join("metrics.json"), |file| {
        serde_json::to_writer_pretty(&mut *file, metrics)?;
        file.write_all(b"\n")
    })?;
    Ok(path)
}
