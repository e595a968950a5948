//! What each part of a combined detector says of a session.

use detection::{Outcome, PartVerdict};
use sequence_windowing::KeyName;

use super::html::table_of;
use crate::number::p_value;
use crate::wording::{Wording, is_at_limit, key_words, part_words, parts_sentence, place};
use crate::{Explanation, escape};

/// What the tables of parts mean.
pub(super) const PARTS_NOTE: &str = "<p class=\"quiet\">p-value: share of normal sessions, held out from training, that are at \
     least as unusual. The smaller it is, the longer is its bar; the mark is the limit, at which a part flags a session by \
     itself.</p>\n";

/// A row for each part: its p-value as a bar, its limit, where and what it found, and what would have had to differ.
/// Nothing for detectors without parts.
pub(super) fn parts(explanation: &Explanation) -> String {
    if explanation.parts.is_empty() {
        return String::new();
    }
    let name = |key: &KeyName| {
        let template = explanation.templates.get(key).map(String::as_str);
        let words = escape(&key_words(key, template));
        match template {
            None => format!("<b>{words}</b>"),
            Some(template) => format!("<abbr title=\"{}\">{words}</abbr>", escape(template)),
        }
    };
    let wording = Wording { name: &name };
    let scale = scale(&explanation.parts);
    let row = |part: &PartVerdict| {
        let flags = is_at_limit(part);
        let (value, limit) = (escape(&p_value(part.p_value)), escape(&p_value(part.limit)));
        let value = if flags {
            format!("<strong>{value}</strong>")
        } else {
            value
        };
        let said = part.worst.as_ref().map_or_else(String::new, |finding| {
            let pass = if flags {
                format!("<small>accepts: {}</small>", wording.instead(finding))
            } else {
                String::new()
            };
            format!("{}: {}{pass}", place(finding), wording.found(finding))
        });
        vec![part_words(part.part), value, bar(part, scale), limit, said]
    };
    let rows: Vec<Vec<String>> = explanation.parts.iter().map(row).collect();
    let anomalous = explanation.outcome == Outcome::Anomalous;
    format!(
        "<div class=\"parts\">\n<p>{}.</p>\n{}</div>\n",
        capitalised(&parts_sentence(&explanation.parts, anomalous)),
        table_of(&["part", "p-value", "", "limit", "where and what"], &rows)
    )
}

/// Orders of magnitude that the longest bar stands for.
fn scale(parts: &[PartVerdict]) -> f64 {
    let values = parts.iter().flat_map(|part| [part.p_value, part.limit]);
    values.filter(|&value| value > 0.0).map(magnitude).fold(1.0, f64::max)
}

fn magnitude(p_value: f64) -> f64 {
    -p_value.clamp(1e-9, 1.0).log10()
}

fn bar(part: &PartVerdict, scale: f64) -> String {
    let share = |p_value: f64| 100.0 * magnitude(p_value) / scale;
    let class = if is_at_limit(part) { " class=\"alarm\"" } else { "" };
    let mark = if part.limit > 0.0 {
        format!("<u style=\"left:{:.1}%\"></u>", share(part.limit))
    } else {
        String::new()
    };
    format!(
        "<span class=\"bar\"><i{class} style=\"width:{:.1}%\"></i>{mark}</span>",
        share(part.p_value)
    )
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
