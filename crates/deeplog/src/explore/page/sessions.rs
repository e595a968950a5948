//! How many sessions, how long, and the longest.

use std::fmt::Write as _;

use evaluation::escape;
use evaluation::number::{count, share};

use super::bars;
use crate::explore::gather::Gathered;
use crate::explore::sketch::Sketch;
use crate::explore::words::{cut, number, span};

const SECOND: u64 = 1_000_000;
/// Lengths up to this one have a bar each.
const EACH: u64 = 14;

pub(super) fn section(gathered: &Gathered) -> String {
    let mut html = "<h2 id=\"sessions\">Sessions</h2>\n".to_owned();
    if !gathered.understanding.has_sessions {
        html += "<p>Left out: nothing was found that says which lines belong together. If you know it (an identifier in the \
                 message, a field that names a connection or a process), write it under <code>[session]</code> in a dataset \
                 (<code>deeplog init</code> writes one to begin with) and give it with <code>--dataset</code>.</p>\n";
        return html;
    }
    let flow = &gathered.flow;
    if flow.lengths.count == 0 {
        html += "<p>No line belongs to a session by this rule.</p>\n";
        return html;
    }
    let mut facts = vec![format!(
        "{} by {}, {:.1} events each on average",
        number(flow.lengths.count, "session"),
        escape(&gathered.understanding.rule_in_words()),
        flow.lengths.mean()
    )];
    let groups = gathered.groups;
    // Where no rule ends a session, every one is open to the end, which says nothing.
    let cut = if flow.cut < flow.lengths.count { flow.cut } else { 0 };
    for (lines, what) in [
        (groups.without_session, "messages belong to none"),
        (cut, "were still open when the log ended"),
        (groups.reopened, "came again after they had ended"),
        (groups.evicted, "were closed early, as too many were open"),
    ] {
        if lines > 0 {
            facts.push(format!("{} {what}", count(lines)));
        }
    }
    let _ = writeln!(html, "<p>{}.</p>\n<div class=\"pair\">", facts.join("; "));
    let _ = writeln!(
        html,
        "<div><h3>Events of a session</h3>\n{}{}</div>",
        quantiles(&flow.lengths, count),
        bars(&lengths(&flow.lengths), flow.lengths.count)
    );
    if flow.durations.count > 0 {
        let _ = writeln!(
            html,
            "<div><h3>From the first event to the last</h3>\n{}{}</div>",
            quantiles(&flow.durations, span),
            bars(&durations(&flow.durations), flow.durations.count)
        );
    }
    html += "</div>\n";
    html + &longest(gathered)
}

fn quantiles(sketch: &Sketch, shown: impl Fn(u64) -> String) -> String {
    format!(
        "<p class=\"quiet\">Median {}, {} of them up to {}, the longest {}.</p>\n",
        shown(sketch.quantile(0.5)),
        share(0.95),
        shown(sketch.quantile(0.95)),
        shown(sketch.high)
    )
}

/// A row for each length, or for each doubling where lengths differ widely.
fn lengths(lengths: &Sketch) -> Vec<(String, u64)> {
    if lengths.high <= EACH {
        let each = |length: u64| (length.to_string(), lengths.between(length, length + 1));
        return (lengths.low..=lengths.high).map(each).collect();
    }
    let mut rows = Vec::new();
    let mut from = 1_u64;
    while from <= lengths.high {
        let to = from.saturating_mul(2);
        let name = match to - 1 {
            last if last == from => count(from),
            last => format!("{} to {}", count(from), count(last)),
        };
        rows.push((name, lengths.between(from, to)));
        from = to;
    }
    let first = rows.iter().position(|(_, count)| *count > 0).unwrap_or(0);
    rows.split_off(first)
}

fn durations(durations: &Sketch) -> Vec<(String, u64)> {
    let classes = [
        ("under 10 ms", 0, SECOND / 100),
        ("10 ms to 1 s", SECOND / 100, SECOND),
        ("1 to 10 s", SECOND, 10 * SECOND),
        ("10 s to 1 min", 10 * SECOND, 60 * SECOND),
        ("1 to 10 min", 60 * SECOND, 600 * SECOND),
        ("10 min to 1 h", 600 * SECOND, 3_600 * SECOND),
        ("1 h to 1 day", 3_600 * SECOND, 86_400 * SECOND),
        ("longer", 86_400 * SECOND, u64::MAX),
    ];
    let mut rows: Vec<(String, u64)> = classes
        .into_iter()
        .map(|(name, from, to)| (name.to_owned(), durations.between(from, to)))
        .collect();
    let last = rows.iter().rposition(|(_, count)| *count > 0).unwrap_or(0);
    rows.truncate(last + 1);
    let first = rows.iter().position(|(_, count)| *count > 0).unwrap_or(0);
    rows.split_off(first)
}

fn longest(gathered: &Gathered) -> String {
    let mut html = "<h3>The longest sessions</h3>\n<div class=\"wide\"><table><thead><tr><th scope=\"col\">session</th>\
                    <th scope=\"col\">events</th><th scope=\"col\">took</th><th scope=\"col\">first line</th></tr></thead><tbody>\n"
        .to_owned();
    for session in &gathered.flow.longest {
        let _ = writeln!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&cut(&session.id, 80)),
            count(session.events),
            session.duration.map(span).unwrap_or_default(),
            count(session.first_line)
        );
    }
    html + "</tbody></table></div>\n"
}
