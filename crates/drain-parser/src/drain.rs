//! The learning parser.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::{ConfigErrors, DrainConfig};
use crate::frozen::FrozenDrain;
use crate::reading::{LineReader, Scratch};
use crate::recency::Recency;
use crate::template::text_of;
use crate::tokens::has_digit;
use crate::tree::{Tree, TreeShape};
use crate::vocabulary::{Vocabulary, WILDCARD};

/// Drain's tree, growing with every content.
///
/// Groups as the authors' Python code in logparser does. Serialised and read back, it goes on as if nothing had been.
///
/// ```
/// let mut drain = drain_parser::Drain::new(drain_parser::DrainConfig::default())?;
/// let first = drain.learn(b"session opened for user root");
/// assert_eq!(drain.learn(b"session opened for user alice"), first);
/// let cluster = drain.clusters().next().ok_or("no cluster")?;
/// assert_eq!((cluster.template.as_str(), cluster.count), ("session opened for user <*>", 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Drain {
    pub(crate) config: DrainConfig,
    reader: LineReader,
    pub(crate) shape: TreeShape,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) tree: Tree,
    /// Clusters by slot. The slot of an evicted cluster stays empty (count 0) until it is used again.
    pub(crate) clusters: Vec<Cluster>,
    free: Vec<u32>,
    /// Kept only when the number of clusters is bounded.
    pub(crate) recency: Option<Recency>,
    pub(crate) next_id: u64,
    pub(crate) evicted: u64,
    scratch: Scratch,
}

/// A number for a cluster that stays the same while its template widens. Counts from 0 in order of appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ClusterId(pub u64);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A cluster as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// Its number.
    pub id: ClusterId,
    /// Its template so far, written as [`Template::text`](crate::Template::text) is.
    pub template: String,
    /// How many contents joined it.
    pub count: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    pub(crate) tokens: Vec<u32>,
    pub(crate) count: u64,
    pub(crate) leaf: u32,
}

impl Drain {
    /// An empty tree.
    ///
    /// # Errors
    /// All that is wrong with the configuration.
    pub fn new(config: DrainConfig) -> Result<Self, ConfigErrors> {
        let reader = LineReader::new(&config)?;
        Ok(Self {
            shape: TreeShape {
                token_layers: config.depth - 3,
                max_children: config.max_children,
            },
            recency: config.max_clusters.map(|_| Recency::default()),
            config,
            reader,
            vocabulary: Vocabulary::default(),
            tree: Tree::default(),
            clusters: Vec::new(),
            free: Vec::new(),
            next_id: 0,
            evicted: 0,
            scratch: Scratch::default(),
        })
    }

    /// The settings.
    pub fn config(&self) -> &DrainConfig {
        &self.config
    }

    /// Finds the cluster of a content, or founds one, and counts the content in.
    pub fn learn(&mut self, content: &[u8]) -> ClusterId {
        self.reader.read(content, &self.vocabulary, &mut self.scratch);
        match self.find() {
            Some(slot) => self.join(slot),
            None => self.found(),
        }
    }

    /// All clusters alive, oldest first.
    pub fn clusters(&self) -> impl Iterator<Item = ClusterView> + '_ {
        self.by_age().into_iter().map(|cluster| ClusterView {
            id: cluster.id,
            template: self.text(cluster),
            count: cluster.count,
        })
    }

    /// How many clusters the bound [`DrainConfig::max_clusters`] has pushed out so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The templates as they stand, for matching only. Clusters whose templates have come to be the same are one.
    pub fn freeze(&self) -> FrozenDrain {
        let words = |cluster: &Cluster| {
            cluster
                .tokens
                .iter()
                .map(|&id| self.vocabulary.text(id).to_vec())
                .collect()
        };
        let mined = self
            .by_age()
            .into_iter()
            .map(|cluster| (words(cluster), cluster.count))
            .collect();
        FrozenDrain::build(self.config.clone(), self.reader.clone(), mined)
    }

    pub(crate) fn by_age(&self) -> Vec<&Cluster> {
        let mut clusters: Vec<_> = self.clusters.iter().filter(|cluster| cluster.count > 0).collect();
        clusters.sort_unstable_by_key(|cluster| cluster.id);
        clusters
    }

    pub(crate) fn text(&self, cluster: &Cluster) -> String {
        text_of(cluster.tokens.iter().map(|&id| self.vocabulary.text(id)))
    }

    /// The most similar cluster in the leaf; among equals the one with most parameters, then the oldest.
    fn find(&self) -> Option<u32> {
        let ids = self.scratch.ids.as_slice();
        let leaf = self.tree.find(ids, self.shape)?;
        let slots = self.tree.clusters(leaf);
        if self.shape.is_whole_path(ids.len()) {
            return slots.first().copied();
        }
        let mut best: Option<((usize, usize), u32)> = None;
        for &slot in slots {
            let rank = likeness(&self.clusters[slot as usize].tokens, ids);
            if best.is_none_or(|(best_rank, _)| rank > best_rank) {
                best = Some((rank, slot));
                if rank.0 == ids.len() {
                    break;
                }
            }
        }
        best.filter(|((equal, _), _)| *equal as f64 / ids.len() as f64 >= self.config.similarity)
            .map(|(_, slot)| slot)
    }

    fn join(&mut self, slot: u32) -> ClusterId {
        if let Some(recency) = &mut self.recency {
            recency.touch(slot);
        }
        let cluster = &mut self.clusters[slot as usize];
        cluster.count += 1;
        for (token, id) in cluster.tokens.iter_mut().zip(&self.scratch.ids) {
            if token != id && *token != WILDCARD {
                self.vocabulary.release(*token);
                *token = WILDCARD;
            }
        }
        cluster.id
    }

    fn found(&mut self) -> ClusterId {
        if self
            .config
            .max_clusters
            .is_some_and(|most| self.clusters.len() - self.free.len() >= most)
        {
            self.evict();
        }
        let Self {
            scratch,
            vocabulary,
            tree,
            config,
            ..
        } = self;
        let tokens: Vec<u32> = (0..scratch.spans.len())
            .map(|i| vocabulary.acquire(scratch.token(i)))
            .collect();
        let numeric = |i: usize| config.numeric_tokens && has_digit(scratch.token(i));
        let leaf = tree.grow(&tokens, numeric, self.shape, vocabulary);
        let id = ClusterId(self.next_id);
        self.next_id += 1;
        self.place(Cluster {
            id,
            tokens,
            count: 1,
            leaf,
        });
        id
    }

    /// Gives a cluster a slot and tells the tree.
    pub(crate) fn place(&mut self, cluster: Cluster) {
        let leaf = cluster.leaf;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.clusters[slot as usize] = cluster;
                slot
            }
            None => {
                self.clusters.push(cluster);
                (self.clusters.len() - 1) as u32
            }
        };
        self.tree.add_cluster(leaf, slot);
        if let Some(recency) = &mut self.recency {
            recency.add(slot);
        }
    }

    fn evict(&mut self) {
        let Some(recency) = &mut self.recency else { return };
        let Some(slot) = recency.oldest() else { return };
        recency.remove(slot);
        let cluster = std::mem::take(&mut self.clusters[slot as usize]);
        self.tree.remove_cluster(cluster.leaf, slot, &mut self.vocabulary);
        for id in cluster.tokens {
            self.vocabulary.release(id);
        }
        self.free.push(slot);
        self.evicted += 1;
    }
}

/// How many constant tokens are equal, and how many tokens of the template are parameters.
fn likeness(template: &[u32], ids: &[u32]) -> (usize, usize) {
    let (mut equal, mut parameters) = (0, 0);
    for (token, id) in template.iter().zip(ids) {
        parameters += usize::from(*token == WILDCARD);
        equal += usize::from(token == id && *token != WILDCARD);
    }
    (equal, parameters)
}

#[cfg(test)]
mod tests;
