//! The flagged sessions: a list, and each one's path key by key.

use super::ReportInput;
use super::html::table;
use super::nearest::nearest;
use super::parts::{PARTS_NOTE, parts};
use crate::explanation::{DEPARTURES, describe_end, hidden_events};
use crate::number::{count, p_value, probability, rate};
use crate::{Departure, Explanation, Label, Step, escape};

/// Candidates shown at a departure.
const CANDIDATES: usize = 9;
/// Characters of a raw line or template that are shown.
const TEXT: usize = 600;

/// A line for each explained session, with a link to its explanation.
pub(super) fn flagged_list(input: &ReportInput<'_>) -> String {
    let row = |(place, explanation): (usize, &Explanation)| {
        let link = format!(
            "<a href=\"#session-{}\">{}</a>",
            place + 1,
            shortened(&explanation.session)
        );
        let label = label(explanation.label).to_owned();
        [
            link,
            rate(Some(explanation.score)),
            label,
            escape(&explanation.headline()),
        ]
    };
    let rows: Vec<_> = input.explained().iter().enumerate().map(row).collect();
    let list = if rows.is_empty() {
        String::new()
    } else {
        table(["session", "score", "label", "what happened"], &rows)
    };
    format!("<p>{}</p>\n{list}", input.flagged_sentence(rows.len()))
}

/// The path of each explained session.
pub(super) fn explanations(input: &ReportInput<'_>) -> String {
    if input.explained().is_empty() {
        return "<p>No session was flagged.</p>\n".to_owned();
    }
    let has_parts = input
        .explained()
        .iter()
        .any(|explanation| !explanation.parts.is_empty());
    let note = if has_parts { PARTS_NOTE } else { "" };
    let articles = input.explained().iter().enumerate();
    articles.fold(note.to_owned(), |html, (place, explanation)| {
        html + &article(place + 1, explanation)
    })
}

fn label(label: Option<Label>) -> &'static str {
    match label {
        None => "none",
        Some(Label::Normal) => "normal",
        Some(Label::Anomalous) => "anomalous",
    }
}

fn article(number: usize, explanation: &Explanation) -> String {
    let mut html = format!(
        "<article id=\"session-{number}\">\n<h3>{}</h3>\n<p>{}</p>\n<p class=\"quiet\">score {}{}, label: {}; <a href=\"#flagged\">back to the list</a></p>\n",
        shortened(&explanation.session),
        escape(&explanation.headline()),
        rate(Some(explanation.score)),
        explanation
            .p_value
            .map(|value| format!(", p-value {}", escape(&p_value(value))))
            .unwrap_or_default(),
        label(explanation.label),
    );
    html += &parts(explanation);
    html += "<table class=\"path\"><thead><tr><th scope=\"col\">#</th><th scope=\"col\">line</th><th scope=\"col\">key</th>\
             <th scope=\"col\">event</th></tr></thead>\n<tbody>\n";
    let shown = explanation.shown_steps();
    let mut hidden = 0;
    let mut met = 0;
    for (step, shown) in explanation.steps.iter().zip(shown) {
        if !shown {
            hidden += 1;
            continue;
        }
        html += &gap(std::mem::take(&mut hidden));
        html += &row(step);
        for departure in &step.departures {
            met += 1;
            html += &departure_row(departure, met <= DEPARTURES);
        }
    }
    html += &gap(hidden);
    let class = if !explanation.end_departures.is_empty() {
        "end departs"
    } else {
        "end"
    };
    html += &format!(
        "<tr class=\"{class}\"><td class=\"quiet\" colspan=\"4\">{}",
        describe_end(explanation.end)
    );
    if explanation.dropped_events > 0 {
        html += &format!(
            "; {} further events were over the cap on session length",
            count(explanation.dropped_events)
        );
    }
    html += "</td></tr>\n";
    for departure in explanation.end_departures.iter().chain(&explanation.whole) {
        html += &departure_row(departure, true);
    }
    html += "</tbody></table>\n";
    html += &nearest(explanation);
    html + "</article>\n"
}

fn gap(hidden: usize) -> String {
    match hidden {
        0 => String::new(),
        hidden => format!(
            "<tr class=\"gap\"><td colspan=\"4\">{}</td></tr>\n",
            hidden_events(hidden)
        ),
    }
}

fn row(step: &Step) -> String {
    let class = if step.departures.is_empty() {
        ""
    } else {
        " class=\"departs\""
    };
    let line = step.line.map(|line| line.to_string()).unwrap_or_default();
    let template = step.template.as_deref().map(shortened);
    let raw = step.text.as_deref().map(shortened);
    let event = match (template, raw) {
        (Some(template), Some(raw)) => format!("{template}<small>{raw}</small>"),
        (template, raw) => template.or(raw).unwrap_or_default(),
    };
    let key = shortened(step.key.as_str());
    format!(
        "<tr{class}><td>{}</td><td>{line}</td><td>{key}</td><td class=\"event\">{event}</td></tr>\n",
        step.position + 1
    )
}

/// Why, and bars for what was expected instead.
fn departure_row(departure: &Departure, with_expected: bool) -> String {
    let measure = departure
        .measure()
        .map(|measure| format!(" ({})", escape(&measure)))
        .unwrap_or_default();
    let mut html = format!("<strong>{}{measure}</strong>", departure.reason.describe());
    if with_expected && !departure.expected.is_empty() {
        let (shown, left_out) = departure.likely(CANDIDATES);
        html += "<p>expected instead:</p>\n<ul class=\"expected\">\n";
        for candidate in shown {
            html += &format!(
                "<li><span class=\"bar\"><i style=\"width:{:.1}%\"></i></span><b>{}</b> <span>{} {}</span></li>\n",
                candidate.probability.clamp(0.0, 1.0) * 100.0,
                escape(&probability(candidate.probability)),
                shortened(candidate.name()),
                shortened(candidate.words()),
            );
        }
        html += "</ul>";
        if left_out > 0 {
            html += &format!("<p>and {left_out} less likely</p>");
        }
    }
    format!("<tr class=\"why\"><td colspan=\"4\">{html}</td></tr>\n")
}

/// The escaped text, cut where it is longer than anyone reads; the cut is counted.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        None => escape(text),
        Some((cut, _)) => format!("{}… ({} bytes)", escape(&text[..cut]), count(text.len() as u64)),
    }
}
