//! Known faults in normal sessions: what a detector's recall by kind and its delay are measured with.
//!
//! A fault is a change of a session's sequence of keys, so the same faults go into session files, into sessions in memory and
//! into raw lines. Whoever has the events carries the change out, piece by piece.

mod draw;
mod kind;
mod numbers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashSet;

pub use kind::{FaultKind, UnknownFault};
pub use numbers::NumberRanges;

/// How often a fault is drawn anew where it gave a sequence that is normal.
const DRAWS: usize = 20;

/// A session that a fault is to be put into.
#[derive(Clone, Debug)]
pub struct Subject<'s, K> {
    /// Its keys, in order.
    pub keys: &'s [K],
    /// Whether its events have times, so that one can be late.
    pub timed: bool,
    /// Indices of the events with a number among their parameters, which can be put out of range.
    pub numbered: &'s [usize],
}

impl<'s, K> From<&'s [K]> for Subject<'s, K> {
    /// Keys and nothing else.
    fn from(keys: &'s [K]) -> Self {
        Self {
            keys,
            timed: false,
            numbered: &[],
        }
    }
}

/// Where an event of a faulty session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<K> {
    /// The session's own event at this index.
    Own(usize),
    /// An event of this key, which occurs elsewhere.
    Known(K),
    /// An event that occurs nowhere.
    Foreign,
}

/// A fault in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<K> {
    /// What went wrong.
    pub kind: FaultKind,
    /// Index of the first event, in the faulty session, that a look at the normal one would not lead to expect; the number
    /// of events where the session merely ends early. Nothing before it can be a finding about the fault.
    pub position: usize,
    /// The faulty session, event by event. The same events for a kind that leaves the keys alone.
    pub pieces: Vec<Piece<K>>,
}

/// How often a kind was put somewhere, and what stood in its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCount {
    /// Sessions that have it.
    pub injected: u64,
    /// Sessions that took another kind since this one could not be put into them: too short, without times, all alike.
    pub impossible: u64,
    /// Draws thrown away since what they gave is a normal sequence: no fault that a look at keys could find.
    pub normal: u64,
}

/// Puts faults into sessions, each kind as often as the others as far as the sessions allow.
///
/// ```
/// use log_synthesis::{FaultKind, Injector, Piece, Subject};
///
/// let normal = [vec!["open", "write", "close"], vec!["open", "read", "close"]];
/// let mut injector = Injector::new(7, &[FaultKind::Swapped], normal.iter().map(|keys| &keys[..]));
/// let fault = injector.inject(&Subject::from(&normal[0][..])).ok_or("no fault fits")?;
/// assert_eq!(fault.kind, FaultKind::Swapped);
/// assert!(fault.pieces.contains(&Piece::Own(1)) && fault.pieces != [0, 1, 2].map(Piece::Own));
/// assert_eq!(injector.counts()[&FaultKind::Swapped].injected, 1);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct Injector<K> {
    random: ChaCha8Rng,
    /// Every key that is known.
    keys: Vec<K>,
    /// Every sequence that is normal.
    normal: FxHashSet<Box<[K]>>,
    counts: BTreeMap<FaultKind, FaultCount>,
}

impl<K: Clone + Ord + Hash> Injector<K> {
    /// An injector of these kinds. `normal`: the sequences that no fault may end up as; their keys are the known ones.
    pub fn new<'s>(seed: u64, kinds: &[FaultKind], normal: impl IntoIterator<Item = &'s [K]>) -> Self
    where
        K: 's,
    {
        let normal: FxHashSet<Box<[K]>> = normal.into_iter().map(Box::from).collect();
        let keys: BTreeSet<&K> = normal.iter().flatten().collect();
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            keys: keys.into_iter().cloned().collect(),
            counts: kinds.iter().map(|&kind| (kind, FaultCount::default())).collect(),
            normal,
        }
    }

    /// Holds further sequences for normal, without learning their keys.
    pub fn hold_normal<'s>(&mut self, sequences: impl IntoIterator<Item = &'s [K]>)
    where
        K: 's,
    {
        self.normal.extend(sequences.into_iter().map(Box::from));
    }

    /// Puts a fault of the rarest kind so far that fits into a session; `None` where none does.
    pub fn inject(&mut self, subject: &Subject<'_, K>) -> Option<Fault<K>> {
        self.inject_where(subject, |_| true)
    }

    /// The same, where not every fault can be carried out: a draw that `can_be` refuses is thrown away.
    pub fn inject_where(
        &mut self,
        subject: &Subject<'_, K>,
        mut can_be: impl FnMut(&Fault<K>) -> bool,
    ) -> Option<Fault<K>> {
        let mut kinds: Vec<(u64, FaultKind)> = self
            .counts
            .iter()
            .map(|(&kind, count)| (count.injected, kind))
            .collect();
        kinds.sort_unstable();
        for (_, kind) in kinds {
            let fault = self.inject_kind(kind, subject, &mut can_be);
            let count = self.counts.entry(kind).or_default();
            match fault {
                Some(_) => count.injected += 1,
                None => count.impossible += 1,
            }
            if fault.is_some() {
                return fault;
            }
        }
        None
    }

    /// What became of each kind.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<FaultKind, FaultCount> {
        &self.counts
    }

    fn inject_kind(
        &mut self,
        kind: FaultKind,
        subject: &Subject<'_, K>,
        can_be: &mut impl FnMut(&Fault<K>) -> bool,
    ) -> Option<Fault<K>> {
        for _ in 0..DRAWS {
            let (at, pieces) = draw::draw(kind, subject, &self.keys, &mut self.random)?;
            let position = if kind.keeps_keys() {
                Some(at)
            } else {
                self.departure(subject.keys, &pieces)
            };
            let Some(position) = position else {
                self.counts.entry(kind).or_default().normal += 1;
                continue;
            };
            let fault = Fault { kind, position, pieces };
            if can_be(&fault) {
                return Some(fault);
            }
        }
        None
    }

    /// Where the pieces leave the keys; `None` where what they make is normal.
    fn departure(&self, keys: &[K], pieces: &[Piece<K>]) -> Option<usize> {
        let made: Option<Vec<K>> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Own(index) => Some(keys[*index].clone()),
                Piece::Known(key) => Some(key.clone()),
                Piece::Foreign => None,
            })
            .collect();
        let Some(made) = made else {
            // An event that occurs nowhere makes no normal sequence, and is where the session departs.
            return pieces.iter().position(|piece| *piece == Piece::Foreign);
        };
        if made == keys || self.normal.contains(&*made) {
            return None;
        }
        Some(keys.iter().zip(&made).take_while(|(key, made)| key == made).count())
    }
}
