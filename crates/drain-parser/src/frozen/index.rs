//! Finding the templates that a line matches without looking at all of them.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::vocabulary::WILDCARD;
use crate::words::{fits, is_mark};

/// Templates by number of tokens and punctuation, first token and last token, where a wildcard counts as a token.
#[derive(Debug, Clone, Default)]
pub(super) struct TemplateIndex {
    /// Best first.
    patterns: Vec<(usize, Box<[u32]>)>,
    /// Indices into `patterns`, best first.
    groups: FxHashMap<(u64, u32, u32), Vec<usize>>,
}

impl TemplateIndex {
    /// `ranked`: template numbers and tokens, the best first. Of equal patterns only the best is kept.
    pub(super) fn new(ranked: impl Iterator<Item = (usize, Box<[u32]>)>) -> Self {
        let mut index = Self::default();
        let mut seen = FxHashSet::default();
        for (template, pattern) in ranked {
            if seen.insert(pattern.clone()) {
                let (first, last) = ends(&pattern);
                index
                    .groups
                    .entry((shape(&pattern), first, last))
                    .or_default()
                    .push(index.patterns.len());
                index.patterns.push((template, pattern));
            }
        }
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The best template that the line matches.
    pub(super) fn find(&self, ids: &[u32]) -> Option<usize> {
        let (first, last) = ends(ids);
        let shape = shape(ids);
        let mut best = self.patterns.len();
        for group in [(first, last), (first, WILDCARD), (WILDCARD, last), (WILDCARD, WILDCARD)] {
            if let Some(members) = self.groups.get(&(shape, group.0, group.1)) {
                let better = members.iter().take_while(|&&member| member < best);
                best = better
                    .copied()
                    .find(|&member| all_fit(&self.patterns[member].1, ids))
                    .unwrap_or(best);
            }
        }
        self.patterns.get(best).map(|(template, _)| *template)
    }
}

fn ends(tokens: &[u32]) -> (u32, u32) {
    (
        tokens.first().copied().unwrap_or(WILDCARD),
        tokens.last().copied().unwrap_or(WILDCARD),
    )
}

/// What only tokens with the same number and the same punctuation have in common.
fn shape(tokens: &[u32]) -> u64 {
    let mut hasher = FxHasher::default();
    tokens.len().hash(&mut hasher);
    for (place, mark) in tokens.iter().enumerate().filter(|(_, id)| is_mark(**id)) {
        (place, mark).hash(&mut hasher);
    }
    hasher.finish()
}

fn all_fit(pattern: &[u32], ids: &[u32]) -> bool {
    pattern.iter().zip(ids).all(|(&word, &token)| fits(word, token))
}
