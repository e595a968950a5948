//! A finding in short.

use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::Serialize;

use crate::times::{as_optional_rfc3339, as_rfc3339};
use crate::{Ended, Seen};

/// A finding as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Item {
    /// Its number, rising in the order in which findings come about.
    pub id: u64,
    /// Number of the last change to it; the id until its session ends.
    pub version: u64,
    /// When the line came in, RFC 3339.
    #[serde(serialize_with = "as_rfc3339::serialize")]
    #[schemars(with = "String")]
    pub received: Timestamp,
    /// What the log says of the time, RFC 3339; absent where it says nothing.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_optional_rfc3339::serialize"
    )]
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
    /// Name of the source.
    pub source: String,
    /// Identifier of the session.
    pub session: String,
    /// Why, as a name, `outside_top_candidates` for instance.
    pub reason: String,
    /// Why, in words.
    pub explanation: String,
    /// What was seen there; absent where the whole session is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// The last word on the session, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}
