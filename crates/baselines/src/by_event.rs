//! Rivals that judge every event, so that a finding has a position.

use detection::{Closing, Detector, Extent, Finding, Reason, Symbol, Verdict};
use sequence_windowing::{Event, Key, Session, Vocabulary};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Judging;
use crate::held_out::{HeldOut, Limit};

/// Says how unusual an event is where it stands.
pub trait EventScorer: Send + Sync {
    /// What it remembers of the events before.
    type Past: Clone + Default + Serialize + DeserializeOwned + Send;

    /// The score of the next event, or of the session's own end: finite, larger is more unusual, 0 where there is
    /// nothing to say.
    fn score(&self, past: &mut Self::Past, next: Option<&Event>) -> f64;

    /// Why it flags that event, or the end.
    fn reason(&self, next: Option<&Event>) -> Reason;
}

/// Flags every event that scores above a threshold. A session's score is that of its most unusual event.
#[derive(Clone, Debug)]
pub struct ByEvent<S> {
    scorer: S,
    threshold: f64,
    held_out: HeldOut,
    vocabulary: Vocabulary,
}

/// What [`ByEvent`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PastState<P> {
    past: P,
    extent: Extent,
    score: f64,
    findings: Vec<Finding>,
}

impl<S: EventScorer> ByEvent<S> {
    /// Learns from normal sessions, and takes p-values and the threshold from what it makes of those that are held out. The
    /// vocabulary gives findings the names of their keys.
    #[must_use]
    pub fn fit(normal: &[&Session], limit: Limit, vocabulary: &Vocabulary, fit: impl Fn(&[&Session]) -> S) -> Self {
        let held_out = HeldOut::of(normal, |rest, held| {
            let scorer = fit(&rest.iter().map(|&i| normal[i]).collect::<Vec<_>>());
            held.iter().map(|session| whole(&scorer, session)).collect()
        });
        Self {
            scorer: fit(normal),
            threshold: held_out.threshold(limit),
            held_out,
            vocabulary: vocabulary.clone(),
        }
    }

    /// What gives the scores.
    #[must_use]
    pub fn scorer(&self) -> &S {
        &self.scorer
    }

    /// The highest score that is not flagged.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    fn take(&self, state: &mut PastState<S::Past>, position: usize, next: Option<&Event>) -> Option<Finding> {
        let score = self.scorer.score(&mut state.past, next);
        state.score = state.score.max(score);
        let name = |event: &Event| Symbol::Key(self.vocabulary.name_of(&event.key).clone());
        let finding = (score > self.threshold).then(|| Finding {
            position: Some(position),
            line: next.map(|event| event.line),
            seen: Some(next.map_or(Symbol::End, name)),
            ..Finding::of_session(self.scorer.reason(next))
        });
        state.findings.extend(finding.clone());
        finding
    }
}

/// The score of a whole session.
fn whole<S: EventScorer>(scorer: &S, session: &Session) -> f64 {
    let mut past = S::Past::default();
    let events = session.events.iter().map(Some);
    let end = (session.end.is_natural() && session.dropped_events == 0).then_some(None);
    events
        .chain(end)
        .map(|next| scorer.score(&mut past, next))
        .fold(0.0, f64::max)
}

/// [`Reason::UnseenKey`] where that is what is wrong, the end's own reason at the end, else `other`.
pub(crate) fn reason_or(next: Option<&Event>, other: Reason) -> Reason {
    match next.map(|event| &event.key) {
        None => Reason::UnexpectedEnd,
        Some(Key::Unseen(_)) => Reason::UnseenKey,
        Some(Key::Known(_)) => other,
    }
}

impl<S: EventScorer> Detector for ByEvent<S> {
    type State = PastState<S::Past>;

    fn open(&self) -> Self::State {
        PastState {
            past: S::Past::default(),
            extent: Extent::default(),
            score: 0.0,
            findings: Vec::new(),
        }
    }

    fn step(&self, state: &mut Self::State, event: &Event) -> Option<Finding> {
        let position = state.extent.count(event);
        self.take(state, position, Some(event))
    }

    fn close(&self, mut state: Self::State, closing: &Closing) -> Verdict {
        if closing.end.is_natural() && closing.dropped_events == 0 {
            let position = state.extent.events as usize;
            self.take(&mut state, position, None);
        }
        Verdict {
            p_value: Some(self.held_out.p_value(state.score)),
            ..Verdict::new(closing, state.extent, state.score, state.findings)
        }
    }
}

impl<S: EventScorer> Judging for ByEvent<S> {
    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        Detector::judge(self, sessions, progress)
    }

    fn calibrated_on(&self) -> Option<u64> {
        Some(self.held_out.sessions())
    }
}
