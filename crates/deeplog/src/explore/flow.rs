//! Which template follows which within sessions, and how long sessions are.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sequence_windowing::{Closed, Event, SessionEnd, SessionSink, Timestamp};

use super::sketch::Sketch;

/// Stands before the first event of a session.
pub(super) const BEGIN: u32 = u32::MAX;
/// Stands behind the last one.
pub(super) const END: u32 = u32::MAX - 1;
/// Steps that are told apart.
const STEPS: usize = 1_000_000;
/// Sessions that are kept as the longest.
const LONGEST: usize = 5;

/// What is known of sessions and of the order in them.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) steps: FxHashMap<(u32, u32), Step>,
    /// Steps that were new when no more were told apart.
    pub(super) steps_lost: u64,
    /// Events of sessions.
    pub(super) lengths: Sketch,
    /// From the first to the last event, in microseconds; of sessions with two events or more that have times.
    pub(super) durations: Sketch,
    /// Sessions that the end of the log cut.
    pub(super) cut: u64,
    /// By events, the longest first.
    pub(super) longest: Vec<Ended>,
}

/// A step from one template to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) count: u64,
    /// Where it was first taken: the line of the event that it leads to; the last line of the session for its end.
    pub(super) line: u64,
}

/// A session as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) id: Arc<str>,
    pub(super) events: u64,
    /// In microseconds.
    pub(super) duration: Option<u64>,
    pub(super) first_line: u64,
}

/// A session under way.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    last: u32,
    events: u64,
    first_line: u64,
    last_line: u64,
    times: Option<(Timestamp, Timestamp)>,
}

impl Flow {
    fn step(&mut self, from: u32, to: u32, line: u64) {
        if let Some(step) = self.steps.get_mut(&(from, to)) {
            step.count += 1;
            // Ends come in the order of closing.
            step.line = step.line.min(line);
        } else if self.steps.len() < STEPS {
            self.steps.insert((from, to), Step { count: 1, line });
        } else {
            self.steps_lost += 1;
        }
    }

    /// All steps in an order that depends on nothing but the log.
    pub(super) fn sorted(&self) -> Vec<((u32, u32), Step)> {
        let mut steps: Vec<_> = self.steps.iter().map(|(ends, step)| (*ends, *step)).collect();
        steps.sort_unstable_by_key(|(ends, step)| (std::cmp::Reverse(step.count), *ends));
        steps
    }

    /// How often each template was left, by number.
    pub(super) fn departures(&self) -> FxHashMap<u32, u64> {
        let mut departures = FxHashMap::default();
        for ((from, _), step) in &self.steps {
            *departures.entry(*from).or_default() += step.count;
        }
        departures
    }
}

impl SessionSink<u32> for Flow {
    type State = Walk;

    fn open(&mut self, _: &Arc<str>) -> Walk {
        Walk {
            last: BEGIN,
            events: 0,
            first_line: 0,
            last_line: 0,
            times: None,
        }
    }

    fn event(&mut self, _: &Arc<str>, walk: &mut Walk, event: &Event<u32>) {
        self.step(walk.last, event.key, event.line);
        if walk.events == 0 {
            walk.first_line = event.line;
        }
        walk.last = event.key;
        walk.last_line = event.line;
        walk.events += 1;
        if let Some(time) = event.time {
            let (first, last) = walk.times.unwrap_or((time, time));
            walk.times = Some((first.min(time), last.max(time)));
        }
    }

    fn close(&mut self, closed: Closed<Walk>) {
        let Closed {
            id, state: walk, end, ..
        } = closed;
        self.step(walk.last, END, walk.last_line);
        self.lengths.add(walk.events);
        self.cut += u64::from(end == SessionEnd::EndOfInput);
        let duration = walk.times.map(|(first, last)| last.0.abs_diff(first.0));
        if let Some(duration) = duration.filter(|_| walk.events > 1) {
            self.durations.add(duration);
        }
        let at = self.longest.partition_point(|other| {
            other.events > walk.events || (other.events == walk.events && other.first_line < walk.first_line)
        });
        if at < LONGEST {
            let ended = Ended {
                id,
                events: walk.events,
                duration,
                first_line: walk.first_line,
            };
            self.longest.insert(at, ended);
            self.longest.truncate(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use sequence_windowing::{Grouper, Limits, SessionRule};

    use super::*;

    #[test]
    fn steps_and_lengths_are_those_of_the_sessions() {
        let rule = SessionRule::Stream { field: "Job".into() };
        let mut grouper = Grouper::new(rule, Limits::default()).unwrap();
        let mut flow = Flow::default();
        let log = [("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 2), ("c", 1)];
        for (line, (job, key)) in (1..).zip(log) {
            let time = Some(Timestamp(line as i64 * 1_000_000));
            grouper.push(&Event { key, line, time }, [job], false, &mut flow);
        }
        grouper.finish(&mut flow);
        let steps: Vec<_> = flow
            .sorted()
            .into_iter()
            .map(|(ends, step)| (ends, step.count, step.line))
            .collect();
        let mut expected = [
            ((BEGIN, 0), 2, 1),
            ((2, END), 2, 4),
            ((0, 1), 1, 3),
            ((0, 2), 1, 5),
            ((1, 2), 1, 4),
            ((1, END), 1, 6),
            ((BEGIN, 1), 1, 6),
        ];
        expected.sort_unstable_by_key(|(ends, count, _)| (std::cmp::Reverse(*count), *ends));
        assert_eq!(steps, expected);
        assert_eq!((flow.lengths.count, flow.lengths.high, flow.cut), (3, 3, 3));
        assert_eq!((flow.durations.count, flow.durations.high), (2, 3_000_000));
        assert_eq!(&*flow.longest[0].id, "a");
        assert_eq!(flow.departures()[&0], 2);
    }
}
