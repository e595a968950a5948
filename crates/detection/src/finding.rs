//! Findings: where a session left the normal path, and why.

use sequence_windowing::KeyName;
use serde::{Deserialize, Serialize};

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
    /// Keys came in an order that training sessions do not have.
    UnusualOrder,
    /// No training session has a sequence of keys like it.
    UnusualSequence,
    /// It is like the sessions that are labelled anomalous in training.
    LikeAnomalies,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::UnseenKey,
        Self::OutsideTopCandidates,
        Self::BelowProbability,
        Self::UnexpectedEnd,
        Self::ShortSession,
        Self::UnseenKeySet,
        Self::UnseenNgram,
        Self::UnusualDelay,
        Self::UnusualLength,
        Self::UnusualCounts,
        Self::UnusualOrder,
        Self::UnusualSequence,
        Self::LikeAnomalies,
    ];

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
            Self::UnusualOrder => "unusual_order",
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
            Self::UnusualOrder => "log keys in an order unlike that in training",
            Self::UnusualSequence => "a sequence of log keys unlike those in training",
            Self::LikeAnomalies => "like the sessions that are labelled anomalous in training",
        }
    }
}

/// What a finding is about, where keys and probabilities do not say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Another key came unusually often or seldom before this one.
    Order {
        /// The other key.
        other: KeyName,
        /// How often it came before.
        before: u32,
        /// How often it mostly comes before.
        usual: u32,
    },
    /// Keys that the nearest training session has in other numbers.
    Counts(Vec<KeyCount>),
    /// The time since the event before.
    Delay {
        /// That time, in seconds.
        seconds: f64,
        /// The middle of what is usual between these two keys, in seconds.
        usual: f64,
    },
}

/// How often a key occurs in a session, and how often it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCount {
    /// The key.
    pub key: KeyName,
    /// How often it occurs.
    pub seen: u32,
    /// How often it occurs in the nearest training session.
    pub usual: u32,
}

/// Findings at events that a verdict holds; further ones are told when they happen, and are not kept. So a session that stays
/// open takes no more room however long it goes wrong.
pub(crate) const MOST_FINDINGS: usize = 50;

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
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
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
            detail: None,
        }
    }
}
