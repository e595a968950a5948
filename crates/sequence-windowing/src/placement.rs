//! Which windows of time or count an event lies in.

use std::ops::RangeInclusive;

use chrono::DateTime;

use crate::{Duration, Timestamp};

/// Windows of log time: window `k` holds the times from `k · step` on, for `length`. All in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeWindows {
    length: i64,
    step: i64,
    lateness: i64,
}

impl TimeWindows {
    pub(crate) fn new(length: Duration, step: Option<Duration>, lateness: Duration) -> Self {
        let signed = |duration: Duration| duration.microseconds() as i64;
        // A step of zero is refused when a rule is checked, but a rule can also come out of a damaged snapshot.
        Self {
            length: signed(length),
            step: signed(step.unwrap_or(length)).max(1),
            lateness: signed(lateness),
        }
    }

    /// The windows that a time lies in.
    pub(crate) fn of(self, time: Timestamp) -> RangeInclusive<i64> {
        self.first_ending_after(time.0)..=time.0.div_euclid(self.step)
    }

    /// The first window that is still open when the log's clock shows `newest`.
    pub(crate) fn first_open(self, newest: Timestamp) -> i64 {
        self.first_ending_after(newest.0.saturating_sub(self.lateness))
    }

    /// The first window whose time is not over when the log's clock shows `newest`; it may be before that, as late
    /// lines are waited for.
    pub(crate) fn first_running(self, newest: Timestamp) -> i64 {
        self.first_ending_after(newest.0)
    }

    fn first_ending_after(self, time: i64) -> i64 {
        time.saturating_sub(self.length).div_euclid(self.step) + 1
    }

    /// Start of a window, such as `2005-06-03T15:42:00`.
    pub(crate) fn name(self, window: i64) -> String {
        let start = window.saturating_mul(self.step);
        match DateTime::from_timestamp_micros(start) {
            Some(start) => start.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
            None => start.to_string(),
        }
    }
}

/// Windows of events: window `k` holds the events numbered `k · step + 1` to `k · step + events`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountWindows {
    events: i64,
    step: i64,
}

impl CountWindows {
    pub(crate) fn new(events: u64, step: Option<u64>) -> Self {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).max(1);
        Self {
            events: signed(events),
            step: signed(step.unwrap_or(events)),
        }
    }

    /// The windows that the event with this number, from 1, lies in.
    pub(crate) fn of(self, number: i64) -> RangeInclusive<i64> {
        let first = (number - self.events).max(0).saturating_add(self.step - 1) / self.step;
        first..=(number - 1) / self.step
    }

    /// Number of the last event of a window.
    pub(crate) fn last(self, window: i64) -> i64 {
        window.saturating_mul(self.step).saturating_add(self.events)
    }

    /// Numbers of the first and the last event of a window, such as `1-100`.
    pub(crate) fn name(self, window: i64) -> String {
        format!(
            "{}-{}",
            window.saturating_mul(self.step).saturating_add(1),
            self.last(window)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_windows(length: u32, step: u32) -> TimeWindows {
        TimeWindows::new(
            Duration::seconds(length),
            Some(Duration::seconds(step)),
            Duration::seconds(5),
        )
    }

    #[test]
    fn a_time_lies_in_the_windows_that_span_it() {
        for (length, step, second, expected) in [
            (60, 60, 0, 0..=0),
            (60, 60, 59, 0..=0),
            (60, 60, 60, 1..=1),
            (60, 60, -1, -1..=-1),
            (60, 20, 0, -2..=0),
            (60, 20, 59, 0..=2),
            (50, 20, 9, -2..=0),
            (50, 20, 10, -1..=0),
        ] {
            let of = time_windows(length, step).of(Timestamp(second * 1_000_000));
            assert_eq!(of, expected, "{length} {step} {second}");
        }
    }

    #[test]
    fn a_window_is_open_until_its_end_and_the_lateness_have_passed() {
        let windows = time_windows(60, 60);
        assert_eq!(windows.first_open(Timestamp(64_999_999)), 0);
        assert_eq!(windows.first_open(Timestamp(65_000_000)), 1);
        assert_eq!(windows.first_running(Timestamp(60_000_000)), 1);
    }

    #[test]
    fn windows_of_time_are_named_after_their_start() {
        assert_eq!(time_windows(60, 60).name(18_630_222), "2005-06-03T15:42:00");
        let short = TimeWindows::new("100ms".parse().unwrap(), None, Duration::default());
        assert_eq!(short.name(-1), "1969-12-31T23:59:59.900");
        assert_eq!(time_windows(60, 60).name(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn an_event_lies_in_the_windows_that_count_it() {
        for (events, step, number, expected) in [
            (3, 3, 1, 0..=0),
            (3, 3, 3, 0..=0),
            (3, 3, 4, 1..=1),
            (3, 1, 1, 0..=0),
            (3, 1, 3, 0..=2),
            (3, 1, 4, 1..=3),
            (5, 2, 6, 1..=2),
            (5, 2, 7, 1..=3),
        ] {
            assert_eq!(
                CountWindows::new(events, Some(step)).of(number),
                expected,
                "{events} {step} {number}"
            );
        }
        assert_eq!(CountWindows::new(100, None).name(1), "101-200");
    }

    #[test]
    fn extremes_do_not_overflow() {
        let windows = time_windows(60, 60);
        for time in [i64::MIN, i64::MAX] {
            windows.of(Timestamp(time));
            windows.first_open(Timestamp(time));
        }
        CountWindows::new(u64::MAX, Some(u64::MAX)).of(i64::MAX);
    }
}
