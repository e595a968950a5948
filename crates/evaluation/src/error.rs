//! What can go wrong between verdicts and figures.

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Results without sessions.
    #[error("there is no labelled session to compare on")]
    NothingToCompare,
    /// Results of other sessions.
    #[error("the results are not of the same sessions: at session {place} {fact}")]
    OtherSessions {
        /// Where they differ first, from 1.
        place: usize,
        /// How.
        fact: String,
    },
    /// Verdicts, labels and sequence numbers do not belong to the same sessions.
    #[error(
        "{verdicts} verdicts, {labels} labels and {sequences} sequence numbers; give one of each for every session"
    )]
    UnequalLengths {
        /// Number of verdicts.
        verdicts: usize,
        /// Number of labels.
        labels: usize,
        /// Number of sequence numbers.
        sequences: usize,
    },
    /// A score that cannot be ordered or written to JSON.
    #[error("the score of session {session} is {score}; a detector must give finite scores")]
    ScoreNotFinite {
        /// Identifier of the session, escaped.
        session: String,
        /// Its score.
        score: f64,
    },
    /// A prevalence that leaves one class without weight.
    #[error("a natural prevalence of {0}; it is a share of anomalous sessions above 0 and below 1, such as 0.029")]
    Prevalence(f64),
    /// The drawing library gave up.
    #[error("the plot {plot} could not be drawn: {cause}")]
    Drawing {
        /// Name of the plot.
        plot: String,
        /// What the drawing library said.
        cause: String,
    },
}
