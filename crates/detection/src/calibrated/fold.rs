//! All parts as they were fitted without one fold of the sessions.

use std::borrow::{Borrow, Cow};

use deeplog_lstm::LstmModel;
use sequence_windowing::{Event, Key, Session, Windowing};
use serde::{Deserialize, Serialize};

use super::counts::{Difference, KnownCounts};
use super::delays::{Delay, Delays};
use super::order::{OrderRelations, Relation};
use super::past::Past;
use crate::{LARGEST_SURPRISE, Part};

/// What the parts learnt from the sessions outside a fold, but for the weights of the next-key model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    order: OrderRelations,
    counts: KnownCounts,
    delays: Delays,
}

/// What a part sees at an event or at the end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    /// How unusual it is, on the part's own scale; 0 where it has nothing to say.
    pub(super) score: f64,
    /// What it is about, if it is about more than the next key.
    pub(super) about: About,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum About {
    Next,
    Order(Relation),
    Counts(Difference),
    Delay(Delay),
}

impl Learnt {
    /// Learns from normal sessions, encoded by the vocabulary.
    #[must_use]
    pub fn fit(sessions: &[&Session], windowing: &Windowing) -> Self {
        let mut order = OrderRelations::default();
        let (mut vectors, mut delays) = (Vec::new(), Vec::new());
        for session in sessions {
            let mut past = Past::new(windowing);
            for event in &session.events {
                if let Key::Known(key) = event.key {
                    order.learn(&past.counts, key.0, past.count(key.0));
                    if let (Some((code, before)), Some(now)) = (past.before, event.time) {
                        delays.push(((code, key.0), before, now));
                    }
                }
                past.add(event, windowing);
            }
            if windowing.has_end(session.end, session.dropped_events) {
                order.learn(&past.counts, windowing.alphabet.end(), 0);
                vectors.push(past.counts);
            }
        }
        Self {
            order,
            counts: KnownCounts::fit(vectors),
            delays: Delays::fit(delays),
        }
    }

    /// Whether these sessions had the key of that code.
    fn knows(&self, code: u32) -> bool {
        self.order.knows(code)
    }
}

/// What was learnt outside a fold, and the next-key model that was trained there.
#[derive(Clone)]
pub(super) struct Fold {
    pub(super) model: LstmModel,
    learnt: Learnt,
    /// Whether the vocabulary has keys that only the fold has.
    has_strangers: bool,
}

impl Fold {
    pub(super) fn new(model: LstmModel, learnt: Learnt) -> Self {
        let keys = model.config().alphabet.keys;
        Self {
            has_strangers: (0..keys).any(|key| !learnt.knows(key)),
            model,
            learnt,
        }
    }

    /// What a part sees in the next event, or in the session's own end.
    pub(super) fn look(&self, part: Part, past: &Past, next: Option<&Event>, windowing: &Windowing) -> Look {
        let target = next.map_or(windowing.alphabet.end(), |event| windowing.alphabet.code(&event.key));
        let unseen = next.is_some() && !self.learnt.knows(target);
        let nothing = Look {
            score: 0.0,
            about: About::Next,
        };
        match part {
            Part::NextKey | Part::Order if unseen => Look {
                score: LARGEST_SURPRISE,
                about: About::Next,
            },
            Part::NextKey => Look {
                score: self.surprise(past, target, windowing).min(LARGEST_SURPRISE),
                about: About::Next,
            },
            Part::Order => {
                let came = next.map_or(0, |_| past.count(target));
                let relation = self.learnt.order.least_usual(&past.counts, target, came);
                relation.map_or(nothing, |relation| Look {
                    score: relation.surprise.min(LARGEST_SURPRISE),
                    about: About::Order(relation),
                })
            }
            Part::Counts if next.is_some() => nothing,
            Part::Counts => {
                // Keys that only the fold has are nobody's here.
                let (counts, strange): (Vec<(u32, u32)>, Vec<_>) =
                    past.counts.iter().partition(|&&(code, _)| self.learnt.knows(code));
                let strange: u32 = strange.iter().map(|&(_, count)| count).sum();
                let difference = self
                    .learnt
                    .counts
                    .difference(&counts, past.unseen.saturating_add(strange));
                Look {
                    score: difference.score,
                    about: About::Counts(difference),
                }
            }
            Part::Delays => {
                let times = past.before.zip(next.and_then(|event| event.time));
                let delay =
                    times.and_then(|((code, before), now)| self.learnt.delays.look((code, target), before, now));
                delay.map_or(nothing, |delay| Look {
                    score: delay.off,
                    about: About::Delay(delay),
                })
            }
        }
    }

    /// The history as this fold knows it: a key that only the fold has is unseen.
    pub(super) fn history<'h>(&self, history: &'h [u32], windowing: &Windowing) -> Cow<'h, [u32]> {
        if !self.has_strangers {
            return Cow::Borrowed(history);
        }
        let keys = windowing.alphabet.keys;
        let known = |code: u32| code >= keys || self.learnt.knows(code);
        let code = |code: &u32| {
            if known(*code) {
                *code
            } else {
                windowing.alphabet.unseen()
            }
        };
        history.iter().map(code).collect()
    }

    fn surprise(&self, past: &Past, target: u32, windowing: &Windowing) -> f64 {
        let score = self.model.score(&self.history(&past.history, windowing), &[target])[0];
        -f64::from(score.log_probability)
    }

    /// Has the model score all windows of some sessions at once, so that it remembers them.
    pub(super) fn prepare<K: Borrow<Key>>(&self, sessions: &[Session<K>], windowing: &Windowing) {
        let h = windowing.history;
        let (mut histories, mut targets) = (Vec::new(), Vec::new());
        for session in sessions {
            for window in windowing.codes(session).windows(h + 1) {
                let target = window[h];
                if target == windowing.alphabet.end() || self.learnt.knows(target) {
                    histories.extend_from_slice(&self.history(&window[..h], windowing));
                    targets.push(target);
                }
            }
        }
        // What it says is in its memory.
        let _ = self.model.score(&histories, &targets);
    }
}
