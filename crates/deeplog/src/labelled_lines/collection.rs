//! Lines with their labels, held compactly: a gibibyte of log takes little more than that.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::layout::Said;

/// Lines in their order, each with its label beside it.
#[derive(Debug, Default)]
pub(super) struct Collection {
    bytes: Vec<u8>,
    places: Vec<Place>,
    is_anomalous: Vec<bool>,
    /// What became of lines that are not here, and what else was counted.
    pub(super) counters: BTreeMap<String, u64>,
}

/// Level, component and content stand behind each other.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    level: u32,
    component: u32,
    content: u32,
    /// Number of the line in its file, or of the pair in an object, from 1.
    number: u64,
}

impl Collection {
    pub(super) fn push(&mut self, number: u64, said: Said<'_>, is_anomalous: bool) {
        let place = Place {
            start: self.bytes.len(),
            level: said.level.len() as u32,
            component: said.component.len() as u32,
            content: said.content.len() as u32,
            number,
        };
        for part in [said.level, said.component, said.content] {
            self.bytes.extend_from_slice(part);
        }
        self.places.push(place);
        self.is_anomalous.push(is_anomalous);
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn said(&self, index: usize) -> Said<'_> {
        let place = self.places[index];
        let (level, rest) = self.bytes[place.start..].split_at(place.level as usize);
        let (component, rest) = rest.split_at(place.component as usize);
        Said {
            level,
            component,
            content: &rest[..place.content as usize],
        }
    }

    pub(super) fn number(&self, index: usize) -> u64 {
        self.places[index].number
    }

    pub(super) fn is_anomalous(&self, index: usize) -> bool {
        self.is_anomalous[index]
    }

    pub(super) fn anomalous(&self, range: Range<usize>) -> u64 {
        self.is_anomalous[range].iter().filter(|label| **label).count() as u64
    }

    pub(super) fn count(&mut self, what: &str, number: u64) {
        if number > 0 {
            *self.counters.entry(what.to_owned()).or_default() += number;
        }
    }

    /// A number that is the same for lines that say the same.
    pub(super) fn fingerprint(&self, index: usize) -> u64 {
        let said = self.said(index);
        let mut hash = Xxh3::new();
        for part in [said.level, said.component, said.content] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.digest()
    }

    /// How many lines say the same as one with the other label, and the first of them.
    pub(super) fn contradictions(&self) -> (u64, Option<usize>) {
        // By what a line says: how many are normal and how many anomalous.
        let mut seen: FxHashMap<u64, [u64; 2]> = FxHashMap::default();
        for index in 0..self.len() {
            seen.entry(self.fingerprint(index)).or_default()[usize::from(self.is_anomalous(index))] += 1;
        }
        let contradicts = |[normal, anomalous]: [u64; 2]| normal > 0 && anomalous > 0;
        let lines = seen.values().filter(|counts| contradicts(**counts));
        let first = (0..self.len()).find(|&index| seen.get(&self.fingerprint(index)).copied().is_some_and(contradicts));
        (lines.map(|[normal, anomalous]| normal + anomalous).sum(), first)
    }
}
