//! The leak audit: what may make figures better than they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a check came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Looked at, and found in order.
    Passed,
    /// Looked at, and something was found that flatters the figures or limits what they say.
    Warning,
    /// The data does not tell.
    #[default]
    Unknown,
}

/// One check of a run's data and protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What is checked, in a few words.
    pub name: String,
    /// How it came out.
    pub outcome: CheckOutcome,
    /// What was found, with its numbers, in a sentence.
    pub finding: String,
}

impl CheckOutcome {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
        }
    }
}

/// How many checks came out in which way, in words; `None` without checks.
#[must_use]
pub fn audit_sentence(checks: &[Check]) -> Option<String> {
    let of = |outcome: CheckOutcome| {
        let checks = checks.iter().filter(|check| check.outcome == outcome).count();
        let plural = if outcome == CheckOutcome::Warning && checks > 1 {
            "s"
        } else {
            ""
        };
        (checks > 0).then(|| format!("{checks} {}{plural}", outcome.word()))
    };
    let counted: Vec<String> = [CheckOutcome::Warning, CheckOutcome::Unknown, CheckOutcome::Passed]
        .into_iter()
        .filter_map(of)
        .collect();
    (!counted.is_empty()).then(|| counted.join(", "))
}
