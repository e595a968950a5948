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
    /// Number of the session's sequence of keys (its end included): equal for equal sequences, different otherwise.
    pub sequence: u64,
}

/// Lays verdicts, labels and sequence numbers, all in the order of the sessions, beside each other.
///
/// # Errors
/// If the lengths differ or a score is not finite.
pub fn pair<'a>(
    verdicts: &'a [Verdict],
    labels: &[Label],
    sequences: &[u64],
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
        .filter(|session| met.insert((session.sequence, session.label)))
        .copied()
        .collect()
}
