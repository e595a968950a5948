//! Finding the templates that a line matches without looking at all of them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::vocabulary::WILDCARD;

/// Templates by number of tokens, first token and last token, where a wildcard counts as a token.
#[derive(Debug, Clone, Default)]
pub(super) struct TemplateIndex {
    /// Best first.
    patterns: Vec<(usize, Box<[u32]>)>,
    /// Indices into `patterns`, best first.
    groups: FxHashMap<(usize, u32, u32), Vec<usize>>,
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
                    .entry((pattern.len(), first, last))
                    .or_default()
                    .push(index.patterns.len());
                index.patterns.push((template, pattern));
            }
        }
        index
    }

    /// The best template that the line matches.
    pub(super) fn find(&self, ids: &[u32]) -> Option<usize> {
        let (first, last) = ends(ids);
        let mut best = self.patterns.len();
        for group in [(first, last), (first, WILDCARD), (WILDCARD, last), (WILDCARD, WILDCARD)] {
            if let Some(members) = self.groups.get(&(ids.len(), group.0, group.1)) {
                let better = members.iter().take_while(|&&member| member < best);
                best = better
                    .copied()
                    .find(|&member| fits(&self.patterns[member].1, ids))
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

fn fits(pattern: &[u32], ids: &[u32]) -> bool {
    pattern
        .iter()
        .zip(ids)
        .all(|(token, id)| *token == WILDCARD || token == id)
}
