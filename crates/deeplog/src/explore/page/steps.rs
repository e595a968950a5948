//! What follows what: the drawing, and the table that says the same in words.

use std::fmt::Write as _;

use evaluation::escape;
use evaluation::number::{count, probability};
use rustc_hash::FxHashMap;

use super::drawing;
use super::graph::{Graph, USUAL};
use crate::explore::flow::{BEGIN, END, Step};
use crate::explore::gather::Gathered;
use crate::explore::words::cut;

/// Steps that the table names for each template.
const NEXT: usize = 5;
/// Rare steps that are listed, from templates that were left at least so often.
const RARE: usize = 10;
const LEFT: u64 = 100;
/// Letters of a template in the tables.
const TEXT: usize = 160;

pub(super) fn section(gathered: &Gathered) -> String {
    let has_sessions = gathered.understanding.has_sessions;
    let all = &gathered.templates.all;
    let graph = Graph::of(
        &gathered.flow,
        |key| all.get(key as usize).map_or(0, |seen| seen.count),
        has_sessions,
    );
    let letters = graph.letters();
    let events: u64 = gathered.lines.messages;
    let drawn: u64 = letters.keys().map(|key| all[*key as usize].count).sum();
    let mut html = "<h2 id=\"flow\">What follows what</h2>\n".to_owned();
    html += if has_sessions {
        "<p class=\"quiet\">Steps from one event template to the next within a session.</p>\n"
    } else {
        "<p>Steps from one line of the log to the next: no sessions are known, so lines of things that went on at the same time \
         are mixed, and a step need not mean anything.</p>\n"
    };
    if graph.edges.is_empty() {
        return html + "<p class=\"quiet\">There is no step to draw.</p>\n";
    }
    let _ = writeln!(
        html,
        "<p class=\"quiet\">{} ({} of the messages). The wider a line, the larger the share \
         of what leaves its template; below {} it is dashed. A template with a coloured border is, or speaks of, an \
         error.{}</p>",
        match letters.len() {
            1 => "Drawn is the most frequent template".to_owned(),
            several => format!("Drawn are the {several} most frequent templates"),
        },
        probability(drawn as f64 / events.max(1) as f64),
        probability(USUAL).replace(".00", ""),
        match graph.left_out {
            0 => String::new(),
            1 => " One rarer step between them is not drawn.".to_owned(),
            more => format!(" {} rarer steps between them are not drawn.", count(more as u64)),
        }
    );
    html += "<div class=\"frame\">";
    html += &drawing::svg(&graph, &letters, all, events);
    html += "</div>\n";
    html += &legend(gathered, &graph, &letters);
    if has_sessions {
        html += &rare(gathered, &letters);
    }
    if gathered.flow.steps_lost > 0 {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">A million different steps are told apart; {} further ones were not counted.</p>",
            count(gathered.flow.steps_lost)
        );
    }
    html
}

/// Each letter with its template and what follows it.
fn legend(gathered: &Gathered, graph: &Graph, letters: &FxHashMap<u32, String>) -> String {
    let departures = gathered.flow.departures();
    let mut next: FxHashMap<u32, Vec<(u32, Step)>> = FxHashMap::default();
    for ((from, to), step) in gathered.flow.sorted() {
        next.entry(from).or_default().push((to, step));
    }
    let mut html = "<div class=\"wide\"><table class=\"left\"><thead><tr><th scope=\"col\"></th><th scope=\"col\">template</th>\
                    <th scope=\"col\" class=\"number\">lines</th><th scope=\"col\">is followed by</th></tr></thead><tbody>\n"
        .to_owned();
    for key in graph.nodes.iter().filter(|key| **key != END) {
        let (letter, text, lines) = match gathered.templates.all.get(*key as usize) {
            Some(seen) => {
                let bad = if seen.is_bad() { " bad" } else { "" };
                (
                    format!("<span class=\"letter{bad}\">{}</span>", name(*key, letters)),
                    format!("<code>{}</code>", escape(&cut(&seen.text, TEXT))),
                    count(seen.count),
                )
            }
            None => ("begin".to_owned(), String::new(), String::new()),
        };
        let left = departures.get(key).copied().unwrap_or(0);
        let mut followers: Vec<String> = Vec::new();
        let (mut others, mut other_count) = (0, 0);
        for (to, step) in next.get(key).into_iter().flatten() {
            let known = *to == END || letters.contains_key(to);
            if known && followers.len() < NEXT {
                followers.push(follower(*to, step.count as f64 / left as f64, letters));
            } else {
                others += 1;
                other_count += step.count;
            }
        }
        if others > 0 {
            followers.push(format!(
                "<span class=\"next\">{others} more {}</span>",
                probability(other_count as f64 / left as f64)
            ));
        }
        let _ = writeln!(
            html,
            "<tr><td>{letter}</td><td>{text}</td><td class=\"number\">{lines}</td><td>{}</td></tr>",
            followers.join(" ")
        );
    }
    html + "</tbody></table></div>\n"
}

fn follower(to: u32, share: f64, letters: &FxHashMap<u32, String>) -> String {
    let rare = if share < USUAL { " rare" } else { "" };
    format!(
        "<span class=\"next{rare}\"><b>{}</b> {}</span>",
        name(to, letters),
        probability(share)
    )
}

fn name(key: u32, letters: &FxHashMap<u32, String>) -> String {
    match key {
        BEGIN => "begin".to_owned(),
        END => "end".to_owned(),
        key => letters.get(&key).cloned().unwrap_or_default(),
    }
}

/// The steps that are rarest beside how often their template was left.
fn rare(gathered: &Gathered, letters: &FxHashMap<u32, String>) -> String {
    let departures = gathered.flow.departures();
    let mut rare: Vec<_> = gathered.flow.sorted();
    rare.retain(|((from, _), step)| departures[from] >= LEFT && step.count * 100 <= departures[from]);
    if rare.is_empty() {
        return String::new();
    }
    rare.sort_by(|((a, _), one), ((b, _), other)| {
        let shares = (one.count * departures[b]).cmp(&(other.count * departures[a]));
        shares.then_with(|| one.line.cmp(&other.line))
    });
    let mut html = format!(
        "<h3>The rarest steps</h3>\n<p class=\"quiet\">{} are taken at most once in a hundred times, from templates that were left \
         {LEFT} times or more.</p>\n<div class=\"wide\"><table class=\"left\"><thead><tr><th scope=\"col\" class=\"number\">times</th>\
         <th scope=\"col\">after</th><th scope=\"col\">came</th><th scope=\"col\" class=\"number\">first in line</th></tr></thead><tbody>\n",
        count(rare.len() as u64)
    );
    let text = |key: u32| match gathered.templates.all.get(key as usize) {
        None => format!("<b>{}</b>", name(key, letters)),
        Some(seen) => {
            let letter = letters
                .get(&key)
                .map(|letter| format!("<span class=\"letter\">{letter}</span> "));
            format!(
                "{}<code>{}</code>",
                letter.unwrap_or_default(),
                escape(&cut(&seen.text, TEXT / 2))
            )
        }
    };
    for ((from, to), step) in rare.iter().take(RARE) {
        let _ = writeln!(
            html,
            "<tr><td class=\"number\">{} of {}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            count(step.count),
            count(departures[from]),
            text(*from),
            text(*to),
            count(step.line)
        );
    }
    html + "</tbody></table></div>\n"
}
