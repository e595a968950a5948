//! Finding the templates that a line matches without looking at all of them.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;

use crate::vocabulary::WILDCARD;
use crate::words::{fits, is_mark};

/// Up to so many templates are compared one by one.
const FEW: usize = 8;
/// A place is worth a branch if it spares at least one in so many templates. So the tree stays low, and templates that no
/// place tells apart, such as those with but one constant, each elsewhere, are compared one by one too.
const LEAST_GAIN: usize = 64;

/// Templates by number of tokens and punctuation, then by a tree: each branch asks for the token at the place that tells
/// most templates apart. A line goes both where its token leads and where the place is a wildcard.
#[derive(Debug, Clone, Default)]
pub(super) struct TemplateIndex {
    /// Best first.
    patterns: Vec<(usize, Box<[u32]>)>,
    /// The root for each [`shape`].
    roots: FxHashMap<u64, u32>,
    nodes: Vec<Node>,
    /// (branch, token) → node.
    edges: FxHashMap<(u32, u32), u32>,
    /// The leaves, one behind the other: indices into `patterns`, best first within each leaf.
    members: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Node {
    Branch {
        place: usize,
        /// Its best pattern.
        best: usize,
    },
    /// A part of `members`.
    Leaf(Range<usize>),
}

impl TemplateIndex {
    /// `ranked`: template numbers and tokens, the best first. Of equal patterns only the best is kept.
    pub(super) fn new(ranked: impl Iterator<Item = (usize, Box<[u32]>)>) -> Self {
        let mut index = Self::default();
        let mut seen = FxHashSet::default();
        let mut by_shape: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (template, pattern) in ranked {
            if seen.insert(pattern.clone()) {
                by_shape.entry(shape(&pattern)).or_default().push(index.patterns.len());
                index.patterns.push((template, pattern));
            }
        }
        for (shape, members) in by_shape {
            let root = index.grow(members);
            index.roots.insert(shape, root);
        }
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The best template that the line matches.
    pub(super) fn find(&self, ids: &[u32]) -> Option<usize> {
        let mut best = self.patterns.len();
        let mut ahead: SmallVec<[u32; 16]> = self.roots.get(&shape(ids)).copied().into_iter().collect();
        while let Some(node) = ahead.pop() {
            match &self.nodes[node as usize] {
                Node::Branch { best: promise, .. } if *promise >= best => {}
                Node::Branch { place, .. } => {
                    let Some(&token) = ids.get(*place) else { continue };
                    ahead.extend(self.edges.get(&(node, WILDCARD)).copied());
                    if token != WILDCARD {
                        ahead.extend(self.edges.get(&(node, token)).copied());
                    }
                }
                Node::Leaf(range) => {
                    let better = self.members[range.clone()].iter().take_while(|&&member| member < best);
                    best = better
                        .copied()
                        .find(|&member| all_fit(&self.patterns[member].1, ids))
                        .unwrap_or(best);
                }
            }
        }
        self.patterns.get(best).map(|(template, _)| *template)
    }

    /// The root of a tree for patterns of one shape, the best first.
    fn grow(&mut self, members: Vec<usize>) -> u32 {
        let root = self.add_node();
        let mut todo = vec![(root, members)];
        while let Some((node, members)) = todo.pop() {
            let Some(place) = self.best_place(&members) else {
                let start = self.members.len();
                self.members.extend(members);
                self.nodes[node as usize] = Node::Leaf(start..self.members.len());
                continue;
            };
            self.nodes[node as usize] = Node::Branch {
                place,
                best: members[0],
            };
            let mut parts: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
            for member in members {
                parts.entry(self.patterns[member].1[place]).or_default().push(member);
            }
            for (token, part) in parts {
                let child = self.add_node();
                self.edges.insert((node, token), child);
                todo.push((child, part));
            }
        }
        root
    }

    fn add_node(&mut self) -> u32 {
        self.nodes.push(Node::Leaf(0..0));
        (self.nodes.len() - 1) as u32
    }

    /// The place whose token leaves fewest patterns in the worst case; `None` where no place is worth a branch.
    fn best_place(&self, members: &[usize]) -> Option<usize> {
        if members.len() <= FEW {
            return None;
        }
        let places = 0..self.patterns[members[0]].1.len();
        let left = |place: usize| {
            let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
            for &member in members {
                *counts.entry(*self.patterns[member].1.get(place)?).or_default() += 1;
            }
            let wildcards = counts.remove(&WILDCARD).unwrap_or(0);
            Some(wildcards + counts.values().max().unwrap_or(&0))
        };
        let (left, place) = places.map_while(|place| Some((left(place)?, place))).min()?;
        (members.len() - left >= members.len().div_ceil(LEAST_GAIN)).then_some(place)
    }
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
    pattern.len() == ids.len() && pattern.iter().zip(ids).all(|(&word, &token)| fits(word, token))
}

#[cfg(test)]
mod tests;
