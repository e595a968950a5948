//! Event templates: how many, which, with what parameters, and the rare ones.

use std::fmt::Write as _;

use evaluation::escape;
use evaluation::number::{count, probability};

use crate::explore::gather::Gathered;
use crate::explore::page::bars;
use crate::explore::seen::{DESCRIBED, Details, Moment, RARE, SAMPLED, Seen};
use crate::explore::words::{cut, number, time};
use crate::parse::{marked, parameter_table};

/// Templates of a list that are in sight; the rest opens.
const OPEN: usize = 15;
/// Rare templates that are listed.
const LISTED: usize = 60;
/// Letters of an example that are shown in a list.
const EXAMPLE: usize = 240;
/// Points of the curve at most.
const POINTS: usize = 300;

pub(super) fn section(gathered: &Gathered) -> String {
    let templates = &gathered.templates;
    let messages = gathered.lines.messages;
    let mut html = format!(
        "<h2 id=\"templates\">Event templates</h2>\n<p>{} in {}. {}</p>\n<div class=\"pair\">\n",
        number(templates.number() as u64, "template"),
        number(messages, "message"),
        growth_in_words(gathered)
    );
    html += &growth(gathered);
    html += &rarity(gathered);
    html += "</div>\n<h3>The most frequent</h3>\n<p class=\"quiet\">Each opens to show what stood in the place of its \
             parameters.";
    if templates.number() > DESCRIBED {
        let covered: u64 = templates
            .described
            .iter()
            .map(|&index| templates.all[index].count)
            .sum();
        let _ = write!(
            html,
            " These {DESCRIBED} are {} of the messages; <code>deeplog parse</code> gives all.",
            probability(covered as f64 / messages.max(1) as f64)
        );
    }
    html += "</p>\n";
    let (first, rest) = templates.described.split_at(templates.described.len().min(OPEN));
    let list = |some: &[usize]| -> String {
        some.iter()
            .map(|&index| template(&templates.all[index], messages))
            .collect()
    };
    html += &list(first);
    html + &folded(rest.len(), "more template", &list(rest))
}

/// Whether the vocabulary is still growing.
fn growth_in_words(gathered: &Gathered) -> String {
    let (half, fifth) = (gathered.lines.lines / 2, gathered.lines.lines / 5);
    let order = gathered.templates.in_order();
    let first = |index: &&usize| gathered.templates.all[**index].first.line;
    let all = order.len() as f64;
    let in_half = order.iter().filter(|index| first(index) <= half).count() as f64;
    let late = order
        .iter()
        .filter(|index| first(index) > gathered.lines.lines - fifth)
        .count();
    if gathered.lines.lines < 100 {
        return "Too few lines to say whether more would bring new ones.".to_owned();
    }
    match late {
        0 => "The last fifth of the log brought none that was new: the vocabulary seems whole.".to_owned(),
        late if late as f64 <= 0.05 * all => format!(
            "{} of them had come by the middle of the log, {} only in its last fifth: the vocabulary is nearly whole.",
            probability(in_half / all),
            count(late as u64)
        ),
        late => format!(
            "{} of them came for the first time in the last fifth of the log: the vocabulary is still growing, and more lines \
             would bring more.",
            count(late as u64)
        ),
    }
}

/// The curve of templates known after so many lines.
fn growth(gathered: &Gathered) -> String {
    let order = gathered.templates.in_order();
    let lines = gathered.lines.lines.max(1) as f64;
    let all = order.len().max(1) as f64;
    let stride = order.len().div_ceil(POINTS).max(1);
    let mut path = String::from("M0 100");
    for (known, &index) in order.iter().enumerate().filter(|(known, _)| known % stride == 0) {
        let x = 100.0 * gathered.templates.all[index].first.line as f64 / lines;
        let _ = write!(path, "H{x:.2}V{:.2}", 100.0 - 94.0 * (known + 1) as f64 / all);
    }
    format!(
        "<div><h3>Templates known after so many lines</h3>\n<div class=\"chart\"><div class=\"plot low\">\
         <svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"templates over lines\">\
         <path class=\"under\" d=\"{path}V6H100V100z\"/><path class=\"curve\" d=\"{path}V6H100\"/></svg>\
         <span class=\"high\">{}</span></div><div class=\"axis\"><span>line 1</span><span>{}</span><span>{}</span></div></div></div>\n",
        count(order.len() as u64),
        count(gathered.lines.lines / 2),
        count(gathered.lines.lines)
    )
}

/// How many templates have how many lines.
fn rarity(gathered: &Gathered) -> String {
    let classes: [(&str, u64, u64); 6] = [
        ("once", 1, 1),
        ("2 to 5 times", 2, 5),
        ("6 to 20", 6, 20),
        ("21 to 100", 21, 100),
        ("101 to 1,000", 101, 1_000),
        ("more often", 1_001, u64::MAX),
    ];
    let all = &gathered.templates.all;
    let rows = classes.map(|(name, from, to)| {
        let some = all.iter().filter(|seen| (from..=to).contains(&seen.count)).count();
        (name.to_owned(), some as u64)
    });
    format!(
        "<div><h3>How often templates come</h3>\n{}</div>\n",
        bars(&rows, gathered.templates.in_order().len() as u64)
    )
}

fn template(seen: &Seen, messages: u64) -> String {
    let share = seen.count as f64 / messages.max(1) as f64;
    let (spreads, stride, more) = match &seen.details {
        Some(Details { spreads, stride, more }) => (&spreads[..], *stride, *more),
        None => (&[][..], 1, 0),
    };
    let mut html = format!(
        "<details class=\"template\"><summary><span class=\"share\"><b>{}</b> <small>{}</small>\
         <span class=\"bar\"><i style=\"width:{:.2}%\"></i></span></span>\
         <span class=\"what\"><code>{}</code><small>{}</small></span></summary>\n<div class=\"more\">\n",
        count(seen.count),
        probability(share),
        100.0 * share,
        marked(&seen.text, spreads),
        match &seen.example {
            Some(example) if *example != seen.text => escape(&cut(example, EXAMPLE)),
            _ => "always the same".to_owned(),
        },
    );
    let _ = writeln!(
        html,
        "<p class=\"quiet\">{} first {}, last {}</p>",
        seen.id,
        moment(seen.first),
        moment(seen.last)
    );
    parameter_table(&mut html, spreads, more);
    if stride > 1 {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">Looked at in every {} message, about {} in all.</p>",
            ordinal(stride),
            count(SAMPLED.min(seen.count))
        );
    }
    html + "</div></details>\n"
}

fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{ending}", count(number))
}

fn moment(moment: Moment) -> String {
    let line = format!("in line {}", count(moment.line));
    match moment.time {
        Some(at) => format!("{line} ({})", time(at)),
        None => line,
    }
}

/// The templates of few lines.
pub(super) fn rare(gathered: &Gathered) -> String {
    let rare = gathered.templates.rare();
    let mut html = "<h2 id=\"rare\">Rare templates</h2>\n".to_owned();
    if rare.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">Every template comes more than {RARE} times.</p>"
        );
        return html;
    }
    let _ = writeln!(
        html,
        "<p class=\"quiet\">{} at most {RARE} times each; those that speak of trouble first, then the latest.</p>",
        match rare.len() {
            1 => "1 template comes".to_owned(),
            some => format!("{} templates come", count(some as u64)),
        }
    );
    let listed = &rare[..rare.len().min(LISTED)];
    let (first, rest) = listed.split_at(listed.len().min(OPEN));
    html += &rare_table(gathered, first);
    html += &folded(rest.len(), "more template", &rare_table(gathered, rest));
    if rare.len() > LISTED {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">and {}; <code>deeplog parse</code> gives all.</p>",
            number((rare.len() - LISTED) as u64, "more template")
        );
    }
    html
}

/// The rest of a list, to be opened.
fn folded(some: usize, what: &str, html: &str) -> String {
    match some {
        0 => String::new(),
        some => format!(
            "<details class=\"rest\"><summary>{}</summary>\n{html}</details>\n",
            number(some as u64, what)
        ),
    }
}

fn rare_table(gathered: &Gathered, rare: &[usize]) -> String {
    let mut html =
        "<div class=\"wide\"><table class=\"left rare\"><thead><tr><th scope=\"col\" class=\"number\">line</th>\
                    <th scope=\"col\">time</th><th scope=\"col\" class=\"number\">lines</th>\
                    <th scope=\"col\">first message</th></tr></thead><tbody>\n"
            .to_owned();
    for &index in rare {
        let seen = &gathered.templates.all[index];
        let text = seen.example.as_ref().unwrap_or(&seen.text);
        let _ = writeln!(
            html,
            "<tr><td class=\"number\">{}</td><td class=\"when\">{}</td><td class=\"number\">{}</td><td><code>{}</code></td></tr>",
            count(seen.first.line),
            seen.first.time.map(time).unwrap_or_default(),
            count(seen.count),
            escape(&cut(text, EXAMPLE))
        );
    }
    html + "</tbody></table></div>\n"
}
