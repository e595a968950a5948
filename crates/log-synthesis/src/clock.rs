//! Simulated time.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// Seconds since the start of the run, and the stamp of the second that was written last.
pub(crate) struct Clock {
    start: NaiveDateTime,
    second: Option<u64>,
    stamp: String,
}

impl Clock {
    /// Starts at 081109 203518, as the published log does.
    pub(crate) fn new() -> Self {
        let start = NaiveDate::from_ymd_opt(2008, 11, 9)
            .and_then(|day| day.and_hms_opt(20, 35, 18))
            .unwrap_or_default();
        Self {
            start,
            second: None,
            stamp: String::new(),
        }
    }

    /// The stamp `yymmdd hhmmss` of a second since the start. Formatted once a second, not once a line.
    pub(crate) fn stamp(&mut self, second: u64) -> &str {
        if self.second != Some(second) {
            self.second = Some(second);
            let now = self.start + TimeDelta::seconds(second as i64);
            self.stamp = now.format("%y%m%d %H%M%S").to_string();
        }
        &self.stamp
    }
}
