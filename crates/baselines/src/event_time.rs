//! Time from one event to the next, beside what is usual for these two keys: the delays of the combined detector, alone.

use detection::{Delays, Reason};
use sequence_windowing::{Event, Key, Session, Timestamp, Vocabulary};

use crate::by_event::{ByEvent, EventScorer};
use crate::held_out::Limit;

/// An event scores by how many standard deviations its delay is off, see [`Delays`]; 0 where the pair of keys is unknown or a
/// time is missing.
#[derive(Clone, Debug)]
pub struct EventTime {
    delays: Delays,
}

/// Code and time of the event before.
type Before = Option<(u32, Timestamp)>;

impl EventTime {
    /// Measures the delays in normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session], false_alarms: f64, vocabulary: &Vocabulary) -> ByEvent<Self> {
        ByEvent::fit(normal, Limit::Share(false_alarms), vocabulary, Self::measure)
    }

    fn measure(normal: &[&Session]) -> Self {
        let delays = normal.iter().flat_map(|session| {
            let mut before = None;
            session.events.iter().filter_map(move |event| pair(&mut before, event))
        });
        Self {
            delays: Delays::fit(delays),
        }
    }
}

/// The keys of two events that follow each other, and their times.
fn pair(before: &mut Before, event: &Event) -> Option<((u32, u32), Timestamp, Timestamp)> {
    let now = match (&event.key, event.time) {
        (Key::Known(key), Some(time)) => Some((key.0, time)),
        _ => None,
    };
    let ((earlier, then), (key, now)) = (std::mem::replace(before, now)?, now?);
    Some(((earlier, key), then, now))
}

impl EventScorer for EventTime {
    type Past = Before;

    fn score(&self, past: &mut Before, next: Option<&Event>) -> f64 {
        let pair = next.and_then(|event| pair(past, event));
        let delay = pair.and_then(|(keys, before, now)| self.delays.look(keys, before, now));
        delay.map_or(0.0, |delay| delay.off)
    }

    fn reason(&self, _: Option<&Event>) -> Reason {
        Reason::UnusualDelay
    }
}
