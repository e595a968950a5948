//! An explanation for a terminal.

use anstyle::{AnsiColor, Style};

use crate::explanation::{describe_end, hidden_events};
use sequence_windowing::KeyName;

use crate::number::{p_value, probability, rate};
use crate::wording::{Wording, is_at_limit, key_words, part_words, parts_sentence, place};
use crate::{Departure, Expectation, Explanation, Label, Step, escape::visible};

/// Candidates shown at the departure that decides, and at later ones.
const CANDIDATES: [usize; 2] = [9, 3];
/// Rows a single text may fill; what lies beyond is cut, with an ellipsis.
const MAX_ROWS: usize = 3;
/// Length of the bar of a certain candidate, in characters.
const BAR: usize = 12;
/// Columns left of what a part says.
const PARTS_INDENT: usize = 34;

/// The explanation as text of `width` columns, with ANSI colours if asked for. Content of the log is made
/// [`visible`]: it cannot steer the terminal.
#[must_use]
pub fn explanation_text(explanation: &Explanation, width: usize, colour: bool) -> String {
    let page = Page::of(explanation, width, colour);
    let mut text = page.head(explanation);
    let (mut met, mut hidden) = (0, 0);
    for (step, shown) in explanation.steps.iter().zip(explanation.shown_steps()) {
        if !shown {
            hidden += 1;
            continue;
        }
        text += &page.gap(std::mem::take(&mut hidden));
        text += &page.step(step);
        for departure in &step.departures {
            text += &page.departure(departure, CANDIDATES[usize::from(met > 0)]);
            met += 1;
        }
    }
    text += &page.gap(hidden);
    let marker = Marker::of(!explanation.end_departures.is_empty());
    text += &page.row(marker, ["", "", ""], describe_end(explanation.end), page.dim);
    if explanation.dropped_events > 0 {
        let dropped = format!(
            "{} further events were over the cap on session length",
            explanation.dropped_events
        );
        text += &page.row(Marker::None, ["", "", ""], &dropped, page.dim);
    }
    for departure in explanation.end_departures.iter().chain(&explanation.whole) {
        text += &page.departure(departure, CANDIDATES[usize::from(met > 0)]);
        met += 1;
    }
    text
}

#[derive(Clone, Copy)]
enum Marker {
    None,
    Departs,
}

impl Marker {
    fn of(departs: bool) -> Self {
        if departs { Self::Departs } else { Self::None }
    }
}

/// Column widths and styles.
struct Page {
    number: usize,
    line: usize,
    key: usize,
    text: usize,
    parts: usize,
    bold: Style,
    dim: Style,
    alarm: Style,
    likely: Style,
}

impl Page {
    fn of(explanation: &Explanation, width: usize, colour: bool) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = usize>, least: usize| texts.fold(least, usize::max);
        let steps = &explanation.steps;
        let number = widest(&mut steps.iter().map(|step| digits(step.position as u64 + 1)), 1);
        let has_lines = steps.iter().any(|step| step.line.is_some());
        let line = if has_lines {
            widest(&mut steps.iter().filter_map(|step| step.line).map(digits), 4)
        } else {
            0
        };
        let departures = steps
            .iter()
            .flat_map(|step| &step.departures)
            .chain(&explanation.end_departures);
        let candidates = departures
            .flat_map(|departure| &departure.expected)
            .map(Expectation::name);
        let names = steps.iter().map(|step| step.key.as_str()).chain(candidates);
        // A hash as a name should not push the text off the screen.
        let key = widest(&mut names.map(|name| visible(name).chars().count()), 3).min(16);
        let taken = 2 + number + 2 + if has_lines { line + 2 } else { 0 } + key + 2;
        let style = |style: Style| if colour { style } else { Style::new() };
        Self {
            number,
            line,
            key,
            text: width.saturating_sub(taken).max(24),
            parts: width.saturating_sub(PARTS_INDENT).max(24),
            bold: style(Style::new().bold()),
            dim: style(Style::new().dimmed()),
            alarm: style(AnsiColor::Red.on_default().bold()),
            likely: style(AnsiColor::Cyan.on_default()),
        }
    }

    fn head(&self, explanation: &Explanation) -> String {
        let anomalous = explanation.outcome == detection::Outcome::Anomalous;
        let verdict = if anomalous { "anomalous" } else { "normal" };
        let style = if anomalous { self.alarm } else { self.bold };
        let label = match explanation.label {
            None => "",
            Some(Label::Normal) => ", labelled normal",
            Some(Label::Anomalous) => ", labelled anomalous",
        };
        let session = shorten(&visible(&explanation.session), 80);
        let score = rate(Some(explanation.score));
        let p_value = explanation
            .p_value
            .map(|value| format!(", p-value {}", p_value(value)))
            .unwrap_or_default();
        let mut text = format!(
            "{} is {}, score {score}{p_value}{label}\n",
            paint(self.bold, &session),
            paint(style, verdict)
        );
        text += &format!("{}\n\n", explanation.headline());
        if !explanation.parts.is_empty() {
            text += &self.parts(explanation);
        }
        let line = if self.line > 0 { "line" } else { "" };
        text + &self.row(Marker::None, ["#", line, "key"], "event", self.dim)
    }

    /// What each part says, and what it would accept there.
    fn parts(&self, explanation: &Explanation) -> String {
        let template = |key: &KeyName| explanation.templates.get(key).map(String::as_str);
        let name = |key: &KeyName| visible(&key_words(key, template(key)));
        let wording = Wording { name: &name };
        let anomalous = explanation.outcome == detection::Outcome::Anomalous;
        let mut text = format!("{}\n", parts_sentence(&explanation.parts, anomalous));
        let columns = |part: &str, value: &str, limit: &str| format!("{part:<8}  {value:>9}  {limit:>9}");
        let head = format!("  {}  where and what", columns("part", "p-value", "limit"));
        text += &paint(self.dim, &head);
        text.push('\n');
        for part in &explanation.parts {
            let flags = is_at_limit(part);
            let (value, limit) = (p_value(part.p_value), p_value(part.limit));
            let cells = columns(&part_words(part.part), &value, &limit);
            let marker = self.marker(Marker::of(flags));
            text += &format!(
                "{marker} {}",
                paint(if flags { self.alarm } else { Style::new() }, &cells)
            );
            let worst = part.worst.as_ref();
            let found = worst.map(|finding| format!("{}: {}", place(finding), wording.found(finding)));
            let pass = worst.filter(|_| flags);
            let pass = pass.map(|finding| format!("accepts: {}", wording.instead(finding)));
            let rows = [found, pass]
                .into_iter()
                .flatten()
                .flat_map(|words| wrap(&words, self.parts));
            for (row, words) in rows.enumerate() {
                let indent = if row == 0 { "  " } else { &" ".repeat(PARTS_INDENT) };
                text += &format!("{indent}{words}\n");
            }
            if worst.is_none() {
                text.push('\n');
            }
        }
        text.push('\n');
        text
    }

    fn gap(&self, hidden: usize) -> String {
        match hidden {
            0 => String::new(),
            hidden => self.row(Marker::None, ["", "", ""], &hidden_events(hidden), self.dim),
        }
    }

    fn step(&self, step: &Step) -> String {
        let departs = !step.departures.is_empty();
        let number = (step.position + 1).to_string();
        let line = step.line.map(|line| line.to_string()).unwrap_or_default();
        let key = visible(step.key.as_str());
        let words = visible(step.template.as_deref().or(step.text.as_deref()).unwrap_or_default());
        let style = if departs { self.alarm } else { Style::new() };
        let mut text = self.row(Marker::of(departs), [&number, &line, &key], &words, style);
        // The values matter where the path was left; elsewhere the template says enough.
        if let (true, Some(raw), Some(_)) = (departs, &step.text, &step.template) {
            text += &self.row(Marker::None, ["", "", ""], &visible(raw), self.dim);
        }
        text
    }

    /// Why, and what was expected instead.
    fn departure(&self, departure: &Departure, limit: usize) -> String {
        let measure = departure
            .measure()
            .map(|measure| format!(" ({})", visible(&measure)))
            .unwrap_or_default();
        let why = format!("{}{measure}", departure.reason.describe());
        let mut text = self.row(Marker::None, ["", "", ""], &why, self.alarm);
        if departure.expected.is_empty() {
            return text;
        }
        text += &self.row(Marker::None, ["", "", ""], "expected instead:", self.dim);
        let (shown, left_out) = departure.likely(limit);
        for candidate in shown {
            let filled = (candidate.probability * BAR as f64).round() as usize;
            let bar = format!("{:<BAR$}", "█".repeat(filled.min(BAR)));
            let figure = probability(candidate.probability);
            let lead = format!("{bar} {figure:>6}  ");
            let words = visible(candidate.words());
            let room = self.text.saturating_sub(BAR + 9).max(16);
            for (row, words) in wrap(&words, room).iter().enumerate() {
                let name = if row == 0 {
                    visible(candidate.name())
                } else {
                    String::new()
                };
                let lead = if row == 0 {
                    paint(self.likely, &lead)
                } else {
                    " ".repeat(BAR + 9)
                };
                text += &self.line(Marker::None, ["", "", &name], &format!("{lead}{words}"));
            }
        }
        if left_out > 0 {
            text += &self.row(
                Marker::None,
                ["", "", ""],
                &format!("and {left_out} less likely"),
                self.dim,
            );
        }
        text
    }

    /// A row whose text is wrapped into its column.
    fn row(&self, marker: Marker, cells: [&str; 3], words: &str, style: Style) -> String {
        let rows = wrap(words, self.text);
        let blank = (Marker::None, ["", "", ""]);
        let lines = rows.iter().enumerate().map(|(row, words)| {
            let (marker, cells) = if row == 0 { (marker, cells) } else { blank };
            self.line(marker, cells, &paint(style, words))
        });
        lines.collect()
    }

    fn marker(&self, marker: Marker) -> String {
        match marker {
            Marker::None => " ".to_owned(),
            Marker::Departs => paint(self.alarm, "▶"),
        }
    }

    fn line(&self, marker: Marker, [number, line, key]: [&str; 3], words: &str) -> String {
        let marker = self.marker(marker);
        let line = if self.line > 0 {
            format!("{line:>width$}  ", width = self.line)
        } else {
            String::new()
        };
        let key = shorten(key, self.key);
        let row = format!(
            "{marker} {number:>n$}  {line}{key:>k$}  {words}",
            n = self.number,
            k = self.key
        );
        format!("{}\n", row.trim_end())
    }
}

fn digits(number: u64) -> usize {
    number.to_string().len()
}

fn paint(style: Style, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{style}{text}{style:#}")
    }
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Breaks a text into rows of at most `width` characters, between words where it can, [`MAX_ROWS`] at most.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let gap = usize::from(used > 0);
            if used + gap + rest.len() > width && used > 0 {
                if rows.len() == MAX_ROWS {
                    return cut(rows, width);
                }
                rows.push(String::new());
                used = 0;
                continue;
            }
            let taken: Vec<char> = rest.drain(..rest.len().min(width)).collect();
            if let Some(row) = rows.last_mut() {
                row.extend(std::iter::repeat_n(' ', gap).chain(taken.iter().copied()));
            }
            used += gap + taken.len();
        }
    }
    rows
}

fn cut(mut rows: Vec<String>, width: usize) -> Vec<String> {
    if let Some(last) = rows.last_mut() {
        while last.chars().count() + 1 > width {
            last.pop();
        }
        last.push('…');
    }
    rows
}
