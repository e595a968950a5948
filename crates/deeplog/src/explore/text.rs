//! The exploration as text for a terminal.

use std::fmt::Write as _;

use evaluation::number::{count, probability};
use evaluation::visible;

use super::Exploration;
use super::findings::{Odd, Piece};
use super::gather::Gathered;
use super::volume::Bucket;
use super::words::{cut, number, span, time};
use crate::parse::shown;

/// Values of a field, templates and rare templates that are shown.
const VALUES: usize = 4;
const FIELDS: usize = 2;
const TEMPLATES: usize = 10;
const RARE: usize = 5;
/// Letters of a template that a sentence quotes.
const QUOTE: usize = 80;
const BAR: usize = 16;
const INDENT: &str = "  ";

/// The whole text, in lines of at most `width` columns where words allow it.
pub(super) fn text(exploration: &Exploration, width: usize) -> String {
    let gathered = &exploration.gathered;
    let mut text = head(exploration);
    text += &odd(&exploration.odd, gathered, width);
    if gathered.nothing().is_none() {
        text += &volume(gathered, width);
        text += &fields(gathered);
        text += &templates(gathered, width);
        text += &sessions(gathered);
    }
    text
}

fn head(exploration: &Exploration) -> String {
    let gathered = &exploration.gathered;
    let lines = gathered.lines;
    let mut facts = vec![
        number(lines.lines, "line"),
        number(gathered.templates.number() as u64, "event template"),
    ];
    if lines.messages != lines.lines {
        facts.insert(1, number(lines.messages, "message"));
    }
    if gathered.understanding.has_sessions {
        facts.push(number(gathered.flow.lengths.count, "session"));
    }
    let mut text = format!("{}\n{INDENT}{}\n", visible(&exploration.name), facts.join(", "));
    if let (Some(first), Some(last)) = (gathered.volume.first, gathered.volume.last) {
        let took = span(last.0.abs_diff(first.0));
        let _ = writeln!(text, "{INDENT}{} to {} ({took})", time(first), time(last));
    }
    for guess in &gathered.understanding.guesses {
        let value = match guess.subject {
            "session" if !gathered.understanding.has_sessions => "none found".to_owned(),
            _ => format!("{}  ({}% sure)", visible(&guess.value), guess.confidence),
        };
        let _ = writeln!(text, "{INDENT}{:<14}{value}", guess.subject);
    }
    text
}

fn odd(odd: &[Odd], gathered: &Gathered, width: usize) -> String {
    if let Some((why, theirs)) = gathered.nothing() {
        let theirs = theirs.map(|text| visible(&cut(text, QUOTE)));
        return format!("\n{}\n", wrap(&(why + &theirs.unwrap_or_default()), width, 0));
    }
    if odd.is_empty() {
        return "\nwhat looks odd\n  nothing\n".to_owned();
    }
    let mut text = "\nwhat looks odd\n".to_owned();
    for (place, Odd { pieces, .. }) in (1..).zip(odd) {
        let sentence: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Ours(text) => text.clone(),
                Piece::Theirs(text) => visible(&cut(text, QUOTE)),
            })
            .collect();
        let _ = writeln!(text, "{INDENT}{place}. {}", wrap(&sentence, width, 5));
    }
    text
}

/// Words in lines of so many columns, all but the first behind an indent.
fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            let _ = write!(wrapped, "\n{:indent$}", "");
            column = indent;
        } else if !wrapped.is_empty() {
            wrapped.push(' ');
            column += 1;
        }
        wrapped += word;
        column += length;
    }
    wrapped
}

fn volume(gathered: &Gathered, width: usize) -> String {
    let buckets = gathered.volume.buckets();
    let Some((first, _)) = buckets.first() else {
        return "\nvolume\n  no time stamp was read\n".to_owned();
    };
    // Several buckets share a column where there are more of them.
    let columns = width.saturating_sub(4).clamp(20, 120);
    let together = buckets.len().div_ceil(columns).max(1);
    let totals: Vec<u64> = buckets
        .chunks(together)
        .map(|some| some.iter().map(|(_, bucket): &(_, Bucket)| bucket.total()).sum())
        .collect();
    let most = totals.iter().copied().max().unwrap_or(0).max(1);
    let line: String = totals.iter().map(|&total| spark(total, most)).collect();
    format!(
        "\nvolume: a column is {}, the highest has {}\n{INDENT}{line}\n{INDENT}from {}\n",
        span(gathered.volume.width().unsigned_abs() * together as u64),
        number(most, "line"),
        time(*first)
    )
}

fn spark(value: u64, most: u64) -> char {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match value {
        0 => ' ',
        _ => LEVELS[((value as f64 / most as f64 * 8.0).ceil() as usize).clamp(1, 8) - 1],
    }
}

fn fields(gathered: &Gathered) -> String {
    let mut text = String::new();
    for field in gathered.shown_fields(FIELDS) {
        let top = field.top(VALUES);
        let most = top.first().map_or(1, |(_, count)| *count);
        let names: Vec<String> = top.iter().map(|(value, _)| cut(&visible(&shown(value)), 32)).collect();
        let name_width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let count_width = count(most).len();
        let more = match field.distinct() - top.len() {
            0 => String::new(),
            more => format!(" ({} more)", count(more as u64)),
        };
        let _ = writeln!(text, "\n{}{more}", visible(&field.name));
        for (name, (_, number)) in names.iter().zip(&top) {
            let pad = name_width - name.chars().count();
            let bar = "█".repeat(((*number as f64 / most as f64) * BAR as f64).ceil() as usize);
            let share = probability(*number as f64 / field.present.max(1) as f64);
            let _ = writeln!(
                text,
                "{INDENT}{name}{:pad$}  {:>count_width$}  {share:>6}  {bar}",
                "",
                count(*number)
            );
        }
    }
    text
}

fn templates(gathered: &Gathered, width: usize) -> String {
    let templates = &gathered.templates;
    let shown = templates.described.iter().take(TEMPLATES);
    let count_width = shown
        .clone()
        .map(|&index| count(templates.all[index].count).len())
        .max()
        .unwrap_or(0);
    let room = width.saturating_sub(count_width + 12).max(30);
    let more = match templates.number().saturating_sub(TEMPLATES) {
        0 => String::new(),
        more => format!(" ({} more)", count(more as u64)),
    };
    let mut text = format!("\nevent templates{more}\n");
    for &index in shown {
        let seen = &templates.all[index];
        let share = probability(seen.count as f64 / gathered.lines.messages.max(1) as f64);
        let _ = writeln!(
            text,
            "{INDENT}{:>count_width$}  {share:>6}  {}",
            count(seen.count),
            cut(&visible(&seen.text), room)
        );
    }
    let rare = templates.rare();
    if rare.is_empty() {
        return text;
    }
    let line_width = rare
        .iter()
        .take(RARE)
        .map(|&index| count(templates.all[index].first.line).len())
        .max();
    let line_width = line_width.unwrap_or(0);
    let _ = writeln!(
        text,
        "\nrare templates: {}{}",
        count(rare.len() as u64),
        if rare.len() > RARE { ", among them" } else { "" }
    );
    for &index in rare.iter().take(RARE) {
        let seen = &templates.all[index];
        let example = seen.example.as_ref().unwrap_or(&seen.text);
        let _ = writeln!(
            text,
            "{INDENT}line {:>line_width$}  {}",
            count(seen.first.line),
            cut(&visible(example), width.saturating_sub(line_width + 9).max(30))
        );
    }
    text
}

fn sessions(gathered: &Gathered) -> String {
    if !gathered.understanding.has_sessions {
        return "\nsessions\n  left out: nothing was found that says which lines belong together; a dataset can say it\n".to_owned();
    }
    let flow = &gathered.flow;
    let mut text = format!(
        "\nsessions by {}\n{INDENT}events    median {}, 95% up to {}, at most {}\n",
        visible(&gathered.understanding.rule_in_words()),
        count(flow.lengths.quantile(0.5)),
        count(flow.lengths.quantile(0.95)),
        count(flow.lengths.high)
    );
    if flow.durations.count > 0 {
        let [median, most, high] = [
            flow.durations.quantile(0.5),
            flow.durations.quantile(0.95),
            flow.durations.high,
        ];
        let _ = writeln!(
            text,
            "{INDENT}duration  median {}, 95% up to {}, at most {}",
            span(median),
            span(most),
            span(high)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrap("one two three", 10, 2), "one two\n  three");
        assert_eq!(wrap("averyverylongword b", 6, 2), "averyverylongword\n  b");
        assert_eq!(wrap("", 10, 2), "");
    }

    #[test]
    fn something_is_never_nothing() {
        let shown: Vec<char> = [0, 1, 50, 100].iter().map(|&value| spark(value, 100)).collect();
        assert_eq!(shown, [' ', '▁', '▄', '█']);
    }
}
