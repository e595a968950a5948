//! `structured.parquet`.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::row::{Row, Sink};
use super::text::exact;
use crate::output::AtomicFile;

/// A row group is written when it has so many rows, or so many bytes of text: this bounds what is held in memory.
const ROWS: usize = 128 << 10;
const BYTES: usize = 64 << 20;

/// A row for each line; what a line does not have is null. `ParameterList` is a list of structs, empty where the line has
/// no template.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<AtomicFile>,
    group: Group,
}

/// The rows that are not written yet, column by column.
struct Group {
    lines: Vec<i64>,
    times: Numbers<i64>,
    /// The header's fields, then content, id and template.
    texts: Vec<Texts>,
    values: Texts,
    masks: Texts,
    starts: Numbers<i32>,
    ends: Numbers<i32>,
    /// For each parameter, and for each row without one: 1 where it begins no row.
    repetitions: Vec<i16>,
}

/// A column of numbers that may be null.
#[derive(Default)]
struct Numbers<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
}

/// A column of texts that may be null.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    definitions: Vec<i16>,
}

impl ParquetTable {
    pub(super) fn new<'c>(out: AtomicFile, columns: impl Iterator<Item = &'c str>) -> io::Result<Self> {
        let columns: Vec<&str> = columns.collect();
        // Hardly a content comes twice: looking for it in a dictionary is in vain.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_column_dictionary_enabled(ColumnPath::from("Content"), false)
            .set_column_dictionary_enabled(ColumnPath::from("LineId"), false)
            .build();
        let schema = schema(&columns).map_err(told)?;
        Ok(Self {
            writer: SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(told)?,
            group: Group::new(columns.len() + 3),
        })
    }

    fn write_group(&mut self) -> io::Result<()> {
        if self.group.lines.is_empty() {
            return Ok(());
        }
        let columns = self.group.texts.len();
        let group = std::mem::replace(&mut self.group, Group::new(columns));
        let mut writer = self.writer.next_row_group().map_err(told)?;
        group.write(&mut writer).map_err(told)?;
        writer.close().map_err(told)?;
        Ok(())
    }
}

impl Sink for ParquetTable {
    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.group.push(row);
        if self.group.lines.len() >= ROWS || self.group.bytes() >= BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<AtomicFile> {
        self.write_group()?;
        self.writer.into_inner().map_err(told)
    }
}

impl Group {
    fn new(texts: usize) -> Self {
        Self {
            lines: Vec::new(),
            times: Numbers::default(),
            texts: (0..texts).map(|_| Texts::default()).collect(),
            values: Texts::default(),
            masks: Texts::default(),
            starts: Numbers::default(),
            ends: Numbers::default(),
            repetitions: Vec::new(),
        }
    }

    fn bytes(&self) -> usize {
        self.values.bytes.len() + self.texts.iter().map(|column| column.bytes.len()).sum::<usize>()
    }

    fn push(&mut self, row: &Row<'_>) {
        self.lines.push(row.line as i64);
        self.times.push(row.time.map(|time| time.0));
        let event = row.event.as_ref();
        let fields = self.texts.len() - 3;
        for (i, column) in self.texts[..fields].iter_mut().enumerate() {
            let value = row.fields.as_ref().map(|fields| exact(fields[i]));
            column.push(value.as_deref());
        }
        self.texts[fields].push(Some(&exact(row.content)));
        self.texts[fields + 1].push(event.map(|event| event.id));
        self.texts[fields + 2].push(event.map(|event| event.template));
        let parameters = event.map_or(&[][..], |event| &event.parameters);
        if parameters.is_empty() {
            self.repetitions.push(0);
            self.values.push(None);
            self.masks.push(None);
            self.starts.push(None);
            self.ends.push(None);
        }
        for (i, parameter) in parameters.iter().enumerate() {
            self.repetitions.push(i16::from(i > 0));
            self.values.push(Some(&exact(parameter.value)));
            self.masks.push(Some(&parameter.found_by.to_string()));
            // Lines are cut long before that.
            self.starts.push(i32::try_from(parameter.start).ok());
            self.ends.push(i32::try_from(parameter.end()).ok());
        }
    }

    /// In the order of the schema.
    fn write(self, writer: &mut SerializedRowGroupWriter<'_, AtomicFile>) -> Result<(), ParquetError> {
        column::<Int64Type>(writer, &self.lines, None, None)?;
        column::<Int64Type>(writer, &self.times.values, Some(&self.times.definitions), None)?;
        for texts in self.texts {
            texts.write(writer, None)?;
        }
        let repetitions = Some(self.repetitions.as_slice());
        self.values.write(writer, repetitions)?;
        self.masks.write(writer, repetitions)?;
        for numbers in [self.starts, self.ends] {
            column::<Int32Type>(writer, &numbers.values, Some(&numbers.definitions), repetitions)?;
        }
        Ok(())
    }
}

impl<T> Numbers<T> {
    fn push(&mut self, value: Option<T>) {
        self.definitions.push(i16::from(value.is_some()));
        self.values.extend(value);
    }
}

impl Texts {
    fn push(&mut self, value: Option<&str>) {
        self.definitions.push(i16::from(value.is_some()));
        if let Some(value) = value {
            self.bytes.extend_from_slice(value.as_bytes());
            self.ends.push(self.bytes.len());
        }
    }

    fn write(
        self,
        writer: &mut SerializedRowGroupWriter<'_, AtomicFile>,
        repetitions: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        let bytes = ByteArray::from(self.bytes);
        let starts = std::iter::once(&0).chain(&self.ends);
        let values: Vec<ByteArray> = starts
            .zip(&self.ends)
            .map(|(start, end)| bytes.slice(*start, end - start))
            .collect();
        column::<ByteArrayType>(writer, &values, Some(&self.definitions), repetitions)
    }
}

/// Writes the next column of a row group.
fn column<T: DataType>(
    writer: &mut SerializedRowGroupWriter<'_, AtomicFile>,
    values: &[T::T],
    definitions: Option<&[i16]>,
    repetitions: Option<&[i16]>,
) -> Result<(), ParquetError> {
    if let Some(mut column) = writer.next_column()? {
        column.typed::<T>().write_batch(values, definitions, repetitions)?;
        column.close()?;
    }
    Ok(())
}

fn schema(columns: &[&str]) -> Result<TypePtr, ParquetError> {
    const OPTIONAL: Repetition = Repetition::OPTIONAL;
    const REQUIRED: Repetition = Repetition::REQUIRED;
    let primitive = |name: &str, physical, logical, repetition| {
        let field = Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition);
        field.build().map(Arc::new)
    };
    let group = |name: &str, logical, repetition, fields| {
        let field = Type::group_type_builder(name)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .with_fields(fields);
        field.build().map(Arc::new)
    };
    let text = |name: &str, repetition| primitive(name, Physical::BYTE_ARRAY, Some(LogicalType::String), repetition);
    let micros = LogicalType::timestamp(true, TimeUnit::MICROS);
    let mut fields = vec![
        primitive("LineId", Physical::INT64, None, REQUIRED)?,
        primitive("EventTime", Physical::INT64, Some(micros), OPTIONAL)?,
    ];
    for name in columns.iter().chain(&["Content", "EventId", "EventTemplate"]) {
        fields.push(text(name, OPTIONAL)?);
    }
    let parameter = vec![
        text("value", REQUIRED)?,
        text("mask", REQUIRED)?,
        primitive("start", Physical::INT32, None, REQUIRED)?,
        primitive("end", Physical::INT32, None, REQUIRED)?,
    ];
    let element = group("element", None, REQUIRED, parameter)?;
    let list = group("list", None, Repetition::REPEATED, vec![element])?;
    fields.push(group("ParameterList", Some(LogicalType::List), REQUIRED, vec![list])?);
    Type::group_type_builder("line")
        .with_fields(fields)
        .build()
        .map(Arc::new)
}

/// An error of the disk as it was; any other would be a mistake in what is written here.
pub(crate) fn told(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    }
}
