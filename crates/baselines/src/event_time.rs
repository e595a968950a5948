//! Time from one event to the next, beside what is usual for these two keys.
//!
//! Landauer, Skopik and Wurzenberger ("A critical review of common log data sets used for evaluation of sequence-based
//! anomaly detection techniques", 2024) detect by the times between events; the logarithm is ours, as delays spread
//! over many magnitudes.

use detection::Reason;
use rustc_hash::FxHashMap;
use sequence_windowing::{Event, Key, LogKey, Session, Timestamp, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::by_event::{ByEvent, EventScorer};
use crate::held_out::Limit;

/// Least spread of a delay, in the logarithm of 1 + seconds: a clock is no more exact, and no delay is always the same.
const LEAST_SPREAD: f64 = 0.01;

/// Mean and spread of the delay of each pair of keys that follow each other. An event scores by how many standard
/// deviations the logarithm of its delay is off; 0 where the pair is unknown or a time is missing.
#[derive(Clone, Debug)]
pub struct EventTime {
    usual: FxHashMap<(LogKey, LogKey), Usual>,
}

#[derive(Clone, Copy, Debug)]
struct Usual {
    mean: f64,
    spread: f64,
}

/// The event before: its key and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    key: LogKey,
    time: Timestamp,
}

impl EventTime {
    /// Measures the delays in normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session], false_alarms: f64, vocabulary: &Vocabulary) -> ByEvent<Self> {
        ByEvent::fit(normal, Limit::Share(false_alarms), vocabulary, Self::measure)
    }

    fn measure(normal: &[&Session]) -> Self {
        let mut delays: FxHashMap<(LogKey, LogKey), Vec<f64>> = FxHashMap::default();
        for session in normal {
            let mut before = None;
            for event in &session.events {
                if let Some((pair, delay)) = delay(&mut before, event) {
                    delays.entry(pair).or_default().push(delay);
                }
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let squares = |values: &[f64]| {
            let mean = mean(values);
            values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
        };
        // In the order of the pairs: a sum of floats depends on its order.
        let mut pairs: Vec<_> = delays.into_iter().collect();
        pairs.sort_unstable_by_key(|(pair, _)| *pair);
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
}

/// The keys of two events that follow each other, and the logarithm of 1 + the seconds between them; a step back in
/// time counts with its sign.
fn delay(before: &mut Option<Before>, event: &Event) -> Option<((LogKey, LogKey), f64)> {
    let now = match (&event.key, event.time) {
        (Key::Known(key), Some(time)) => Some(Before { key: *key, time }),
        _ => None,
    };
    let (earlier, now) = (std::mem::replace(before, now)?, now?);
    let seconds = (now.time.0 as f64 - earlier.time.0 as f64) / 1e6;
    Some(((earlier.key, now.key), seconds.signum() * seconds.abs().ln_1p()))
}

impl EventScorer for EventTime {
    type Past = Option<Before>;

    fn score(&self, past: &mut Option<Before>, next: Option<&Event>) -> f64 {
        let off = next.and_then(|event| delay(past, event)).and_then(|(pair, delay)| {
            let usual = self.usual.get(&pair)?;
            Some((delay - usual.mean).abs() / usual.spread)
        });
        off.unwrap_or(0.0)
    }

    fn reason(&self, _: Option<&Event>) -> Reason {
        Reason::UnusualDelay
    }
}
