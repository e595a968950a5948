//! The lines of a log, and their parts.

use std::ops::Range;
use std::path::PathBuf;

use drain_parser::{Header, LineFormat, Unescaped};
use memchr::memmem::find_iter;

use crate::error::Result;
use crate::experiment::Profile;
use crate::input::Lines;
use crate::intake::Intake;
use crate::observer::{Observer, ensure_wanted};

/// The columns of a header that are treated on their own.
pub(super) struct Columns {
    level: Option<usize>,
    stamps: Vec<usize>,
    stream: Option<usize>,
}

/// Where parts of a line are.
pub(super) struct Parts {
    pub(super) content: Range<usize>,
    pub(super) level: Option<Range<usize>>,
    pub(super) stamps: Vec<Range<usize>>,
    /// What names its stream, where the dataset's sessions are streams.
    pub(super) stream: Option<Range<usize>>,
}

impl Columns {
    pub(super) fn of(format: &LineFormat, profile: Option<&Profile>) -> Self {
        let column = |name: &str| format.fields().iter().position(|field| field == name);
        let stamp = profile.and_then(|profile| profile.time.as_ref());
        let stamps = stamp.map_or(&[][..], |stamp| &stamp.fields);
        Self {
            level: column("Level"),
            stamps: stamps.iter().filter_map(|name| column(name)).collect(),
            stream: profile.and_then(|profile| profile.session.field()).and_then(column),
        }
    }

    pub(super) fn level<'l>(&self, header: &Header<'l>) -> Option<&'l [u8]> {
        self.level
            .map(|column| header.field(column))
            .filter(|level| !level.is_empty())
    }

    /// `None` where the content does not stand in the line as it is.
    pub(super) fn parts(&self, line: &[u8], header: &Header<'_>) -> Option<Parts> {
        let stamps = self
            .stamps
            .iter()
            .filter_map(|&column| span_in(line, header.field(column)));
        Some(Parts {
            content: span_in(line, header.content())?,
            level: self.level(header).and_then(|level| span_in(line, level)),
            stamps: stamps.collect(),
            stream: self.stream.and_then(|column| span_in(line, header.field(column))),
        })
    }

    /// Whether all that a fault may have to change stands in the line as it is.
    pub(super) fn are_whole(&self, parts: &Parts) -> bool {
        parts.stamps.len() == self.stamps.len() && parts.stream.is_some() == self.stream.is_some()
    }
}

/// Where a part that was borrowed from a line begins and ends in it.
fn span_in(line: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(line.as_ptr() as usize)?;
    let span = start..start.checked_add(part.len())?;
    (line.get(span.clone()) == Some(part)).then_some(span)
}

/// The names of the sessions that a message belongs to.
pub(super) fn names(intake: Option<&Intake>, header: &Header<'_>) -> Vec<Vec<u8>> {
    let names = intake.into_iter().flat_map(|intake| intake.names(header));
    names
        .map(|name| name.into_owned().into_bytes())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether a place in a text is part of one of the names, or holds one: `job-17` is one name, whatever of it a parser took for
/// a parameter.
pub(super) fn touches_any(text: &[u8], place: &Range<usize>, names: &[Vec<u8>]) -> bool {
    let touches =
        |name: &Vec<u8>| find_iter(text, name).any(|start| start < place.end && place.start < start + name.len());
    names.iter().any(touches)
}

/// Gives each physical line with its number, and with its header where it has one.
pub(super) fn each_line(
    files: &[PathBuf],
    format: &LineFormat,
    stage: &'static str,
    observer: &mut dyn Observer,
    mut each: impl FnMut(u64, &[u8], Option<Header<'_>>) -> Result<()>,
) -> Result<()> {
    observer.begin(stage, None);
    let mut lines = Lines::of(files.to_vec()).with_carriage_returns();
    let mut unescaped = Unescaped::default();
    while let Some((number, line)) = lines.next_line()? {
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        each(number, line, format.split(text, &mut unescaped))?;
        observer.advance(number, "");
        ensure_wanted(observer)?;
    }
    if lines.cut() > 0 {
        observer.warn(&format!("{} lines are longer than 16 MiB and were cut", lines.cut()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_the_name() {
        let (text, names) = (b"job-17 of 17", [b"job-17".to_vec()]);
        let touches = |place: Range<usize>| touches_any(text, &place, &names);
        assert!(touches(4..6) && touches(0..6) && touches(0..12));
        assert!(!touches(10..12) && !touches(6..9));
    }
}
