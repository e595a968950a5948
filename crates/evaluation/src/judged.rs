//! Verdicts beside labels: the only place where the two meet.

use detection::Verdict;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EvaluationError, escape::visible};

/// What a session really was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// A normal execution.
    Normal,
    /// An anomalous one.
    Anomalous,
}

/// A session's verdict beside its label.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// What the detector said.
    pub verdict: &'a Verdict,
    /// What is true.
    pub label: Label,
    /// The session's sequence of keys.
    pub sequence: Sequence,
}

/// A sequence of keys, among those of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Equal for equal sequences (their ends included), different otherwise.
    pub number: u64,
    /// Whether a training session has the same keys.
    pub in_training: bool,
}

/// Lays verdicts, labels and sequences, all in the order of the sessions, beside each other.
///
/// # Errors
/// If the lengths differ or a score is not finite.
pub fn pair<'a>(
    verdicts: &'a [Verdict],
    labels: &[Label],
    sequences: &[Sequence],
) -> Result<Vec<Judged<'a>>, EvaluationError> {
    if verdicts.len() != labels.len() || verdicts.len() != sequences.len() {
        return Err(EvaluationError::UnequalLengths {
            verdicts: verdicts.len(),
            labels: labels.len(),
            sequences: sequences.len(),
        });
    }
    if let Some(bad) = verdicts.iter().find(|verdict| !verdict.score.is_finite()) {
        return Err(EvaluationError::ScoreNotFinite {
            session: visible(&bad.session),
            score: bad.score,
        });
    }
    let sessions = verdicts.iter().zip(labels).zip(sequences);
    Ok(sessions
        .map(|((verdict, &label), &sequence)| Judged {
            verdict,
            label,
            sequence,
        })
        .collect())
}

/// The first session of each distinct pair of sequence and label, in order.
///
/// Logs repeat themselves: a rare mistake on a frequent sequence outweighs everything else in the raw counts.
#[must_use]
pub fn distinct<'a>(judged: &[Judged<'a>]) -> Vec<Judged<'a>> {
    let mut met = FxHashSet::default();
    judged
        .iter()
        .filter(|session| met.insert((session.sequence.number, session.label)))
        .copied()
        .collect()
}

/// The sessions whose sequence no training session has: what is left to find where nothing can be looked up.
#[must_use]
pub fn novel<'a>(judged: &[Judged<'a>]) -> Vec<Judged<'a>> {
    let sessions = judged.iter().filter(|session| !session.sequence.in_training);
    sessions.copied().collect()
}
