//! The nearest normal session, aligned beside a flagged one.

use sequence_windowing::KeyName;

use super::sessions::shortened;
use crate::number::count;
use crate::{Alignment, Explanation, Pair};

/// Alike places that are shown on either side of one that differs.
const AROUND: usize = 2;

/// Both sessions in two columns; nothing where no normal session was laid beside.
pub(super) fn nearest(explanation: &Explanation) -> String {
    let Some(alignment) = &explanation.nearest else {
        return String::new();
    };
    let heading = format!("<h4>{}</h4>\n", heading(alignment));
    if alignment.edits == 0 {
        return heading;
    }
    let cell = |key: &KeyName| {
        let template = explanation.templates.get(key).map(|template| shortened(template));
        format!("<b>{}</b> {}", shortened(key.as_str()), template.unwrap_or_default())
    };
    let mut html = heading
        + "<table class=\"beside\"><thead><tr><th scope=\"col\">#</th><th scope=\"col\"></th><th scope=\"col\">this session</th>\
           <th scope=\"col\">the normal one</th></tr></thead>\n<tbody>\n";
    let runs = runs(&alignment.pairs);
    let shown = shown(&runs);
    let mut hidden = 0;
    for (run, shown) in runs.iter().zip(shown) {
        if !shown {
            hidden += run.times;
            continue;
        }
        html += &gap(std::mem::take(&mut hidden));
        let number = match (run.position, run.times) {
            (None, _) => String::new(),
            (Some(position), 1) => (position + 1).to_string(),
            (Some(position), times) => format!("{}–{}", position + 1, position + times),
        };
        let times = match run.times {
            1 => String::new(),
            times => format!(" <em>× {}</em>", count(times as u64)),
        };
        html += &match run.pair {
            Pair::Same(key) => format!(
                "<tr><td>{number}</td><td></td><td colspan=\"2\">{}{times}</td></tr>\n",
                cell(key)
            ),
            Pair::Added(key) => format!(
                "<tr class=\"added\"><td>{number}</td><td>+</td><td>{}{times}</td><td class=\"none\">not there</td></tr>\n",
                cell(key)
            ),
            Pair::Missing(key) => format!(
                "<tr class=\"missing\"><td>{number}</td><td>−</td><td class=\"none\">missing</td><td>{}{times}</td></tr>\n",
                cell(key)
            ),
            Pair::Replaced { seen, usual } => format!(
                "<tr class=\"replaced\"><td>{number}</td><td>≠</td><td>{}{times}</td><td>{}{times}</td></tr>\n",
                cell(seen),
                cell(usual)
            ),
        };
    }
    html + &gap(hidden) + "</tbody></table>\n"
}

fn heading(alignment: &Alignment) -> String {
    let nearest = match alignment.exhaustive {
        true => "The nearest normal session",
        false => "A near normal session",
    };
    let others = match alignment.sessions {
        1 => String::new(),
        2 => ", and one more of the same keys".to_owned(),
        sessions => format!(", and {} more of the same keys", count(sessions - 1)),
    };
    let edits = match alignment.edits {
        0 => "the same keys in the same order".to_owned(),
        1 => "1 key differs".to_owned(),
        edits => format!("{} keys differ", count(edits as u64)),
    };
    format!("{nearest}: {edits} ({}{others})", shortened(&alignment.nearest))
}

/// Equal pairs behind each other.
struct Run<'a> {
    pair: &'a Pair,
    times: usize,
    /// Of the first in the session.
    position: Option<usize>,
}

fn runs(pairs: &[Pair]) -> Vec<Run<'_>> {
    let mut position = 0;
    let chunks = pairs.chunk_by(|left, right| left == right);
    chunks
        .map(|chunk| {
            let is_there = !matches!(chunk[0], Pair::Missing(_));
            let run = Run {
                pair: &chunk[0],
                times: chunk.len(),
                position: is_there.then_some(position),
            };
            position += if is_there { chunk.len() } else { 0 };
            run
        })
        .collect()
}

/// The runs that differ, with those around them.
fn shown(runs: &[Run<'_>]) -> Vec<bool> {
    let mut shown = vec![false; runs.len()];
    for (place, run) in runs.iter().enumerate() {
        if !matches!(run.pair, Pair::Same(_)) {
            let to = (place + AROUND + 1).min(runs.len());
            shown[place.saturating_sub(AROUND)..to].fill(true);
        }
    }
    shown
}

fn gap(hidden: usize) -> String {
    let alike = match hidden {
        0 => return String::new(),
        1 => "1 event alike".to_owned(),
        _ => format!("{} events alike", count(hidden as u64)),
    };
    format!("<tr class=\"gap\"><td colspan=\"4\">{alike}</td></tr>\n")
}
