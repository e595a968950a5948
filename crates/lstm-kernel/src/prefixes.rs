//! Histories as a trie: what begins alike is computed once, level by level, in one batched step each.
//!
//! Histories are sorted, so those with a common prefix stand together; a block of them makes a trie whose nodes are
//! numbered level by level. A step of the model goes over the nodes of a level and reads the states of their parents.

use crate::Shape;
use crate::forward::{Out, logits, step};
use crate::packed::{Forward, Sizes};
use crate::simd::Vector;
use crate::tile::padded;

/// Distinct histories of a block, at most. The states of two levels of such a block fit a core's cache beside the weights; larger
/// ones would share only the first levels of a few more.
pub(crate) const LEAVES: usize = 252;

/// Windows in the order of their histories, and the trie of the block at hand.
#[derive(Debug)]
pub(crate) struct Prefixes {
    /// First codes of a history as one number, and the number of the window.
    order: Vec<(u128, u32)>,
    /// Windows before the next block.
    done: usize,
    levels: Vec<Nodes>,
    /// Where the windows of each leaf end, and those of the first begin.
    ends: Vec<usize>,
    /// The node of the newest history on each level.
    path: Vec<u32>,
}

/// The nodes of a level.
#[derive(Clone, Debug, Default)]
struct Nodes {
    /// Number of the node above, on the level above.
    parents: Vec<u32>,
    codes: Vec<u32>,
}

impl Prefixes {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            order: Vec::new(),
            done: 0,
            levels: vec![Nodes::default(); history],
            ends: Vec::new(),
            path: vec![0; history],
        }
    }

    /// Takes in histories.
    pub(crate) fn sort(&mut self, histories: &[u32], shape: &Shape) {
        let bits = (u32::BITS - (shape.symbols as u32).leading_zeros()).max(1);
        let packed = ((u128::BITS / bits) as usize).min(shape.history);
        let key = |history: &[u32]| {
            let first = history[..packed].iter();
            first.fold(0, |key: u128, &code| key << bits | u128::from(code))
        };
        let keys = histories.chunks_exact(shape.history).map(key);
        self.done = 0;
        self.order.clear();
        self.order.extend(keys.zip(0..));
        if packed == shape.history {
            self.order.sort_unstable();
        } else {
            let rest = |window: u32| &history_of(histories, shape, window)[packed..];
            self.order
                .sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| rest(a.1).cmp(rest(b.1))));
        }
    }

    /// Makes the trie of the next block; `false` when there is none.
    pub(crate) fn grow(&mut self, histories: &[u32], shape: &Shape) -> bool {
        for nodes in &mut self.levels {
            nodes.parents.clear();
            nodes.codes.clear();
        }
        self.ends.clear();
        self.ends.push(self.done);
        let mut newest: Option<&[u32]> = None;
        for &(_, window) in &self.order[self.done..] {
            let history = history_of(histories, shape, window);
            let common = newest.map_or(0, |newest| {
                newest.iter().zip(history).take_while(|(a, b)| a == b).count()
            });
            if common < shape.history {
                if self.ends.len() > LEAVES {
                    break;
                }
                self.ends.push(self.done);
                for (level, &code) in history.iter().enumerate().skip(common) {
                    let parent = if level == 0 { 0 } else { self.path[level - 1] };
                    let nodes = &mut self.levels[level];
                    self.path[level] = nodes.codes.len() as u32;
                    nodes.parents.push(parent);
                    nodes.codes.push(code);
                }
            }
            newest = Some(history);
            self.done += 1;
            if let Some(end) = self.ends.last_mut() {
                *end = self.done;
            }
        }
        self.leaves() > 0
    }

    /// Distinct histories of the block.
    pub(crate) fn leaves(&self) -> usize {
        self.ends.len() - 1
    }

    /// The windows with the history of a leaf.
    pub(crate) fn windows_of(&self, leaf: usize) -> impl Iterator<Item = usize> {
        let windows = &self.order[self.ends[leaf]..self.ends[leaf + 1]];
        windows.iter().map(|&(_, window)| window as usize)
    }
}

fn history_of<'h>(histories: &'h [u32], shape: &Shape, window: u32) -> &'h [u32] {
    &histories[window as usize * shape.history..][..shape.history]
}

/// States of the model at the nodes of two levels, for each layer: those of the parents and those of the level at hand.
#[derive(Debug)]
pub(crate) struct States {
    layers: Vec<[LayerState; 2]>,
}

/// `[nodes, hidden]` each.
#[derive(Debug)]
struct LayerState {
    outputs: Vec<f32>,
    cells: Vec<f32>,
}

impl States {
    pub(crate) fn new(sizes: &Sizes) -> Self {
        let numbers = padded(LEAVES) * sizes.hidden;
        let state = || LayerState {
            outputs: vec![0.0; numbers],
            cells: vec![0.0; numbers],
        };
        let layers = (0..sizes.shape.layers).map(|_| [state(), state()]);
        Self {
            layers: layers.collect(),
        }
    }

    /// Logits `[leaves, padded symbols]` of the block at hand.
    #[inline(always)]
    pub(crate) fn logits<V: Vector>(&mut self, forward: &Forward, prefixes: &Prefixes, to: &mut [f32]) {
        let Sizes { hidden, shape, .. } = forward.sizes;
        let gates = forward.sizes.gates();
        for (level, nodes) in prefixes.levels.iter().enumerate() {
            for layer in 0..shape.layers {
                let (under, own) = self.layers.split_at_mut(layer);
                let under = under.last().map(|states| &states[level % 2].outputs);
                let [even, odd] = &mut own[0];
                let (now, before) = if level % 2 == 0 { (even, &*odd) } else { (odd, &*even) };
                let start = |row: usize| match layer {
                    0 => forward.table[nodes.codes[row] as usize * gates..].as_ptr(),
                    _ => forward.layers[layer].bias.as_ptr(),
                };
                let below = |row: usize| under.map_or(std::ptr::null(), |under| under[row * hidden..].as_ptr());
                let previous = |row: usize| {
                    let at = nodes.parents[row] as usize * hidden;
                    (before.outputs[at..].as_ptr(), before.cells[at..].as_ptr())
                };
                let out = Out {
                    output: now.outputs.as_mut_ptr(),
                    cell: now.cells.as_mut_ptr(),
                    saved: None,
                };
                // SAFETY: a row of the table and a bias have `gates` numbers; every level has at most `LEAVES` nodes, for which there is
                // room, `hidden` numbers each; a parent is a node of the level above.
                unsafe {
                    step::<V>(
                        &forward.sizes,
                        &forward.layers[layer],
                        nodes.codes.len(),
                        start,
                        under.is_some().then_some(&below),
                        (level > 0).then_some(&previous),
                        out,
                    );
                }
            }
        }
        let last = &self.layers[shape.layers - 1][(shape.history - 1) % 2].outputs;
        debug_assert!(to.len() >= padded(prefixes.leaves()) * forward.sizes.logits());
        // SAFETY: as above; there are logits for `LEAVES` rows, a multiple of every tile.
        unsafe {
            logits::<V>(
                forward,
                prefixes.leaves(),
                |row| last[row * hidden..].as_ptr(),
                to.as_mut_ptr(),
            );
        }
    }
}
