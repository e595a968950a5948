//! The four counts and the rates drawn from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EvaluationError, Judged, Label};

/// Sessions by verdict and label; anomalous is the positive class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confusion {
    /// Anomalous sessions that were flagged.
    #[serde(rename = "tp")]
    pub true_positives: u64,
    /// Normal sessions that were flagged.
    #[serde(rename = "fp")]
    pub false_positives: u64,
    /// Normal sessions that were passed.
    #[serde(rename = "tn")]
    pub true_negatives: u64,
    /// Anomalous sessions that were passed.
    #[serde(rename = "fn")]
    pub false_negatives: u64,
}

/// Shares drawn from a confusion, each within 0..=1 (`mcc` within -1..=1). `None`, `null` in JSON, where the share is
/// undefined because nothing is there to divide by; never NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Flagged sessions that are anomalous, of all flagged; undefined when nothing is flagged.
    pub precision: Option<f64>,
    /// Anomalous sessions that are flagged, of all anomalous; undefined without anomalous sessions.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall, 2tp / (2tp + fp + fn); undefined when nothing is anomalous or flagged.
    pub f1: Option<f64>,
    /// Normal sessions that are passed, of all normal; undefined without normal sessions.
    pub specificity: Option<f64>,
    /// Normal sessions that are flagged, of all normal: 1 - specificity.
    pub false_alarm_rate: Option<f64>,
    /// Matthews correlation coefficient; undefined when a row or a column of the confusion is empty.
    pub mcc: Option<f64>,
}

/// A share of anomalous sessions, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
pub struct Prevalence(f64);

impl Prevalence {
    /// Checks the share.
    ///
    /// # Errors
    /// If it is not above 0 and below 1.
    pub fn new(share: f64) -> Result<Self, EvaluationError> {
        if share > 0.0 && share < 1.0 {
            Ok(Self(share))
        } else {
            Err(EvaluationError::Prevalence(share))
        }
    }

    /// The share.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Prevalence {
    type Error = EvaluationError;

    fn try_from(share: f64) -> Result<Self, Self::Error> {
        Self::new(share)
    }
}

impl From<Prevalence> for f64 {
    fn from(prevalence: Prevalence) -> Self {
        prevalence.0
    }
}

impl Confusion {
    /// Counts the sessions.
    #[must_use]
    pub fn of(judged: &[Judged<'_>]) -> Self {
        let mut confusion = Self::default();
        for session in judged {
            confusion.add(session.verdict.is_anomalous(), session.label, 1);
        }
        confusion
    }

    /// Counts `sessions` more.
    pub fn add(&mut self, flagged: bool, label: Label, sessions: u64) {
        *match (flagged, label) {
            (true, Label::Anomalous) => &mut self.true_positives,
            (true, Label::Normal) => &mut self.false_positives,
            (false, Label::Normal) => &mut self.true_negatives,
            (false, Label::Anomalous) => &mut self.false_negatives,
        } += sessions;
    }

    /// Number of anomalous sessions.
    #[must_use]
    pub fn anomalous(self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Number of normal sessions.
    #[must_use]
    pub fn normal(self) -> u64 {
        self.true_negatives + self.false_positives
    }

    /// Number of flagged sessions.
    #[must_use]
    pub fn flagged(self) -> u64 {
        self.true_positives + self.false_positives
    }

    /// The rates as measured.
    #[must_use]
    pub fn rates(self) -> Rates {
        let [tp, fp, tn, fn_] = [
            self.true_positives,
            self.false_positives,
            self.true_negatives,
            self.false_negatives,
        ]
        .map(|n| n as f64);
        rates_of(tp, fp, tn, fn_)
    }

    /// The rates at another share of anomalous sessions: each class keeps its own rates and gets the weight that makes
    /// the shares right. `None` if one class has no sessions, since there is nothing to weigh.
    #[must_use]
    pub fn rates_at(self, prevalence: Prevalence) -> Option<Rates> {
        if self.anomalous() == 0 || self.normal() == 0 {
            return None;
        }
        let anomalous = prevalence.0 / self.anomalous() as f64;
        let normal = (1.0 - prevalence.0) / self.normal() as f64;
        Some(rates_of(
            self.true_positives as f64 * anomalous,
            self.false_positives as f64 * normal,
            self.true_negatives as f64 * normal,
            self.false_negatives as f64 * anomalous,
        ))
    }
}

fn rates_of(tp: f64, fp: f64, tn: f64, fn_: f64) -> Rates {
    // Four square roots instead of the root of one product, which overflows for large logs in integer arithmetic and
    // loses digits here.
    let spread = (tp + fp).sqrt() * (tp + fn_).sqrt() * (tn + fp).sqrt() * (tn + fn_).sqrt();
    Rates {
        precision: ratio(tp, tp + fp),
        recall: ratio(tp, tp + fn_),
        f1: ratio(2.0 * tp, 2.0 * tp + fp + fn_),
        specificity: ratio(tn, tn + fp),
        false_alarm_rate: ratio(fp, tn + fp),
        mcc: ratio(tp * tn - fp * fn_, spread).map(|mcc| mcc.clamp(-1.0, 1.0)),
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
