//! A line as all outputs see it.

use std::io;

use drain_parser::{FoundBy, FrozenParser, LineFormat, Piece, Scratch};
use sequence_windowing::Timestamp;

use super::stamp::StampReader;
use crate::output::AtomicFile;

/// A physical line, or a record of several, taken apart.
pub(super) struct Row<'r> {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// When it was written, where that is known.
    pub(super) time: Option<Timestamp>,
    /// What its header holds, in the order of [`RowReader::columns`]; `None` where it has no header.
    pub(super) fields: Option<Vec<&'r [u8]>>,
    /// The message, with all its lines if the format puts them into one record; the whole line where it has no header.
    pub(super) content: &'r [u8],
    /// The event, where a template matches.
    pub(super) event: Option<Event<'r>>,
}

/// A template and what stood in the place of its parameters.
pub(super) struct Event<'r> {
    /// Index of the template in the parser.
    pub(super) index: usize,
    pub(super) id: &'r str,
    pub(super) template: &'r str,
    pub(super) parameters: Vec<Parameter<'r>>,
}

/// A parameter of a content.
pub(super) struct Parameter<'r> {
    pub(super) value: &'r [u8],
    /// What made it a parameter.
    pub(super) found_by: FoundBy,
    /// Its first byte in the content.
    pub(super) start: usize,
}

impl Parameter<'_> {
    /// The byte behind its last one.
    pub(super) fn end(&self) -> usize {
        self.start + self.value.len()
    }
}

/// An output that takes row after row.
pub(super) trait Sink {
    fn write(&mut self, row: &Row<'_>) -> io::Result<()>;

    /// Writes what is left, and gives the file, which still has to take its place.
    fn finish(self: Box<Self>) -> io::Result<AtomicFile>;
}

/// Makes rows of lines.
pub(super) struct RowReader<'a> {
    header: &'a LineFormat,
    content: usize,
    parser: &'a FrozenParser,
    ids: Vec<String>,
    stamp: Option<StampReader>,
    scratch: Scratch,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(header: &'a LineFormat, parser: &'a FrozenParser, stamp: Option<StampReader>) -> Self {
        let names = header.fields();
        let ids = parser.templates().iter().map(|template| template.id.to_string());
        Self {
            content: names.iter().position(|name| name == "Content").unwrap_or(names.len()),
            header,
            parser,
            ids: ids.collect(),
            stamp,
            scratch: Scratch::default(),
        }
    }

    /// The parser whose templates it gives.
    pub(super) fn parser(&self) -> &'a FrozenParser {
        self.parser
    }

    /// The names of the header's fields but for the content, which outputs have a column of their own for.
    pub(super) fn columns(header: &LineFormat) -> impl Iterator<Item = &str> {
        header
            .fields()
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "Content")
    }

    /// A message with the template that it was learnt for; without one, with the template that matches it, if any does.
    /// `None` for what only becomes a row with the lines behind it.
    pub(super) fn read<'r>(&'r mut self, piece: &Piece<'r>, template: Option<usize>) -> Option<Row<'r>> {
        let record = match piece {
            Piece::Open => return None,
            Piece::Blank { line, text } | Piece::Other { line, text, .. } => {
                return Some(Row {
                    line: *line,
                    time: None,
                    fields: None,
                    content: text,
                    event: None,
                });
            }
            Piece::Message(record) => record,
        };
        let head = record.header.content();
        let fields = record.header.iter().enumerate().filter(|(column, _)| *column != self.content);
        let learnt = template.and_then(|template| self.parser.parse_as(template, head, &mut self.scratch));
        let parsed = learnt.or_else(|| self.parser.parse(head, &mut self.scratch));
        let is_long = record.lines > 1 && record.message.starts_with(head);
        Some(Row {
            line: record.line,
            time: self.stamp.as_mut().and_then(|stamp| stamp.read(&record.header)),
            fields: Some(fields.map(|(_, field)| field).collect()),
            content: if is_long { record.message } else { head },
            event: parsed.map(|line| Event {
                index: line.template,
                id: &self.ids[line.template],
                template: &self.parser.templates()[line.template].text,
                parameters: line.parameters.iter().map(Parameter::from).collect(),
            }),
        })
    }
}

impl<'r> From<&drain_parser::Parameter<'r>> for Parameter<'r> {
    fn from(parameter: &drain_parser::Parameter<'r>) -> Self {
        Self {
            value: parameter.value,
            found_by: parameter.found_by,
            start: parameter.start,
        }
    }
}
