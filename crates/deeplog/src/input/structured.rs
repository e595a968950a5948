//! logparser's `*_structured.csv`: one row a line, with the line's header fields, content and event.

use std::path::Path;

use crate::error::{Error, Result};

/// Rows of a structured CSV.
pub struct StructuredRows {
    reader: csv::Reader<Box<dyn std::io::BufRead>>,
    path: String,
    columns: Vec<String>,
    content: usize,
    event: usize,
    template: Option<usize>,
    row: csv::ByteRecord,
    number: u64,
}

/// One row.
#[derive(Clone, Copy)]
pub struct StructuredRow<'r> {
    rows: &'r StructuredRows,
    /// Number of the row, from 1.
    pub number: u64,
}

impl StructuredRows {
    /// Opens a CSV and finds its columns `Content` and `EventId`; `EventTemplate` may be there.
    pub fn open(path: &Path) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().from_reader(super::bytes::open(path)?);
        let name = path.display().to_string();
        let header = reader.byte_headers().map_err(|error| damaged(&name, &error))?;
        let columns: Vec<String> = header
            .iter()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        let find = |wanted: &str| columns.iter().position(|column| column == wanted);
        let needed = |wanted: &str| {
            find(wanted).ok_or_else(|| {
                Error::run(
                    format!("{name}: has no column `{wanted}`, only {}", columns.join(", ")),
                    "give the `*_structured.csv` that logparser or `deeplog parse` writes",
                )
            })
        };
        let (content, event, template) = (needed("Content")?, needed("EventId")?, find("EventTemplate"));
        Ok(Self {
            reader,
            path: name,
            columns,
            content,
            event,
            template,
            row: csv::ByteRecord::new(),
            number: 0,
        })
    }

    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row; `None` after the last one.
    pub fn next_row(&mut self) -> Result<Option<StructuredRow<'_>>> {
        let more = self
            .reader
            .read_byte_record(&mut self.row)
            .map_err(|error| damaged(&self.path, &error))?;
        self.number += u64::from(more);
        Ok(more.then_some(StructuredRow {
            rows: self,
            number: self.number,
        }))
    }
}

impl<'r> StructuredRow<'r> {
    /// The message without its header.
    #[must_use]
    pub fn content(self) -> &'r [u8] {
        self.rows.row.get(self.rows.content).unwrap_or_default()
    }

    /// Name of the row's log key; empty for a row without one, as continuation lines have none.
    #[must_use]
    pub fn event(self) -> &'r [u8] {
        self.rows.row.get(self.rows.event).unwrap_or_default()
    }

    /// The event's template, where the file holds it.
    #[must_use]
    pub fn template(self) -> Option<&'r [u8]> {
        self.rows.row.get(self.rows.template?)
    }

    /// A field by its column.
    #[must_use]
    pub fn column(self, column: usize) -> &'r [u8] {
        self.rows.row.get(column).unwrap_or_default()
    }
}

fn damaged(path: &str, error: &csv::Error) -> Error {
    Error::run(
        format!("{path}: {error}"),
        "the CSV seems damaged or cut short; write it again",
    )
}
