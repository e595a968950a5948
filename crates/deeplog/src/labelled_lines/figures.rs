//! What is measured of judges of lines: the content of `metrics.json`.

use std::collections::BTreeMap;

use evaluation::{Check, Confusion, Label, average_precision, steps_of_scores};
use serde::{Deserialize, Serialize};

/// What such results call their kind.
pub(super) const KIND: &str = "labelled_lines";

/// Everything measured in one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineMetrics {
    /// Always `labelled_lines`: other runs have sessions.
    pub kind: String,
    /// Version of this layout.
    pub schema_version: u32,
    /// Which experiment was run.
    pub experiment: evaluation::Experiment,
    /// The seed that drove everything.
    pub seed: u64,
    /// What went in.
    pub data: LineData,
    /// What may make these figures better than they are.
    #[serde(default)]
    pub audit: Vec<Check>,
    /// The model that was chosen, by its F1 in cross-validation.
    pub chosen: String,
    /// What the chosen model reaches on the test lines.
    pub test: LineFigures,
    /// The models by name.
    pub models: BTreeMap<String, Measured>,
    /// Rules without learning, by name.
    pub baselines: BTreeMap<String, Measured>,
    /// What the chosen model weighs most in the training lines, the most important first.
    pub features: Vec<FeatureWeight>,
    /// Version of the program.
    pub version: String,
}

/// What went into a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LineData {
    /// Lines with a label.
    pub lines: u64,
    /// Those of them that are anomalous.
    pub anomalous: u64,
    /// What models learnt from.
    pub train: LinePart,
    /// What tests them.
    pub test: LinePart,
    /// The parts of the training lines that they were cross-validated on.
    pub folds: Vec<Fold>,
    /// Training lines that models learnt from, evenly spread where there are more.
    pub learnt_from: u64,
    /// Event templates of the training lines.
    pub templates: u64,
    /// Columns of a row.
    pub features: u64,
    /// Test lines that say exactly what a training line says.
    pub test_lines_also_in_training: u64,
    /// Test lines of a template that no training line has.
    pub test_lines_of_new_templates: u64,
    /// What else was counted.
    pub counters: BTreeMap<String, u64>,
}

/// Some lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePart {
    /// All of them.
    pub lines: u64,
    /// The anomalous ones.
    pub anomalous: u64,
}

/// A part of the training lines, and those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// What was learnt from.
    pub train: LinePart,
    /// What was judged.
    pub test: LinePart,
    /// Whether the lines before it lack a class, so that nothing could be learnt from them.
    pub left_out: bool,
}

/// What one judge reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// On all folds together; average precision is the mean over the folds with anomalous lines.
    pub cross_validated: LineFigures,
    /// On each fold that was not left out.
    pub folds: Vec<LineFigures>,
    /// On the test lines, by what was learnt from all training lines.
    pub test: LineFigures,
    /// On the test lines of templates that no training line has.
    pub test_new_templates: LineFigures,
    /// Seconds it took to learn from all training lines.
    pub fit_seconds: f64,
}

/// The figures of one judge on some lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineFigures {
    /// Lines by verdict and label.
    #[serde(flatten)]
    pub confusion: Confusion,
    /// Lines judged right. Beside the share of normal lines it means little.
    pub accuracy: Option<f64>,
    /// Flagged lines that are anomalous, of all flagged.
    pub precision: Option<f64>,
    /// Anomalous lines that are flagged, of all anomalous.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Needs no threshold.
    pub average_precision: Option<f64>,
    /// Share of anomalous lines.
    pub prevalence: Option<f64>,
}

/// How far a feature moves the score, on average, on training lines of each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureWeight {
    /// Its name.
    pub name: String,
    /// On anomalous lines.
    pub anomalous: f64,
    /// On normal ones.
    pub normal: f64,
}

impl LineMetrics {
    /// Reads the content of a `metrics.json`; `None` if it is that of another kind of run.
    ///
    /// # Errors
    /// If it is of this kind and of another version.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, serde_json::Error> {
        let value: serde_json::Value = serde_json::from_slice(json)?;
        if value.get("kind").and_then(serde_json::Value::as_str) != Some(KIND) {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some)
    }

    /// The results as a Markdown table, a row for each model and rule.
    #[must_use]
    pub fn results_markdown(&self) -> String {
        super::report::results_markdown(self)
    }
}

impl LineFigures {
    fn new(confusion: Confusion, average_precision: Option<f64>) -> Self {
        let rates = confusion.rates();
        let all = confusion.normal() + confusion.anomalous();
        let share = |part: u64| (all > 0).then(|| part as f64 / all as f64);
        Self {
            confusion,
            accuracy: share(confusion.true_positives + confusion.true_negatives),
            precision: rates.precision,
            recall: rates.recall,
            f1: rates.f1,
            average_precision,
            prevalence: share(confusion.anomalous()),
        }
    }

    /// Of folds together.
    pub(super) fn pooled(folds: &[Self]) -> Self {
        let sum = |of: fn(&Confusion) -> u64| folds.iter().map(|fold| of(&fold.confusion)).sum();
        let precisions: Vec<f64> = folds.iter().filter_map(|fold| fold.average_precision).collect();
        let mean = precisions.iter().sum::<f64>() / precisions.len() as f64;
        let confusion = Confusion {
            true_positives: sum(|of| of.true_positives),
            false_positives: sum(|of| of.false_positives),
            true_negatives: sum(|of| of.true_negatives),
            false_negatives: sum(|of| of.false_negatives),
        };
        Self::new(confusion, (!precisions.is_empty()).then_some(mean))
    }
}

/// Verdicts beside labels, as they come.
#[derive(Debug, Default)]
pub(super) struct Tally {
    confusion: Confusion,
    scores: Vec<(f64, Label)>,
}

impl Tally {
    pub(super) fn add(&mut self, (score, is_flagged): (f64, bool), is_anomalous: bool) {
        let label = if is_anomalous { Label::Anomalous } else { Label::Normal };
        self.confusion.add(is_flagged, label, 1);
        self.scores.push((score, label));
    }

    pub(super) fn figures(self) -> LineFigures {
        let precision = average_precision(&steps_of_scores(self.scores), None);
        LineFigures::new(self.confusion, precision)
    }
}
