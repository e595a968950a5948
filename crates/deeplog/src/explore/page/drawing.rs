//! The graph of steps as SVG, in the colours of the page. It needs no script: what a click would tell stands in the table
//! below it.

use std::fmt::Write as _;

use evaluation::escape;
use evaluation::number::{count, probability};
use rustc_hash::FxHashMap;

use super::graph::{Edge, Graph};
use super::layers::{Layout, Room, lay_out};
use crate::explore::flow::{BEGIN, END};
use crate::explore::seen::Seen;
use crate::explore::words::cut;

/// A node's box, and the way from one layer to the next, in pixels.
const BOX: (f64, f64) = (172.0, 44.0);
const PITCH: f64 = 96.0;
const ROOM: Room = Room {
    node: 214.0,
    stand_in: 34.0,
};
const MARGIN: f64 = 14.0;
/// Letters of a template that fit into its box.
const LABEL: usize = 22;
/// A self-loop goes this far out of its box.
const LOOP: f64 = 26.0;
/// Edges up and down between the same nodes keep so far apart.
const APART: f64 = 16.0;

/// The graph; nothing where there are no steps.
pub(super) fn svg(graph: &Graph, letters: &FxHashMap<u32, String>, templates: &[Seen], events: u64) -> String {
    if graph.nodes.is_empty() {
        return String::new();
    }
    let layout = lay_out(graph.nodes.len(), &graph.edges, &ROOM);
    let (width, height) = (
        layout.width + 2.0 * MARGIN,
        (layout.layers - 1) as f64 * PITCH + BOX.1 + 2.0 * MARGIN,
    );
    let mut svg = format!(
        "<svg class=\"graph\" viewBox=\"0 0 {width:.0} {height:.0}\" style=\"width:{width:.0}px\" role=\"img\" \
         aria-label=\"which template follows which\">\n<defs>{}{}</defs>\n",
        arrow("usual"),
        arrow("rare")
    );
    let name = |place: usize| match graph.nodes[place] {
        BEGIN => "begin".to_owned(),
        END => "end".to_owned(),
        key => letters.get(&key).cloned().unwrap_or_default(),
    };
    // Rare edges lie below usual ones, and labels above all.
    let mut labels = String::new();
    let order = graph.edges.iter().enumerate().rev();
    for (number, edge) in order {
        let way = Way::of(edge, &layout, &layout.ways[number]);
        let kind = if edge.is_rare() { "rare" } else { "usual" };
        let _ = writeln!(
            svg,
            "<path class=\"{kind}\" d=\"{}\" stroke-width=\"{:.1}\" marker-end=\"url(#{kind})\"><title>{} → {}: {} times, \
             {} of what leaves {}, first in line {}</title></path>",
            way.path,
            1.0 + 5.0 * edge.share,
            name(edge.from),
            name(edge.to),
            count(edge.step.count),
            probability(edge.share),
            name(edge.from),
            count(edge.step.line),
        );
        if edge.share >= 0.1 && edge.share < 0.995 {
            let (x, y) = way.label;
            let _ = writeln!(
                labels,
                "<text class=\"share\" x=\"{x:.0}\" y=\"{y:.0}\">{:.0}%</text>",
                edge.share * 100.0
            );
        }
    }
    for (place, &(layer, x)) in layout.places.iter().enumerate() {
        let (left, top) = (MARGIN + x - BOX.0 / 2.0, MARGIN + layer as f64 * PITCH);
        svg += &node(graph.nodes[place], &name(place), templates, events, left, top);
    }
    svg + &labels + "</svg>\n"
}

fn arrow(kind: &str) -> String {
    format!(
        "<marker id=\"{kind}\" class=\"{kind}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker>"
    )
}

fn node(key: u32, name: &str, templates: &[Seen], events: u64, left: f64, top: f64) -> String {
    let middle = (left + BOX.0 / 2.0, top + BOX.1 / 2.0);
    let Some(seen) = templates.get(key as usize) else {
        return format!(
            "<g class=\"end\"><rect x=\"{:.0}\" y=\"{:.0}\" width=\"76\" height=\"28\" rx=\"14\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{name}</text></g>\n",
            middle.0 - 38.0,
            if key == BEGIN { top + BOX.1 - 28.0 } else { top },
            middle.0,
            if key == BEGIN { top + BOX.1 - 9.0 } else { top + 19.0 }
        );
    };
    let bad = if seen.is_bad() { " bad" } else { "" };
    let share = probability(seen.count as f64 / events.max(1) as f64);
    format!(
        "<g class=\"node{bad}\"><title>{name}: {}</title><rect x=\"{left:.0}\" y=\"{top:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"7\"/>\
         <text class=\"name\" x=\"{:.0}\" y=\"{:.0}\">{name}</text><text class=\"of\" x=\"{:.0}\" y=\"{:.0}\">{share}</text>\
         <text class=\"label\" x=\"{:.0}\" y=\"{:.0}\">{}</text></g>\n",
        escape(&seen.text),
        BOX.0,
        BOX.1,
        left + 9.0,
        top + 18.0,
        left + BOX.0 - 9.0,
        top + 17.0,
        left + 9.0,
        top + 35.0,
        escape(&cut(&short(&seen.text), LABEL)),
    )
}

/// A template in few letters: its words, with a dot for parameters.
fn short(template: &str) -> String {
    template.replace("<*>", "·")
}

/// How an edge runs, and where its label stands.
struct Way {
    path: String,
    label: (f64, f64),
}

impl Way {
    fn of(edge: &Edge, layout: &Layout, between: &[f64]) -> Self {
        let (from, to) = (layout.places[edge.from], layout.places[edge.to]);
        let top = |layer: usize| MARGIN + layer as f64 * PITCH;
        if edge.from == edge.to {
            let (x, y) = (MARGIN + from.1 + BOX.0 / 2.0, top(from.0) + BOX.1 / 2.0);
            let out = x + LOOP;
            return Self {
                path: format!(
                    "M{x:.0} {:.0}C{out:.0} {:.0} {out:.0} {:.0} {x:.0} {:.0}",
                    y - 11.0,
                    y - 20.0,
                    y + 20.0,
                    y + 11.0
                ),
                label: (x + LOOP - 4.0, y - 14.0),
            };
        }
        if from.0 == to.0 {
            // Below the layer, from one box to the other.
            let y = top(from.0) + BOX.1;
            let (a, b) = (MARGIN + from.1, MARGIN + to.1);
            let towards = if a < b { 40.0 } else { -40.0 };
            let (a, b, low) = (a + towards, b - towards, y + 30.0);
            return Self {
                path: format!("M{a:.0} {y:.0}C{a:.0} {low:.0} {b:.0} {low:.0} {b:.0} {y:.0}"),
                label: (a + (b - a) * 0.25, y + 20.0),
            };
        }
        let is_down = from.0 < to.0;
        let (upper, lower) = if is_down { (from, to) } else { (to, from) };
        let aside = if is_down { -APART / 2.0 } else { APART / 2.0 };
        let mut points = vec![(MARGIN + upper.1 + aside, top(upper.0) + BOX.1)];
        for (layer, x) in (upper.0 + 1..).zip(between) {
            points.push((MARGIN + x, top(layer)));
            points.push((MARGIN + x, top(layer) + BOX.1));
        }
        points.push((MARGIN + lower.1 + aside, top(lower.0)));
        if !is_down {
            points.reverse();
        }
        let mut path = format!("M{:.0} {:.0}", points[0].0, points[0].1);
        for (at, pair) in points.windows(2).enumerate() {
            let [(_, y0), (x1, y1)] = [pair[0], pair[1]];
            if at % 2 == 1 {
                let _ = write!(path, "L{x1:.0} {y1:.0}");
            } else {
                let half = (y1 - y0) / 2.0;
                let _ = write!(
                    path,
                    "C{:.0} {:.0} {x1:.0} {:.0} {x1:.0} {y1:.0}",
                    pair[0].0,
                    y0 + half,
                    y1 - half
                );
            }
        }
        let (start, next) = (points[0], points[1]);
        Self {
            path,
            label: (
                start.0 + (next.0 - start.0) * 0.22,
                start.1 + (next.1 - start.1) * 0.36 + 4.0,
            ),
        }
    }
}
