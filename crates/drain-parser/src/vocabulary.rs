//! Tokens as numbers. Only tokens of templates and of the tree are kept: parameters never get in.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::masking::PLACEHOLDER;

/// The id of `<*>`, always there.
pub(crate) const WILDCARD: u32 = 0;
/// The id of every token that is not in the vocabulary.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// Token texts with ids that stay the same while anybody uses them.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    ids: FxHashMap<Arc<[u8]>, u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Entry {
    text: Arc<[u8]>,
    users: usize,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let mut empty = Self {
            ids: FxHashMap::default(),
            entries: Vec::new(),
            free: Vec::new(),
        };
        empty.acquire(PLACEHOLDER);
        empty
    }
}

impl Vocabulary {
    pub(crate) fn lookup(&self, token: &[u8]) -> u32 {
        self.ids.get(token).copied().unwrap_or(UNKNOWN)
    }

    pub(crate) fn text(&self, id: u32) -> &[u8] {
        &self.entries[id as usize].text
    }

    /// The id of `token`, which gets one more user.
    pub(crate) fn acquire(&mut self, token: &[u8]) -> u32 {
        if let Some(&id) = self.ids.get(token) {
            self.entries[id as usize].users += 1;
            return id;
        }
        let text: Arc<[u8]> = token.into();
        let entry = Entry {
            text: Arc::clone(&text),
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
        self.ids.insert(text, id);
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
            self.ids.remove(&entry.text);
            entry.text = Arc::default();
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
