//! What a detector says: findings with their reasons, and verdicts.

use std::sync::Arc;

use sequence_windowing::{Event, KeyName, SessionEnd};
use serde::{Deserialize, Serialize};

use crate::Closing;

/// A possible next thing in a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbol {
    /// A log key, by its name.
    Key(KeyName),
    /// The end of the session.
    End,
}

/// One of the continuations a model thought likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// What was expected.
    pub symbol: Symbol,
    /// Its probability given the history, 0..=1.
    pub probability: f64,
}

/// Why something left the normal path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The key never occurred in training.
    UnseenKey,
    /// The key is not among the top g candidates.
    OutsideTopCandidates,
    /// The key's probability is under the threshold.
    BelowProbability,
    /// The session ended where the model expects more.
    UnexpectedEnd,
    /// The session is too short for a single window, and the experiment says to flag such.
    ShortSession,
    /// This set of keys never occurred in one training session.
    UnseenKeySet,
    /// These keys never followed each other in training.
    UnseenNgram,
    /// The time since the event before is unusual.
    UnusualDelay,
    /// The session has fewer or more events than any in training.
    UnusualLength,
    /// The number of times that its keys occur is unlike that of training sessions.
    UnusualCounts,
    /// No training session has a sequence of keys like it.
    UnusualSequence,
    /// It is like the sessions that are labelled anomalous in training.
    LikeAnomalies,
}

impl Reason {
    /// The name used in files: snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnseenKey => "unseen_key",
            Self::OutsideTopCandidates => "outside_top_candidates",
            Self::BelowProbability => "below_probability",
            Self::UnexpectedEnd => "unexpected_end",
            Self::ShortSession => "short_session",
            Self::UnseenKeySet => "unseen_key_set",
            Self::UnseenNgram => "unseen_ngram",
            Self::UnusualDelay => "unusual_delay",
            Self::UnusualLength => "unusual_length",
            Self::UnusualCounts => "unusual_counts",
            Self::UnusualSequence => "unusual_sequence",
            Self::LikeAnomalies => "like_anomalies",
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::UnseenKey => "a log key that never occurred in training",
            Self::OutsideTopCandidates => "the next log key is not among the top candidates",
            Self::BelowProbability => "the next log key is too improbable here",
            Self::UnexpectedEnd => "the session ends where more was expected",
            Self::ShortSession => "the session is shorter than one window",
            Self::UnseenKeySet => "log keys that never occurred together in training",
            Self::UnseenNgram => "log keys that never followed each other in training",
            Self::UnusualDelay => "unusually much or little time since the event before",
            Self::UnusualLength => "fewer or more events than any session in training",
            Self::UnusualCounts => "log keys in numbers that are unlike those in training",
            Self::UnusualSequence => "a sequence of log keys unlike those in training",
            Self::LikeAnomalies => "like the sessions that are labelled anomalous in training",
        }
    }
}

/// One departure from the normal path, with what explains it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// Index of the event in its session, from 0; the number of events for the end. `None` where the whole session is
    /// meant.
    pub position: Option<usize>,
    /// Line of that event in its input; `None` with the end and with whole sessions.
    pub line: Option<u64>,
    /// What was seen there.
    pub seen: Option<Symbol>,
    /// What was expected there, most probable first; empty where the detector has no expectation.
    pub expected: Vec<Candidate>,
    /// Rank of what was seen among all symbols, from 1; `None` for an unseen key.
    pub rank: Option<u32>,
    /// Probability of what was seen; 0 for an unseen key.
    pub probability: Option<f64>,
}

impl Finding {
    /// A finding about a session as a whole.
    #[must_use]
    pub fn of_session(reason: Reason) -> Self {
        Self {
            reason,
            position: None,
            line: None,
            seen: None,
            expected: Vec::new(),
            rank: None,
            probability: None,
        }
    }
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was found.
    Normal,
    /// At least one finding.
    Anomalous,
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
    /// In order of position.
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
