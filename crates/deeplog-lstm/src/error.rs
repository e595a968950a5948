//! What can go wrong in training.

use crate::ConfigError;

/// Why training cannot start or go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A config is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing to learn from.
    #[error("there is no training window, give at least one session that is longer than its framing needs")]
    NoWindows,
    /// The parts of a set of windows differ in length.
    #[error(
        "the {which} windows are ragged: {codes} input codes, {targets} targets and {weights} weights for histories \
         of {history}; cut them with the model's own history"
    )]
    Ragged {
        /// Training or validation.
        which: &'static str,
        /// The model's history.
        history: usize,
        /// Number of input codes.
        codes: usize,
        /// Number of targets.
        targets: usize,
        /// Number of weights.
        weights: usize,
    },
    /// A code is outside the alphabet.
    #[error("the {which} windows hold code {code}, the model has {keys} keys; encode them with its own vocabulary")]
    Code {
        /// Training or validation.
        which: &'static str,
        /// The code.
        code: u32,
        /// Keys of the model's alphabet.
        keys: u32,
    },
    /// The loss is no longer a number.
    #[error(
        "the loss is not a finite number after epoch {epoch}, batch {batch}; lower the learning rate ({learning_rate}) \
         or set clip to 1"
    )]
    Diverged {
        /// From 1.
        epoch: usize,
        /// From 1.
        batch: usize,
        /// As configured.
        learning_rate: f64,
    },
    /// Somebody asked to stop within an epoch. The trainer is as it was before that epoch.
    #[error("training was stopped within epoch {epoch}, go on from the checkpoint")]
    Stopped {
        /// From 1.
        epoch: usize,
    },
    /// A checkpoint cannot be gone on from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a checkpoint cannot be gone on from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Other bytes, or none.
    #[error("this is not a training checkpoint, delete it to start training afresh")]
    NotACheckpoint,
    /// Written by another version of this crate.
    #[error("the checkpoint has format {found}, this program reads format {expected}; delete it to start afresh")]
    Version {
        /// Of the checkpoint.
        found: u32,
        /// Of this program.
        expected: u32,
    },
    /// Cut short, or a bit turned.
    #[error("the checkpoint is damaged ({0}), delete it to start training afresh")]
    Damaged(&'static str),
    /// Of another model or another training.
    #[error("the checkpoint was made with another {0}, go on with that one or delete the checkpoint to start afresh")]
    Mismatch(&'static str),
}
