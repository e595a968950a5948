//! `metrics.json`: everything measured in one run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::curves::{score_steps, thin};
use crate::{
    Assessment, Budgets, Check, Judged, KindFigures, Natural, Prevalence, ReasonCount, ScoreHistogram, Scores, Sweeps,
};

/// Version of the layout of [`Metrics`]; it rises when a field is renamed, removed or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything measured in one run; the content of `metrics.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Version of this layout: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Which experiment was run.
    pub experiment: Experiment,
    /// The seed that drove everything.
    pub seed: u64,
    /// SHA-256 of what the run depends on: settings, version, and names, sizes and times of its files.
    #[serde(default)]
    pub fingerprint: String,
    /// What went in.
    pub data: Data,
    /// The detector on the test sessions: `test`, `natural`, `by_reason` and `distinct`.
    #[serde(flatten)]
    pub detector: Assessment,
    /// The rivals on the same sessions, by name.
    pub baselines: BTreeMap<String, Baseline>,
    /// The detector with some of its parts, on the same sessions; empty for detectors without parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ablation: Vec<Ablated>,
    /// Faults by name of the detector and kind, where the labels tell kinds.
    #[serde(default)]
    pub by_kind: BTreeMap<String, BTreeMap<String, KindFigures>>,
    /// Stated against achieved budgets of false alarms by name of the detector, where it is calibrated.
    #[serde(default)]
    pub budgets: BTreeMap<String, Budgets>,
    /// What may make these figures better than they are.
    #[serde(default)]
    pub audit: Vec<Check>,
    /// The setting that `test` was measured with.
    pub operating_point: OperatingPoint,
    /// What other settings would have done.
    pub sweeps: Sweeps,
    /// How the scores of the test sessions spread.
    pub scores: ScoreHistogram,
    /// Mean loss after each epoch of training.
    pub losses: Vec<EpochLoss>,
    /// How long each stage took.
    pub timings: Timings,
    /// What it ran on.
    pub environment: Environment,
}

impl Metrics {
    /// Whether any test session had a label. Without one there are no figures.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        let confusion = self.detector.test.confusion;
        confusion.normal() + confusion.anomalous() > 0
    }

    /// The test sessions in words.
    pub(crate) fn test_population(&self) -> String {
        if self.has_labels() {
            return crate::table::population(self.detector.test.confusion);
        }
        format!(
            "{} sessions without labels",
            crate::number::count(self.data.test.sessions)
        )
    }
}

/// Which experiment was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// What went into a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Sessions that the model learnt from.
    pub train: Part,
    /// Sessions that stopped training and set thresholds.
    pub validation: Part,
    /// Sessions that were judged.
    pub test: Part,
    /// Log keys in the vocabulary, which training sessions alone make.
    pub keys: u64,
    /// Training windows.
    pub windows: u64,
    /// Training windows without repetition.
    pub distinct_windows: u64,
    /// What was counted on the way, such as skipped lines and sessions without a label, by name.
    pub counters: BTreeMap<String, u64>,
}

/// One part of the split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// All of its sessions.
    pub sessions: u64,
    /// Those that are labelled normal.
    pub normal: u64,
    /// Those that are labelled anomalous.
    pub anomalous: u64,
    /// Distinct sequences among them.
    pub distinct: u64,
    /// Events in them.
    pub events: u64,
}

/// A rival: the same fields as `test`, with the other views beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Every session counted once.
    #[serde(flatten)]
    pub test: Scores,
    /// At the natural prevalence, where one is stated.
    pub natural: Option<Natural>,
    /// By name of the reason of the first finding.
    pub by_reason: BTreeMap<String, ReasonCount>,
    /// Every distinct pair of sequence and label counted once.
    pub distinct: Scores,
    /// Only the sessions whose sequence no training session has.
    #[serde(default)]
    pub novel: Scores,
    /// The precision/recall curve over thresholds on its score, from the highest down; at most 50 points.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
}

/// A detector with some of its parts: the same fields as a rival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablated {
    /// Which parts, such as `next_key alone` or `without order`.
    pub label: String,
    /// How it does.
    #[serde(flatten)]
    pub figures: Baseline,
}

/// A point of a precision/recall curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Of the anomalous sessions, how many are flagged.
    pub recall: f64,
    /// Of the flagged sessions, how many are anomalous.
    pub precision: f64,
}

/// Points of a rival's curve that are kept at most.
const CURVE_POINTS: usize = 50;

impl Baseline {
    /// Assesses a rival; `seed` drives the intervals.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], prevalence: Option<Prevalence>, seed: u64) -> Self {
        let Assessment {
            test,
            natural,
            by_reason,
            distinct,
            novel,
        } = Assessment::of(judged, prevalence, seed);
        let steps = thin(&score_steps(judged), CURVE_POINTS).into_iter();
        Self {
            test,
            natural,
            by_reason,
            distinct,
            novel,
            curve: steps
                .filter_map(|step| {
                    Some(CurvePoint {
                        recall: step.recall?,
                        precision: step.precision?,
                    })
                })
                .collect(),
        }
    }
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenOn {
    /// Written in the experiment.
    #[default]
    Config,
    /// From normal validation sessions.
    Validation,
    /// From the test sessions: an upper bound and not a result.
    Oracle,
}

/// The setting that a result was measured with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperatingPoint {
    /// Number of candidates, where that is the rule.
    pub g: Option<u32>,
    /// Least score that is flagged, where that is the rule.
    pub threshold: Option<f64>,
    /// Share of normal sessions that may be flagged, where the threshold comes from such a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<f64>,
    /// Where it comes from.
    pub chosen_on: ChosenOn,
}

/// Mean loss (nats per window) after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpochLoss {
    /// Number of the epoch, from 1.
    pub epoch: u32,
    /// On the training windows.
    pub train: f64,
    /// On the validation windows, if there are any.
    pub validation: Option<f64>,
}

/// How long the stages took; `None` for a stage that the run had no need of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// Lines to log keys.
    pub parse: Option<Timing>,
    /// Log keys to sessions.
    pub group: Option<Timing>,
    /// Training.
    pub train: Option<Timing>,
    /// Sessions to verdicts.
    pub detect: Option<Timing>,
    /// The rivals, by name.
    #[serde(default)]
    pub baselines: BTreeMap<String, RivalTiming>,
}

/// How long a rival took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RivalTiming {
    /// Wall-clock seconds of learning, its threshold included.
    pub fit_seconds: f64,
    /// Wall-clock seconds from sessions to verdicts.
    pub detect_seconds: f64,
}

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Log lines.
    Lines,
    /// Events, that is a line in a session.
    Events,
    /// Windows, repeated ones included.
    Windows,
    /// Sessions.
    Sessions,
}

impl Unit {
    /// The name used in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Events => "events",
            Self::Windows => "windows",
            Self::Sessions => "sessions",
        }
    }
}

/// How long a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Units in a second; `None` if it was too quick to be measured.
    pub per_second: Option<f64>,
    /// What is counted.
    pub unit: Unit,
}

impl Timing {
    /// `count` units took `seconds`.
    #[must_use]
    pub fn new(seconds: f64, count: u64, unit: Unit) -> Self {
        Self {
            seconds,
            per_second: (seconds > 0.0).then(|| count as f64 / seconds),
            unit,
        }
    }
}

/// What a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// The device that trained and scored.
    pub device: String,
    /// Threads at its disposal.
    pub threads: u64,
    /// Version of this software.
    pub version: String,
}

/// The JSON schema of `metrics.json`.
#[must_use]
pub fn metrics_schema() -> String {
    let mut text = format!("{:#}", schemars::schema_for!(Metrics).as_value());
    text.push('\n');
    text
}
