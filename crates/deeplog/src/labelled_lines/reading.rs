//! Lines with labels, from files of any of four kinds, told by what they hold.

mod log;
mod object;
mod records;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use drain_parser::Unescaped;

use super::collection::Collection;
use super::layout::{Layout, alone};
use crate::error::{Error, Result};
use crate::experiment::{LabelRule, Profile};
use crate::input::Lines;
use crate::observer::{Observer, ensure_wanted};

/// What a file of labelled lines may be.
const KINDS: &str = "a file of labelled lines is one JSON object {\"log line\": \"normal\" | \"abnormal\", …}, or has an object a \
     line with `line` and `label`, or is a CSV with the columns line and label; a log whose lines carry a label needs a dataset \
     that says where ([dataset.labels], by = \"line\")";

/// Keys and columns that hold the line, and the label.
const LINE: [&str; 5] = ["line", "log", "message", "text", "content"];
const LABEL: [&str; 1] = ["label"];

/// Reads lines, each with its label, in the order of the file.
///
/// # Errors
/// What is none of the four kinds or damaged, a label of unknown spelling, a line that is no text, each with its place;
/// an empty file; one where every line contradicts another.
pub(super) fn read(
    path: &Path,
    profile: Option<&Profile>,
    layout: &Layout,
    observer: &mut dyn Observer,
) -> Result<Collection> {
    observer.begin("reading", None);
    let mut intake = Intake {
        layout,
        has_header: profile.is_some(),
        collection: Collection::default(),
        unescaped: Unescaped::default(),
        observer,
    };
    match profile.and_then(|profile| profile.labels.as_ref()) {
        Some(LabelRule::Line { field, normal }) => log::read(path, field, normal, &mut intake)?,
        _ => match first_line(path)? {
            None => {}
            Some(first) if records::is_one(&first) => records::read(path, &mut intake)?,
            Some(first) if first.starts_with(b"{") || first.starts_with(b"[") => object::read(path, &mut intake)?,
            Some(_) => table::read(path, &mut intake)?,
        },
    }
    let Intake {
        mut collection,
        observer,
        ..
    } = intake;
    observer.end(&format!("{} lines", collection.len()));
    if collection.len() == 0 {
        return Err(Error::run(format!("{} holds no labelled line", path.display()), KINDS));
    }
    let (contradicting, first) = collection.contradictions();
    if contradicting == collection.len() as u64
        && let Some(first) = first
    {
        let fact = format!(
            "{}: every line is labelled normal in one place and anomalous in another, the first of them {}",
            path.display(),
            collection.number(first)
        );
        return Err(Error::run(
            fact,
            "nothing can be learnt from that; look at how the labels were made",
        ));
    }
    collection.count("lines_that_say_the_same_as_one_with_the_other_label", contradicting);
    if contradicting > 0 {
        observer.warn(&format!(
            "{contradicting} of {} lines say the same as one with the other label",
            collection.len()
        ));
    }
    Ok(collection)
}

/// The first line with anything in it.
fn first_line(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut lines = Lines::of(vec![path.to_owned()]);
    while let Some((_, line)) = lines.next_line()? {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        if !line.is_empty() {
            return Ok(Some(line.to_owned()));
        }
    }
    Ok(None)
}

/// Takes lines in, as they are found.
struct Intake<'i> {
    layout: &'i Layout,
    /// Whether lines have a header that is to be taken apart.
    has_header: bool,
    collection: Collection,
    unescaped: Unescaped,
    observer: &'i mut dyn Observer,
}

impl Intake<'_> {
    /// Takes a line as text, which may be a message of several: then its first line counts.
    fn take(&mut self, number: u64, text: &[u8], is_anomalous: bool) {
        let text = text.trim_ascii();
        let (line, further) = match memchr::memchr(b'\n', text) {
            Some(end) => (text[..end].trim_ascii_end(), 1),
            None => (text, 0),
        };
        self.collection.count("lines_cut_to_their_first", further);
        let header = match self.has_header {
            true => self.layout.format.split(line, &mut self.unescaped),
            false => None,
        };
        if let Some(header) = header {
            self.collection.push(number, self.layout.said(&header), is_anomalous);
        } else {
            self.collection
                .count("lines_without_header", u64::from(self.has_header));
            self.collection.push(number, alone(line), is_anomalous);
        }
        self.observer.advance(self.collection.len() as u64, "");
    }

    fn ensure_wanted(&self) -> Result<()> {
        ensure_wanted(self.observer)
    }
}
