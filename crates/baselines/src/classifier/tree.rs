//! Decision trees by Gini's impurity.

use serde::{Deserialize, Serialize};

use crate::rows::Rows;

/// Cuts between the root and a leaf.
const MOST_LEVELS: usize = 64;

/// A tree of cuts; the first node is the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    /// Share of the training rows here that are anomalous.
    share: f64,
    cut: Option<Cut>,
}

/// Rows of at most `at` in a column go below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cut {
    column: usize,
    at: f64,
    below: usize,
    above: usize,
}

/// A training row's index and its weight in this tree.
pub(super) type Drawn = (usize, f64);

/// Says which columns a node may be cut by: the first so many of them that vary.
pub(super) type Columns<'c> = &'c mut dyn FnMut() -> (Vec<usize>, usize);

impl Tree {
    /// A tree of all rows and columns.
    pub(super) fn fit(rows: &Rows, is_anomalous: &[bool]) -> Self {
        let drawn = (0..rows.len()).map(|i| (i, rows.times(i) as f64)).collect();
        Self::grow(rows, is_anomalous, drawn, &mut || {
            ((0..rows.columns()).collect(), rows.columns())
        })
    }

    /// A tree of some rows, cut by the columns that are asked for at each node.
    pub(super) fn grow(rows: &Rows, is_anomalous: &[bool], drawn: Vec<Drawn>, columns: Columns<'_>) -> Self {
        let mut growth = Growth {
            rows,
            is_anomalous,
            columns,
            nodes: Vec::new(),
        };
        growth.node(drawn, 0);
        Self { nodes: growth.nodes }
    }

    pub(super) fn fits(&self, columns: usize) -> bool {
        let is_fine = |(place, node): (usize, &Node)| {
            let below = |next: usize| next > place && next < self.nodes.len();
            let cut = node.cut.as_ref();
            cut.is_none_or(|cut| cut.column < columns && below(cut.below) && below(cut.above))
        };
        self.nodes.iter().enumerate().all(is_fine)
    }

    /// Share of anomalous training rows in the leaf of a row.
    pub(super) fn share(&self, row: &[f64]) -> f64 {
        self.way(row).last().map_or(0.0, |(share, _)| share)
    }

    /// Adds, by column, how far each cut on the way to the leaf moved the share.
    pub(super) fn add_contributions(&self, row: &[f64], factor: f64, found: &mut [f64]) {
        let way: Vec<(f64, Option<usize>)> = self.way(row).collect();
        for step in way.windows(2) {
            if let ((before, Some(column)), (after, _)) = (step[0], step[1]) {
                found[column] += factor * (after - before);
            }
        }
    }

    /// Shares from the root to the leaf, each with the column of the cut there.
    fn way<'w>(&'w self, row: &'w [f64]) -> impl Iterator<Item = (f64, Option<usize>)> + 'w {
        let first = self.nodes.first();
        let nodes = std::iter::successors(first, |node| {
            let cut = node.cut.as_ref()?;
            Some(
                &self.nodes[if row[cut.column] <= cut.at {
                    cut.below
                } else {
                    cut.above
                }],
            )
        });
        nodes.map(|node| (node.share, node.cut.as_ref().map(|cut| cut.column)))
    }
}

struct Growth<'g> {
    rows: &'g Rows,
    is_anomalous: &'g [bool],
    columns: Columns<'g>,
    nodes: Vec<Node>,
}

/// Weights of the rows on one side of a cut.
#[derive(Clone, Copy, Default)]
struct Side {
    all: f64,
    anomalous: f64,
}

impl Side {
    fn add(&mut self, weight: f64, is_anomalous: bool) {
        self.all += weight;
        self.anomalous += if is_anomalous { weight } else { 0.0 };
    }

    fn share(self) -> f64 {
        if self.all > 0.0 { self.anomalous / self.all } else { 0.0 }
    }

    /// Gini's impurity times the weight.
    fn impurity(self) -> f64 {
        2.0 * self.anomalous * (1.0 - self.share())
    }

    fn without(self, part: Self) -> Self {
        Self {
            all: self.all - part.all,
            anomalous: self.anomalous - part.anomalous,
        }
    }
}

impl Growth<'_> {
    /// Grows a node and all below it; gives its place.
    fn node(&mut self, drawn: Vec<Drawn>, level: usize) -> usize {
        let mut here = Side::default();
        drawn
            .iter()
            .for_each(|&(i, weight)| here.add(weight, self.is_anomalous[i]));
        let place = self.nodes.len();
        self.nodes.push(Node {
            share: here.share(),
            cut: None,
        });
        let is_pure = here.anomalous <= 0.0 || here.anomalous >= here.all;
        if is_pure || level == MOST_LEVELS {
            return place;
        }
        let Some((column, at)) = self.best_cut(&drawn, here) else {
            return place;
        };
        let (below, above) = drawn.into_iter().partition(|&(i, _)| self.rows.row(i)[column] <= at);
        let below = self.node(below, level + 1);
        let above = self.node(above, level + 1);
        self.nodes[place].cut = Some(Cut {
            column,
            at,
            below,
            above,
        });
        place
    }

    /// The cut that leaves the least impurity; of several the first.
    fn best_cut(&mut self, drawn: &[Drawn], here: Side) -> Option<(usize, f64)> {
        let (columns, wanted) = (self.columns)();
        let mut sorted: Vec<(f64, usize, f64)> = Vec::with_capacity(drawn.len());
        let mut best: Option<(f64, usize, f64)> = None;
        let mut varying = 0;
        for column in columns {
            let value = |i: usize| self.rows.row(i)[column];
            let first = drawn.first().map(|&(i, _)| value(i))?;
            if drawn.iter().all(|&(i, _)| value(i) == first) {
                continue;
            }
            sorted.clear();
            sorted.extend(drawn.iter().map(|&(i, weight)| (value(i), i, weight)));
            sorted.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
            let mut below = Side::default();
            for pair in sorted.windows(2) {
                let ((low, i, weight), (high, ..)) = (pair[0], pair[1]);
                below.add(weight, self.is_anomalous[i]);
                if low == high {
                    continue;
                }
                let left = below.impurity() + here.without(below).impurity();
                if best.is_none_or(|(least, ..)| left < least) {
                    let middle = low + (high - low) / 2.0;
                    best = Some((left, column, if middle < high { middle } else { low }));
                }
            }
            varying += 1;
            if varying == wanted {
                break;
            }
        }
        best.map(|(_, column, at)| (column, at))
    }
}
