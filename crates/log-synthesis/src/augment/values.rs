//! Samples of what was observed, in bounded memory.

use std::hash::Hash;

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

/// Values kept of a place.
const KEPT: usize = 100;
/// Places that values are kept of.
const PLACES: usize = 20_000;
/// Bytes of a value that is kept.
const LONGEST: usize = 256;

/// Values by place: of each a uniform sample of its occurrences (algorithm R: Vitter, ACM TOMS 1985).
#[derive(Debug)]
pub(super) struct Values<P>(FxHashMap<P, Reservoir>);

#[derive(Debug, Default)]
struct Reservoir {
    seen: u64,
    values: Vec<Box<[u8]>>,
}

impl<P> Default for Values<P> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<P: Eq + Hash> Values<P> {
    pub(super) fn observe(&mut self, place: P, value: &[u8], random: &mut ChaCha8Rng) {
        if value.len() > LONGEST || (self.0.len() >= PLACES && !self.0.contains_key(&place)) {
            return;
        }
        let reservoir = self.0.entry(place).or_default();
        reservoir.seen += 1;
        if reservoir.values.len() < KEPT {
            reservoir.values.push(value.into());
            return;
        }
        let index = random.random_range(0..reservoir.seen);
        if let Some(kept) = usize::try_from(index)
            .ok()
            .and_then(|index| reservoir.values.get_mut(index))
        {
            *kept = value.into();
        }
    }

    pub(super) fn draw(&self, place: P, random: &mut ChaCha8Rng) -> Option<&[u8]> {
        self.0.get(&place)?.values.choose(random).map(|value| &**value)
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.0.values().map(|reservoir| reservoir.values.len()).sum()
    }
}
