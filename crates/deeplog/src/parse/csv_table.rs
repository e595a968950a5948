//! `structured.csv`.

use std::io;

use super::row::{Event, Row, Sink};
use super::text::shown;
use crate::output::AtomicFile;

/// A row for each line, in logparser's columns.
pub(super) struct CsvTable {
    table: csv::Writer<AtomicFile>,
    columns: usize,
    parameters: Vec<u8>,
}

impl CsvTable {
    /// Writes the names of the columns: the content follows the other fields, wherever it stands in the line.
    pub(super) fn new<'c>(out: AtomicFile, columns: impl Iterator<Item = &'c str>) -> io::Result<Self> {
        let mut table = csv::Writer::from_writer(out);
        let names: Vec<&str> = columns.collect();
        table.write_field("LineId")?;
        for name in &names {
            table.write_field(name)?;
        }
        table.write_record(["Content", "EventId", "EventTemplate", "ParameterList"])?;
        Ok(Self {
            table,
            columns: names.len(),
            parameters: Vec::new(),
        })
    }
}

impl Sink for CsvTable {
    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.table.write_field(row.line.to_string())?;
        match &row.fields {
            Some(fields) => fields
                .iter()
                .try_for_each(|field| self.table.write_field(&*shown(field)))?,
            None => (0..self.columns).try_for_each(|_| self.table.write_field(""))?,
        }
        self.table.write_field(&*shown(row.content))?;
        let Some(Event {
            id,
            template,
            parameters,
            ..
        }) = &row.event
        else {
            return Ok(self.table.write_record(["", "", ""])?);
        };
        self.parameters.clear();
        for (i, parameter) in parameters.iter().enumerate() {
            self.parameters.push(if i == 0 { b'[' } else { b',' });
            serde_json::to_writer(&mut self.parameters, &shown(parameter.value))?;
        }
        let end: &[u8] = if parameters.is_empty() { b"[]" } else { b"]" };
        self.parameters.extend_from_slice(end);
        Ok(self
            .table
            .write_record([id.as_bytes(), template.as_bytes(), &self.parameters])?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<AtomicFile> {
        self.table.flush()?;
        self.table.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}
