//! Verdicts: a detector's last word on a session.

use std::sync::Arc;

use sequence_windowing::{Event, SessionEnd};
use serde::{Deserialize, Serialize};

use crate::{Closing, Finding};

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was found.
    Normal,
    /// At least one finding.
    Anomalous,
}

/// One way of looking at a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// How surprising each next key is to the sequence model.
    NextKey,
    /// Which keys came how often before each other.
    Order,
    /// Which keys occur how often in the whole session.
    Counts,
    /// How much time passes from one event to the next.
    Delays,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::NextKey, Self::Order, Self::Counts, Self::Delays];

    /// The name used in files: snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NextKey => "next_key",
            Self::Order => "order",
            Self::Counts => "counts",
            Self::Delays => "delays",
        }
    }
}

/// What one part of a combined detector says of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartVerdict {
    /// Which.
    pub part: Part,
    /// Share of held-out normal training sessions that are at least as anomalous to it, this one counted with them.
    pub p_value: f64,
    /// At this p-value or below, it flags a session by itself, whatever the others say; 0 if it never does.
    pub limit: f64,
    /// Where the session is most anomalous to it; `None` for sessions that pass.
    pub worst: Option<Finding>,
}

/// A detector's last word on a session. It carries its own explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Identifier of the session.
    pub session: Arc<str>,
    /// Normal or anomalous.
    pub outcome: Outcome,
    /// How anomalous; larger is more so, finite, comparable within one detector. For the sequence model the largest
    /// surprise (−ln p) over the session.
    pub score: f64,
    /// Largest rank of a true key over the session, from 1, with unseen keys beyond every rank (`u32::MAX`). `None`
    /// for detectors without ranks. A rule "outside the top g" flags the session exactly if this is above g.
    pub worst_rank: Option<u32>,
    /// Share of normal sessions that are at least as anomalous, judged by normal training sessions that were held out, this
    /// one counted with them: above 0, at most 1. `None` for a detector that was not calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// What each part of a combined detector says; empty for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartVerdict>,
    /// In order of position; those at events are the first fifty.
    pub findings: Vec<Finding>,
    /// Events judged.
    pub events: u64,
    /// Events that were over the cap on session length and not judged.
    pub dropped_events: u64,
    /// First line of the session in its input, 0 if it has none.
    pub first_line: u64,
    /// Why the session holds no further event.
    pub end: SessionEnd,
}

/// How far a session has come: what every detector counts in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Events so far.
    pub events: u64,
    /// Line of the first one, 0 before it.
    pub first_line: u64,
}

impl Extent {
    /// Counts an event and gives its position in the session, from 0.
    pub fn count(&mut self, event: &Event) -> usize {
        if self.events == 0 {
            self.first_line = event.line;
        }
        self.events += 1;
        self.events as usize - 1
    }
}

impl Verdict {
    /// A verdict with no ranks; it is anomalous if there is a finding.
    #[must_use]
    pub fn new(closing: &Closing, extent: Extent, score: f64, findings: Vec<Finding>) -> Self {
        Self {
            session: closing.session.clone(),
            outcome: if findings.is_empty() {
                Outcome::Normal
            } else {
                Outcome::Anomalous
            },
            score,
            worst_rank: None,
            p_value: None,
            parts: Vec::new(),
            findings,
            events: extent.events,
            dropped_events: closing.dropped_events,
            first_line: extent.first_line,
            end: closing.end,
        }
    }

    /// Whether the session left the normal path.
    #[must_use]
    pub fn is_anomalous(&self) -> bool {
        self.outcome == Outcome::Anomalous
    }

    /// The finding that decides: the first in the session.
    #[must_use]
    pub fn decisive(&self) -> Option<&Finding> {
        self.findings.first()
    }
}
