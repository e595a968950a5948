//! The detectors that a trained model can be, as one.

use sequence_windowing::{Event, Session, Vocabulary, Windowing};
use serde::{Deserialize, Serialize};

use crate::{Calibrated, CalibratedState, Closing, DeepLog, DeepLogState, Detector, Finding, Judge, Verdict};

/// A detector around next-key models.
#[derive(Clone)]
pub enum AnyDetector {
    /// One model with a fixed rule.
    DeepLog(DeepLog),
    /// Parts that were calibrated to a budget of false alarms.
    Calibrated(Calibrated),
}

/// What [`AnyDetector`] knows of an open session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyState {
    /// See [`DeepLog`].
    DeepLog(DeepLogState),
    /// See [`Calibrated`].
    Calibrated(CalibratedState),
}

impl From<DeepLog> for AnyDetector {
    fn from(detector: DeepLog) -> Self {
        Self::DeepLog(detector)
    }
}

impl From<Calibrated> for AnyDetector {
    fn from(detector: Calibrated) -> Self {
        Self::Calibrated(detector)
    }
}

impl AnyDetector {
    /// How sessions are cut into windows.
    #[must_use]
    pub fn windowing(&self) -> Windowing {
        match self {
            Self::DeepLog(detector) => detector.windowing(),
            Self::Calibrated(detector) => detector.windowing(),
        }
    }

    /// The calibrated detector, if it is one.
    #[must_use]
    pub fn calibrated(&self) -> Option<&Calibrated> {
        match self {
            Self::DeepLog(_) => None,
            Self::Calibrated(detector) => Some(detector),
        }
    }

    /// The training vocabulary.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        match self {
            Self::DeepLog(detector) => detector.vocabulary(),
            Self::Calibrated(detector) => detector.vocabulary(),
        }
    }

    /// Whether times make no difference to it, so that what it says of a sequence of keys holds whenever they come.
    pub(crate) fn is_timeless(&self) -> bool {
        match self {
            Self::DeepLog(_) => true,
            Self::Calibrated(detector) => detector.is_timeless(),
        }
    }
}

impl Detector for AnyDetector {
    type State = AnyState;

    fn open(&self) -> AnyState {
        match self {
            Self::DeepLog(detector) => AnyState::DeepLog(detector.open()),
            Self::Calibrated(detector) => AnyState::Calibrated(detector.open()),
        }
    }

    fn step(&self, state: &mut AnyState, event: &Event) -> Option<Finding> {
        match (self, state) {
            (Self::DeepLog(detector), AnyState::DeepLog(state)) => detector.step(state, event),
            (Self::Calibrated(detector), AnyState::Calibrated(state)) => detector.step(state, event),
            // A state of another detector: whoever keeps states keeps them with their model.
            (_, state) => {
                *state = self.open();
                self.step(state, event)
            }
        }
    }

    fn close(&self, state: AnyState, closing: &Closing) -> Verdict {
        match (self, state) {
            (Self::DeepLog(detector), AnyState::DeepLog(state)) => detector.close(state, closing),
            (Self::Calibrated(detector), AnyState::Calibrated(state)) => detector.close(state, closing),
            (_, _) => self.close(self.open(), closing),
        }
    }

    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        Judge::new(self.clone()).judge(sessions, progress)
    }
}
