//! "No training session was so short, or so long."
//!
//! Landauer, Skopik and Wurzenberger ("A critical review of common log data sets used for evaluation of sequence-based
//! anomaly detection techniques", 2024) show how far this goes on HDFS.

use detection::Reason;
use sequence_windowing::{Event, Session};
use serde::{Deserialize, Serialize};

use crate::by_score::{ByScore, Scorer, Summary};
use crate::held_out::Limit;

/// The range of lengths of normal sessions. A session scores the number of events by which it is outside; any is
/// flagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLength {
    /// Events of the shortest and of the longest.
    pub range: (u64, u64),
}

/// Number of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Length(u64);

impl Summary for Length {
    fn add(&mut self, _: &Event) {
        self.0 += 1;
    }
}

impl SessionLength {
    /// Looks at normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session]) -> ByScore<Self> {
        ByScore::fit(normal, Limit::Score(0.0), |known: &[(Length, u64)]| {
            let lengths = || known.iter().map(|(length, _)| length.0);
            let range = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
            Self { range }
        })
    }
}

impl Scorer for SessionLength {
    type Summary = Length;
    const REASON: Reason = Reason::UnusualLength;

    fn score(&self, &Length(events): &Length) -> f64 {
        let (shortest, longest) = self.range;
        (shortest.saturating_sub(events) + events.saturating_sub(longest)) as f64
    }
}
