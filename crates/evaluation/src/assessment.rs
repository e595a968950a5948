//! Everything that is said of one detector on one set of sessions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::curves::{average_precision, score_steps};
use crate::{Confusion, Intervals, Judged, Label, Prevalence, Rates, bootstrap, distinct, novel};

/// Counts and rates of a detector on a set of sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scores {
    /// Sessions by verdict and label.
    #[serde(flatten)]
    pub confusion: Confusion,
    /// Shares drawn from them.
    #[serde(flatten)]
    pub rates: Rates,
    /// Area under the precision/recall curve in steps, ties as one step; it needs no threshold.
    pub average_precision: Option<f64>,
    /// 95% intervals, resampled by distinct sequence.
    pub intervals: Intervals,
}

/// The same verdicts at a stated share of anomalous sessions. Recall and false alarms do not depend on that share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Natural {
    /// The share of anomalous sessions that is assumed.
    pub prevalence: f64,
    /// Precision there.
    pub precision: Option<f64>,
    /// F1 there.
    pub f1: Option<f64>,
    /// Average precision there.
    pub average_precision: Option<f64>,
}

/// Flagged sessions whose first finding has one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonCount {
    /// Of them, the anomalous ones.
    #[serde(rename = "tp")]
    pub true_positives: u64,
    /// Of them, the normal ones.
    #[serde(rename = "fp")]
    pub false_positives: u64,
}

/// Everything that is said of one detector on one set of sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// Every session counted once.
    pub test: Scores,
    /// At the natural prevalence, where one is stated.
    pub natural: Option<Natural>,
    /// By name of the reason of the first finding; the counts add up to the true and false positives of `test`.
    pub by_reason: BTreeMap<String, ReasonCount>,
    /// Every distinct pair of sequence and label counted once.
    pub distinct: Scores,
    /// Only the sessions whose sequence no training session has.
    #[serde(default)]
    pub novel: Scores,
}

impl Scores {
    /// Counts the sessions; `seed` drives the intervals.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], seed: u64) -> Self {
        let confusion = Confusion::of(judged);
        Self {
            confusion,
            rates: confusion.rates(),
            average_precision: average_precision(&score_steps(judged), None),
            intervals: bootstrap(judged, seed),
        }
    }
}

impl Natural {
    /// Weighs the classes so that the share of anomalous sessions is `prevalence`; all rates are `None` if a class has
    /// no sessions.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], prevalence: Prevalence) -> Self {
        let rates = Confusion::of(judged).rates_at(prevalence).unwrap_or_default();
        Self {
            prevalence: prevalence.share(),
            precision: rates.precision,
            f1: rates.f1,
            average_precision: average_precision(&score_steps(judged), Some(prevalence)),
        }
    }
}

impl Assessment {
    /// Assesses a detector; `seed` drives the intervals.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], prevalence: Option<Prevalence>, seed: u64) -> Self {
        Self {
            test: Scores::of(judged, seed),
            natural: prevalence.map(|prevalence| Natural::of(judged, prevalence)),
            by_reason: by_reason(judged),
            distinct: Scores::of(&distinct(judged), seed),
            novel: Scores::of(&novel(judged), seed),
        }
    }
}

/// Counts the flagged sessions by the reason of their first finding, `unexplained` if a detector gave none.
#[must_use]
pub fn by_reason(judged: &[Judged<'_>]) -> BTreeMap<String, ReasonCount> {
    let mut counts: BTreeMap<String, ReasonCount> = BTreeMap::new();
    for session in judged.iter().filter(|session| session.verdict.is_anomalous()) {
        let reason = session
            .verdict
            .decisive()
            .map_or("unexplained", |finding| finding.reason.name());
        let count = counts.entry(reason.to_owned()).or_default();
        match session.label {
            Label::Anomalous => count.true_positives += 1,
            Label::Normal => count.false_positives += 1,
        }
    }
    counts
}
