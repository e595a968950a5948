//! Lengths of log time, as config files write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A length of log time in microseconds, written as a whole number and a unit: `250ms`, `90s`, `30m`, `1h`, `1d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration(u64);

/// Units and their microseconds, largest first.
const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// A thousand years; longer ones are mistakes, and sums of time stamps and shorter ones cannot overflow.
const LONGEST: u64 = 365_250 * 86_400_000_000;

/// A duration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "duration {0:?} is not a whole number with a unit and at most a thousand years: write it like 90s, 30m, 1h or 1d"
)]
pub struct InvalidDuration(String);

impl Duration {
    /// A number of whole seconds, at most a thousand years.
    #[must_use]
    pub fn seconds(seconds: u32) -> Self {
        Self((u64::from(seconds) * 1_000_000).min(LONGEST))
    }

    /// The length in microseconds.
    #[must_use]
    pub fn microseconds(self) -> u64 {
        self.0
    }

    /// Whether it is no time at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Timestamp {
    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let (number, unit) = (&text[..text.len() - unit.len()], unit.trim());
        UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .and_then(|(_, length)| number.parse::<u64>().ok()?.checked_mul(*length))
            .filter(|&length| length <= LONGEST)
            .map(Self)
            .ok_or_else(|| InvalidDuration(text.into()))
    }
}

impl TryFrom<String> for Duration {
    type Error = InvalidDuration;

    fn try_from(text: String) -> Result<Self, InvalidDuration> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, length): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*length);
        let (unit, length) = UNITS.iter().find(whole).unwrap_or(&("s", 1_000_000));
        write!(f, "{}{unit}", self.0 / length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_and_writes_the_largest_whole_one() {
        for (text, microseconds, written) in [
            ("250us", 250, "250us"),
            ("1500ms", 1_500_000, "1500ms"),
            ("90s", 90_000_000, "90s"),
            ("60s", 60_000_000, "1m"),
            ("30 m", 1_800_000_000, "30m"),
            ("1h", 3_600_000_000, "1h"),
            ("365250d", LONGEST, "365250d"),
            ("0s", 0, "0s"),
            ("0d", 0, "0s"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(duration.microseconds(), microseconds, "{text}");
            assert_eq!(duration.to_string(), written);
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1.5h",
            "1w",
            "5 minutes",
            "365251d",
            "99999999999999999999s",
            "1H",
            "１s",
        ] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn time_since_never_overflows() {
        assert_eq!(Timestamp(5).since(Timestamp(7)), Duration(0));
        assert_eq!(Timestamp(7).since(Timestamp(5)), Duration(2));
        assert_eq!(
            Timestamp(i64::MAX).since(Timestamp(i64::MIN)).microseconds(),
            i64::MAX as u64
        );
    }
}
