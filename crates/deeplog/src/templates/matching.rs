//! A log against templates that learn nothing.

use std::path::PathBuf;

use drain_parser::{Piece, Scratch};

use super::TemplateFile;
use crate::error::Result;
use crate::input::Records;
use crate::line_reader::LineCounters;
use crate::observer::{Observer, ensure_wanted};

/// What matched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// What became of the lines; those that match nothing are [`LineCounters::without_template`].
    pub lines: LineCounters,
    /// Messages of which every constant word was equal.
    pub exact: u64,
    /// Messages that match but for numbers which the template holds for constant.
    pub but_for_numbers: u64,
    /// Messages of each template, by its index.
    pub by_template: Vec<u64>,
}

/// Matches the messages of some files, and hands those that match nothing to `unmatched`, with their line number.
///
/// # Errors
/// Files that cannot be read, and what `unmatched` says.
pub fn match_log(
    templates: &TemplateFile,
    files: &[PathBuf],
    observer: &mut dyn Observer,
    unmatched: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
) -> Result<Matching> {
    let parser = &templates.parser;
    let mut matching = Matching {
        by_template: vec![0; parser.templates().len()],
        ..Matching::default()
    };
    let mut scratch = Scratch::default();
    let mut records = Records::of(files.to_vec(), &templates.header);
    observer.begin("matching", None);
    while let Some((read, piece)) = records.next_piece()? {
        matching.lines.count(&piece);
        if let Piece::Message(record) = &piece {
            let content = record.header.content();
            match parser.parse(content, &mut scratch) {
                Some(line) => {
                    matching.by_template[line.template] += 1;
                    let count = if line.exact {
                        &mut matching.exact
                    } else {
                        &mut matching.but_for_numbers
                    };
                    *count += 1;
                }
                None => {
                    matching.lines.without_template += 1;
                    unmatched(record.line, content)?;
                }
            }
        }
        observer.advance(read, "");
        ensure_wanted(observer)?;
    }
    matching.lines.lines = records.lines();
    observer.end(&format!("{} lines", records.lines()));
    Ok(matching)
}
