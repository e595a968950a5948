//! The prefix tree of fixed depth: root, number of tokens, leading tokens, leaves with clusters.

mod leaf_index;

use rustc_hash::FxHashMap;

use crate::vocabulary::{Vocabulary, WILDCARD};
pub(crate) use leaf_index::LeafIndex;

pub(crate) const ROOT: u32 = 0;

/// Nodes by number; the root is always there.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// (node, branch) → child. The root's branches are token counts, all others are token ids.
    edges: FxHashMap<(u32, u32), u32>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    parent: u32,
    branch: u32,
    children: usize,
    /// Oldest first.
    clusters: Vec<u32>,
}

/// The limits of growth, from the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeShape {
    /// How many leading tokens choose the branch.
    pub(crate) token_layers: usize,
    /// The most branches of a node, `<*>` among them.
    pub(crate) max_children: usize,
}

impl TreeShape {
    /// The authors' code keeps no leaf for a content that ends before the layers do: such contents share a template
    /// only when they are equal. Here their whole text is the path, without wildcards, and the leaf has one cluster.
    pub(crate) fn is_whole_path(self, tokens: usize) -> bool {
        tokens <= self.token_layers
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            edges: FxHashMap::default(),
            free: Vec::new(),
        }
    }
}

impl Tree {
    /// The leaf where contents like this one are kept.
    pub(crate) fn find(&self, ids: &[u32], shape: TreeShape) -> Option<u32> {
        let mut node = self.child(ROOT, ids.len() as u32)?;
        if shape.is_whole_path(ids.len()) {
            for &id in ids {
                node = self.child(node, id)?;
            }
        } else {
            for &id in &ids[..shape.token_layers] {
                node = self.child(node, id).or_else(|| self.child(node, WILDCARD))?;
            }
        }
        Some(node)
    }

    /// The leaf for a new cluster, grown where needed. `numeric(i)`: whether token i must take the wildcard branch.
    pub(crate) fn grow(
        &mut self,
        ids: &[u32],
        numeric: impl Fn(usize) -> bool,
        shape: TreeShape,
        vocabulary: &mut Vocabulary,
    ) -> u32 {
        let mut node = self.child_or_new(ROOT, ids.len() as u32);
        let whole_path = shape.is_whole_path(ids.len());
        for (i, &id) in ids.iter().take(shape.token_layers).enumerate() {
            let branch = if whole_path {
                id
            } else {
                self.branch(node, id, numeric(i), shape.max_children)
            };
            if self.child(node, branch).is_none() {
                vocabulary.share(branch);
            }
            node = self.child_or_new(node, branch);
        }
        node
    }

    /// The published rule, which keeps one branch free for `<*>`.
    fn branch(&self, node: u32, id: u32, numeric: bool, max_children: usize) -> u32 {
        if self.child(node, id).is_some() {
            return id;
        }
        let reserved = usize::from(self.child(node, WILDCARD).is_none());
        let full = self.nodes[node as usize].children + reserved >= max_children;
        if numeric || full { WILDCARD } else { id }
    }

    /// The clusters of a leaf, oldest first.
    pub(crate) fn clusters(&self, leaf: u32) -> &[u32] {
        &self.nodes[leaf as usize].clusters
    }

    pub(crate) fn add_cluster(&mut self, leaf: u32, cluster: u32) {
        self.nodes[leaf as usize].clusters.push(cluster);
    }

    /// Takes a cluster out, and with it the branches that led to nothing else.
    pub(crate) fn remove_cluster(&mut self, leaf: u32, cluster: u32, vocabulary: &mut Vocabulary) {
        self.nodes[leaf as usize].clusters.retain(|&other| other != cluster);
        let mut node = leaf;
        while node != ROOT && self.nodes[node as usize].clusters.is_empty() && self.nodes[node as usize].children == 0 {
            let Node { parent, branch, .. } = std::mem::take(&mut self.nodes[node as usize]);
            self.edges.remove(&(parent, branch));
            self.nodes[parent as usize].children -= 1;
            if parent != ROOT {
                vocabulary.release(branch);
            }
            self.free.push(node);
            node = parent;
        }
    }

    /// The way from the root to `node`: the number of tokens and the token ids.
    pub(crate) fn path(&self, mut node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        while node != ROOT {
            path.push(self.nodes[node as usize].branch);
            node = self.nodes[node as usize].parent;
        }
        path.reverse();
        path
    }

    pub(crate) fn child(&self, node: u32, branch: u32) -> Option<u32> {
        self.edges.get(&(node, branch)).copied()
    }

    pub(crate) fn child_or_new(&mut self, parent: u32, branch: u32) -> u32 {
        if let Some(child) = self.child(parent, branch) {
            return child;
        }
        let node = Node {
            parent,
            branch,
            ..Node::default()
        };
        let child = match self.free.pop() {
            Some(child) => {
                self.nodes[child as usize] = node;
                child
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        };
        self.nodes[parent as usize].children += 1;
        self.edges.insert((parent, branch), child);
        child
    }
}
