//! Intervals by resampling (Efron, 1979), with sequences as the unit.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Confusion, Judged, Rates};

/// Resamples drawn.
const RESAMPLES: usize = 1_000;

/// The middle 95% of the resamples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// 95% intervals; `None` where fewer than half of the resamples define the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Intervals {
    /// Of precision.
    pub precision: Option<Interval>,
    /// Of recall.
    pub recall: Option<Interval>,
    /// Of F1.
    pub f1: Option<Interval>,
}

/// Percentile intervals from 1,000 resamples. Whole sequences are drawn, with replacement: sessions of one sequence get
/// one verdict, and drawing them singly would make the intervals far too narrow.
#[must_use]
pub fn bootstrap(judged: &[Judged<'_>], seed: u64) -> Intervals {
    let mut by_sequence: BTreeMap<u64, Confusion> = BTreeMap::new();
    for session in judged {
        by_sequence
            .entry(session.sequence.number)
            .or_default()
            .add(session.verdict.is_anomalous(), session.label, 1);
    }
    let sequences: Vec<Confusion> = by_sequence.into_values().collect();
    if sequences.is_empty() {
        return Intervals::default();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let resamples: Vec<Rates> = (0..RESAMPLES)
        .map(|_| {
            let mut sum = Confusion::default();
            for _ in 0..sequences.len() {
                let drawn = sequences[rng.random_range(0..sequences.len())];
                sum.true_positives += drawn.true_positives;
                sum.false_positives += drawn.false_positives;
                sum.true_negatives += drawn.true_negatives;
                sum.false_negatives += drawn.false_negatives;
            }
            sum.rates()
        })
        .collect();
    let interval = |rate: fn(&Rates) -> Option<f64>| middle(resamples.iter().filter_map(rate).collect());
    Intervals {
        precision: interval(|rates| rates.precision),
        recall: interval(|rates| rates.recall),
        f1: interval(|rates| rates.f1),
    }
}

pub(crate) fn middle(mut values: Vec<f64>) -> Option<Interval> {
    if values.len() < RESAMPLES / 2 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
    Some(Interval {
        low: at(0.025),
        high: at(0.975),
    })
}
