//! How much time passes from one event to the next, beside what is usual for their two keys.
//!
//! Landauer, Skopik and Wurzenberger ("A critical review of common log data sets used for evaluation of sequence-based
//! anomaly detection techniques", 2024) detect by the times between events; the logarithm is ours, as delays spread
//! over many magnitudes.

use rustc_hash::FxHashMap;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

/// Least spread of a delay, in the logarithm of 1 + seconds: a clock is no more exact, and no delay is always the same.
const LEAST_SPREAD: f64 = 0.01;

/// Two keys, by code, the earlier one first.
type Pair = (u32, u32);

/// Mean and spread of the delay of each pair of keys that follow each other, in the logarithm of 1 + seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(Pair, Usual)>", into = "Vec<(Pair, Usual)>")]
pub struct Delays {
    usual: FxHashMap<Pair, Usual>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Usual {
    mean: f64,
    spread: f64,
}

impl From<Vec<(Pair, Usual)>> for Delays {
    fn from(pairs: Vec<(Pair, Usual)>) -> Self {
        Self {
            usual: pairs.into_iter().collect(),
        }
    }
}

impl From<Delays> for Vec<(Pair, Usual)> {
    fn from(delays: Delays) -> Self {
        let mut pairs: Self = delays.usual.into_iter().collect();
        pairs.sort_unstable_by_key(|&(pair, _)| pair);
        pairs
    }
}

/// How far the time between two events is off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// By so many standard deviations of the logarithm of 1 + seconds.
    pub off: f64,
    /// The time, in seconds.
    pub seconds: f64,
    /// The middle of what is usual, in seconds.
    pub usual: f64,
}

/// The logarithm of 1 + the seconds from one time to another; a step back in time counts with its sign.
fn logarithm(seconds: f64) -> f64 {
    seconds.signum() * seconds.abs().ln_1p()
}

fn seconds(before: Timestamp, now: Timestamp) -> f64 {
    (now.0 as f64 - before.0 as f64) / 1e6
}

impl Delays {
    /// Measures delays of normal sessions: two keys, and the times of their events.
    #[must_use]
    pub fn fit(delays: impl IntoIterator<Item = (Pair, Timestamp, Timestamp)>) -> Self {
        let mut found: FxHashMap<Pair, Vec<f64>> = FxHashMap::default();
        for (pair, before, now) in delays {
            found.entry(pair).or_default().push(logarithm(seconds(before, now)));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let squares = |values: &[f64]| {
            let mean = mean(values);
            values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
        };
        // In the order of the pairs: a sum of floats depends on its order.
        let mut pairs: Vec<_> = found.into_iter().collect();
        pairs.sort_unstable_by_key(|&(pair, _)| pair);
        let number = pairs.iter().map(|(_, delays)| delays.len()).sum::<usize>();
        let all = pairs.iter().map(|(_, delays)| squares(delays)).sum::<f64>() / number.max(1) as f64;
        // A pair that was seen once or twice says little of its own spread: what all pairs have counts as one more
        // delay.
        let usual = |delays: &[f64]| Usual {
            mean: mean(delays),
            spread: ((squares(delays) + all) / delays.len() as f64).sqrt().max(LEAST_SPREAD),
        };
        Self {
            usual: pairs.into_iter().map(|(pair, delays)| (pair, usual(&delays))).collect(),
        }
    }

    /// How far the time between two events is off; `None` for keys that never followed each other.
    #[must_use]
    pub fn look(&self, pair: Pair, before: Timestamp, now: Timestamp) -> Option<Delay> {
        let usual = self.usual.get(&pair)?;
        let seconds = seconds(before, now);
        Some(Delay {
            off: (logarithm(seconds) - usual.mean).abs() / usual.spread,
            seconds,
            usual: usual.mean.signum() * usual.mean.abs().exp_m1(),
        })
    }
}
