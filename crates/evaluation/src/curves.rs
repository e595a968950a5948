//! Thresholds on the score: steps, average precision, the threshold sweep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Confusion, Judged, Label, Prevalence};

/// What a threshold on the score does: sessions that score at least this are flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdPoint {
    /// The least score that is flagged.
    pub threshold: f64,
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

/// One point for every distinct score, from the highest down. Equal scores cannot be told apart by any threshold, so
/// they are one step.
#[must_use]
pub fn score_steps(judged: &[Judged<'_>]) -> Vec<ThresholdPoint> {
    let scores = judged.iter().map(|session| (session.verdict.score, session.label));
    steps_of_scores(scores.collect())
}

/// The same of bare scores with labels, of whatever was judged.
#[must_use]
pub fn steps_of_scores(mut scores: Vec<(f64, Label)>) -> Vec<ThresholdPoint> {
    // Adding zero turns -0.0 into 0.0: the total order tells them apart, and a threshold does not.
    scores.iter_mut().for_each(|(score, _)| *score += 0.0);
    scores.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    let mut confusion = Confusion::default();
    for (_, label) in &scores {
        confusion.add(false, *label, 1);
    }
    let step = |tied: &[(f64, Label)]| {
        for (_, label) in tied {
            match label {
                Label::Anomalous => {
                    confusion.true_positives += 1;
                    confusion.false_negatives -= 1;
                }
                Label::Normal => {
                    confusion.false_positives += 1;
                    confusion.true_negatives -= 1;
                }
            }
        }
        let rates = confusion.rates();
        let threshold = tied.first().map_or(0.0, |(score, _)| *score);
        ThresholdPoint {
            threshold,
            confusion,
            precision: rates.precision,
            recall: rates.recall,
            f1: rates.f1,
        }
    };
    scores
        .chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq())
        .map(step)
        .collect()
}

/// Average precision: the sum over the steps of (recall gained × precision there), without interpolation. With a
/// prevalence, precision is weighted to it. `None` without anomalous sessions, or, with a prevalence, without normal ones.
#[must_use]
pub fn average_precision(steps: &[ThresholdPoint], prevalence: Option<Prevalence>) -> Option<f64> {
    let mut sum = 0.0;
    let mut before = 0.0;
    for step in steps {
        let rates = match prevalence {
            None => step.confusion.rates(),
            Some(prevalence) => step.confusion.rates_at(prevalence)?,
        };
        let recall = rates.recall?;
        sum += (recall - before) * rates.precision.unwrap_or(0.0);
        before = recall;
    }
    (!steps.is_empty()).then_some(sum)
}

/// The step with the highest F1, the highest threshold among equals. It is chosen on the sessions it is measured on: an
/// upper bound, to be labelled `oracle`, and never a result.
#[must_use]
pub fn best_f1(steps: &[ThresholdPoint]) -> Option<ThresholdPoint> {
    let mut best: Option<ThresholdPoint> = None;
    for step in steps {
        if step.f1 > best.and_then(|best| best.f1) {
            best = Some(*step);
        }
    }
    best
}

/// At most `limit` of the steps (and at least the two ends): evenly spaced along the curve of score, precision, recall
/// and F1, so that what moves keeps its points. The ends and the best F1 always stay.
#[must_use]
pub fn thin(steps: &[ThresholdPoint], limit: usize) -> Vec<ThresholdPoint> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return Vec::new();
    };
    if steps.len() <= limit {
        return steps.to_vec();
    }
    let range = (first.threshold - last.threshold).max(f64::MIN_POSITIVE);
    let place = |step: &ThresholdPoint| {
        [Some(step.threshold / range), step.precision, step.recall, step.f1].map(|part| part.unwrap_or(0.0))
    };
    let distance = |from: &ThresholdPoint, to: &ThresholdPoint| -> f64 {
        place(from)
            .iter()
            .zip(place(to))
            .map(|(from, to)| (from - to).abs())
            .sum()
    };
    let length: f64 = steps.windows(2).map(|pair| distance(&pair[0], &pair[1])).sum();
    let best = best_f1(steps);
    // The two ends and the best F1 are on top of the evenly spaced ones.
    let gap = length / limit.saturating_sub(3).max(1) as f64;
    let mut kept = vec![*first];
    let mut travelled = 0.0;
    for pair in steps.windows(2) {
        travelled += distance(&pair[0], &pair[1]);
        if travelled >= gap || Some(pair[1]) == best || pair[1] == *last {
            kept.push(pair[1]);
            travelled = 0.0;
        }
    }
    kept
}
