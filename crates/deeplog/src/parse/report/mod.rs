//! `report.html`: the templates as a person wants to see them, gathered in one pass in bounded memory.

mod page;
mod spread;
#[cfg(test)]
mod tests;
mod timeline;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use drain_parser::FrozenParser;
use sequence_windowing::Timestamp;

use super::learning::Learnt;
use super::row::{Event, Parameter, Row, Sink};
use super::text::shown;
use crate::line_reader::LineCounters;
use crate::output::AtomicFile;
pub(crate) use page::{marked, parameter_table, readable};
pub(crate) use spread::Spread;
use timeline::Timelines;

/// Templates that are shown: of more, the most frequent ones, and the rarest, which are often the interesting ones.
const FREQUENT: usize = 400;
const RARE: usize = 100;
/// Bytes of a template's text that are shown.
const TEXT_BYTES: usize = 2_000;
/// Examples of a template, and the bytes that are shown of each.
const EXAMPLES: usize = 3;
const EXAMPLE_BYTES: usize = 400;
/// Parameters of a template that are described; beyond, they are counted.
const POSITIONS: usize = 16;
/// Values that are kept of all parameters together.
const VALUES: usize = 250_000;

/// The report while it is gathered.
pub(super) struct Report {
    out: AtomicFile,
    facts: Facts,
    /// By template of the parser, its place in `shown`.
    places: Vec<Option<usize>>,
    shown: Vec<Seen>,
    /// Over time where messages carry one, else over line numbers.
    timelines: Timelines,
    by_line: Timelines,
    room: usize,
}

/// What is said of all lines.
struct Facts {
    files: Vec<String>,
    header: String,
    lines: LineCounters,
    /// Templates of these lines.
    templates: usize,
    /// Templates of one line.
    once: usize,
    /// Templates that were learnt from other lines, in calls before.
    unseen: usize,
    /// Messages with a template.
    messages: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What was seen of a template.
struct Seen {
    id: String,
    text: String,
    count: u64,
    first: Moment,
    last: Moment,
    /// Line and content.
    examples: Vec<(u64, String)>,
    /// The parameters from left to right, as many as the template has.
    spreads: Vec<Spread>,
    /// Parameters beyond [`POSITIONS`].
    more: usize,
}

/// A line and its time.
#[derive(Clone, Copy, Default)]
struct Moment {
    line: u64,
    time: Option<Timestamp>,
}

impl Report {
    pub(super) fn new(out: AtomicFile, files: &[PathBuf], learnt: &Learnt, parser: &FrozenParser) -> Self {
        let templates = parser.templates();
        let counts = learnt.counts(parser);
        let mut order: Vec<usize> = (0..templates.len()).filter(|&index| counts[index] > 0).collect();
        let seen = order.len();
        order.sort_by(|&a, &b| {
            counts[b]
                .cmp(&counts[a])
                .then_with(|| templates[a].text.cmp(&templates[b].text))
        });
        if order.len() > FREQUENT + RARE {
            order.drain(FREQUENT..order.len() - RARE);
        }
        let mut places = vec![None; templates.len()];
        for (place, &index) in order.iter().enumerate() {
            places[index] = Some(place);
        }
        let of = |&index: &usize| Seen::new(templates[index].id.to_string(), &templates[index].title());
        Self {
            out,
            facts: Facts {
                files: files.iter().map(|file| name_of(file)).collect(),
                header: learnt.state.header.source().to_owned(),
                lines: learnt.lines,
                templates: seen,
                once: counts.iter().filter(|count| **count == 1).count(),
                unseen: templates.len() - seen,
                messages: 0,
                first: None,
                last: None,
            },
            places,
            timelines: Timelines::new(order.len()),
            by_line: Timelines::new(order.len()),
            shown: order.iter().map(of).collect(),
            room: VALUES,
        }
    }

    /// The axis of the small pictures.
    fn axis(&self) -> &Timelines {
        if self.facts.first.is_some() {
            &self.timelines
        } else {
            &self.by_line
        }
    }
}

impl Sink for Report {
    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        let Some(event) = &row.event else { return Ok(()) };
        self.facts.messages += 1;
        if let Some(time) = row.time {
            self.facts.first = Some(self.facts.first.map_or(time, |first| first.min(time)));
            self.facts.last = Some(self.facts.last.map_or(time, |last| last.max(time)));
        }
        let Some(place) = self.places[event.index] else {
            return Ok(());
        };
        if let Some(time) = row.time {
            self.timelines.add(place, time.0);
        }
        self.by_line.add(place, i64::try_from(row.line).unwrap_or(i64::MAX));
        self.shown[place].add(row, event, &mut self.room);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<AtomicFile> {
        let page = page::html(&self);
        self.out.write_all(page.as_bytes())?;
        Ok(self.out)
    }
}

impl Seen {
    fn new(id: String, text: &str) -> Self {
        let parameters = text.matches("<*>").count();
        let shown = &text[..text.floor_char_boundary(TEXT_BYTES)];
        let rest = if shown.len() < text.len() { "…" } else { "" };
        Self {
            id,
            text: format!("{shown}{rest}"),
            count: 0,
            first: Moment::default(),
            last: Moment::default(),
            examples: Vec::new(),
            spreads: (0..parameters.min(POSITIONS)).map(|_| Spread::default()).collect(),
            more: parameters.saturating_sub(POSITIONS),
        }
    }

    fn add(&mut self, row: &Row<'_>, event: &Event<'_>, room: &mut usize) {
        let moment = Moment {
            line: row.line,
            time: row.time,
        };
        if self.count == 0 {
            self.first = moment;
        }
        self.last = moment;
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            let content = shown(&row.content[..row.content.len().min(EXAMPLE_BYTES)]);
            if self.examples.iter().all(|(_, other)| *other != content) {
                self.examples.push((row.line, content.into_owned()));
            }
        }
        // A template that fits only for want of a better one has no value for each of its parameters.
        if event.parameters.len() == self.spreads.len() + self.more {
            for (spread, Parameter { value, found_by, .. }) in self.spreads.iter_mut().zip(&event.parameters) {
                spread.add(value, *found_by, room);
            }
        }
    }
}

fn name_of(file: &Path) -> String {
    if file.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}
