//! "This key never occurred in training": the simplest rule there is, and part of every sequence model's catch.

use detection::{Closing, Detector, Extent, Finding, Reason, Symbol, Verdict};
use sequence_windowing::{Event, Key};
use serde::{Deserialize, Serialize};

/// Flags a session that holds a key outside the training vocabulary. Its score is the share of such events.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnseenKey;

/// What [`UnseenKey`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnseenKeyState {
    extent: Extent,
    findings: Vec<Finding>,
}

impl Detector for UnseenKey {
    type State = UnseenKeyState;

    fn open(&self) -> UnseenKeyState {
        UnseenKeyState::default()
    }

    fn step(&self, state: &mut UnseenKeyState, event: &Event) -> Option<Finding> {
        let position = state.extent.count(event);
        let Key::Unseen(name) = &event.key else { return None };
        let finding = Finding {
            position: Some(position),
            line: Some(event.line),
            seen: Some(Symbol::Key(name.clone())),
            ..Finding::of_session(Reason::UnseenKey)
        };
        state.findings.push(finding.clone());
        Some(finding)
    }

    fn close(&self, state: UnseenKeyState, closing: &Closing) -> Verdict {
        let score = state.findings.len() as f64 / state.extent.events.max(1) as f64;
        Verdict::new(closing, state.extent, score, state.findings)
    }
}
