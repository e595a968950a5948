//! What other settings would have done: number of candidates, threshold, spread of the scores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::curves::{best_f1, score_steps, thin};
use crate::{Confusion, Judged, Label, ThresholdPoint};

/// Points of a threshold sweep that are kept at most.
const THRESHOLD_POINTS: usize = 200;
/// Bars of a score histogram.
const HISTOGRAM_BINS: usize = 40;

/// What a number of candidates does: sessions with a key outside the top g are flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CandidatesPoint {
    /// Number of candidates.
    pub g: u32,
    /// Sessions by verdict and label.
    #[serde(flatten)]
    pub confusion: Confusion,
    /// Of the flagged sessions, how many are anomalous.
    pub precision: Option<f64>,
    /// Of the anomalous sessions, how many are flagged.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
}

/// The settings that look best on the test sessions themselves: upper bounds, never results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Oracle {
    /// The number of candidates with the highest F1, the smallest among equals.
    pub g: Option<CandidatesPoint>,
    /// The threshold with the highest F1, the highest among equals.
    pub threshold: Option<ThresholdPoint>,
}

/// What other settings of the detector would have done on the test sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweeps {
    /// By number of candidates, from 1; empty for detectors without ranks.
    pub g: Vec<CandidatesPoint>,
    /// By threshold on the score, from the highest down; at most 200 points. Read as recall and precision, it is the
    /// precision/recall curve.
    pub threshold: Vec<ThresholdPoint>,
    /// Chosen on the test sessions.
    pub oracle: Oracle,
}

/// Number of sessions by score and label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreHistogram {
    /// Bounds of the bins, ascending, one more than there are bins; the last bin holds its upper bound.
    pub edges: Vec<f64>,
    /// Normal sessions in each bin.
    pub normal: Vec<u64>,
    /// Anomalous sessions in each bin.
    pub anomalous: Vec<u64>,
}

impl Sweeps {
    /// Sweeps g from 1 to `max_g` and the threshold over all scores.
    #[must_use]
    pub fn of(judged: &[Judged<'_>], max_g: u32) -> Self {
        let g = sweep_candidates(judged, max_g);
        let steps = score_steps(judged);
        let mut best: Option<CandidatesPoint> = None;
        for point in &g {
            if point.f1 > best.and_then(|best| best.f1) {
                best = Some(*point);
            }
        }
        let oracle = Oracle {
            g: best,
            threshold: best_f1(&steps),
        };
        Self {
            g,
            threshold: thin(&steps, THRESHOLD_POINTS),
            oracle,
        }
    }
}

/// One point for each g in 1..=`max_g`; none if a session has no rank.
#[must_use]
pub fn sweep_candidates(judged: &[Judged<'_>], max_g: u32) -> Vec<CandidatesPoint> {
    let ranks: Option<Vec<u32>> = judged.iter().map(|session| session.verdict.worst_rank).collect();
    let Some(ranks) = ranks.filter(|ranks| !ranks.is_empty()) else {
        return Vec::new();
    };
    // Sessions by worst rank once, then one walk: g = 0 flags every session, and each g lets go those of rank g.
    let mut of_rank = vec![[0_u64; 2]; max_g as usize + 1];
    let mut confusion = Confusion::default();
    for (session, rank) in judged.iter().zip(ranks) {
        confusion.add(rank > 0, session.label, 1);
        if rank > 0
            && let Some(counts) = of_rank.get_mut(rank as usize)
        {
            counts[usize::from(session.label == Label::Anomalous)] += 1;
        }
    }
    let mut points = Vec::with_capacity(max_g as usize);
    for (g, [normal, anomalous]) in (0..=max_g).zip(of_rank).skip(1) {
        confusion.false_positives -= normal;
        confusion.true_negatives += normal;
        confusion.true_positives -= anomalous;
        confusion.false_negatives += anomalous;
        let rates = confusion.rates();
        points.push(CandidatesPoint {
            g,
            confusion,
            precision: rates.precision,
            recall: rates.recall,
            f1: rates.f1,
        });
    }
    points
}

impl ScoreHistogram {
    /// Counts the scores in 40 bins of equal width; empty without sessions.
    #[must_use]
    pub fn of(judged: &[Judged<'_>]) -> Self {
        let scores = || judged.iter().map(|session| session.verdict.score);
        let (Some(low), Some(high)) = (scores().min_by(f64::total_cmp), scores().max_by(f64::total_cmp)) else {
            return Self::default();
        };
        let width = if high > low {
            (high - low) / HISTOGRAM_BINS as f64
        } else {
            1.0 / HISTOGRAM_BINS as f64
        };
        let mut histogram = Self {
            edges: (0..=HISTOGRAM_BINS).map(|bin| low + width * bin as f64).collect(),
            normal: vec![0; HISTOGRAM_BINS],
            anomalous: vec![0; HISTOGRAM_BINS],
        };
        for session in judged {
            let bin = (((session.verdict.score - low) / width) as usize).min(HISTOGRAM_BINS - 1);
            match session.label {
                Label::Normal => histogram.normal[bin] += 1,
                Label::Anomalous => histogram.anomalous[bin] += 1,
            }
        }
        histogram
    }
}
