//! Tables of texts and numbers, row by row, as CSV or as Parquet.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::output::AtomicFile;
use crate::parse::parquet_error;

/// A row group is written when it has so many cells: this bounds what is held in memory.
const CELLS: usize = 4 << 20;

/// A format of matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixFormat {
    /// Comma-separated, the names of the columns in the first line.
    Csv,
    /// Parquet, each column of its own type.
    Parquet,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// 32 bits.
    Count,
    /// 64 bits.
    Long,
    Weight,
}

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'c> {
    Text(&'c str),
    Count(u32),
    Long(u64),
    Weight(f64),
}

/// A table that takes row after row, each with a cell for each column of its kind.
pub(super) trait Table {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;

    /// Writes what is left, and gives the file, which still has to take its place.
    fn finish(self: Box<Self>) -> io::Result<AtomicFile>;
}

impl MatrixFormat {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    pub(super) fn table(self, out: AtomicFile, columns: &[(&str, Kind)]) -> io::Result<Box<dyn Table>> {
        Ok(match self {
            Self::Csv => {
                let mut table = csv::Writer::from_writer(out);
                table.write_record(columns.iter().map(|(name, _)| name))?;
                Box::new(CsvMatrix(table))
            }
            Self::Parquet => Box::new(ParquetMatrix::new(out, columns).map_err(parquet_error)?),
        })
    }
}

struct CsvMatrix(csv::Writer<AtomicFile>);

impl Table for CsvMatrix {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Text(text) => self.0.write_field(text)?,
                Cell::Count(count) => self.0.write_field(count.to_string())?,
                Cell::Long(count) => self.0.write_field(count.to_string())?,
                Cell::Weight(weight) => self.0.write_field(weight.to_string())?,
            }
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<AtomicFile> {
        self.0.flush()?;
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

struct ParquetMatrix {
    writer: SerializedFileWriter<AtomicFile>,
    columns: Vec<Column>,
    rows: usize,
}

/// The rows of a column that are not written yet.
enum Column {
    Text(Vec<ByteArray>),
    Count(Vec<i32>),
    Long(Vec<i64>),
    Weight(Vec<f64>),
}

impl ParquetMatrix {
    fn new(out: AtomicFile, columns: &[(&str, Kind)]) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        Ok(Self {
            writer: SerializedFileWriter::new(out, schema(columns)?, Arc::new(properties))?,
            columns: columns.iter().map(|(_, kind)| Column::of(*kind)).collect(),
            rows: 0,
        })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Table for ParquetMatrix {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Text(values), Cell::Text(text)) => values.push(ByteArray::from(text.as_bytes().to_vec())),
                (Column::Count(values), Cell::Count(count)) => {
                    values.push(i32::try_from(*count).unwrap_or(i32::MAX));
                }
                (Column::Long(values), Cell::Long(count)) => values.push(i64::try_from(*count).unwrap_or(i64::MAX)),
                (Column::Weight(values), Cell::Weight(weight)) => values.push(*weight),
                _ => return Err(io::Error::other("a cell is not of the kind of its column")),
            }
        }
        self.rows += 1;
        if self.rows * self.columns.len() >= CELLS {
            self.write_group().map_err(parquet_error)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<AtomicFile> {
        self.write_group().map_err(parquet_error)?;
        self.writer.into_inner().map_err(parquet_error)
    }
}

impl Column {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(Vec::new()),
            Kind::Count => Self::Count(Vec::new()),
            Kind::Long => Self::Long(Vec::new()),
            Kind::Weight => Self::Weight(Vec::new()),
        }
    }

    fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, AtomicFile>) -> Result<(), ParquetError> {
        fn next<T: DataType>(
            group: &mut SerializedRowGroupWriter<'_, AtomicFile>,
            values: &mut Vec<T::T>,
        ) -> Result<(), ParquetError> {
            if let Some(mut column) = group.next_column()? {
                column.typed::<T>().write_batch(values, None, None)?;
                column.close()?;
            }
            values.clear();
            Ok(())
        }
        match self {
            Self::Text(values) => next::<ByteArrayType>(group, values),
            Self::Count(values) => next::<Int32Type>(group, values),
            Self::Long(values) => next::<Int64Type>(group, values),
            Self::Weight(values) => next::<DoubleType>(group, values),
        }
    }
}

fn schema(columns: &[(&str, Kind)]) -> Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Count => (Physical::INT32, None),
            Kind::Long => (Physical::INT64, None),
            Kind::Weight => (Physical::DOUBLE, None),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(Repetition::REQUIRED);
        field.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<TypePtr>, ParquetError>>()?;
    Type::group_type_builder("row")
        .with_fields(fields)
        .build()
        .map(Arc::new)
}
