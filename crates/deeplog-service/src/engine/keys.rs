//! The names of batches that were taken in last.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::IdempotencyKey;

/// So many names are remembered.
const REMEMBERED: usize = 100_000;

/// Idempotency keys with what their batches held.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(IdempotencyKey, u64)>", into = "Vec<(IdempotencyKey, u64)>")]
pub struct RecentKeys {
    hashes: HashMap<IdempotencyKey, u64>,
    order: VecDeque<IdempotencyKey>,
}

impl RecentKeys {
    /// The hash of what the batch of that name held, if it was taken in.
    #[must_use]
    pub fn get(&self, key: IdempotencyKey) -> Option<u64> {
        self.hashes.get(&key).copied()
    }

    /// Remembers a batch, and forgets the oldest.
    pub fn add(&mut self, key: IdempotencyKey, hash: u64) {
        if self.hashes.insert(key, hash).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
    }

    /// Forgets the batch that was remembered last, as it was not taken in after all.
    pub(crate) fn take_back(&mut self) {
        if let Some(key) = self.order.pop_back() {
            self.hashes.remove(&key);
        }
    }

    /// The hash of what a batch holds.
    #[must_use]
    pub fn hash(block: &[u8]) -> u64 {
        xxh3_64(block)
    }
}

impl From<Vec<(IdempotencyKey, u64)>> for RecentKeys {
    fn from(pairs: Vec<(IdempotencyKey, u64)>) -> Self {
        let mut keys = Self::default();
        pairs.into_iter().for_each(|(key, hash)| keys.add(key, hash));
        keys
    }
}

impl From<RecentKeys> for Vec<(IdempotencyKey, u64)> {
    fn from(keys: RecentKeys) -> Self {
        keys.order.iter().map(|key| (*key, keys.hashes[key])).collect()
    }
}
