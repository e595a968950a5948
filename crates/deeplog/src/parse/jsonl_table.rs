//! `structured.jsonl`.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::row::{Event, Parameter, Row, Sink};
use super::stamp::rfc3339;
use super::text::exact;
use crate::output::AtomicFile;

/// An object for each line; what a line does not have is left out.
pub(super) struct JsonlTable {
    out: AtomicFile,
    columns: Vec<String>,
}

impl JsonlTable {
    pub(super) fn new<'c>(out: AtomicFile, columns: impl Iterator<Item = &'c str>) -> Self {
        Self {
            out,
            columns: columns.map(str::to_owned).collect(),
        }
    }
}

impl Sink for JsonlTable {
    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        serde_json::to_writer(
            &mut self.out,
            &Object {
                columns: &self.columns,
                row,
            },
        )?;
        self.out.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<AtomicFile> {
        Ok(self.out)
    }
}

/// A row under the names that all outputs use.
struct Object<'o> {
    columns: &'o [String],
    row: &'o Row<'o>,
}

#[derive(serde::Serialize)]
struct ShownParameter<'o> {
    value: Cow<'o, str>,
    mask: String,
    /// Bytes of the content.
    start: usize,
    end: usize,
}

impl<'o> From<&'o Parameter<'o>> for ShownParameter<'o> {
    fn from(parameter: &'o Parameter<'o>) -> Self {
        Self {
            value: exact(parameter.value),
            mask: parameter.found_by.to_string(),
            start: parameter.start,
            end: parameter.end(),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Row {
            line,
            time,
            fields,
            content,
            event,
        } = self.row;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("LineId", line)?;
        if let Some(time) = time.and_then(rfc3339) {
            object.serialize_entry("EventTime", &time)?;
        }
        for (name, value) in self.columns.iter().zip(fields.iter().flatten()) {
            object.serialize_entry(name, &exact(value))?;
        }
        object.serialize_entry("Content", &exact(content))?;
        if let Some(Event {
            id,
            template,
            parameters,
            ..
        }) = event
        {
            object.serialize_entry("EventId", id)?;
            object.serialize_entry("EventTemplate", template)?;
            let parameters: Vec<ShownParameter<'_>> = parameters.iter().map(ShownParameter::from).collect();
            object.serialize_entry("ParameterList", &parameters)?;
        }
        object.end()
    }
}
