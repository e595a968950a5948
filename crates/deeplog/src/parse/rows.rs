//! The rows of `structured.csv`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use drain_parser::{FrozenDrain, LineFormat, Piece, Scratch};

/// Writes a row for each line.
pub(super) struct Rows<'a> {
    table: csv::Writer<&'a mut dyn Write>,
    header: &'a LineFormat,
    content: usize,
    parser: &'a FrozenDrain,
    ids: Vec<String>,
    scratch: Scratch,
}

impl<'a> Rows<'a> {
    /// Writes the names of the columns: the content follows the other fields, wherever it stands in the line.
    pub(super) fn new(out: &'a mut dyn Write, header: &'a LineFormat, parser: &'a FrozenDrain) -> io::Result<Self> {
        let names = header.fields();
        let content = names.iter().position(|name| name == "Content").unwrap_or(names.len());
        let mut table = csv::Writer::from_writer(out);
        table.write_field("LineId")?;
        for name in names.iter().filter(|name| *name != "Content") {
            table.write_field(name)?;
        }
        table.write_record(["Content", "EventId", "EventTemplate", "ParameterList"])?;
        let ids = parser
            .templates()
            .iter()
            .map(|template| template.id.to_string())
            .collect();
        Ok(Self {
            table,
            header,
            content,
            parser,
            ids,
            scratch: Scratch::default(),
        })
    }

    /// A message with the template that it was learnt for; without one, the template that matches it, if any does.
    pub(super) fn write(&mut self, piece: &Piece<'_>, template: Option<usize>) -> io::Result<()> {
        let header = match piece {
            Piece::Open => return Ok(()),
            Piece::Blank { line, text } | Piece::Other { line, text, .. } => {
                self.table.write_field(line.to_string())?;
                for _ in 1..self.header.fields().len() {
                    self.table.write_field("")?;
                }
                self.table.write_record([&*shown(text), "", "", ""])?;
                return Ok(());
            }
            Piece::Message(record) => {
                self.table.write_field(record.line.to_string())?;
                &record.header
            }
        };
        for (_, field) in header.iter().enumerate().filter(|(column, _)| *column != self.content) {
            self.table.write_field(&*shown(field))?;
        }
        let content = header.content();
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
        self.table.write_field(&*shown(content))?;
        match parsed {
            Some((template, parameters)) => {
                let parameters: Vec<_> = parameters.into_iter().map(shown).collect();
                let text = &self.parser.templates()[template].text;
                self.table
                    .write_record([&self.ids[template], text, &serde_json::to_string(&parameters)?])?;
            }
            None => self.table.write_record(["", "", ""])?,
        }
        Ok(())
    }

    pub(super) fn flush(mut self) -> io::Result<()> {
        self.table.flush()
    }
}

/// Bytes as text: what is not UTF-8 and control characters as `\xNN`. Tabs stay.
fn shown(bytes: &[u8]) -> Cow<'_, str> {
    let is_control = |character: char| character.is_control() && character != '\t';
    if let Ok(text) = str::from_utf8(bytes)
        && !text.contains(is_control)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let push_hex = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                control if is_control(control) => push_hex(&mut text, control.encode_utf8(&mut [0; 4]).as_bytes()),
                other => text.push(other),
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    Cow::Owned(text)
}
