//! A session laid beside the normal one that is most like it.

use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sequence_windowing::KeyName;
use serde::{Deserialize, Serialize};

use crate::edits::{Edits, fewest, without_common_ends};

/// Cells of edit tables that one session may cost: some thousand sequences of some dozen keys, or two of 2,000 keys.
const CELLS: usize = 4_000_000;
/// What stands for every key that normal sessions never have.
const UNSEEN: u32 = u32::MAX;

/// The distinct sequences of normal sessions.
#[derive(Clone, Debug, Default)]
pub struct NormalSequences {
    numbers: FxHashMap<KeyName, u32>,
    names: Vec<KeyName>,
    /// In order of their first session.
    sequences: Vec<Sequence>,
}

#[derive(Clone, Debug)]
struct Sequence {
    keys: Vec<u32>,
    sorted: Vec<u32>,
    first: Arc<str>,
    sessions: u64,
}

/// A session beside the nearest normal one, by Levenshtein's distance between their keys (Soviet Physics Doklady 10, 1966).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alignment {
    /// The first normal session with that sequence.
    pub nearest: Arc<str>,
    /// Normal sessions with that sequence.
    pub sessions: u64,
    /// Keys to add, remove or replace to make one the other.
    pub edits: usize,
    /// Whether all normal sequences were looked at. Where sequences are too long for that, only those whose numbers of keys
    /// differ least were, and another one may be nearer.
    pub exhaustive: bool,
    /// Both, key by key.
    pub pairs: Vec<Pair>,
}

/// One key of either session, or the same place of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pair {
    /// Both have it.
    Same(KeyName),
    /// Only the session has it.
    Added(KeyName),
    /// Only the normal session has it.
    Missing(KeyName),
    /// Each has another.
    Replaced {
        /// The session's.
        seen: KeyName,
        /// The normal session's.
        usual: KeyName,
    },
}

impl NormalSequences {
    /// Of sessions, each by its identifier and keys.
    pub fn of<'s, K: IntoIterator<Item = &'s KeyName>>(sessions: impl IntoIterator<Item = (&'s Arc<str>, K)>) -> Self {
        let mut normal = Self::default();
        let mut places: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
        for (id, keys) in sessions {
            let keys: Vec<u32> = keys.into_iter().map(|key| normal.number(key)).collect();
            if let Some(&place) = places.get(&keys) {
                normal.sequences[place].sessions += 1;
                continue;
            }
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            places.insert(keys.clone(), normal.sequences.len());
            normal.sequences.push(Sequence {
                keys,
                sorted,
                first: id.clone(),
                sessions: 1,
            });
        }
        normal
    }

    fn number(&mut self, key: &KeyName) -> u32 {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(key.clone(), number);
        self.names.push(key.clone());
        number
    }

    /// The sequence with the fewest edits to these keys: of equal ones the more frequent, then the first. `None` if there is
    /// none, or if all are too long to be compared.
    #[must_use]
    pub fn nearest(&self, keys: &[KeyName]) -> Option<Alignment> {
        let numbers: Vec<u32> = keys
            .iter()
            .map(|key| self.numbers.get(key).copied().unwrap_or(UNSEEN))
            .collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        let bounds = self.sequences.iter().map(|sequence| fewest(&sorted, &sequence.sorted));
        let mut candidates: Vec<(usize, usize)> = bounds.zip(0..).collect();
        candidates.sort_unstable();
        let mut edits = Edits::default();
        let mut left = CELLS;
        let mut exhaustive = true;
        let mut best: Option<(usize, Reverse<u64>, usize)> = None;
        for (bound, place) in candidates {
            if best.is_some_and(|(least, ..)| bound > least) {
                break;
            }
            let sequence = &self.sequences[place];
            let (here, there, _) = without_common_ends(&numbers, &sequence.keys);
            let Some(rest) = left.checked_sub((here.len() + 1).saturating_mul(there.len() + 1)) else {
                exhaustive = false;
                continue;
            };
            left = rest;
            let found = (edits.count(here, there), Reverse(sequence.sessions), place);
            best = Some(best.map_or(found, |best| best.min(found)));
        }
        let (edits, _, place) = best?;
        Some(self.align(keys, &numbers, &self.sequences[place], edits, exhaustive))
    }

    fn align(
        &self,
        keys: &[KeyName],
        numbers: &[u32],
        sequence: &Sequence,
        edits: usize,
        exhaustive: bool,
    ) -> Alignment {
        let usual = |place: usize| self.names[sequence.keys[place] as usize].clone();
        let (here, there, start) = without_common_ends(numbers, &sequence.keys);
        let mut pairs: Vec<Pair> = keys[..start].iter().cloned().map(Pair::Same).collect();
        let steps = Edits::default().steps(here, there).into_iter();
        pairs.extend(steps.map(|(seen, other)| match (seen, other) {
            (Some(seen), Some(other)) if here[seen] == there[other] => Pair::Same(keys[start + seen].clone()),
            (Some(seen), Some(other)) => Pair::Replaced {
                seen: keys[start + seen].clone(),
                usual: usual(start + other),
            },
            (Some(seen), None) => Pair::Added(keys[start + seen].clone()),
            (None, other) => Pair::Missing(usual(start + other.unwrap_or_default())),
        }));
        pairs.extend(keys[start + here.len()..].iter().cloned().map(Pair::Same));
        Alignment {
            nearest: sequence.first.clone(),
            sessions: sequence.sessions,
            edits,
            exhaustive,
            pairs,
        }
    }
}
