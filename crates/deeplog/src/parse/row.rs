//! A line as all outputs see it.

use std::io;

use drain_parser::{FrozenDrain, HeaderFormat, Scratch};
use sequence_windowing::Timestamp;

use super::stamp::StampReader;
use crate::output::AtomicFile;

/// A physical line, taken apart.
pub(super) struct Row<'r> {
    /// Its number, from 1.
    pub(super) line: u64,
    /// When it was written, where that is known.
    pub(super) time: Option<Timestamp>,
    /// What its header holds, in the order of [`RowReader::columns`]; `None` where it has no header.
    pub(super) fields: Option<Vec<&'r [u8]>>,
    /// The message; the whole line where it has no header.
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
    /// Name of the mask that found it, `*` for a token that varies.
    pub(super) mask: &'static str,
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
    header: &'a HeaderFormat,
    content: usize,
    parser: &'a FrozenDrain,
    ids: Vec<String>,
    stamp: Option<StampReader>,
    scratch: Scratch,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(header: &'a HeaderFormat, parser: &'a FrozenDrain, stamp: Option<StampReader>) -> Self {
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
    pub(super) fn parser(&self) -> &'a FrozenDrain {
        self.parser
    }

    /// The names of the header's fields but for the content, which outputs have a column of their own for.
    pub(super) fn columns(header: &HeaderFormat) -> impl Iterator<Item = &str> {
        header
            .fields()
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "Content")
    }

    /// A line with the template that it was learnt for; without one, and for a line with a header, with the template
    /// that matches it, if any does.
    pub(super) fn read<'r>(&'r mut self, number: u64, line: &'r [u8], template: Option<usize>) -> Row<'r> {
        let Some(header) = self.header.split(line) else {
            return Row {
                line: number,
                time: None,
                fields: None,
                content: line,
                event: None,
            };
        };
        let content = header.content();
        let fields = header.iter().enumerate().filter(|(column, _)| *column != self.content);
        let learnt = template.and_then(|template| {
            self.parser
                .parse_as(template, content, &mut self.scratch)
                .map(|parameters| (template, parameters))
        });
        let parsed = learnt.or_else(|| {
            self.parser
                .parse(content, &mut self.scratch)
                .map(|parsed| (parsed.template, parsed.parameters))
        });
        Row {
            line: number,
            time: self.stamp.as_mut().and_then(|stamp| stamp.read(&header)),
            fields: Some(fields.map(|(_, field)| field).collect()),
            content,
            event: parsed.map(|(index, parameters)| Event {
                index,
                id: &self.ids[index],
                template: &self.parser.templates()[index].text,
                parameters: parameters.into_iter().map(|value| parameter(content, value)).collect(),
            }),
        }
    }
}

/// `value` is a part of `content`.
fn parameter<'r>(content: &'r [u8], value: &'r [u8]) -> Parameter<'r> {
    Parameter {
        value,
        mask: "*",
        start: value.as_ptr().addr() - content.as_ptr().addr(),
    }
}
