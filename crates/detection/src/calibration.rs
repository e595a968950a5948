//! Thresholds that keep to a budget of false alarms, from the scores of normal sessions.
//!
//! Conformal prediction (Vovk, Gammerman, Shafer, *Algorithmic Learning in a Random World*, 2005), as it is used for
//! anomalies (Laxhammar and Falkman, ISIF 2011): a session's p-value is the share of calibration scores, its own among
//! them, that are as high. If the session and the calibration sessions are exchangeable (normal, and drawn alike in time
//! and place), p-values of at most α occur with probability α or less, whatever the detector.

use serde::{Deserialize, Serialize};

/// Scores of normal sessions that the detector did not learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<f64>", into = "Vec<f64>")]
pub struct Calibration {
    /// Ascending.
    scores: Vec<f64>,
}

/// A budget that so few calibration sessions cannot keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sessions} held-out sessions are too few for so small a budget of alarms, which needs {needed}")]
pub struct TooFew {
    /// Calibration sessions that are there.
    pub sessions: usize,
    /// The least that the budget takes.
    pub needed: usize,
}

impl From<Vec<f64>> for Calibration {
    fn from(scores: Vec<f64>) -> Self {
        Self::new(scores)
    }
}

impl From<Calibration> for Vec<f64> {
    fn from(calibration: Calibration) -> Self {
        calibration.scores
    }
}

impl Calibration {
    /// Takes scores in any order; those that are not finite count as the highest.
    #[must_use]
    pub fn new(mut scores: Vec<f64>) -> Self {
        for score in &mut scores {
            *score = if score.is_finite() { *score + 0.0 } else { f64::MAX };
        }
        scores.sort_unstable_by(f64::total_cmp);
        Self { scores }
    }

    /// Calibration sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The share of the calibration scores and this one that are as high as this one: above 0, at most 1.
    #[must_use]
    pub fn p_value(&self, score: f64) -> f64 {
        (1 + self.as_high(score)) as f64 / (1 + self.scores.len()) as f64
    }

    /// How many of the scores are as high as this one.
    #[must_use]
    pub fn as_high(&self, score: f64) -> usize {
        self.scores.len() - self.scores.partition_point(|known| *known < score)
    }

    /// The score above which p-values are at most `budget`, a share of normal sessions above 0 and below 1.
    ///
    /// # Errors
    /// If even the highest score would have a larger p-value.
    pub fn threshold(&self, budget: f64) -> Result<f64, TooFew> {
        let sessions = self.scores.len();
        let allowed = allowed(sessions, budget);
        if allowed == 0 {
            return Err(TooFew {
                sessions,
                needed: needed(budget),
            });
        }
        // With fewer than `allowed` scores as high, its own counted.
        Ok(self.scores[sessions - allowed.min(sessions)])
    }
}

/// How many of a session and the calibration ones may be flagged: the largest k with k / (sessions + 1) within the budget,
/// rounding aside.
pub(crate) fn allowed(sessions: usize, budget: f64) -> usize {
    (budget * (sessions + 1) as f64 * (1.0 + 1e-12)) as usize
}

/// Whether a p-value is small enough for a budget, rounding aside: 0.7 / 100 is a little less than 7 / 1000.
pub(crate) fn is_within(p_value: f64, budget: f64) -> bool {
    p_value <= budget * (1.0 + 1e-12)
}

/// The least number of calibration sessions that can keep a budget.
#[must_use]
pub fn needed(budget: f64) -> usize {
    ((1.0 / budget) * (1.0 - 1e-12)).ceil() as usize - 1
}

/// The middle share (such as 0.95) of the false alarms to expect among `tested` normal sessions, when `calibrated` ones set
/// the threshold for a budget, all exchangeable and no scores equal: the counts are beta-binomial, as the threshold is
/// itself drawn by lot. Equal scores make fewer alarms.
#[must_use]
pub fn false_alarms_to_expect(calibrated: usize, budget: f64, tested: u64, share: f64) -> (u64, u64) {
    let above = allowed(calibrated, budget);
    if above == 0 {
        return (0, 0);
    }
    let (alpha, beta) = (above as f64, (calibrated + 1 - above) as f64);
    let all = tested as f64;
    let steps = (0..tested).map(|alarms| alarms as f64);
    let mut log = steps
        .clone()
        .map(|i| ((beta + i) / (alpha + beta + i)).ln())
        .sum::<f64>();
    let tail = (1.0 - share) / 2.0;
    let mut below = 0.0;
    let (mut low, mut high) = (None, tested);
    for alarms in steps {
        below += log.exp();
        if low.is_none() && below > tail {
            low = Some(alarms as u64);
        }
        if below >= 1.0 - tail {
            high = alarms as u64;
            break;
        }
        let ratio = (all - alarms) / (alarms + 1.0) * (alpha + alarms) / (all - alarms - 1.0 + beta);
        log += ratio.ln();
    }
    (low.unwrap_or(high), high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn p_values_count_what_is_as_high() {
        let calibration = Calibration::new(vec![3.0, 1.0, 2.0, 2.0]);
        for (score, p) in [(0.0, 1.0), (1.0, 1.0), (2.0, 0.8), (2.5, 0.4), (3.0, 0.4), (9.0, 0.2)] {
            assert_eq!(calibration.p_value(score), p, "{score}");
        }
        assert_eq!(Calibration::new(vec![]).p_value(1.0), 1.0);
        assert_eq!(Calibration::new(vec![f64::NAN, f64::INFINITY]).p_value(7.0), 1.0);
    }

    #[test]
    fn a_budget_says_how_many_sessions_it_needs() {
        for (budget, sessions) in [(0.5, 1), (0.1, 9), (0.01, 99), (0.001, 999), (0.3, 3)] {
            assert_eq!(needed(budget), sessions, "{budget}");
            let scores = |n: usize| Calibration::new((0..n).map(|i| i as f64).collect());
            assert!(scores(sessions).threshold(budget).is_ok(), "{budget}");
            let few = TooFew {
                sessions: sessions - 1,
                needed: sessions,
            };
            assert_eq!(scores(sessions - 1).threshold(budget), Err(few), "{budget}");
        }
    }

    #[test]
    fn expected_alarms_are_those_of_the_urn() {
        // With 19 sessions and a budget of 5% the next one is an alarm with probability 1/20; of 20 more the mean is 1.
        assert_eq!(false_alarms_to_expect(19, 0.05, 1, 0.5), (0, 0));
        let (low, high) = false_alarms_to_expect(19, 0.05, 20, 0.95);
        assert!(low == 0 && (3..=6).contains(&high), "{low} {high}");
        // Many calibration sessions: nearly binomial, 100 ± 2 · 10.
        let (low, high) = false_alarms_to_expect(1_000_000, 0.01, 10_000, 0.95);
        assert!((79..=82).contains(&low) && (118..=121).contains(&high), "{low} {high}");
        assert_eq!(false_alarms_to_expect(10, 0.01, 1_000, 0.95), (0, 0));
    }

    proptest! {
        /// Above the threshold and within the budget are one thing.
        #[test]
        fn the_threshold_flags_what_has_a_small_p_value(
            scores in proptest::collection::vec(0..20u8, 1..60), score in 0..21u8, budget in 0.02..0.9f64
        ) {
            let calibration = Calibration::new(scores.into_iter().map(f64::from).collect());
            if let Ok(threshold) = calibration.threshold(budget) {
                let p = calibration.p_value(f64::from(score));
                prop_assert_eq!(f64::from(score) > threshold, p <= budget, "{} {} {}", score, threshold, p);
            }
        }

        /// Whichever of some sessions is the new one: no more of them are flagged than the budget allows.
        #[test]
        fn exchangeable_sessions_keep_the_budget(
            scores in proptest::collection::vec(0..1_000u32, 2..80), budget in 0.02..0.9f64
        ) {
            let flagged = (0..scores.len()).filter(|&new| {
                let mut others: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
                let score = others.remove(new);
                Calibration::new(others).p_value(score) <= budget
            });
            prop_assert!(flagged.count() as f64 <= budget * scores.len() as f64 + 1e-9);
        }
    }
}
