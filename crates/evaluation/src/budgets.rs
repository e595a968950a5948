//! Stated against achieved budgets of false alarms: what verdicts would be if p-values alone decided.

use detection::{false_alarms_to_expect, needed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Interval, Judged, Label, MeanAndSpread};

/// Shares of normal sessions that reports look at.
pub const BUDGETS: [f64; 4] = [0.0005, 0.001, 0.005, 0.01];

/// Middle share of the false alarms to expect that the interval holds.
const EXPECTED: f64 = 0.95;

/// A calibrated detector at each of [`BUDGETS`].
///
/// ```
/// use detection::{Closing, Extent, Verdict};
/// use evaluation::{Budgets, Label, Sequence, pair};
/// use sequence_windowing::SessionEnd;
///
/// let closing = Closing { session: "a".into(), end: SessionEnd::Explicit, dropped_events: 0 };
/// let verdict = |p_value| Verdict { p_value: Some(p_value), ..Verdict::new(&closing, Extent::default(), 0.0, vec![]) };
/// let verdicts = [verdict(0.005), verdict(0.005), verdict(0.4)];
/// let labels = [Label::Anomalous, Label::Normal, Label::Normal];
/// let judged = pair(&verdicts, &labels, &[Sequence { number: 1, in_training: false }; 3])?;
/// let budgets = Budgets::of(&judged, 199).ok_or("each verdict has a p-value")?;
/// assert_eq!(budgets.points[1].needed, Some(999));
/// assert_eq!((budgets.points[2].false_alarms, budgets.points[2].recall), (Some(1), Some(1.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Budgets {
    /// Held-out normal training sessions that the p-values are counted among.
    pub calibrated_on: u64,
    /// By budget, the smallest first.
    pub points: Vec<BudgetPoint>,
}

/// What a detector does if it flags the sessions whose p-value is at most a budget. All but the budget and the sessions it
/// needs are `None` where there are too few to calibrate on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetPoint {
    /// The share of normal sessions that it may flag.
    pub budget: f64,
    /// Calibration sessions that the budget takes, where there are fewer.
    pub needed: Option<u64>,
    /// Normal test sessions that it flags.
    pub false_alarms: Option<u64>,
    /// Their share among normal test sessions.
    pub false_alarm_rate: Option<f64>,
    /// Where 95% of such counts lie if normal test sessions and those of the calibration are exchangeable and no scores
    /// equal; equal ones make for fewer.
    pub expected: Option<Interval>,
    /// Of the anomalous test sessions, the share that it flags.
    pub recall: Option<f64>,
}

impl Budgets {
    /// Counts the sessions; `None` unless every verdict has a p-value.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], calibrated_on: u64) -> Option<Self> {
        let p_values: Option<Vec<(f64, Label)>> = judged
            .iter()
            .map(|session| Some((session.verdict.p_value?, session.label)))
            .collect();
        let p_values = p_values.filter(|p_values| !p_values.is_empty())?;
        Some(Self {
            calibrated_on,
            points: BUDGETS.map(|budget| point(&p_values, calibrated_on, budget)).to_vec(),
        })
    }
}

fn point(p_values: &[(f64, Label)], calibrated_on: u64, budget: f64) -> BudgetPoint {
    let needed = needed(budget) as u64;
    if calibrated_on < needed {
        return BudgetPoint {
            budget,
            needed: Some(needed),
            ..BudgetPoint::default()
        };
    }
    let of = |label: Label| p_values.iter().filter(move |session| session.1 == label);
    let flagged = |label: Label| of(label).filter(|session| session.0 <= budget).count() as u64;
    let share = |label: Label| match of(label).count() {
        0 => None,
        sessions => Some(flagged(label) as f64 / sessions as f64),
    };
    let normal = of(Label::Normal).count() as u64;
    let (low, high) = false_alarms_to_expect(calibrated_on as usize, budget, normal, EXPECTED);
    BudgetPoint {
        budget,
        needed: None,
        false_alarms: Some(flagged(Label::Normal)),
        false_alarm_rate: share(Label::Normal),
        expected: Some(Interval {
            low: low as f64,
            high: high as f64,
        }),
        recall: share(Label::Anomalous),
    }
}

/// [`Budgets`] averaged over runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AveragedBudgets {
    /// Mean number of calibration sessions.
    pub calibrated_on: f64,
    /// By budget, the smallest first.
    pub points: Vec<AveragedBudgetPoint>,
}

/// A [`BudgetPoint`] averaged over the runs that had enough to calibrate on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AveragedBudgetPoint {
    /// The share of normal sessions that may be flagged.
    pub budget: f64,
    /// Calibration sessions that the budget takes, where no run has so many.
    pub needed: Option<u64>,
    /// Normal test sessions that are flagged.
    pub false_alarms: Option<MeanAndSpread>,
    /// Their share among normal test sessions.
    pub false_alarm_rate: Option<MeanAndSpread>,
    /// Mean ends of the interval that holds 95% of the counts of a single run.
    pub expected: Option<Interval>,
    /// Of the anomalous test sessions, the share that is flagged.
    pub recall: Option<MeanAndSpread>,
}

impl AveragedBudgets {
    /// Averages runs at the budgets of the first; `None` of nothing.
    #[must_use]
    pub fn of(runs: &[&Budgets]) -> Option<Self> {
        let sizes: Vec<f64> = runs.iter().map(|run| run.calibrated_on as f64).collect();
        let points = runs.first()?.points.iter().map(|first| {
            let of_runs = runs.iter().flat_map(|run| &run.points);
            averaged(of_runs.filter(|point| point.budget == first.budget).collect())
        });
        Some(Self {
            calibrated_on: MeanAndSpread::of(&sizes)?.mean,
            points: points.collect(),
        })
    }
}

fn averaged(runs: Vec<&BudgetPoint>) -> AveragedBudgetPoint {
    let mean = |of: &dyn Fn(&BudgetPoint) -> Option<f64>| {
        let values: Vec<f64> = runs.iter().filter_map(|run| of(run)).collect();
        MeanAndSpread::of(&values)
    };
    let end = |of: fn(&Interval) -> f64| mean(&|run| run.expected.as_ref().map(of)).map(|figure| figure.mean);
    let expected = end(|expected| expected.low).zip(end(|expected| expected.high));
    AveragedBudgetPoint {
        budget: runs.first().map_or(0.0, |run| run.budget),
        needed: runs.iter().map(|run| run.needed).min().flatten(),
        false_alarms: mean(&|run| run.false_alarms.map(|alarms| alarms as f64)),
        false_alarm_rate: mean(&|run| run.false_alarm_rate),
        expected: expected.map(|(low, high)| Interval { low, high }),
        recall: mean(&|run| run.recall),
    }
}
