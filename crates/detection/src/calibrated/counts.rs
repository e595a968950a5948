//! Which keys occur how often in a whole session.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// A key that should not be there, or should, weighs as much as so many keys in unusual numbers.
const WRONG_KEY: usize = 3;

/// Distinct sessions that a new one is compared with, the most frequent ones: more would cost time and explain nothing.
const COMPARED: usize = 1 << 12;

/// The counts of normal sessions, by code, ascending.
type Vector = Vec<(u32, u32)>;

/// The count vectors of normal sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Vector>", into = "Vec<Vector>")]
pub struct KnownCounts {
    /// The most frequent first.
    vectors: Vec<Vector>,
    known: FxHashSet<Vector>,
    sets: FxHashSet<Vec<u32>>,
    /// In the order of their most frequent vector.
    compared_sets: Vec<Vec<u32>>,
}

/// How a session's counts differ from those of normal ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Keys in other numbers than in the nearest normal session, and three times the keys that the nearest set of keys has not,
    /// or has in addition; 0 for counts that are known.
    pub score: f64,
    /// Whether no normal session has this set of keys.
    pub is_unseen_set: bool,
    /// Keys in other numbers than in the nearest normal session: code, count here, count there.
    pub keys: Vec<(u32, u32, u32)>,
}

fn set_of(vector: &[(u32, u32)]) -> Vec<u32> {
    vector.iter().map(|&(key, _)| key).collect()
}

impl From<Vec<Vector>> for KnownCounts {
    fn from(vectors: Vec<Vector>) -> Self {
        let mut sets = FxHashSet::default();
        let distinct = vectors.iter().map(|vector| set_of(vector));
        let compared_sets = distinct.filter(|set| sets.insert(set.clone())).collect();
        Self {
            known: vectors.iter().cloned().collect(),
            vectors,
            sets,
            compared_sets,
        }
    }
}

impl From<KnownCounts> for Vec<Vector> {
    fn from(known: KnownCounts) -> Self {
        known.vectors
    }
}

impl KnownCounts {
    /// From the counts of whole normal sessions.
    pub(super) fn fit(sessions: impl IntoIterator<Item = Vector>) -> Self {
        let mut numbers: BTreeMap<Vector, u64> = BTreeMap::new();
        for vector in sessions {
            *numbers.entry(vector).or_default() += 1;
        }
        let mut vectors: Vec<(Vector, u64)> = numbers.into_iter().collect();
        vectors.sort_by_key(|&(_, number)| std::cmp::Reverse(number));
        Self::from(vectors.into_iter().map(|(vector, _)| vector).collect::<Vec<_>>())
    }

    /// How the counts of a whole session differ, with so many events whose keys nobody knows.
    #[must_use]
    pub fn difference(&self, counts: &[(u32, u32)], unseen: u32) -> Difference {
        if self.vectors.is_empty() || (unseen == 0 && self.known.contains(counts)) {
            return Difference::default();
        }
        let unseen = usize::from(unseen > 0);
        let set = set_of(counts);
        let is_unseen_set = unseen > 0 || !self.sets.contains(&set);
        let wrong_keys = if is_unseen_set {
            let sets = self.compared_sets.iter().take(COMPARED);
            let differing = |known: &Vec<u32>| {
                let shared = known.iter().filter(|key| set.binary_search(key).is_ok()).count();
                known.len() + set.len() - 2 * shared
            };
            sets.map(differing).min().unwrap_or(0) + unseen
        } else {
            0
        };
        let compared = self
            .vectors
            .iter()
            .take(COMPARED)
            .map(|vector| differing(counts, vector));
        let keys = compared.min_by_key(Vec::len).unwrap_or_default();
        Difference {
            score: (keys.len() + unseen + WRONG_KEY * wrong_keys) as f64,
            is_unseen_set,
            keys,
        }
    }
}

/// The keys whose counts differ: code, left, right.
fn differing(left: &[(u32, u32)], right: &[(u32, u32)]) -> Vec<(u32, u32, u32)> {
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    let mut found = Vec::new();
    loop {
        let key = match (l.peek(), r.peek()) {
            (None, None) => return found,
            (Some(&&(key, _)), None) | (None, Some(&&(key, _))) => key,
            (Some(&&(left, _)), Some(&&(right, _))) => left.min(right),
        };
        let here = l.next_if(|&&(code, _)| code == key).map_or(0, |&(_, count)| count);
        let there = r.next_if(|&&(code, _)| code == key).map_or(0, |&(_, count)| count);
        if here != there {
            found.push((key, here, there));
        }
    }
}
