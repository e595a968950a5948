//! "This key never occurred in training": the simplest rule there is, and part of every sequence model's catch.

use detection::{Closing, Detector, Extent, Finding, Reason, Symbol, Verdict};
use sequence_windowing::{Event, Key, Session};
use serde::{Deserialize, Serialize};

use crate::Judging;
use crate::held_out::HeldOut;

/// Flags a session that holds a key outside the training vocabulary. Its score is the share of such events.
#[derive(Clone, Debug)]
pub struct UnseenKey {
    held_out: HeldOut,
}

/// What [`UnseenKey`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnseenKeyState {
    extent: Extent,
    findings: Vec<Finding>,
}

impl UnseenKey {
    /// Looks how often normal sessions have keys that the others lack, for p-values; the vocabulary alone decides.
    #[must_use]
    pub fn fit(normal: &[&Session]) -> Self {
        let unseen = |session: &Session| {
            let events = session.events.iter();
            events.filter(|event| matches!(event.key, Key::Unseen(_))).count()
        };
        let score = |session: &Session| share(unseen(session), session.events.len() as u64);
        Self {
            held_out: HeldOut::of(normal, |_, held| held.iter().map(|session| score(session)).collect()),
        }
    }
}

fn share(unseen: usize, events: u64) -> f64 {
    unseen as f64 / events.max(1) as f64
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
        let score = share(state.findings.len(), state.extent.events);
        Verdict {
            p_value: Some(self.held_out.p_value(score)),
            ..Verdict::new(closing, state.extent, score, state.findings)
        }
    }
}

impl Judging for UnseenKey {
    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        Detector::judge(self, sessions, progress)
    }

    fn calibrated_on(&self) -> Option<u64> {
        Some(self.held_out.sessions())
    }
}
