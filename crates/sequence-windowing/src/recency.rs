//! A map that knows in which order its entries were last used.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Finds values by (name, window), and the one that was not used for longest, each in constant time.
///
/// Entries lie densely in a vector and are linked to a list by use. A slot is the index of an entry, valid until the
/// next removal. The hash is the standard, keyed one, since names come from hostile logs; nothing ever walks the
/// table, so its random order cannot be seen.
#[derive(Clone, Debug)]
pub(crate) struct RecencyMap<T> {
    table: HashTable<u32>,
    hasher: RandomState,
    entries: Vec<Entry<T>>,
    /// Apart from the entries, as every use of one touches three of them.
    links: Vec<Link>,
    oldest: u32,
    newest: u32,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    /// Kept, since it is dearer to work out than to find.
    hash: u64,
    name: Arc<str>,
    window: i64,
    value: T,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    older: u32,
    newer: u32,
}

/// No slot.
const NONE: u32 = u32::MAX;

impl<T> RecencyMap<T> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn find(&self, name: &str, window: i64) -> Option<u32> {
        let same = |&slot: &u32| {
            let entry = &self.entries[slot as usize];
            entry.window == window && *entry.name == *name
        };
        self.table.find(self.hasher.hash_one((name, window)), same).copied()
    }

    pub(crate) fn value_mut(&mut self, slot: u32) -> &mut T {
        &mut self.entries[slot as usize].value
    }

    pub(crate) fn oldest(&self) -> Option<(u32, &T)> {
        let entry = self.entries.get(self.oldest as usize)?;
        Some((self.oldest, &entry.value))
    }

    /// Every value, in no particular order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.value)
    }

    /// Every value, in no particular order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.value)
    }

    /// Window and value of every entry, in no particular order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (i64, T)> {
        self.entries.into_iter().map(|entry| (entry.window, entry.value))
    }

    /// Makes an entry the one used last.
    pub(crate) fn touch(&mut self, slot: u32) {
        if self.newest != slot {
            self.unlink(slot);
            self.link(slot);
        }
    }

    /// Adds an entry that is not there yet, as the one used last.
    pub(crate) fn insert(&mut self, name: Arc<str>, window: i64, value: T) -> u32 {
        let slot = self.entries.len() as u32;
        let hash = self.hasher.hash_one((&*name, window));
        let entries = &self.entries;
        self.table
            .insert_unique(hash, slot, |&slot| entries[slot as usize].hash);
        self.entries.push(Entry {
            hash,
            name,
            window,
            value,
        });
        self.links.push(Link {
            older: NONE,
            newer: NONE,
        });
        self.link(slot);
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> (Arc<str>, i64, T) {
        if let Ok(found) = self
            .table
            .find_entry(self.entries[slot as usize].hash, |&other| other == slot)
        {
            found.remove();
        }
        self.unlink(slot);
        let last = (self.entries.len() - 1) as u32;
        if slot != last {
            if let Some(moved) = self
                .table
                .find_mut(self.entries[last as usize].hash, |&other| other == last)
            {
                *moved = slot;
            }
            let Link { older, newer } = self.links[last as usize];
            *self.newer_of(older) = slot;
            *self.older_of(newer) = slot;
        }
        self.links.swap_remove(slot as usize);
        let Entry {
            name, window, value, ..
        } = self.entries.swap_remove(slot as usize);
        (name, window, value)
    }

    fn link(&mut self, slot: u32) {
        let older = self.newest;
        self.links[slot as usize] = Link { older, newer: NONE };
        *self.newer_of(older) = slot;
        self.newest = slot;
    }

    fn unlink(&mut self, slot: u32) {
        let Link { older, newer } = self.links[slot as usize];
        *self.newer_of(older) = newer;
        *self.older_of(newer) = older;
    }

    /// Where the follower of an entry is written down; in front of the first one, that is the head of the list.
    fn newer_of(&mut self, slot: u32) -> &mut u32 {
        match self.links.get_mut(slot as usize) {
            Some(link) => &mut link.newer,
            None => &mut self.oldest,
        }
    }

    fn older_of(&mut self, slot: u32) -> &mut u32 {
        match self.links.get_mut(slot as usize) {
            Some(link) => &mut link.older,
            None => &mut self.newest,
        }
    }
}

impl<T> Default for RecencyMap<T> {
    fn default() -> Self {
        Self {
            table: HashTable::new(),
            hasher: RandomState::new(),
            entries: Vec::new(),
            links: Vec::new(),
            oldest: NONE,
            newest: NONE,
        }
    }
}

/// Written as a list, the one that was not used for longest first.
impl<T: Serialize> Serialize for RecencyMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut slot = self.oldest;
        serializer.collect_seq(std::iter::from_fn(|| {
            let entry = self.entries.get(slot as usize)?;
            slot = self.links[slot as usize].newer;
            Some((&entry.name, entry.window, &entry.value))
        }))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for RecencyMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Self::default();
        for (name, window, value) in Vec::<(Arc<str>, i64, T)>::deserialize(deserializer)? {
            map.insert(name, window, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the simplest map there is: a list in order of use.
        #[test]
        fn behaves_like_a_list_in_order_of_use(uses in proptest::collection::vec((0..4u8, 0..6i64, 0..3u8), 0..200)) {
            let mut map = RecencyMap::default();
            let mut list: Vec<(String, i64, usize)> = Vec::new();
            for (i, (name, window, what)) in uses.into_iter().enumerate() {
                let name = name.to_string();
                let at = list.iter().position(|entry| entry.0 == name && entry.1 == window);
                let slot = map.find(&name, window);
                prop_assert_eq!(slot.is_some(), at.is_some());
                match (slot, at) {
                    (Some(slot), Some(at)) if what == 0 => {
                        let (found, of, value) = map.remove(slot);
                        prop_assert_eq!((found.to_string(), of, value), list.remove(at));
                    }
                    (Some(slot), Some(at)) => {
                        prop_assert_eq!(*map.value_mut(slot), list[at].2);
                        map.touch(slot);
                        let used = list.remove(at);
                        list.push(used);
                    }
                    _ => {
                        map.insert(name.as_str().into(), window, i);
                        list.push((name, window, i));
                    }
                }
                prop_assert_eq!(map.len(), list.len());
                prop_assert_eq!(map.oldest().map(|(_, &value)| value), list.first().map(|entry| entry.2));
                let written = serde_json::to_string(&map).unwrap();
                prop_assert_eq!(&written, &serde_json::to_string(&list).unwrap());
                if what == 2 {
                    map = serde_json::from_str(&written).unwrap();
                }
            }
        }
    }
}
