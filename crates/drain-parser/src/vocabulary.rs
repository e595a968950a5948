//! Tokens as numbers. Only tokens of templates and of the tree are kept: parameters never get in.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::masking::PLACEHOLDER;

/// The id of `<*>`, always there.
pub(crate) const WILDCARD: u32 = 0;
/// The id of every token that is not in the vocabulary.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// Token texts with ids that stay the same while anybody uses them.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    /// Hashes stand beside the ids, so that most tokens that are not here are told without a look at any text.
    ids: HashTable<(u64, u32)>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// By first byte, the lengths of the tokens that there have been as bits, the last bit for all longer ones: most
    /// parameters are told by these from all tokens, without a look at the rest of their bytes.
    lengths: Box<[u64; 256]>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    text: Box<[u8]>,
    users: usize,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let mut empty = Self {
            ids: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
            lengths: Box::new([0; 256]),
        };
        empty.acquire(PLACEHOLDER);
        empty
    }
}

/// What [`Vocabulary::lookup_hashed`] finds a token by.
pub(crate) fn hash(token: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(token);
    hasher.finish()
}

/// Its first byte, and a bit for its length.
fn beginning(token: &[u8]) -> (usize, u64) {
    let first = token.first().copied().unwrap_or(0);
    (usize::from(first), 1 << token.len().min(63))
}

impl Vocabulary {
    pub(crate) fn lookup(&self, token: &[u8]) -> u32 {
        let (first, length) = beginning(token);
        if self.lengths[first] & length == 0 {
            return UNKNOWN;
        }
        self.lookup_hashed(hash(token), token)
    }

    /// The id of a token whose hash is known.
    pub(crate) fn lookup_hashed(&self, hash: u64, token: &[u8]) -> u32 {
        let same = |&(other, id): &(u64, u32)| other == hash && *self.entries[id as usize].text == *token;
        self.ids.find(hash, same).map_or(UNKNOWN, |&(_, id)| id)
    }

    pub(crate) fn text(&self, id: u32) -> &[u8] {
        &self.entries[id as usize].text
    }

    /// The id of `token`, which gets one more user.
    pub(crate) fn acquire(&mut self, token: &[u8]) -> u32 {
        let hash = hash(token);
        let id = self.lookup_hashed(hash, token);
        if id != UNKNOWN {
            self.share(id);
            return id;
        }
        let (first, length) = beginning(token);
        self.lengths[first] |= length;
        let entry = Entry {
            text: token.into(),
            users: 1,
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        self.ids.insert_unique(hash, (hash, id), |&(hash, _)| hash);
        id
    }

    /// One more user for an id in use.
    pub(crate) fn share(&mut self, id: u32) {
        self.entries[id as usize].users += 1;
    }

    /// One user fewer; without users a token is forgotten and its id may come back as another. `<*>` stays.
    pub(crate) fn release(&mut self, id: u32) {
        if id == WILDCARD {
            return;
        }
        let entry = &mut self.entries[id as usize];
        entry.users -= 1;
        if entry.users == 0 {
            let text = std::mem::take(&mut entry.text);
            if let Ok(found) = self.ids.find_entry(hash(&text), |&(_, other)| other == id) {
                found.remove();
            }
            self.free.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_without_users_make_room() {
        let mut vocabulary = Vocabulary::default();
        let a = vocabulary.acquire(b"a");
        assert_eq!(vocabulary.acquire(b"a"), a);
        vocabulary.release(a);
        assert_eq!(vocabulary.lookup(b"a"), a);
        vocabulary.release(a);
        assert_eq!(vocabulary.lookup(b"a"), UNKNOWN);
        assert_eq!(vocabulary.acquire(b"b"), a);
        assert_eq!(vocabulary.lookup(b"<*>"), WILDCARD);
    }
}
