//! The report as HTML.

use drain_parser::FoundBy;
use std::fmt::Write as _;

use evaluation::number::{count, probability};
use evaluation::{Script, escape, html_page};

use super::spread::{DISTINCT, Range, Spread};
use super::{FREQUENT, Moment, RARE, Report, Seen, shown};
use crate::parse::stamp::rfc3339;

const STYLE: &str = include_str!("page.css");
/// Filter and order; without it the page is whole, and ordered by count.
pub(super) const SCRIPT: Script = Script {
    text: include_str!("page.js"),
    sha256: "wCI5DBoJSe68OmZO0f6lJpQ6BJ6Gesh1MjOcEL1vnnU=",
};
/// Values of a parameter that are shown.
const TOP: usize = 5;

/// The whole file.
pub(super) fn html(report: &Report) -> String {
    let facts = &report.facts;
    let title = format!("{}: event templates", facts.files.join(", "));
    let mut main = head(report);
    main += "<div class=\"tools\" hidden><input id=\"filter\" type=\"search\" placeholder=\"Filter: words, ids, values\" \
             aria-label=\"Filter templates\"><select id=\"order\" aria-label=\"Order\">\
             <option value=\"common\">Most frequent first</option><option value=\"rare\">Rarest first</option>\
             <option value=\"new\">Newest first</option><option value=\"old\">In order of appearance</option>\
             <option value=\"text\">By text</option></select><output id=\"shown\"></output></div>\n";
    let axis = if facts.first.is_some() {
        "over time"
    } else {
        "over the lines"
    };
    let _ = write!(
        main,
        "<div class=\"columns\" aria-hidden=\"true\"><span>lines</span><span>template</span><span>{axis}</span></div>\n\
         <div id=\"templates\">\n"
    );
    for (place, seen) in report.shown.iter().enumerate().filter(|(_, seen)| seen.count > 0) {
        template(&mut main, report, place, seen);
    }
    main += "</div>\n";
    html_page(&title, STYLE, Some(SCRIPT), &main)
}

fn head(report: &Report) -> String {
    let facts = &report.facts;
    let lines = facts.lines;
    let files: Vec<String> = facts.files.iter().map(|file| escape(file)).collect();
    let mut head = format!(
        "<header>\n<h1>Event templates</h1>\n<p>{}</p>\n<dl>\n",
        files.join(", ")
    );
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(head, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    fact("templates", count(facts.templates as u64));
    fact("messages", count(lines.messages));
    let others = [
        (lines.continuations, "continuations"),
        (lines.without_header, "without header"),
        (lines.blank, "blank"),
        (lines.messages.saturating_sub(facts.messages), "without template"),
    ];
    let others: Vec<String> = others
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{} {name}", count(*number)))
        .collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("<small>{}</small>", others.join(", "))
    };
    fact("lines", count(lines.lines) + &others);
    if let (Some(first), Some(last)) = (facts.first.and_then(rfc3339), facts.last.and_then(rfc3339)) {
        let span = format!("<span>{}</span> <span>– {}</span>", readable(&first), readable(&last));
        fact("time span", span);
    }
    if facts.once > 0 {
        fact("seen once", count(facts.once as u64));
    }
    head += "</dl>\n";
    let _ = writeln!(
        head,
        "<p class=\"quiet\">Header format <code>{}</code></p>",
        escape(&facts.header)
    );
    let hidden = facts.templates - report.shown.len();
    if hidden > 0 {
        let _ = writeln!(
            head,
            "<p class=\"quiet\">Shown are the {FREQUENT} most frequent templates and the {RARE} rarest; {} between them are \
             not. All are in templates.csv.</p>",
            count(hidden as u64)
        );
    }
    if facts.unseen > 0 {
        let _ = writeln!(
            head,
            "<p class=\"quiet\">{} more templates are known from before and not in these lines.</p>",
            count(facts.unseen as u64)
        );
    }
    head + "</header>\n"
}

fn template(main: &mut String, report: &Report, place: usize, seen: &Seen) {
    let share = seen.count as f64 / report.facts.messages.max(1) as f64;
    let _ = write!(
        main,
        "<details class=\"template\" data-count=\"{}\" data-first=\"{}\"><summary>\n\
         <span class=\"share\"><b>{}</b> <small>{}</small><span class=\"bar\"><i style=\"width:{:.2}%\"></i></span></span>\n\
         <span class=\"text\"><code>{}</code><small>{}</small></span>\n\
         <span class=\"when\">{}<small>{}</small></span>\n</summary>\n<div class=\"more\">\n",
        seen.count,
        seen.first.line,
        count(seen.count),
        probability(share),
        share * 100.0,
        marked(&seen.text, &seen.spreads),
        seen.id,
        sparkline(&report.axis().counts(place)),
        span(seen.first, seen.last),
    );
    let _ = write!(main, "<h3>Examples</h3>\n<dl class=\"examples\">\n");
    for (line, content) in &seen.examples {
        let _ = writeln!(
            main,
            "<dt>line {}</dt><dd><code>{}</code></dd>",
            count(*line),
            escape(content)
        );
    }
    *main += "</dl>\n";
    parameter_table(main, &seen.spreads, seen.more);
    *main += "</div></details>\n";
}

/// The text of a template with its parameters set off; each says what it is like.
pub(crate) fn marked(text: &str, spreads: &[Spread]) -> String {
    let mut pieces = text.split("<*>");
    let mut html = escape(pieces.next().unwrap_or_default());
    for (i, piece) in pieces.enumerate() {
        let spread = spreads.get(i);
        let found_by = spread.and_then(Spread::found_by).unwrap_or(FoundBy::Position);
        let like = spread.map_or_else(String::new, |spread| format!(": {}", kind(spread)));
        let _ = write!(
            html,
            "<mark title=\"parameter {}{}\">{}</mark>{}",
            i + 1,
            escape(&like),
            escape(&found_by.to_string()),
            escape(piece)
        );
    }
    html
}

/// What the values of a parameter are, in a few words.
fn kind(spread: &Spread) -> String {
    let distinct = distinct(spread);
    match spread.range() {
        _ if spread.seen == 0 => "no values".to_owned(),
        _ if spread.distinct() == 1 && !spread.is_cut => "always the same value".to_owned(),
        Some(Range { low, high, .. }) => format!("numbers from {low} to {high}, {distinct} distinct"),
        None => format!("{distinct} distinct values"),
    }
}

fn distinct(spread: &Spread) -> String {
    let more = if spread.is_cut { "+" } else { "" };
    format!("{}{more}", count(spread.distinct() as u64))
}

/// What the values of each parameter are like; `more` parameters are not shown.
pub(crate) fn parameter_table(main: &mut String, spreads: &[Spread], more: usize) {
    if spreads.is_empty() {
        return;
    }
    let numbers: Vec<String> = spreads.iter().map(numbers).collect();
    let has_numbers = numbers.iter().any(|text| !text.is_empty());
    let head = if has_numbers {
        "<th scope=\"col\">numbers</th>"
    } else {
        ""
    };
    let _ = write!(
        main,
        "<h3>Parameters</h3>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">#</th>\
         <th scope=\"col\">distinct</th><th scope=\"col\">most frequent values</th>{head}</tr></thead>\n<tbody>\n"
    );
    for (i, (spread, numbers)) in spreads.iter().zip(numbers).enumerate() {
        let mask = spread.found_by().filter(|found_by| *found_by != FoundBy::Position);
        let mask = mask.map_or_else(String::new, |mask| {
            format!(" <small>{}</small>", escape(&mask.to_string()))
        });
        let numbers = if has_numbers {
            format!("<td>{numbers}</td>")
        } else {
            String::new()
        };
        let _ = writeln!(
            main,
            "<tr><th scope=\"row\">{}{mask}</th><td>{}</td><td>{}</td>{numbers}</tr>",
            i + 1,
            distinct(spread),
            values(spread)
        );
    }
    *main += "</tbody></table></div>\n";
    if spreads.iter().any(|spread| spread.is_cut) {
        let _ = writeln!(
            main,
            "<p class=\"quiet\">With + there were more: values are told apart up to {}, and frequent ones are looked for \
             among those.</p>",
            count(DISTINCT as u64)
        );
    }
    if more > 0 {
        let _ = writeln!(main, "<p class=\"quiet\">{more} more parameters are not shown.</p>");
    }
}

fn values(spread: &Spread) -> String {
    // Values that all differ have no frequent ones among them.
    let top = spread.top(TOP);
    let all_differ = spread.distinct() > TOP && top.first().is_some_and(|(_, count)| *count == 1);
    let mut html = String::new();
    for (value, number) in top {
        let share = if all_differ {
            String::new()
        } else {
            format!(" <small>{}</small>", probability(number as f64 / spread.seen as f64))
        };
        let _ = write!(
            html,
            "<span class=\"value\"><code>{}</code>{share}</span> ",
            escape(&shown(value))
        );
    }
    if spread.distinct() > TOP || spread.is_cut {
        html += "…";
    }
    html
}

fn numbers(spread: &Spread) -> String {
    let Some(range) = spread.range().filter(|range| range.low < range.high) else {
        return String::new();
    };
    let Range { low, median, p95, high } = range;
    format!("{low} to {high}<small>median {median}, 95% up to {p95}</small>")
}

/// Bars over the common axis, the highest as high as the picture.
fn sparkline(counts: &[u64]) -> String {
    const HEIGHT: u64 = 24;
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (x, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // Even a single line among millions is seen.
        let height = (count as f64 / most as f64 * HEIGHT as f64).max(2.0);
        let _ = write!(path, "M{x} {HEIGHT}v-{height:.1}h1v{height:.1}z");
    }
    format!(
        "<svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"lines over time\">\
         <path d=\"{path}\"/></svg>",
        counts.len().max(1)
    )
}

fn span(first: Moment, last: Moment) -> String {
    let told = |moment: Moment| match moment.time.and_then(rfc3339) {
        Some(time) => readable(&time),
        None => format!("line {}", count(moment.line)),
    };
    if first.line == last.line {
        told(first)
    } else {
        format!("<span>{}</span> <span>– {}</span>", told(first), told(last))
    }
}

/// An RFC 3339 time of UTC as people write it, to the second. Stamps without a year are held for those of 1970.
pub(crate) fn readable(time: &str) -> String {
    let (seconds, _) = time.split_at(time.len().min(19));
    let seconds = seconds.replacen('T', " ", 1);
    seconds.strip_prefix("1970-").map(str::to_owned).unwrap_or(seconds)
}
