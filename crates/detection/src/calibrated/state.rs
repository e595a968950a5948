//! A session that is being judged.

use sequence_windowing::Event;
use serde::{Deserialize, Serialize};

use super::{About, Calibrated, Look, Past};
use crate::calibration::is_within;
use crate::finding::MOST_FINDINGS;
use crate::{Closing, Detail, Extent, Finding, KeyCount, Part, PartVerdict, Reason, Symbol, Verdict};

/// What [`Calibrated`] knows of an open session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibratedState {
    past: Past,
    extent: Extent,
    parts: Vec<PartState>,
    is_flagged: bool,
    findings: Vec<Finding>,
}

/// What a part has seen so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct PartState {
    /// The highest score so far by each fold's fit.
    worst: Vec<f64>,
    /// The session's p-value so far.
    p_value: f64,
    /// Where it was most unusual.
    spot: Option<Spot>,
}

/// A place in a session that may become a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Spot {
    /// The p-value of the place alone.
    p_value: f64,
    /// What the next-key models expected there is asked for when it is needed.
    finding: Finding,
    history: Vec<u32>,
}

impl CalibratedState {
    pub(super) fn new(detector: &Calibrated) -> Self {
        let part = PartState {
            worst: vec![0.0; detector.folds.len()],
            p_value: 1.0,
            spot: None,
        };
        Self {
            past: Past::new(&detector.windowing),
            extent: Extent::default(),
            parts: vec![part; detector.limits.len()],
            is_flagged: false,
            findings: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, detector: &Calibrated, event: &Event) -> Option<Finding> {
        let position = self.extent.count(event);
        let finding = self.take(detector, position, Some(event));
        self.past.add(event, &detector.windowing);
        finding
    }

    pub(super) fn close(mut self, detector: &Calibrated, closing: &Closing) -> Verdict {
        if detector.windowing.has_end(closing.end, closing.dropped_events) {
            let end = self.extent.events as usize;
            self.take(detector, end, None);
        }
        let p_values: Vec<f64> = self.parts.iter().map(|part| part.p_value).collect();
        let (mean, p_value) = detector.evidence.combine(&p_values);
        let kinds = detector.evidence.parts();
        let is_flagged = self.is_flagged;
        let parts = self.parts.into_iter().zip(kinds).zip(&detector.limits);
        let parts = parts.map(|((state, &part), &limit)| PartVerdict {
            part,
            p_value: state.p_value,
            limit,
            worst: state.spot.filter(|_| is_flagged).map(|spot| spot.told(detector, part)),
        });
        let mut findings = self.findings;
        findings.sort_by_key(|finding| finding.position);
        Verdict {
            p_value: Some(p_value),
            parts: parts.collect(),
            ..Verdict::new(closing, self.extent, -mean.min(1.0).ln() + 0.0, findings)
        }
    }

    /// Lets every part look at the next event, or at the end. At most one finding comes of it: that of the part which it is most unusual
    /// to.
    fn take(&mut self, detector: &Calibrated, position: usize, next: Option<&Event>) -> Option<Finding> {
        let mut found: Option<(usize, Spot)> = None;
        let mut is_worse = false;
        for (index, &part) in detector.evidence.parts().iter().enumerate() {
            let looks = detector.folds.iter();
            let looks: Vec<Look> = looks
                .map(|fold| fold.look(part, &self.past, next, &detector.windowing))
                .collect();
            if looks.iter().all(|look| look.score == 0.0) {
                continue;
            }
            let scores: Vec<f64> = looks.iter().map(|look| look.score).collect();
            let p_value = detector.evidence.p_value_of(index, &scores);
            let state = &mut self.parts[index];
            let mut rose = false;
            for (worst, &score) in state.worst.iter_mut().zip(&scores) {
                rose |= score > *worst;
                *worst = worst.max(score);
            }
            if rose {
                let worst = detector.evidence.p_value_of(index, &state.worst);
                is_worse |= worst < state.p_value;
                state.p_value = worst;
            }
            let is_sufficient = p_value <= detector.limits[index];
            let is_spot = state.spot.as_ref().is_none_or(|spot| p_value < spot.p_value);
            if !is_sufficient && !is_spot {
                continue;
            }
            let spot = Spot {
                p_value,
                finding: self.finding(detector, position, next, &looks),
                history: self.past.history.clone(),
            };
            let is_new = !self.is_told(&spot.finding);
            let state = &mut self.parts[index];
            if is_sufficient && is_new && found.as_ref().is_none_or(|(_, other)| p_value < other.p_value) {
                found = Some((index, spot.clone()));
            }
            if is_spot {
                state.spot = Some(spot);
            }
        }
        if is_worse && !self.is_flagged {
            let p_values: Vec<f64> = self.parts.iter().map(|part| part.p_value).collect();
            self.is_flagged = is_within(detector.evidence.combine(&p_values).1, detector.budget);
            if self.is_flagged && found.is_none() {
                // No place is enough by itself: the one that is most unusual stands for all.
                let spots = self.parts.iter().enumerate();
                let spots = spots.filter_map(|(index, part)| Some((index, part.spot.clone()?)));
                found = spots.reduce(|worst, next| if next.1.p_value < worst.1.p_value { next } else { worst });
            }
        }
        let (index, spot) = found?;
        let finding = spot.told(detector, detector.evidence.parts()[index]);
        if next.is_none() || self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding.clone());
        }
        Some(finding)
    }

    /// Whether a finding of order says what one before it said: a key that came too often or too seldom is so to all that follow.
    fn is_told(&self, finding: &Finding) -> bool {
        let relation = |finding: &Finding| match &finding.detail {
            Some(Detail::Order { other, before, .. }) => Some((other.clone(), *before)),
            _ => None,
        };
        let Some(told) = relation(finding) else { return false };
        self.findings
            .iter()
            .any(|earlier| relation(earlier).as_ref() == Some(&told))
    }

    /// What the fits say of a place, in the words of the one that finds it most unusual.
    fn finding(&self, detector: &Calibrated, position: usize, next: Option<&Event>, looks: &[Look]) -> Finding {
        let worst = looks
            .iter()
            .reduce(|worst, look| if look.score > worst.score { look } else { worst });
        let unseen = next.is_some_and(|event| matches!(event.key, sequence_windowing::Key::Unseen(_)));
        let name = |code: u32| detector.vocabulary.name(sequence_windowing::LogKey(code)).clone();
        let (reason, detail) = match worst.map(|look| &look.about) {
            _ if unseen => (Reason::UnseenKey, None),
            None | Some(About::Next) if next.is_none() => (Reason::UnexpectedEnd, None),
            None | Some(About::Next) => (Reason::BelowProbability, None),
            Some(About::Order(relation)) => (
                Reason::UnusualOrder,
                Some(Detail::Order {
                    other: name(relation.other),
                    before: relation.before,
                    usual: relation.usual,
                }),
            ),
            Some(About::Counts(difference)) => {
                let keys = difference.keys.iter().map(|&(key, seen, usual)| KeyCount {
                    key: name(key),
                    seen,
                    usual,
                });
                let reason = if difference.is_unseen_set {
                    Reason::UnseenKeySet
                } else {
                    Reason::UnusualCounts
                };
                (reason, Some(Detail::Counts(keys.collect())))
            }
            Some(About::Delay(delay)) => (
                Reason::UnusualDelay,
                Some(Detail::Delay {
                    seconds: delay.seconds,
                    usual: delay.usual,
                }),
            ),
        };
        let seen = next.map_or(Symbol::End, |event| {
            Symbol::Key(detector.vocabulary.name_of(&event.key).clone())
        });
        Finding {
            position: Some(position),
            line: next.map(|event| event.line),
            seen: Some(seen),
            detail,
            ..Finding::of_session(reason)
        }
    }
}

impl Spot {
    fn told(self, detector: &Calibrated, part: Part) -> Finding {
        match part {
            Part::NextKey => detector.with_candidates(self.finding, &self.history),
            _ => self.finding,
        }
    }
}
