//! Verdicts and labels to metrics.

use std::collections::BTreeMap;

use detection::{Rule, Verdict};
use evaluation::{
    Ablated, Assessment, Baseline, Budgets, ChosenOn, Data, Environment, EpochLoss, Label, Metrics, OperatingPoint,
    Part, Prevalence, SCHEMA_VERSION, ScoreHistogram, Sequence, Sweeps, Timing, Timings, Unit, pair,
};
use rustc_hash::{FxHashMap, FxHashSet};
use sequence_windowing::{Session, SessionEnd, Windowing};

use super::Judged;
use crate::error::{Error, Result};

/// The g sweep goes at least this far.
const LEAST_SWEEP: u32 = 20;

pub(super) fn metrics(judged: &Judged<'_>) -> Result<Metrics> {
    let Judged {
        experiment, training, ..
    } = judged;
    let failed = |error: evaluation::EvaluationError| Error::run(error.to_string(), "");
    let prevalence = experiment.prevalence.map(Prevalence::new).transpose().map_err(failed)?;
    let (indices, labels) = judged.labelled();
    let sequences = judged.sequences(&indices);
    let of = |verdicts: &[Verdict]| -> Vec<Verdict> { indices.iter().map(|&i| verdicts[i].clone()).collect() };
    let verdicts = of(&judged.deeplog);
    let pairs = pair(&verdicts, &labels, &sequences).map_err(failed)?;
    let mut budgets = BTreeMap::new();
    let mut add_budgets = |name: &str, pairs: &[evaluation::Judged<'_>], calibrated_on: Option<u64>| {
        let found = calibrated_on.and_then(|sessions| Budgets::of(pairs, sessions));
        budgets.extend(found.map(|found| (name.to_owned(), found)));
    };
    let calibrated = training.detector.calibrated();
    add_budgets(
        "deeplog",
        &pairs,
        calibrated.map(|detector| detector.calibrated_on() as u64),
    );
    let mut baselines = BTreeMap::new();
    for rival in &judged.rivals {
        let verdicts = of(&rival.verdicts);
        let pairs = pair(&verdicts, &labels, &sequences).map_err(failed)?;
        add_budgets(rival.name, &pairs, rival.calibrated_on);
        baselines.insert(rival.name.to_owned(), Baseline::of(&pairs, prevalence, experiment.seed));
    }
    let mut ablation = Vec::new();
    for reduced in &judged.reduced {
        let verdicts = of(&reduced.verdicts);
        let pairs = pair(&verdicts, &labels, &sequences).map_err(failed)?;
        ablation.push(Ablated {
            label: reduced.label.clone(),
            figures: Baseline::of(&pairs, prevalence, experiment.seed),
        });
    }
    let summary = &training.artefact.description.training;
    let rule = experiment.detection.rule;
    let g = match (calibrated, rule) {
        (None, Rule::TopG(g)) => Some(g),
        _ => None,
    };
    let symbols = training.artefact.description.model.alphabet.symbols();
    let sweep = g.unwrap_or(0).max(LEAST_SWEEP).min(symbols);
    let mut metrics = Metrics {
        schema_version: SCHEMA_VERSION,
        experiment: evaluation::Experiment {
            name: experiment.name.clone(),
            description: experiment.description.clone(),
        },
        seed: experiment.seed,
        fingerprint: super::fingerprint::of(experiment, judged.device),
        audit: Vec::new(),
        data: Data {
            train: part(
                &training.train,
                std::iter::repeat_n(Some(Label::Normal), training.train.len()),
            ),
            validation: part(
                &training.validation,
                std::iter::repeat_n(Some(Label::Normal), training.validation.len()),
            ),
            test: part(&judged.test, judged.corpus.labels.iter().copied()),
            keys: training.vocabulary.len() as u64,
            windows: summary.windows,
            distinct_windows: summary.distinct_windows,
            counters: judged.corpus.counters.clone(),
        },
        detector: Assessment::of(&pairs, prevalence, experiment.seed),
        baselines,
        ablation,
        by_kind: super::faults::by_kind(judged),
        budgets,
        operating_point: OperatingPoint {
            g,
            threshold: calibrated.map_or_else(|| rule.threshold(), |detector| Some(detector.threshold())),
            alerts: calibrated.map(detection::Calibrated::budget),
            chosen_on: match calibrated {
                Some(_) => ChosenOn::Validation,
                None => ChosenOn::Config,
            },
        },
        sweeps: Sweeps::of(&pairs, sweep),
        scores: ScoreHistogram::of(&pairs),
        losses: training
            .history
            .iter()
            .map(|report| EpochLoss {
                epoch: report.epoch as u32,
                train: report.train_loss,
                validation: report.validation_loss,
            })
            .collect(),
        timings: timings(judged),
        environment: Environment {
            device: judged.device.kind().to_string(),
            threads: std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    };
    metrics.audit = super::audit::of(judged, &metrics);
    Ok(metrics)
}

fn timings(judged: &Judged<'_>) -> Timings {
    let training = judged.training;
    let trained: u64 = training.history.iter().map(|report| report.windows).sum();
    let config = &training.artefact.description.model;
    let windowing = Windowing {
        alphabet: config.alphabet,
        history: config.history,
        framing: judged.experiment.detection.short_sessions.framing(),
    };
    let scored = judged.test.iter().map(|session| windowing.count(session) as u64).sum();
    Timings {
        parse: judged
            .corpus
            .parsing
            .map(|(seconds, lines)| Timing::new(seconds, lines, Unit::Lines)),
        group: judged
            .corpus
            .grouping
            .map(|(seconds, events)| Timing::new(seconds, events, Unit::Events)),
        train: training
            .seconds
            .map(|seconds| Timing::new(seconds, trained, Unit::Windows)),
        detect: Some(Timing::new(judged.detect_seconds, scored, Unit::Windows)),
        baselines: judged
            .rivals
            .iter()
            .map(|rival| (rival.name.to_owned(), rival.timing))
            .collect(),
    }
}

fn part(sessions: &[Session], labels: impl Iterator<Item = Option<Label>>) -> Part {
    let (mut normal, mut anomalous) = (0, 0);
    for label in labels {
        normal += u64::from(label == Some(Label::Normal));
        anomalous += u64::from(label == Some(Label::Anomalous));
    }
    let distinct: FxHashSet<u64> = numbers(sessions.iter()).into_iter().collect();
    Part {
        sessions: sessions.len() as u64,
        normal,
        anomalous,
        distinct: distinct.len() as u64,
        events: sessions.iter().map(|session| session.events.len() as u64).sum(),
    }
}

impl Judged<'_> {
    /// The sequences of some test sessions.
    pub(super) fn sequences(&self, indices: &[usize]) -> Vec<Sequence> {
        let trained = super::audit::trained(self);
        let sessions = indices.iter().map(|&i| &self.test[i]);
        numbers(sessions.clone())
            .into_iter()
            .zip(sessions)
            .map(|(number, session)| Sequence {
                number,
                in_training: trained.contains(&super::audit::keys(session)),
            })
            .collect()
    }
}

/// Numbers that are equal for sessions with equal keys and ends.
fn numbers<'s>(sessions: impl Iterator<Item = &'s Session>) -> Vec<u64> {
    let mut numbers: FxHashMap<(Vec<&sequence_windowing::Key>, SessionEnd), u64> = FxHashMap::default();
    sessions
        .map(|session| {
            let next = numbers.len() as u64;
            let keys = session.events.iter().map(|event| &event.key).collect();
            *numbers.entry((keys, session.end)).or_insert(next)
        })
        .collect()
}
