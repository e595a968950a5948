//! Whole sessions, each distinct sequence of keys judged once.
//!
//! Logs repeat themselves: the 575,061 sessions of HDFS are some ten thousand sequences. So the verdict on a sequence is
//! remembered, and what a further session of the same sequence needs is its own id, lines and names.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use deeplog_lstm::Score;
use rustc_hash::FxHashMap;
use sequence_windowing::{Key, Session, Windowing};

use crate::deeplog::NextKey;
use crate::{AnyDetector, Closing, DeepLog, Detector, Finding, PartVerdict, Symbol, Verdict};

/// Windows scored at once. Bounds the memory of one call to a few hundred MB whatever the input.
const WINDOWS_AT_ONCE: usize = 1 << 20;

/// What a generation of remembered sequences may hold, in codes. A finding, with its candidates, counts as many.
const REMEMBERED: usize = 1 << 24;
const CODES_OF_A_FINDING: usize = 128;

/// A detector with a memory for sequences of keys that were judged before, some hundred MB at most.
///
/// It says what the detector says, event by event; what it remembers makes it faster and nothing else. Where times make a
/// difference there is nothing to remember.
pub struct Judge {
    detector: AnyDetector,
    memory: Memory,
}

impl Judge {
    /// A judge that has seen nothing.
    #[must_use]
    pub fn new(detector: impl Into<AnyDetector>) -> Self {
        Self::with_room(detector, REMEMBERED)
    }

    /// The same with a memory of another size, see [`REMEMBERED`].
    pub(crate) fn with_room(detector: impl Into<AnyDetector>, room: usize) -> Self {
        Self {
            detector: detector.into(),
            memory: Memory {
                room,
                ..Memory::default()
            },
        }
    }

    /// Verdicts of whole sessions, in their order. `progress` is told the number of sessions just finished.
    pub fn judge<K: Borrow<Key>>(&mut self, sessions: &[Session<K>], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(sessions.len());
        while let rest = &sessions[verdicts.len()..]
            && !rest.is_empty()
        {
            for (session, known) in rest.iter().zip(self.verdicts_on_first(rest)) {
                verdicts.push(self.verdict_for(session, &known));
                progress(1);
            }
        }
        verdicts
    }

    /// Verdicts on the sequences of the first of these sessions: as many as are scored at once.
    fn verdicts_on_first<K: Borrow<Key>>(&mut self, sessions: &[Session<K>]) -> Vec<Arc<Verdict>> {
        let windowing = self.detector.windowing();
        let is_timeless = self.detector.is_timeless();
        let mut codes = Vec::new();
        let (mut found, mut windows) = (Vec::new(), 0);
        let (mut new, mut places) = (Vec::new(), HashMap::<Box<[u32]>, usize>::new());
        for session in sessions {
            if windows >= WINDOWS_AT_ONCE {
                break;
            }
            windowing.codes_into(session, &mut codes);
            if !is_timeless {
                windows += codes.len();
                new.push(session.map_keys(|key| key.borrow().clone()));
                found.push(Err(new.len() - 1));
                continue;
            }
            found.push(match (self.memory.get(&codes), places.get(&*codes)) {
                (Some(verdict), _) => Ok(verdict),
                (None, Some(&place)) => Err(place),
                (None, None) => {
                    windows += codes.len();
                    places.insert((*codes).into(), new.len());
                    new.push(session.map_keys(|key| key.borrow().clone()));
                    Err(new.len() - 1)
                }
            });
        }
        let new: Vec<Verdict> = match &self.detector {
            AnyDetector::DeepLog(detector) => judge_each(detector, &new).collect(),
            AnyDetector::Calibrated(detector) => Detector::judge(detector, &new, &mut |_| ()),
        };
        let new: Vec<Arc<Verdict>> = new.into_iter().map(Arc::new).collect();
        let mut places: Vec<_> = places.into_iter().collect();
        places.sort_unstable_by_key(|&(_, place)| place);
        for ((codes, _), verdict) in places.into_iter().zip(&new) {
            self.memory.insert(codes, verdict.clone());
        }
        let found = found.into_iter();
        found
            .map(|known| known.unwrap_or_else(|place| new[place].clone()))
            .collect()
    }

    /// The verdict on a session's sequence as one on the session itself.
    fn verdict_for<K: Borrow<Key>>(&self, session: &Session<K>, known: &Verdict) -> Verdict {
        let finding = |finding: &Finding| {
            let event = finding.position.and_then(|position| session.events.get(position));
            let name = |key| Symbol::Key(self.detector.vocabulary().name_of(key).clone());
            Finding {
                reason: finding.reason,
                position: finding.position,
                line: event.map(|event| event.line),
                seen: event.map_or_else(|| finding.seen.clone(), |event| Some(name(event.key.borrow()))),
                expected: finding.expected.clone(),
                rank: finding.rank,
                probability: finding.probability,
                detail: finding.detail.clone(),
            }
        };
        Verdict {
            session: session.id.clone(),
            outcome: known.outcome,
            score: known.score,
            worst_rank: known.worst_rank,
            p_value: known.p_value,
            parts: known
                .parts
                .iter()
                .map(|part| PartVerdict {
                    worst: part.worst.as_ref().map(finding),
                    ..part.clone()
                })
                .collect(),
            findings: known.findings.iter().map(finding).collect(),
            events: known.events,
            dropped_events: session.dropped_events,
            first_line: session.first_line(),
            end: session.end,
        }
    }
}

/// Verdicts by sequence of codes, in two generations: when the young one is full it becomes the old one, and the old one
/// is forgotten. What is asked for again stays young. The hash is the standard, keyed one, since logs are hostile.
#[derive(Default)]
struct Memory {
    young: HashMap<Box<[u32]>, Arc<Verdict>>,
    old: HashMap<Box<[u32]>, Arc<Verdict>>,
    /// What a generation may hold, in codes.
    room: usize,
    /// What the young one holds.
    held: usize,
}

impl Memory {
    fn get(&mut self, codes: &[u32]) -> Option<Arc<Verdict>> {
        if let Some(verdict) = self.young.get(codes) {
            return Some(verdict.clone());
        }
        let (codes, verdict) = self.old.remove_entry(codes)?;
        self.insert(codes, verdict.clone());
        Some(verdict)
    }

    fn insert(&mut self, codes: Box<[u32]>, verdict: Arc<Verdict>) {
        let of_parts = verdict.parts.iter().filter(|part| part.worst.is_some());
        let size = codes.len() + CODES_OF_A_FINDING * (1 + verdict.findings.len() + of_parts.count());
        if self.held + size > self.room {
            self.old = std::mem::take(&mut self.young);
            self.held = 0;
        }
        self.held += size;
        self.young.insert(codes, verdict);
    }
}

/// The verdict on each session, event by event, with the model asked once for all of them.
fn judge_each(detector: &DeepLog, sessions: &[Session]) -> impl Iterator<Item = Verdict> {
    let mut answers = Answers::of(detector, sessions);
    sessions.iter().map(move |session| {
        let mut state = detector.open();
        for event in &session.events {
            detector.step_with(&mut state, event, &mut answers);
        }
        detector.close_with(state, &Closing::of(session), &mut answers)
    })
}

/// What the model says of all windows of some sessions, each distinct one scored once. Windows are asked for in the
/// order in which they were collected.
struct Answers {
    scores: Vec<Score>,
    /// For each scored window, in order, which score is its own.
    order: std::vec::IntoIter<u32>,
    candidates: FxHashMap<Box<[u32]>, Vec<(u32, f32)>>,
}

impl Answers {
    fn of(detector: &DeepLog, sessions: &[Session]) -> Self {
        let Windowing {
            history: h, alphabet, ..
        } = detector.windowing();
        let mut index: FxHashMap<Box<[u32]>, u32> = FxHashMap::default();
        let (mut histories, mut targets, mut order) = (Vec::new(), Vec::new(), Vec::new());
        let mut departures: BTreeSet<Box<[u32]>> = BTreeSet::new();
        for session in sessions {
            for window in detector.windowing().codes(session).windows(h + 1) {
                if window[h] == alphabet.unseen() {
                    departures.insert(window[..h].into());
                    continue;
                }
                let at = index.get(window).copied().unwrap_or_else(|| {
                    let at = index.len() as u32;
                    index.insert(window.into(), at);
                    histories.extend_from_slice(&window[..h]);
                    targets.push(window[h]);
                    at
                });
                order.push(at);
            }
        }
        let scores = detector.model().score(&histories, &targets);
        for (history, score) in histories.chunks_exact(h).zip(&scores) {
            if detector.departs(history, score) {
                departures.insert(history.into());
            }
        }
        let asked: Vec<u32> = departures.iter().flatten().copied().collect();
        let answers = detector.model().candidates(&asked, detector.shown());
        let candidates = departures.into_iter().zip(answers).collect();
        Self {
            scores,
            order: order.into_iter(),
            candidates,
        }
    }
}

impl NextKey for Answers {
    fn score(&mut self, _window: &[u32]) -> Score {
        let at = self.order.next().unwrap_or_default();
        self.scores[at as usize]
    }

    fn candidates(&mut self, history: &[u32]) -> Vec<(u32, f32)> {
        self.candidates.get(history).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use sequence_windowing::SessionEnd;

    use super::*;
    use crate::Extent;

    #[test]
    fn what_is_asked_for_is_remembered_and_all_else_forgotten() {
        let closing = Closing {
            session: "a".into(),
            end: SessionEnd::Idle,
            dropped_events: 0,
        };
        let verdict = Arc::new(Verdict::new(&closing, Extent::default(), 0.0, Vec::new()));
        let size = 4 + CODES_OF_A_FINDING;
        let mut memory = Memory {
            room: 10 * size,
            ..Memory::default()
        };
        for code in 0..100 {
            memory.insert([code; 4].into(), verdict.clone());
            assert!(memory.get(&[0; 4]).is_some(), "after {code}");
            assert!(memory.young.len() <= 10 && memory.old.len() <= 10, "after {code}");
        }
        assert!(memory.get(&[1; 4]).is_none());
    }
}
