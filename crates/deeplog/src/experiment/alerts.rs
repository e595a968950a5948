//! How many false alarms a user can stand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A budget of false alarms: `0.1%` of the normal sessions, or `5/day`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Alerts {
    /// A share of the normal sessions, above 0 and below 1.
    Share(f64),
    /// So many a day, above 0.
    PerDay(f64),
}

impl Default for Alerts {
    fn default() -> Self {
        Self::Share(0.001)
    }
}

impl FromStr for Alerts {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = |number: &str| {
            number
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| *number > 0.0 && number.is_finite())
        };
        let budget = match (text.strip_suffix('%'), text.strip_suffix("/day")) {
            (Some(percent), _) => number(percent)
                .filter(|percent| *percent < 100.0)
                .map(|percent| Self::Share(percent / 100.0)),
            (_, Some(alarms)) => number(alarms).map(Self::PerDay),
            _ => None,
        };
        budget.ok_or_else(|| {
            format!(
                "{text:?} is no budget of false alarms; write a share such as \"0.1%\" or a number such as \"5/day\""
            )
        })
    }
}

impl TryFrom<String> for Alerts {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Alerts> for String {
    fn from(alerts: Alerts) -> Self {
        alerts.to_string()
    }
}

impl fmt::Display for Alerts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(formatter, "{}%", Self::percent(*share)),
            Self::PerDay(alarms) => write!(formatter, "{alarms}/day"),
        }
    }
}

impl Alerts {
    /// A share in percent, to six digits.
    #[must_use]
    pub(crate) fn percent(share: f64) -> f64 {
        (share * 1e10).round() / 1e8
    }

    /// The budget as a share of the normal sessions, of which there are so many a day, where that is known.
    pub fn share(self, sessions_a_day: Option<f64>) -> Result<f64> {
        match (self, sessions_a_day) {
            (Self::Share(share), _) => Ok(share),
            (Self::PerDay(_), None) => Err(Error::run(
                format!(
                    "alerts = \"{self}\", and the training sessions do not say how many there are a day: they have no times"
                ),
                "give a share of the sessions, such as alerts = \"0.1%\"",
            )),
            (Self::PerDay(alarms), Some(sessions)) if alarms < sessions => Ok(alarms / sessions),
            (Self::PerDay(_), Some(sessions)) => Err(Error::run(
                format!(
                    "alerts = \"{self}\", and there are only {sessions:.1} sessions a day: every one could be flagged"
                ),
                "lower it, or give a share of the sessions, such as alerts = \"0.1%\"",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_read_and_written() {
        for (text, alerts) in [
            ("0.1%", Alerts::Share(0.001)),
            ("5 %", Alerts::Share(0.05)),
            ("0.05%", Alerts::Share(0.0005)),
            ("5/day", Alerts::PerDay(5.0)),
            ("0.5 /day", Alerts::PerDay(0.5)),
        ] {
            assert_eq!(text.parse(), Ok(alerts), "{text}");
            assert_eq!(alerts.to_string().parse(), Ok(alerts), "{text}");
        }
        assert_eq!(Alerts::Share(0.1 / 100.0).to_string(), "0.1%");
        for text in ["", "5", "0%", "100%", "-1%", "nan%", "inf/day", "5/hour", "0/day", "%"] {
            assert!(text.parse::<Alerts>().is_err(), "{text}");
        }
    }

    #[test]
    fn alarms_a_day_need_sessions_a_day() {
        assert_eq!(Alerts::PerDay(5.0).share(Some(10_000.0)).ok(), Some(0.0005));
        assert_eq!(Alerts::Share(0.01).share(None).ok(), Some(0.01));
        assert!(Alerts::PerDay(5.0).share(None).is_err());
        assert!(Alerts::PerDay(5.0).share(Some(5.0)).is_err());
    }
}
