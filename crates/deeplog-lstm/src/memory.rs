//! What was already computed: windows come again by the thousand.

use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use lstm_kernel::Score;
use rustc_hash::FxHasher;

/// Bytes of a generation of windows, about.
const GENERATION: usize = 1 << 25;

/// Scores of windows, of a bounded number: when the newer generation is full, it becomes the older one, and what was
/// the older one is forgotten unless it was asked for since.
#[derive(Debug)]
pub(crate) struct Memory {
    history: usize,
    most: usize,
    generations: RwLock<[Generation; 2]>,
}

/// Windows with their scores, found by what they hold.
#[derive(Debug, Default)]
struct Generation {
    places: HashTable<u32>,
    /// `[n × history]`.
    histories: Vec<u32>,
    targets: Vec<u32>,
    scores: Vec<Score>,
}

/// Windows that a memory does not know.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Their places among all that were asked for.
    pub(crate) places: Vec<u32>,
    /// `[n × history]`.
    pub(crate) histories: Vec<u32>,
    pub(crate) targets: Vec<u32>,
}

impl Memory {
    pub(crate) fn new(history: usize) -> Self {
        Self::of(history, GENERATION / (4 * history + 24))
    }

    /// With at most so many windows in a generation.
    fn of(history: usize, most: usize) -> Self {
        Self {
            history,
            most: most.max(1),
            generations: RwLock::default(),
        }
    }

    /// Fills in the scores of the windows that it knows; returns the others.
    pub(crate) fn recall(&self, histories: &[u32], targets: &[u32], scores: &mut [Score]) -> Missing {
        let mut missing = Missing::default();
        let mut again: Vec<u32> = Vec::new();
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        for (at, (history, &target)) in histories.chunks_exact(self.history).zip(targets).enumerate() {
            let hash = hash(history, target);
            let [newer, older] = &*generations;
            if let Some(score) = newer.find(hash, history, target) {
                scores[at] = score;
            } else if let Some(score) = older.find(hash, history, target) {
                scores[at] = score;
                again.push(at as u32);
            } else {
                missing.places.push(at as u32);
                missing.histories.extend_from_slice(history);
                missing.targets.push(target);
            }
        }
        drop(generations);
        self.insert(again.into_iter().map(|at| {
            let at = at as usize;
            (&histories[at * self.history..][..self.history], targets[at], scores[at])
        }));
        missing
    }

    /// Takes in the scores of windows that it did not know.
    pub(crate) fn learn(&self, missing: &Missing, scores: &[Score]) {
        let histories = missing.histories.chunks_exact(self.history);
        let windows = histories.zip(&missing.targets).zip(scores);
        self.insert(windows.map(|((history, &target), &score)| (history, target, score)));
    }

    fn insert<'w>(&self, mut windows: impl Iterator<Item = (&'w [u32], u32, Score)>) {
        let Some(mut next) = windows.next() else { return };
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        loop {
            if generations[0].targets.len() >= self.most {
                let [newer, older] = &mut *generations;
                std::mem::swap(newer, older);
                newer.clear();
            }
            let (history, target, score) = next;
            generations[0].insert(history, target, score);
            match windows.next() {
                Some(window) => next = window,
                None => return,
            }
        }
    }
}

impl Generation {
    fn find(&self, hash: u64, history: &[u32], target: u32) -> Option<Score> {
        let found = self.places.find(hash, |&at| self.is(at, history, target));
        found.map(|&at| self.scores[at as usize])
    }

    fn is(&self, at: u32, history: &[u32], target: u32) -> bool {
        let (at, h) = (at as usize, history.len());
        self.targets[at] == target && self.histories[at * h..(at + 1) * h] == *history
    }

    /// Unless it is there.
    fn insert(&mut self, history: &[u32], target: u32, score: Score) {
        let own = hash(history, target);
        if self.find(own, history, target).is_some() {
            return;
        }
        let (h, at) = (history.len(), self.targets.len() as u32);
        self.histories.extend_from_slice(history);
        self.targets.push(target);
        self.scores.push(score);
        let Self {
            places,
            histories,
            targets,
            ..
        } = self;
        places.insert_unique(own, at, |&at| {
            let at = at as usize;
            hash(&histories[at * h..(at + 1) * h], targets[at])
        });
    }

    /// Keeps its room for the next generation.
    fn clear(&mut self) {
        self.places.clear();
        self.histories.clear();
        self.targets.clear();
        self.scores.clear();
    }
}

fn hash(history: &[u32], target: u32) -> u64 {
    let mut hasher = FxHasher::default();
    target.hash(&mut hasher);
    history.iter().for_each(|code| code.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(rank: u32) -> Score {
        Score {
            rank,
            log_probability: -(rank as f32),
            log_tail: 0.0,
        }
    }

    /// Asks for the windows `n n` with target `n`, computes those that are missing, and returns them.
    fn ask(memory: &Memory, numbers: &[u32]) -> Vec<u32> {
        let histories: Vec<u32> = numbers.iter().flat_map(|&n| [n, n]).collect();
        let mut scores = vec![score(0); numbers.len()];
        let missing = memory.recall(&histories, numbers, &mut scores);
        let computed: Vec<Score> = missing.targets.iter().map(|&n| score(n)).collect();
        for (&at, &score) in missing.places.iter().zip(&computed) {
            scores[at as usize] = score;
        }
        memory.learn(&missing, &computed);
        assert_eq!(scores, numbers.iter().map(|&n| score(n)).collect::<Vec<_>>());
        missing.targets
    }

    #[test]
    fn what_was_computed_is_known() {
        let memory = Memory::of(2, 100);
        assert_eq!(ask(&memory, &[1, 2, 3, 2]), [1, 2, 3, 2]);
        assert_eq!(ask(&memory, &[3, 4, 1]), [4]);
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_and_the_rest_is_kept() {
        let memory = Memory::of(2, 4);
        ask(&memory, &[1, 2, 3, 4]);
        for n in 5..200 {
            assert_eq!(ask(&memory, &[1, n]), [n], "1 is asked for all the time");
        }
        assert_eq!(ask(&memory, &[2]), [2]);
        let generations = memory.generations.read().unwrap();
        assert!(generations.iter().all(|generation| generation.targets.len() <= 4));
    }
}
