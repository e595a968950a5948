//! Raw logs whose lines carry their label in a field of the header.

use std::path::Path;

use drain_parser::Piece;

use super::Intake;
use crate::error::{Error, Result};
use crate::input::{Records, expand};

pub(super) fn read(path: &Path, field: &str, normal: &str, intake: &mut Intake<'_>) -> Result<()> {
    let format = &intake.layout.format;
    let column = format.fields().iter().position(|name| name == field);
    let column = column.ok_or_else(|| {
        let fact = format!(
            "`{field}` is no field of the header, which has {}",
            format.fields().join(", ")
        );
        Error::config("dataset", "labels.field", fact)
    })?;
    let mut records = Records::of(expand(path)?, format);
    let (mut blank, mut continuations, mut before) = (0, 0, 0);
    while let Some((read, piece)) = records.next_piece()? {
        match piece {
            Piece::Message(record) => {
                let is_anomalous = record.header.field(column) != normal.as_bytes();
                let said = intake.layout.said(&record.header);
                intake.collection.push(record.line, said, is_anomalous);
            }
            Piece::Other { lines, .. } if intake.collection.len() == 0 => before += lines,
            Piece::Other { lines, .. } => continuations += lines,
            Piece::Blank { .. } => blank += 1,
            Piece::Open => {}
        }
        intake.observer.advance(read, "");
        intake.ensure_wanted()?;
    }
    if intake.collection.len() == 0 && records.lines() > 0 {
        let fact = format!(
            "none of the {} lines of {} fits the header format `{}`",
            records.lines(),
            path.display(),
            format.source()
        );
        return Err(Error::run(
            fact,
            "correct `dataset.header.format`; `deeplog init` proposes one for an unknown log",
        ));
    }
    for (what, number) in [
        ("blank_lines", blank),
        ("continuation_lines", continuations),
        ("lines_without_header", before),
        ("lines_cut_to_16_mib", records.lines_cut()),
        ("records_cut", records.records_cut()),
    ] {
        intake.collection.count(what, number);
    }
    Ok(())
}
