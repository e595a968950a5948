//! CSV with a header row: a column of lines and one of labels.

use std::path::Path;

use super::{Intake, KINDS, LABEL, LINE};
use crate::error::{Error, Result};
use crate::input::{open, spelling};

pub(super) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let wrong = |fact: String, hint: &str| Error::run(format!("{}: {fact}", path.display()), hint);
    let header = reader
        .byte_headers()
        .map_err(|error| wrong(error.to_string(), KINDS))?
        .clone();
    let column = |names: &[&str]| {
        let is_one = |name: &&str| {
            header
                .iter()
                .position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        names.iter().find_map(is_one).ok_or_else(|| {
            let found: Vec<String> = header.iter().take(20).map(short).collect();
            let fact = format!("has no column `{}`, only {}", names.join("`, `"), found.join(", "));
            wrong(fact, KINDS)
        })
    };
    let (line, label) = (column(&LINE)?, column(&LABEL)?);
    let mut row = csv::ByteRecord::new();
    let mut are_numbers = true;
    while reader.read_byte_record(&mut row).map_err(|error| {
        wrong(
            error.to_string(),
            "the CSV seems damaged or cut short; quotes within a field are written twice",
        )
    })? {
        let at = row.position().map_or(0, csv::Position::line);
        let text = row.get(line).unwrap_or_default();
        let label = String::from_utf8_lossy(row.get(label).unwrap_or_default());
        let is_anomalous = spelling::is_anomalous(&label)
            .ok_or_else(|| wrong(format!("line {at}: the label {label:?} is unknown"), spelling::HINT))?;
        are_numbers &= !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        intake.take(at, text, is_anomalous);
        intake.ensure_wanted()?;
    }
    if are_numbers && intake.collection.len() > 0 {
        let hint = "put the lines themselves in that column; labels by the number of a line are not read";
        return Err(wrong("holds numbers in place of lines".into(), hint));
    }
    Ok(())
}

fn short(field: &[u8]) -> String {
    String::from_utf8_lossy(field).chars().take(40).collect()
}
