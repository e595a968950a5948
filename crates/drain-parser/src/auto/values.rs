//! What stood at a parameter's position: enough to tell a constant from a parameter, whatever the order of the lines.

use crate::template::{escaped, unescape};

/// How many values are kept.
const KEPT: usize = 8;

/// The values at one position; the smallest few of them, so that two parts of a log give together what the log gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// In order, at most [`KEPT`].
    kept: Vec<Box<[u8]>>,
    /// Whether there were more, or values that are parameters whatever they say.
    many: bool,
}

impl Values {
    /// Whether no further value changes anything: this is a parameter whatever it says.
    fn is_settled(&self) -> bool {
        self.many && self.kept.is_empty()
    }

    /// Counts a value in; `None` for one that does not matter, since it is a parameter whatever it says.
    pub(super) fn add(&mut self, value: Option<&[u8]>) {
        match value {
            _ if self.is_settled() => {}
            Some(value) => self.keep(value),
            None => {
                self.kept = Vec::new();
                self.many = true;
            }
        }
    }

    fn keep(&mut self, value: &[u8]) {
        if self.many && self.kept.last().is_some_and(|last| **last < *value) {
            return;
        }
        let Err(place) = self.kept.binary_search_by(|kept| (**kept).cmp(value)) else {
            return;
        };
        if place < KEPT {
            self.kept.insert(place, value.into());
        }
        if self.kept.len() > KEPT {
            self.kept.pop();
            self.many = true;
        }
        self.many |= place >= KEPT;
    }

    /// What both saw.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.is_settled() || other.is_settled() {
            *self = Self {
                kept: Vec::new(),
                many: true,
            };
            return;
        }
        // Only then: while there were more than are kept, `keep` takes no value that is larger than they are.
        for value in &other.kept {
            self.keep(value);
        }
        self.many |= other.many;
    }

    /// The value, where there is but one.
    pub(super) fn single(&self) -> Option<&[u8]> {
        match &*self.kept {
            [only] if !self.many => Some(only),
            _ => None,
        }
    }

    /// Some of the values, where there are several.
    pub(super) fn several(&self) -> &[Box<[u8]>] {
        if self.single().is_some() { &[] } else { &self.kept }
    }

    pub(super) fn to_saved(&self) -> (Vec<String>, bool) {
        (self.kept.iter().map(|value| escaped(value)).collect(), self.many)
    }

    /// `None` where the text is broken, or what it says cannot be.
    pub(super) fn from_saved((kept, many): (Vec<String>, bool)) -> Option<Self> {
        let kept: Vec<Box<[u8]>> = kept
            .iter()
            .map(|value| Some(unescape(value)?.into()))
            .collect::<Option<_>>()?;
        let possible =
            kept.len() <= KEPT && kept.is_sorted_by(|a, b| a < b) && (!many || kept.is_empty() || kept.len() == KEPT);
        possible.then_some(Self { kept, many })
    }
}
