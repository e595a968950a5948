//! Finding the most similar cluster of a large leaf without looking at all of them.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::vocabulary::{UNKNOWN, WILDCARD};

/// Which clusters of a leaf have a constant token at a place: (leaf, position, token) → clusters, in no order.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeafIndex(FxHashMap<(u32, u32, u32), SmallVec<[u32; 4]>>);

impl LeafIndex {
    /// Enters all constant tokens of a cluster.
    pub(crate) fn add(&mut self, leaf: u32, tokens: &[u32], cluster: u32) {
        for (position, &token) in (0..).zip(tokens).filter(|(_, token)| **token != WILDCARD) {
            self.0.entry((leaf, position, token)).or_default().push(cluster);
        }
    }

    /// Takes all constant tokens of a cluster out.
    pub(crate) fn remove_all(&mut self, leaf: u32, tokens: &[u32], cluster: u32) {
        for (position, &token) in tokens.iter().enumerate().filter(|(_, token)| **token != WILDCARD) {
            self.remove(leaf, position, token, cluster);
        }
    }

    /// Takes a constant token of a cluster out.
    pub(crate) fn remove(&mut self, leaf: u32, position: usize, token: u32, cluster: u32) {
        let place = (leaf, position as u32, token);
        if let Some(clusters) = self.0.get_mut(&place) {
            if let Some(at) = clusters.iter().position(|&other| other == cluster) {
                clusters.swap_remove(at);
            }
            if clusters.is_empty() {
                self.0.remove(&place);
            }
        }
    }

    /// How many tokens it holds.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(SmallVec::len).sum()
    }

    /// Hands `rank` clusters of the leaf, some of them more than once, among them all that have most tokens in common
    /// with `ids`, if these are at least `needed` (1 or more) tokens. `rank` answers how many tokens the best so far has
    /// in common.
    ///
    /// The rarest token comes first. A cluster that none of the tokens so far has led to can only have the tokens left
    /// in common: once these are too few, nothing better can come.
    pub(crate) fn search(&self, leaf: u32, ids: &[u32], needed: usize, mut rank: impl FnMut(u32) -> usize) {
        let known = (0..).zip(ids).filter(|(_, id)| **id != UNKNOWN && **id != WILDCARD);
        let mut lists: SmallVec<[&[u32]; 32]> = known
            .filter_map(|(position, &id)| self.0.get(&(leaf, position, id)))
            .map(SmallVec::as_slice)
            .collect();
        lists.sort_unstable_by_key(|clusters| clusters.len());
        let mut wanted = needed;
        for (done, clusters) in lists.iter().enumerate() {
            if lists.len() - done < wanted {
                return;
            }
            for &cluster in *clusters {
                wanted = wanted.max(rank(cluster));
            }
        }
    }
}
