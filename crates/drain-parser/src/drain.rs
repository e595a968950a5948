//! The learning parser.

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::{ConfigErrors, DrainConfig};
use crate::frozen::FrozenParser;
use crate::parser::ParserConfig;
use crate::reader::Reader;
use crate::reading::{Line, LineReader, LineTokens, Lines};
use crate::recency::Recency;
use crate::tokens::has_digit;
use crate::tree::{LeafIndex, Tree, TreeShape};
use crate::vocabulary::{Vocabulary, WILDCARD};
use crate::words::{Word, text_of};

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
    /// The clusters of leaves that have more than [`LARGE_LEAF`].
    large_leaves: LeafIndex,
    line: Line,
    /// What the tokens of the line at hand are in the vocabulary.
    ids: Vec<u32>,
}

/// In a leaf with more clusters than this, an index is quicker than a look at each.
const LARGE_LEAF: usize = 16;

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
            large_leaves: LeafIndex::default(),
            line: Line::default(),
            ids: Vec::new(),
        })
    }

    /// The settings.
    pub fn config(&self) -> &DrainConfig {
        &self.config
    }

    /// Finds the cluster of a content, or founds one, and counts the content in.
    pub fn learn(&mut self, content: &[u8]) -> ClusterId {
        self.learn_many(content, 1)
    }

    /// Learns a content that stands for several; `count` is not 0.
    pub(crate) fn learn_many(&mut self, content: &[u8], count: u64) -> ClusterId {
        let mut line = std::mem::take(&mut self.line);
        self.reader.prepare(content, &mut line);
        let id = self.learn_tokens(line.tokens(), count);
        self.line = line;
        id
    }

    /// Learns contents that were masked and cut by the settings of this parser, and appends the cluster of each.
    pub(crate) fn learn_lines(&mut self, lines: &Lines, clusters: &mut Vec<ClusterId>) {
        clusters.extend(lines.iter().map(|line| self.learn_tokens(line, 1)));
    }

    pub(crate) fn reader(&self) -> &LineReader {
        &self.reader
    }

    fn learn_tokens(&mut self, line: LineTokens<'_>, count: u64) -> ClusterId {
        line.lookup(&self.vocabulary, &mut self.ids);
        match self.find() {
            Some((likeness, slot)) => self.join(likeness, slot, count),
            None => self.found(line, count),
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
    pub fn freeze(&self) -> FrozenParser {
        let mined = self.mined().collect();
        let config = ParserConfig::Drain(self.config.clone());
        FrozenParser::build(config, Reader::Drain(self.reader.clone()), mined)
    }

    /// The words of each template and how many lines taught it, oldest first.
    pub(crate) fn mined(&self) -> impl Iterator<Item = (Vec<Word>, u64)> + '_ {
        self.by_age()
            .into_iter()
            .map(|cluster| (self.words(cluster), cluster.count))
    }

    fn words(&self, cluster: &Cluster) -> Vec<Word> {
        let texts = cluster.tokens.iter().map(|&id| self.vocabulary.text(id));
        texts.map(Word::of_token).collect()
    }

    pub(crate) fn by_age(&self) -> Vec<&Cluster> {
        let mut clusters: Vec<_> = self.clusters.iter().filter(|cluster| cluster.count > 0).collect();
        clusters.sort_unstable_by_key(|cluster| cluster.id);
        clusters
    }

    pub(crate) fn text(&self, cluster: &Cluster) -> String {
        text_of(&self.words(cluster))
    }

    /// The most similar cluster in the leaf; among equals the one with most parameters, then the oldest.
    fn find(&self) -> Option<(Likeness, u32)> {
        let ids = self.ids.as_slice();
        let leaf = self.tree.find(ids, self.shape)?;
        let slots = self.tree.clusters(leaf);
        if self.shape.is_whole_path(ids.len()) {
            let same = Likeness {
                equal: ids.len(),
                parameters: 0,
            };
            return slots.first().map(|&slot| (same, slot));
        }
        let mut best: Option<(Likeness, u32)> = None;
        let needed = if slots.len() > LARGE_LEAF {
            self.needed(ids.len())
        } else {
            0
        };
        if needed > 0 {
            let mut rank = |slot: u32| {
                let likeness = likeness(&self.clusters[slot as usize].tokens, ids);
                let age = |slot: u32| Reverse(self.clusters[slot as usize].id);
                if best.is_none_or(|(best, other)| (likeness, age(slot)) > (best, age(other))) {
                    best = Some((likeness, slot));
                }
                best.map_or(0, |(best, _)| best.equal)
            };
            self.large_leaves.search(leaf, ids, needed, &mut rank);
        } else {
            for &slot in slots {
                let likeness = likeness(&self.clusters[slot as usize].tokens, ids);
                if best.is_none_or(|(best, _)| likeness > best) {
                    best = Some((likeness, slot));
                    if likeness.equal == ids.len() {
                        break;
                    }
                }
            }
        }
        best.filter(|(likeness, _)| self.is_similar(likeness.equal, ids.len()))
    }

    fn is_similar(&self, equal: usize, tokens: usize) -> bool {
        equal as f64 / tokens as f64 >= self.config.similarity
    }

    /// The least number of equal tokens, of as many as there are, that is similar enough.
    fn needed(&self, tokens: usize) -> usize {
        let mut needed = (self.config.similarity * tokens as f64) as usize;
        while needed > 0 && self.is_similar(needed - 1, tokens) {
            needed -= 1;
        }
        while !self.is_similar(needed, tokens) {
            needed += 1;
        }
        needed
    }

    fn join(&mut self, likeness: Likeness, slot: u32, count: u64) -> ClusterId {
        if let Some(recency) = &mut self.recency {
            recency.touch(slot);
        }
        let cluster = &mut self.clusters[slot as usize];
        cluster.count += count;
        if likeness.equal + likeness.parameters < cluster.tokens.len() {
            let indexed = self.tree.clusters(cluster.leaf).len() > LARGE_LEAF;
            for (position, (token, id)) in cluster.tokens.iter_mut().zip(&self.ids).enumerate() {
                if token != id && *token != WILDCARD {
                    if indexed {
                        self.large_leaves.remove(cluster.leaf, position, *token, slot);
                    }
                    self.vocabulary.release(*token);
                    *token = WILDCARD;
                }
            }
        }
        cluster.id
    }

    fn found(&mut self, line: LineTokens<'_>, count: u64) -> ClusterId {
        if self
            .config
            .max_clusters
            .is_some_and(|most| self.clusters.len() - self.free.len() >= most)
        {
            self.evict();
        }
        let Self {
            vocabulary,
            tree,
            config,
            ..
        } = self;
        let tokens: Vec<u32> = line.iter().map(|token| vocabulary.acquire(token)).collect();
        let numeric = |i: usize| config.numeric_tokens && has_digit(line.token(i));
        let leaf = tree.grow(&tokens, numeric, self.shape, vocabulary);
        let id = ClusterId(self.next_id);
        self.next_id += 1;
        self.place(Cluster {
            id,
            tokens,
            count,
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
        let slots = self.tree.clusters(leaf);
        let unknown = match slots.len().saturating_sub(LARGE_LEAF) {
            0 => &[],
            1 => slots,
            _ => &slots[slots.len() - 1..],
        };
        for &slot in unknown {
            self.large_leaves.add(leaf, &self.clusters[slot as usize].tokens, slot);
        }
        if let Some(recency) = &mut self.recency {
            recency.add(slot);
        }
    }

    fn evict(&mut self) {
        let Some(recency) = &mut self.recency else { return };
        let Some(slot) = recency.oldest() else { return };
        recency.remove(slot);
        let slots = self.tree.clusters(self.clusters[slot as usize].leaf);
        let unknown = match slots.len().saturating_sub(LARGE_LEAF) {
            0 => &[],
            // The leaf is large no more.
            1 => slots,
            _ => &[slot],
        };
        for &slot in unknown {
            let cluster = &self.clusters[slot as usize];
            self.large_leaves.remove_all(cluster.leaf, &cluster.tokens, slot);
        }
        let cluster = std::mem::take(&mut self.clusters[slot as usize]);
        self.tree.remove_cluster(cluster.leaf, slot, &mut self.vocabulary);
        for id in cluster.tokens {
            self.vocabulary.release(id);
        }
        self.free.push(slot);
        self.evicted += 1;
    }
}

/// How alike a template and a content are; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    /// How many constant tokens are equal.
    equal: usize,
    /// How many tokens of the template are parameters.
    parameters: usize,
}

fn likeness(template: &[u32], ids: &[u32]) -> Likeness {
    let (mut equal, mut parameters) = (0u32, 0u32);
    for (token, id) in template.iter().zip(ids) {
        parameters += u32::from(*token == WILDCARD);
        equal += u32::from(token == id && *token != WILDCARD);
    }
    Likeness {
        equal: equal as usize,
        parameters: parameters as usize,
    }
}

#[cfg(test)]
mod tests;
