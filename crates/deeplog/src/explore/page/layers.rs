//! Places for the nodes of a small directed graph, in layers from top to bottom, and ways for its edges between them.
//!
//! The usual steps (Sugiyama, Tagawa, Toda: *Methods for Visual Understanding of Hierarchical System Structures*, IEEE
//! SMC 1981): an order of the nodes that most steps follow (Eades, Lin, Smyth 1993), layers, stand-ins where an edge passes
//! a layer, fewer crossings by sorting each layer by the middle of its neighbours, then places.

use super::graph::Edge;

/// Nodes of a layer at most.
const WIDEST: usize = 4;
/// Only steps with this share of what leaves their beginning push their end to a further layer.
const STRONG: f64 = 0.12;
const SWEEPS: usize = 12;
const GRAVITY: f64 = 0.1;

/// Room between the middles of neighbours, in the units of the drawing.
pub(super) struct Room {
    pub(super) node: f64,
    pub(super) stand_in: f64,
}

/// Where everything is.
pub(super) struct Layout {
    /// By node: layer and the place of its middle.
    pub(super) places: Vec<(usize, f64)>,
    /// By edge: the places it passes in the layers from its upper to its lower end, without these. Empty for edges within
    /// a layer or to the next.
    pub(super) ways: Vec<Vec<f64>>,
    pub(super) layers: usize,
    pub(super) width: f64,
}

/// Node or stand-in: what stands in a layer.
#[derive(Clone, Copy, PartialEq)]
struct Item {
    is_node: bool,
    x: f64,
}

/// Lays out nodes `0..nodes`; the first is the uppermost, the last the lowest.
pub(super) fn lay_out(nodes: usize, edges: &[Edge], room: &Room) -> Layout {
    let layer_of = layers(nodes, edges);
    let depth = layer_of.iter().max().map_or(0, |last| last + 1);
    let mut items: Vec<Item> = vec![Item { is_node: true, x: 0.0 }; nodes];
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (node, &layer) in layer_of.iter().enumerate() {
        layers[layer].push(node);
    }
    let mut links: Vec<(usize, usize)> = Vec::new();
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for edge in edges {
        let (upper, lower) = if layer_of[edge.from] <= layer_of[edge.to] {
            (edge.from, edge.to)
        } else {
            (edge.to, edge.from)
        };
        let mut chain = Vec::new();
        let mut last = upper;
        for layer in layers.iter_mut().take(layer_of[lower]).skip(layer_of[upper] + 1) {
            let stand_in = items.len();
            items.push(Item { is_node: false, x: 0.0 });
            layer.push(stand_in);
            links.push((last, stand_in));
            chain.push(stand_in);
            last = stand_in;
        }
        if layer_of[upper] < layer_of[lower] {
            links.push((last, lower));
        }
        chains.push(chain);
    }
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for &(a, b) in &links {
        neighbours[a].push(b);
        neighbours[b].push(a);
    }
    let mut level = vec![0; items.len()];
    for (number, layer) in layers.iter().enumerate() {
        layer.iter().for_each(|&item| level[item] = number);
    }
    for layer in &layers {
        let middle = (layer.len() - 1) as f64 / 2.0;
        spread(layer, &mut items, room, |_, at| (at as f64 - middle) * room.node);
    }
    for sweep in 0..2 * SWEEPS {
        let downwards = sweep % 2 == 0;
        let order: Vec<usize> = if downwards {
            (0..depth).collect()
        } else {
            (0..depth).rev().collect()
        };
        for number in order {
            // First the neighbours on one side, so that the order settles; then all, so that the places do.
            let beside = |item: usize| {
                let is_seen = |other: &&usize| sweep >= SWEEPS || (level[**other] < number) == downwards;
                // The middle draws a little, so that parts without an edge between them do not drift apart.
                let (sum, weights) =
                    neighbours[item]
                        .iter()
                        .filter(is_seen)
                        .fold((0.0, GRAVITY), |(sum, all), &other| {
                            let weight = weight(&items[item], &items[other]);
                            (sum + weight * items[other].x, all + weight)
                        });
                sum / weights
            };
            let wanted: Vec<f64> = layers[number].iter().map(|&item| beside(item)).collect();
            let mut order: Vec<usize> = (0..wanted.len()).collect();
            order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
            let sorted: Vec<usize> = order.iter().map(|&at| layers[number][at]).collect();
            let wanted: Vec<f64> = order.iter().map(|&at| wanted[at]).collect();
            spread(&sorted, &mut items, room, |_, at| wanted[at]);
            layers[number] = sorted;
        }
    }
    let left = items
        .iter()
        .map(|item| item.x - room.of(item) / 2.0)
        .fold(f64::INFINITY, f64::min);
    let right = items
        .iter()
        .map(|item| item.x + room.of(item) / 2.0)
        .fold(f64::NEG_INFINITY, f64::max);
    Layout {
        places: (0..nodes).map(|node| (layer_of[node], items[node].x - left)).collect(),
        ways: chains
            .iter()
            .map(|chain| chain.iter().map(|&item| items[item].x - left).collect())
            .collect(),
        layers: depth,
        width: (right - left).max(0.0),
    }
}

/// How strongly neighbours want to stand above each other: long edges should be straight above all.
fn weight(one: &Item, other: &Item) -> f64 {
    match (one.is_node, other.is_node) {
        (false, false) => 8.0,
        (true, true) => 1.0,
        _ => 2.0,
    }
}

impl Room {
    fn of(&self, item: &Item) -> f64 {
        if item.is_node { self.node } else { self.stand_in }
    }
}

/// Places the items of a layer in their order, with room between them, and all in all as near as may be to where they are
/// wanted: the least squares of the ways off, by pooling neighbours that would overlap.
fn spread(layer: &[usize], items: &mut [Item], room: &Room, wanted: impl Fn(usize, usize) -> f64) {
    let mut offsets: Vec<f64> = Vec::with_capacity(layer.len());
    for (at, &item) in layer.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| {
            let gap = (room.of(&items[layer[before]]) + room.of(&items[item])) / 2.0;
            offsets[before] + gap
        });
        offsets.push(before.unwrap_or(0.0));
    }
    // Pools: where their items would begin, and how many there are.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (at, &item) in layer.iter().enumerate() {
        pools.push((wanted(item, at) - offsets[at], 1));
        while let [.., (a, many), (b, some)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            let all = many + some;
            pools.push(((a * many as f64 + b * some as f64) / all as f64, all));
        }
    }
    let starts = pools
        .iter()
        .flat_map(|&(start, count)| std::iter::repeat_n(start, count));
    for ((&item, offset), start) in layer.iter().zip(&offsets).zip(starts) {
        items[item].x = start + offset;
    }
}

/// The layer of each node.
fn layers(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    let order = order(nodes, edges);
    let mut at = vec![0; nodes];
    order.iter().enumerate().for_each(|(place, &node)| at[node] = place);
    let mut layer = vec![0; nodes];
    let mut filled: Vec<usize> = Vec::new();
    for &node in &order {
        let strong = edges
            .iter()
            .filter(|edge| edge.to == node && edge.share >= STRONG && at[edge.from] < at[node]);
        let mut place = strong
            .map(|edge| layer[edge.from] + 1)
            .max()
            .unwrap_or(usize::from(at[node] > 0));
        if node == nodes - 1 {
            place = filled.len();
        }
        // The first layer is the begin's alone.
        while filled
            .get(place)
            .is_some_and(|count| *count >= if place == 0 { 1 } else { WIDEST })
        {
            place += 1;
        }
        if place >= filled.len() {
            filled.resize(place + 1, 0);
        }
        filled[place] += 1;
        layer[node] = place;
    }
    // What nothing leads to stands just above what it leads to, not at the top.
    for &node in order.iter().rev().filter(|node| ![0, nodes - 1].contains(*node)) {
        let is_led_to = edges
            .iter()
            .any(|edge| edge.to == node && edge.from != node && edge.share >= STRONG && layer[edge.from] < layer[node]);
        let below = edges
            .iter()
            .filter(|edge| edge.from == node && layer[edge.to] > layer[node]);
        let Some(place) = below.map(|edge| layer[edge.to] - 1).min() else {
            continue;
        };
        if !is_led_to && place > layer[node] && filled[place] < WIDEST && filled[layer[node]] > 1 {
            filled[layer[node]] -= 1;
            filled[place] += 1;
            layer[node] = place;
        }
    }
    layer
}

/// An order with little weight of edges against it: the first node first, the last one last, and between them always the
/// one of which most leads out to what is left, and least in.
fn order(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    let (first, last) = (0, nodes.saturating_sub(1));
    let mut left: Vec<usize> = (0..nodes).filter(|node| ![first, last].contains(node)).collect();
    let mut order = vec![first];
    while !left.is_empty() {
        let out_over_in = |node: usize| {
            let weight = |from: usize, to: usize| {
                let is_one = |edge: &&Edge| edge.from == from && edge.to == to;
                edges.iter().find(is_one).map_or(0.0, |edge| edge.step.count as f64)
            };
            let others = left.iter().filter(|other| **other != node);
            others
                .map(|&other| weight(node, other) - weight(other, node))
                .sum::<f64>()
        };
        let best = (0..left.len()).max_by(|&a, &b| {
            let balance = out_over_in(left[a]).total_cmp(&out_over_in(left[b]));
            balance.then_with(|| left[b].cmp(&left[a]))
        });
        let Some(best) = best else { break };
        order.push(left.remove(best));
    }
    if last != first {
        order.push(last);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::flow::Step;

    const ROOM: Room = Room {
        node: 100.0,
        stand_in: 20.0,
    };

    fn edge(from: usize, to: usize, count: u64, share: f64) -> Edge {
        Edge {
            from,
            to,
            step: Step { count, line: 1 },
            share,
        }
    }

    #[test]
    fn a_chain_goes_down_and_long_edges_get_ways() {
        let edges = [
            edge(0, 2, 9, 1.0),
            edge(2, 1, 9, 1.0),
            edge(1, 3, 8, 0.9),
            edge(1, 2, 1, 0.1),
            edge(2, 3, 1, 0.1),
        ];
        let layout = lay_out(4, &edges, &ROOM);
        let layers: Vec<usize> = layout.places.iter().map(|place| place.0).collect();
        assert_eq!(layers, [0, 2, 1, 3]);
        let lengths: Vec<usize> = layout.ways.iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 0, 0, 0, 1]);
        assert_eq!(layout.layers, 4);
    }

    #[test]
    fn nothing_overlaps_in_any_graph() {
        // Every node to every other: the worst that can come.
        for nodes in 2..14 {
            let pairs = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
            let edges: Vec<Edge> = pairs
                .filter(|(from, to)| from < &(nodes - 1) && to > &0)
                .map(|(from, to)| edge(from, to, 1 + (from * 7 + to * 3) as u64 % 5, 1.0 / nodes as f64))
                .collect();
            let layout = lay_out(nodes, &edges, &ROOM);
            for layer in 0..layout.layers {
                let mut xs: Vec<f64> = layout
                    .places
                    .iter()
                    .filter(|place| place.0 == layer)
                    .map(|place| place.1)
                    .collect();
                assert!(!xs.is_empty() && xs.len() <= WIDEST, "layer {layer} of {nodes}");
                xs.sort_by(f64::total_cmp);
                assert!(xs.windows(2).all(|pair| pair[1] - pair[0] >= 99.9), "{xs:?}");
                assert!(xs[0] >= 49.9 && xs[xs.len() - 1] <= layout.width - 49.9);
            }
            assert_eq!(layout.places[0].0, 0);
            assert_eq!(layout.places[nodes - 1].0, layout.layers - 1);
        }
    }
}
