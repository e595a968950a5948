//! Rivals that judge a session as a whole, once it has ended.

use std::hash::Hash;

use detection::{Closing, Detector, Extent, Finding, Reason, Verdict};
use rustc_hash::FxHashMap;
use sequence_windowing::{Event, Session};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Judging;
use crate::held_out::{HeldOut, Limit};

/// What is kept of a session until it ends.
pub trait Summary: Clone + Default + Eq + Hash + Serialize + DeserializeOwned + Send + Sync {
    /// Takes in the next event.
    fn add(&mut self, event: &Event);

    /// The summary of a whole session.
    #[must_use]
    fn of(session: &Session) -> Self {
        let mut summary = Self::default();
        session.events.iter().for_each(|event| summary.add(event));
        summary
    }
}

/// Says how unusual a session is.
pub trait Scorer: Send + Sync {
    /// All it needs to know of a session: sessions of equal summaries are scored once.
    type Summary: Summary;

    /// Why it flags.
    const REASON: Reason;

    /// The score of a session: finite, larger is more unusual.
    fn score(&self, summary: &Self::Summary) -> f64;
}

/// Flags a session that scores above a threshold.
#[derive(Clone, Debug)]
pub struct ByScore<S> {
    scorer: S,
    threshold: f64,
    held_out: Option<HeldOut>,
}

/// What [`ByScore`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SummaryState<M> {
    summary: M,
    extent: Extent,
}

/// Distinct summaries in the order of their first occurrence, with the number of sessions that have each.
pub(crate) fn distinct<'m, M: Summary + 'm>(summaries: impl IntoIterator<Item = &'m M>) -> Vec<(M, u64)> {
    let mut places: FxHashMap<&M, usize> = FxHashMap::default();
    let mut found: Vec<(M, u64)> = Vec::new();
    for summary in summaries {
        let place = *places.entry(summary).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => found.push((summary.clone(), 1)),
        }
    }
    found
}

impl<S: Scorer> ByScore<S> {
    /// Flags what scores above `threshold`; there are no p-values.
    #[must_use]
    pub fn new(scorer: S, threshold: f64) -> Self {
        Self {
            scorer,
            threshold,
            held_out: None,
        }
    }

    /// Learns from the distinct summaries of normal sessions, each with its number of occurrences, and takes p-values and
    /// the threshold from what it makes of training sessions that are held out.
    #[must_use]
    pub fn fit(normal: &[&Session], limit: Limit, fit: impl Fn(&[(S::Summary, u64)]) -> S) -> Self {
        let summaries: Vec<S::Summary> = normal.iter().map(|session| S::Summary::of(session)).collect();
        let held_out = HeldOut::of(normal, |rest, held| {
            let scorer = fit(&distinct(rest.iter().map(|&i| &summaries[i])));
            let held: Vec<S::Summary> = held.iter().map(|session| S::Summary::of(session)).collect();
            let scores = distinct(&held).into_iter();
            scores
                .flat_map(|(summary, count)| std::iter::repeat_n(scorer.score(&summary), count as usize))
                .collect()
        });
        Self {
            scorer: fit(&distinct(&summaries)),
            threshold: held_out.threshold(limit),
            held_out: Some(held_out),
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

    fn verdict(&self, score: f64, extent: Extent, closing: &Closing) -> Verdict {
        let is_anomalous = score > self.threshold;
        let findings = is_anomalous
            .then(|| Finding::of_session(S::REASON))
            .into_iter()
            .collect();
        Verdict {
            p_value: self.held_out.as_ref().map(|held_out| held_out.p_value(score)),
            ..Verdict::new(closing, extent, score, findings)
        }
    }
}

impl<S: Scorer> Detector for ByScore<S> {
    type State = SummaryState<S::Summary>;

    fn open(&self) -> Self::State {
        SummaryState {
            summary: S::Summary::default(),
            extent: Extent::default(),
        }
    }

    fn step(&self, state: &mut Self::State, event: &Event) -> Option<Finding> {
        state.extent.count(event);
        state.summary.add(event);
        None
    }

    fn close(&self, state: Self::State, closing: &Closing) -> Verdict {
        self.verdict(self.scorer.score(&state.summary), state.extent, closing)
    }

    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        let mut scores: FxHashMap<S::Summary, f64> = FxHashMap::default();
        let one = |session: &Session| {
            let score = *scores
                .entry(S::Summary::of(session))
                .or_insert_with_key(|summary| self.scorer.score(summary));
            let extent = Extent {
                events: session.events.len() as u64,
                first_line: session.first_line(),
            };
            progress(1);
            self.verdict(score, extent, &Closing::of(session))
        };
        sessions.iter().map(one).collect()
    }
}

impl<S: Scorer> Judging for ByScore<S> {
    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        Detector::judge(self, sessions, progress)
    }

    fn calibrated_on(&self) -> Option<u64> {
        self.held_out.as_ref().map(HeldOut::sessions)
    }
}
