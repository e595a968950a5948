//! The training vocabulary: key names to dense log keys and back.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{Key, KeyName, LogKey, Session};

/// The key names that occur in training sessions, numbered densely from 0.
///
/// Names are numbered in their natural order (whole numbers by value, then strings), so the numbering depends on
/// the set of names alone and not on the order in which sessions were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<KeyName>", into = "Vec<KeyName>")]
pub struct Vocabulary {
    names: Vec<KeyName>,
    keys: FxHashMap<KeyName, LogKey>,
}

impl Vocabulary {
    /// Collects the names of the given sessions. Give it training sessions only.
    pub fn from_sessions<'s>(sessions: impl IntoIterator<Item = &'s Session<KeyName>>) -> Self {
        let names: BTreeSet<&KeyName> = sessions
            .into_iter()
            .flat_map(|session| session.events.iter().map(|event| &event.key))
            .collect();
        let mut names: Vec<KeyName> = names.into_iter().cloned().collect();
        names.sort_by(|a, b| natural(a).cmp(&natural(b)));
        Self::from(names)
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names, in the order of their log keys.
    #[must_use]
    pub fn names(&self) -> &[KeyName] {
        &self.names
    }

    /// The name of a log key of this vocabulary.
    ///
    /// # Panics
    /// If the key is not of this vocabulary.
    #[must_use]
    pub fn name(&self, key: LogKey) -> &KeyName {
        &self.names[key.0 as usize]
    }

    /// The key that goes by a name.
    #[must_use]
    pub fn key(&self, name: &KeyName) -> Key {
        match self.keys.get(name) {
            Some(&key) => Key::Known(key),
            None => Key::Unseen(name.clone()),
        }
    }

    /// A session as the model's world sees it.
    #[must_use]
    pub fn encode(&self, session: &Session<KeyName>) -> Session<Key> {
        session.map_keys(|name| self.key(name))
    }

    /// The name behind a key, known or not.
    #[must_use]
    pub fn name_of<'k>(&'k self, key: &'k Key) -> &'k KeyName {
        match key {
            Key::Known(key) => self.name(*key),
            Key::Unseen(name) => name,
        }
    }
}

/// Sorts whole numbers by value and before everything else.
fn natural(name: &KeyName) -> (bool, i128, &str) {
    match name.as_str().parse::<i128>() {
        Ok(number) => (false, number, name.as_str()),
        Err(_) => (true, 0, name.as_str()),
    }
}

impl From<Vec<KeyName>> for Vocabulary {
    fn from(names: Vec<KeyName>) -> Self {
        let keys = (0..)
            .map(LogKey)
            .zip(&names)
            .map(|(key, name)| (name.clone(), key))
            .collect();
        Self { names, keys }
    }
}

impl From<Vocabulary> for Vec<KeyName> {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.names
    }
}
