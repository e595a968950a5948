//! One experiment run several times: means and spreads.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Ablated, AveragedBudgets, Baseline, Budgets, Check, Confusion, Experiment, KindFigures, Metrics, Natural, Rates,
    SCHEMA_VERSION, Scores,
};

/// What is averaged of one detector. A rate that no run defines is `None`; otherwise the runs that define it count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Anomalous sessions that are flagged.
    #[serde(rename = "tp")]
    pub true_positives: Option<f64>,
    /// Normal sessions that are flagged.
    #[serde(rename = "fp")]
    pub false_positives: Option<f64>,
    /// Normal sessions that pass.
    #[serde(rename = "tn")]
    pub true_negatives: Option<f64>,
    /// Anomalous sessions that pass.
    #[serde(rename = "fn")]
    pub false_negatives: Option<f64>,
    /// Of the flagged sessions, how many are anomalous.
    pub precision: Option<f64>,
    /// Of the anomalous sessions, how many are flagged.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Of the normal sessions, how many pass.
    pub specificity: Option<f64>,
    /// Of the normal sessions, how many are flagged.
    pub false_alarm_rate: Option<f64>,
    /// Matthews' correlation coefficient.
    pub mcc: Option<f64>,
    /// Area under the precision/recall curve in steps.
    pub average_precision: Option<f64>,
}

/// The mean over runs, and their standard deviation (with n − 1; 0 for a single run).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Averaged {
    /// The mean.
    #[serde(flatten)]
    pub mean: Figures,
    /// The standard deviation.
    pub spread: Figures,
}

/// All views of one detector, averaged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AveragedDetector {
    /// Every session counted once.
    pub test: Averaged,
    /// At the natural prevalence, where one is stated.
    pub natural: Option<Averaged>,
    /// Every distinct pair of sequence and label counted once.
    pub distinct: Averaged,
    /// Only the sessions whose sequence no training session has.
    pub novel: Averaged,
    /// Recall by kind of fault, where the labels tell kinds.
    pub recall_by_kind: BTreeMap<String, MeanAndSpread>,
    /// Stated against achieved budgets of false alarms, where it is calibrated.
    #[serde(default)]
    pub budgets: Option<AveragedBudgets>,
    /// Mean wall-clock seconds of learning and judging.
    pub seconds: Option<f64>,
}

/// A detector with some of its parts, averaged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AveragedAblated {
    /// Which parts.
    pub label: String,
    /// How it does.
    #[serde(flatten)]
    pub figures: AveragedDetector,
}

/// One figure over runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeanAndSpread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, with n − 1.
    pub spread: f64,
}

/// One run of several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReference {
    /// Its seed.
    pub seed: u64,
    /// Its folder, within that of the results.
    pub folder: String,
    /// The detector's figures in it.
    pub test: Figures,
}

/// One experiment with one seed after the other; the content of its `metrics.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Version of this layout.
    pub schema_version: u32,
    /// Which experiment was run.
    pub experiment: Experiment,
    /// What a grid set, by path of the field; empty without a grid.
    pub settings: BTreeMap<String, String>,
    /// The natural prevalence that `natural` weighs to.
    pub prevalence: Option<f64>,
    /// The detector.
    #[serde(flatten)]
    pub detector: AveragedDetector,
    /// The rivals, by name: those that every run has.
    pub baselines: BTreeMap<String, AveragedDetector>,
    /// The detector with some of its parts, by label, in the order of the first run; those that every run has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ablation: Vec<AveragedAblated>,
    /// The leak audit of the first run.
    #[serde(default)]
    pub audit: Vec<Check>,
    /// The runs, in order of their seeds.
    pub runs: Vec<RunReference>,
}

/// An experiment under several settings; the content of its `metrics.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grid {
    /// Version of this layout.
    pub schema_version: u32,
    /// Which experiment was run.
    pub experiment: Experiment,
    /// A cell for each combination of settings.
    pub cells: Vec<Series>,
}

/// Whatever a `metrics.json` holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Results {
    /// One run.
    One(Box<Metrics>),
    /// Several seeds.
    Series(Box<Series>),
    /// Several settings.
    Grid(Grid),
}

impl Results {
    /// Reads the content of a `metrics.json`.
    ///
    /// # Errors
    /// If it is none of this version.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let value: serde_json::Value = serde_json::from_slice(json)?;
        if value.get("cells").is_some() {
            Ok(Self::Grid(serde_json::from_value(value)?))
        } else if value.get("runs").is_some() {
            Ok(Self::Series(serde_json::from_value(value)?))
        } else {
            Ok(Self::One(serde_json::from_value(value)?))
        }
    }
}

impl Figures {
    /// The figures of one run.
    #[must_use]
    pub fn of(scores: &Scores) -> Self {
        let Confusion {
            true_positives,
            false_positives,
            true_negatives,
            false_negatives,
        } = scores.confusion;
        let Rates {
            precision,
            recall,
            f1,
            specificity,
            false_alarm_rate,
            mcc,
        } = scores.rates;
        Self {
            true_positives: Some(true_positives as f64),
            false_positives: Some(false_positives as f64),
            true_negatives: Some(true_negatives as f64),
            false_negatives: Some(false_negatives as f64),
            precision,
            recall,
            f1,
            specificity,
            false_alarm_rate,
            mcc,
            average_precision: scores.average_precision,
        }
    }

    fn of_natural(natural: &Natural) -> Self {
        Self {
            precision: natural.precision,
            f1: natural.f1,
            average_precision: natural.average_precision,
            ..Self::default()
        }
    }

    fn fields(&mut self) -> [&mut Option<f64>; 11] {
        [
            &mut self.true_positives,
            &mut self.false_positives,
            &mut self.true_negatives,
            &mut self.false_negatives,
            &mut self.precision,
            &mut self.recall,
            &mut self.f1,
            &mut self.specificity,
            &mut self.false_alarm_rate,
            &mut self.mcc,
            &mut self.average_precision,
        ]
    }
}

impl Averaged {
    /// Averages the figures of some runs.
    #[must_use]
    pub fn of(runs: &[Figures]) -> Self {
        let mut columns: [Vec<f64>; 11] = Default::default();
        for run in runs {
            let mut run = *run;
            let fields = run.fields().map(|field| *field);
            for (column, value) in columns.iter_mut().zip(fields) {
                column.extend(value);
            }
        }
        let mut averaged = Self::default();
        let places = averaged.mean.fields().into_iter().zip(averaged.spread.fields());
        for (column, (mean, spread)) in columns.iter().zip(places) {
            if let Some(figure) = MeanAndSpread::of(column) {
                (*mean, *spread) = (Some(figure.mean), Some(figure.spread));
            }
        }
        averaged
    }
}

impl MeanAndSpread {
    /// `None` of nothing.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = if values.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        (!values.is_empty()).then_some(Self { mean, spread })
    }
}

/// What the views of one detector in one run are called in all of them.
struct View<'m> {
    test: &'m Scores,
    natural: Option<&'m Natural>,
    distinct: &'m Scores,
    novel: &'m Scores,
    kinds: Option<&'m BTreeMap<String, KindFigures>>,
    budgets: Option<&'m Budgets>,
    seconds: Option<f64>,
}

impl<'m> View<'m> {
    fn of(figures: &'m Baseline, kinds: Option<&'m BTreeMap<String, KindFigures>>, seconds: Option<f64>) -> Self {
        Self {
            budgets: None,
            test: &figures.test,
            natural: figures.natural.as_ref(),
            distinct: &figures.distinct,
            novel: &figures.novel,
            kinds,
            seconds,
        }
    }
}

impl AveragedDetector {
    fn of(runs: &[View<'_>]) -> Self {
        let scores = |of: fn(&View<'_>) -> Figures| Averaged::of(&runs.iter().map(of).collect::<Vec<_>>());
        let natural: Vec<Figures> = runs
            .iter()
            .filter_map(|run| run.natural.map(Figures::of_natural))
            .collect();
        let kinds: BTreeSet<&String> = runs
            .iter()
            .filter_map(|run| run.kinds)
            .flat_map(BTreeMap::keys)
            .collect();
        let recall = |kind: &String| {
            let of_runs = runs.iter().filter_map(|run| run.kinds?.get(kind)?.recall);
            MeanAndSpread::of(&of_runs.collect::<Vec<_>>())
        };
        let seconds: Vec<f64> = runs.iter().filter_map(|run| run.seconds).collect();
        Self {
            test: scores(|run| Figures::of(run.test)),
            natural: (!natural.is_empty()).then(|| Averaged::of(&natural)),
            distinct: scores(|run| Figures::of(run.distinct)),
            novel: scores(|run| Figures::of(run.novel)),
            recall_by_kind: kinds
                .into_iter()
                .filter_map(|kind| Some((kind.clone(), recall(kind)?)))
                .collect(),
            budgets: AveragedBudgets::of(&runs.iter().filter_map(|run| run.budgets).collect::<Vec<_>>()),
            seconds: MeanAndSpread::of(&seconds).map(|figure| figure.mean),
        }
    }
}

impl Series {
    /// Averages runs of one experiment, each with its folder.
    #[must_use]
    pub fn of(runs: &[(String, Metrics)], settings: BTreeMap<String, String>) -> Self {
        let Some((_, first)) = runs.first() else {
            return Self::default();
        };
        let main: Vec<View<'_>> = runs
            .iter()
            .map(|(_, run)| View {
                test: &run.detector.test,
                natural: run.detector.natural.as_ref(),
                distinct: &run.detector.distinct,
                novel: &run.detector.novel,
                kinds: run.by_kind.get(crate::table::MAIN),
                budgets: run.budgets.get(crate::table::MAIN),
                seconds: crate::table::seconds_of_main(run),
            })
            .collect();
        let rival = |name: &String| -> Option<Vec<View<'_>>> {
            runs.iter()
                .map(|(_, run)| {
                    let seconds = crate::table::seconds_of_rival(run, name);
                    Some(View {
                        budgets: run.budgets.get(name),
                        ..View::of(run.baselines.get(name)?, run.by_kind.get(name), seconds)
                    })
                })
                .collect()
        };
        let ablated = |label: &String| -> Option<Vec<View<'_>>> {
            runs.iter()
                .map(|(_, run)| {
                    let ablated = run.ablation.iter().find(|ablated| ablated.label == *label)?;
                    Some(View::of(&ablated.figures, None, None))
                })
                .collect()
        };
        Self {
            schema_version: SCHEMA_VERSION,
            experiment: first.experiment.clone(),
            settings,
            prevalence: first.detector.natural.as_ref().map(|natural| natural.prevalence),
            detector: AveragedDetector::of(&main),
            baselines: first
                .baselines
                .keys()
                .filter_map(|name| Some((name.clone(), AveragedDetector::of(&rival(name)?))))
                .collect(),
            ablation: first
                .ablation
                .iter()
                .filter_map(|Ablated { label, .. }| {
                    let figures = AveragedDetector::of(&ablated(label)?);
                    Some(AveragedAblated {
                        label: label.clone(),
                        figures,
                    })
                })
                .collect(),
            audit: first.audit.clone(),
            runs: runs
                .iter()
                .map(|(folder, run)| RunReference {
                    seed: run.seed,
                    folder: folder.clone(),
                    test: Figures::of(&run.detector.test),
                })
                .collect(),
        }
    }
}
