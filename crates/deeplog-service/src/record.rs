//! Findings as they are stored, shown and sent.

use detection::{Detail, Part, Reason};
use schemars::JsonSchema;
use sequence_windowing::{SessionEnd, Timestamp};
use serde::{Deserialize, Serialize};

use crate::times::{as_optional_rfc3339, as_rfc3339};

/// What happened to the findings. Numbers only rise, and the same input gives the same ones again.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A session has left the normal path for the first time. The record's `id` is the number of this change.
    Found(Box<FindingRecord>),
    /// A session that had left it has ended.
    Ended {
        /// Number of this change.
        version: u64,
        /// Which finding.
        id: u64,
        /// The last word on the session.
        ended: Box<Ended>,
    },
}

impl Change {
    /// Its number.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Self::Found(record) => record.version,
            Self::Ended { version, .. } => *version,
        }
    }
}

/// A session that left the normal path: where it did so first, why, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// Its number, rising in the order in which findings come about.
    pub id: u64,
    /// Number of the last change to it; the id until its session ends.
    pub version: u64,
    /// Name of the source.
    pub source: String,
    /// Identifier of the session.
    pub session: String,
    /// What the log says of the time, RFC 3339; absent where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_optional_rfc3339")]
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
    /// When the line came in, RFC 3339.
    #[serde(with = "as_rfc3339")]
    #[schemars(with = "String")]
    pub received: Timestamp,
    /// Why, as a name, `outside_top_candidates` for instance.
    #[schemars(with = "String")]
    pub reason: Reason,
    /// Why, in words.
    pub explanation: String,
    /// Index of the event in its session, from 0; absent where the whole session is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Number of the line in its source, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What was seen there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// What was expected there, most probable first.
    pub expected: Vec<Expected>,
    /// Rank of what was seen among all keys, from 1; absent for an unseen key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Probability of what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What else there is to say: keys in unusual order or numbers, an unusual delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub detail: Option<Detail>,
    /// The session's last events up to there.
    pub path: Vec<PathStep>,
    /// Raw lines of the session and around the finding, in their order, as far as they are still at hand.
    pub lines: Vec<RawLine>,
    /// The last word on the session, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// A log key that was seen, or the end of the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The log key's name; `end` for the end of the session, `none` for a line without template.
    pub key: String,
    /// Its event template, or for a line without one the line itself.
    pub template: String,
}

/// What the model thought likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// The log key's name, or `end`.
    pub key: String,
    /// Its event template.
    pub template: String,
    /// Its probability given the history, 0..=1.
    pub probability: f64,
}

/// An event of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// Index in the session, from 0.
    pub position: u64,
    /// Number of its line in the source, from 1.
    pub line: u64,
    /// The log key's name.
    pub key: String,
    /// Its event template, or for a line without one the line itself.
    pub template: String,
}

/// A line as it came. Bytes that are no UTF-8 are replaced, and long lines are cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawLine {
    /// Its number in the source, from 1.
    pub number: u64,
    /// The text.
    pub text: String,
    /// Whether it is one of the session's.
    pub is_of_session: bool,
}

/// The last word on a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// How anomalous the session was; larger is more so.
    pub score: f64,
    /// Share of normal sessions that are at least as anomalous; absent without calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// What each part of a combined detector says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartValue>,
    /// How often it left the normal path.
    pub findings: u64,
    /// Its events.
    pub events: u64,
    /// Why it holds no further event: `explicit`, `idle`, `end_of_input` or `evicted`.
    #[schemars(with = "String")]
    pub end: SessionEnd,
}

/// What a part of a combined detector says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartValue {
    /// Which: `next_key`, `order`, `counts` or `delays`.
    #[schemars(with = "String")]
    pub part: Part,
    /// Share of normal sessions that are at least as anomalous to it.
    pub p_value: f64,
}
