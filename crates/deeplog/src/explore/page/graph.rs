//! Which steps of the log are drawn, and between which templates.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::explore::flow::{BEGIN, END, Flow, Step};

/// Templates that are drawn: the most frequent ones, until only so small a share of the messages is left.
const NODES: usize = 12;
const REST: f64 = 0.001;
/// Steps with this share of what leaves a template are drawn as usual ones.
pub(super) const USUAL: f64 = 0.04;
/// Of all steps so many are drawn, and of rarer ones so many among them.
const EDGES: usize = 34;
const RARE_EDGES: usize = 5;

/// What is drawn.
pub(super) struct Graph {
    /// The begin, templates in the order of their count, the end.
    pub(super) nodes: Vec<u32>,
    pub(super) edges: Vec<Edge>,
    /// Steps between these that are not drawn.
    pub(super) left_out: usize,
}

/// A step by the places of its ends among the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) step: Step,
    /// Of what leaves its beginning.
    pub(super) share: f64,
}

impl Edge {
    pub(super) fn is_rare(&self) -> bool {
        self.share < USUAL
    }
}

impl Graph {
    /// `count`: events of a template by its number. Begin and end are drawn where there are sessions that have them.
    pub(super) fn of(flow: &Flow, count: impl Fn(u32) -> u64, has_sessions: bool) -> Self {
        let departures = flow.departures();
        let mut templates: Vec<u32> = departures.keys().copied().filter(|key| *key != BEGIN).collect();
        templates.sort_unstable_by_key(|&key| (std::cmp::Reverse(count(key)), key));
        templates.truncate(NODES);
        let all: u64 = departures.keys().map(|key| count(*key)).sum();
        let mut covered = 0;
        templates.retain(|key| {
            let is_wanted = (all - covered) as f64 > REST * all as f64;
            covered += count(*key);
            is_wanted
        });
        let ends = |key: u32| has_sessions.then_some(key);
        let nodes: Vec<u32> = ends(BEGIN).into_iter().chain(templates).chain(ends(END)).collect();
        let places: FxHashMap<u32, usize> = nodes.iter().enumerate().map(|(place, key)| (*key, place)).collect();
        let steps = flow.sorted();
        let edges = steps.iter().filter_map(|((from, to), step)| {
            Some(Edge {
                from: *places.get(from)?,
                to: *places.get(to)?,
                step: *step,
                share: step.count as f64 / departures[from] as f64,
            })
        });
        let (mut rare, mut drawn): (Vec<Edge>, Vec<Edge>) = edges.partition(Edge::is_rare);
        let all = rare.len() + drawn.len();
        drawn.sort_by(|a, b| b.share.total_cmp(&a.share));
        drawn.truncate(EDGES - RARE_EDGES);
        rare.truncate(RARE_EDGES);
        drawn.append(&mut rare);
        let mut graph = Self {
            nodes,
            left_out: all - drawn.len(),
            edges: drawn,
        };
        graph.drop_lonely();
        graph
    }

    /// Leaves out nodes that no edge touches.
    fn drop_lonely(&mut self) {
        let touched: FxHashSet<usize> = self.edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
        let mut places = Vec::new();
        let mut nodes = Vec::new();
        for (place, key) in self.nodes.iter().enumerate() {
            places.push(nodes.len());
            if touched.contains(&place) {
                nodes.push(*key);
            }
        }
        self.nodes = nodes;
        for edge in &mut self.edges {
            (edge.from, edge.to) = (places[edge.from], places[edge.to]);
        }
    }

    /// What a template is called in the drawing: letters by its place.
    pub(super) fn letters(&self) -> FxHashMap<u32, String> {
        let keys = self.nodes.iter().filter(|key| ![BEGIN, END].contains(*key));
        keys.zip('A'..='Z')
            .map(|(key, letter)| (*key, letter.to_string()))
            .collect()
    }
}
