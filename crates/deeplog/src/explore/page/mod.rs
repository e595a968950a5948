//! The exploration as one HTML page without a script: sections open and close by themselves.

mod drawing;
mod graph;
mod layers;
mod sessions;
mod steps;
mod templates;
mod volume;

use std::fmt::Write as _;

use evaluation::number::{count, probability};
use evaluation::{escape, html_page};

use super::Exploration;
use super::findings::{Odd, Piece};
use super::gather::Gathered;
use super::severity::Severity;
use super::values::Values;
use super::words::{cut, number, span, time};
use crate::parse::shown;

const STYLE: &str = include_str!("page.css");
/// Header fields that are shown, and values of each.
pub(super) const FIELDS: usize = 6;
const VALUES: usize = 8;
/// Letters of a template that a sentence quotes.
const QUOTE: usize = 140;

/// The whole file.
pub(super) fn html(exploration: &Exploration) -> String {
    let gathered = &exploration.gathered;
    let mut main = head(exploration);
    main += &odd(&exploration.odd, gathered);
    if gathered.nothing().is_none() {
        main += &volume::section(gathered);
        main += &fields(gathered);
        main += &templates::section(gathered);
        main += &templates::rare(gathered);
        main += &steps::section(gathered);
        main += &sessions::section(gathered);
    }
    html_page(&format!("{}: a first look", exploration.name), STYLE, None, &main)
}

fn head(exploration: &Exploration) -> String {
    let gathered = &exploration.gathered;
    let lines = gathered.lines;
    let files: Vec<String> = exploration.files.iter().take(12).map(|file| escape(file)).collect();
    let more = exploration.files.len() - files.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let mut head = format!(
        "<header id=\"top\">\n<h1>A first look</h1>\n<p>{}{more}</p>\n<dl>\n",
        files.join(", ")
    );
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(head, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    let others = [
        (lines.joined, "joined to another"),
        (lines.continuations, "continuations"),
        (lines.without_header, "without header"),
        (lines.blank, "blank"),
    ];
    let others: Vec<String> = others
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{} {name}", count(*number)))
        .collect();
    let small = |text: String| {
        if text.is_empty() {
            text
        } else {
            format!("<small>{text}</small>")
        }
    };
    fact("lines", count(lines.lines) + &small(others.join(", ")));
    if lines.messages != lines.lines {
        fact("messages", count(lines.messages));
    }
    fact("event templates", count(gathered.templates.number() as u64));
    if gathered.understanding.has_sessions {
        fact("sessions", count(gathered.flow.lengths.count));
    }
    if let (Some(first), Some(last)) = (gathered.volume.first, gathered.volume.last) {
        let from_to = format!("<span>{}</span> <span>– {}</span>", time(first), time(last));
        fact("time span", span(last.0.abs_diff(first.0)) + &small(from_to));
    }
    head += "</dl>\n";
    head += &how_read(gathered);
    if gathered.nothing().is_none() {
        head += "<nav aria-label=\"Sections\"><a href=\"#volume\">Volume</a> <a href=\"#fields\">Levels and components</a> \
                 <a href=\"#templates\">Templates</a> <a href=\"#rare\">Rare templates</a> <a href=\"#flow\">What follows what</a> \
                 <a href=\"#sessions\">Sessions</a></nav>\n";
    }
    head + "</header>\n"
}

/// What was guessed, and how sure that is; or what the dataset says.
fn how_read(gathered: &Gathered) -> String {
    let understanding = &gathered.understanding;
    if understanding.guesses.is_empty() {
        return format!(
            "<p class=\"quiet\">Header <code>{}</code>, sessions by {}</p>\n",
            escape(understanding.profile.header.source()),
            escape(&understanding.rule_in_words())
        );
    }
    let mut rows = String::new();
    for guess in &understanding.guesses {
        let (value, sure, reason) = match guess.subject {
            "session" if !understanding.has_sessions => {
                ("none".to_owned(), "–".to_owned(), without_sessions(&guess.reason))
            }
            _ => (
                format!("<code>{}</code>", escape(&guess.value)),
                format!("{}%", guess.confidence),
                guess.reason.clone(),
            ),
        };
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{value}</td><td>{sure}</td><td>{}</td></tr>",
            guess.subject,
            escape(&reason)
        );
    }
    format!(
        "<div class=\"wide\"><table class=\"guesses\"><thead><tr><th scope=\"col\">guessed</th><th></th>\
         <th scope=\"col\">sure</th><th scope=\"col\">why</th></tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// Why no sessions were guessed, without the windows that `deeplog init` would take instead.
fn without_sessions(reason: &str) -> String {
    reason.split(';').next().unwrap_or_default().to_owned()
}

fn odd(odd: &[Odd], gathered: &Gathered) -> String {
    if let Some((why, theirs)) = gathered.nothing() {
        let theirs = theirs.map(|text| format!("<code>{}</code>", escape(text)));
        let text = escape(&why) + &theirs.unwrap_or_default();
        return format!("<section class=\"odd\"><h2>Nothing to look at</h2><p>{text}</p></section>\n");
    }
    if odd.is_empty() {
        return "<section class=\"odd calm\"><h2>What looks odd</h2><p>Nothing: no errors, no lines without header, no late \
                templates, no bursts, silences or steps back in time.</p></section>\n"
            .to_owned();
    }
    let mut list = String::new();
    for Odd { section, pieces } in odd {
        let sentence: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Ours(text) => escape(text),
                Piece::Theirs(text) => format!("<code>{}</code>", escape(&cut(text, QUOTE))),
            })
            .collect();
        let link = match *section {
            "top" => String::new(),
            section => format!(" <a href=\"#{section}\" aria-label=\"more\">↓</a>"),
        };
        let _ = writeln!(list, "<li>{sentence}{link}</li>");
    }
    format!("<section class=\"odd\"><h2>What looks odd</h2>\n<ol>\n{list}</ol></section>\n")
}

/// The values of the header's fields.
fn fields(gathered: &Gathered) -> String {
    let shown = gathered.shown_fields(FIELDS);
    let mut html = "<h2 id=\"fields\">Levels, components, other fields</h2>\n".to_owned();
    if shown.is_empty() {
        return html
            + "<p class=\"quiet\">The header has no field whose values come back: no levels, no components.</p>\n";
    }
    html += "<div class=\"pair\">\n";
    for field in &shown {
        html += &bars_of(field);
    }
    html += "</div>\n";
    let various = gathered
        .fields
        .iter()
        .filter(|field| field.present > 0 && !field.is_worth_a_look());
    let various: Vec<String> = various
        .map(|field| {
            let more = if field.others > 0 { " and more" } else { "" };
            format!(
                "&lt;{}&gt; ({}{more})",
                escape(&field.name),
                count(field.distinct() as u64)
            )
        })
        .collect();
    if !various.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">Not shown, as their values hardly come back or are more than 1,000: {}.</p>",
            various.join(", ")
        );
    }
    html
}

fn bars_of(field: &Values) -> String {
    let top = field.top(VALUES);
    let most = top.first().map_or(1, |(_, count)| *count).max(1);
    let mut html = format!("<div><h3>{}</h3>\n<div class=\"bars\">\n", escape(&field.name));
    for (value, number) in &top {
        let class = if field.is_level() {
            class(Severity::of(value))
        } else {
            ""
        };
        let text = escape(&self::shown(value));
        let _ = writeln!(
            html,
            "<code title=\"{text}\">{text}</code><span class=\"bar\"><i class=\"{class}\" style=\"width:{:.2}%\"></i></span>\
             <span class=\"many\">{} <small>{}</small></span>",
            100.0 * *number as f64 / most as f64,
            count(*number),
            probability(*number as f64 / field.present.max(1) as f64)
        );
    }
    html += "</div>\n";
    let more = field.distinct() - top.len();
    if more > 0 {
        let _ = writeln!(html, "<p class=\"quiet\">and {}</p>", number(more as u64, "more value"));
    }
    html + "</div>\n"
}

/// The class of a severity in the style sheet.
fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::None => "none",
        other => other.name(),
    }
}

/// A list of bars, as shares of the largest.
fn bars(rows: &[(String, u64)], total: u64) -> String {
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut html = "<div class=\"bars\">\n".to_owned();
    for (name, number) in rows {
        let _ = writeln!(
            html,
            "<span class=\"what\">{name}</span><span class=\"bar\">{}</span>\
             <span class=\"many\">{} <small>{}</small></span>",
            match number {
                0 => String::new(),
                number => format!("<i style=\"width:{:.2}%\"></i>", 100.0 * *number as f64 / most as f64),
            },
            count(*number),
            probability(*number as f64 / total.max(1) as f64)
        );
    }
    html + "</div>\n"
}
