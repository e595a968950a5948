//! Templates from a CSV, such as logparser's `*_templates.csv`.

use std::collections::BTreeSet;
use std::path::Path;

use drain_parser::{Edit, FrozenParser};

use crate::error::{Error, Result};
use crate::input;

/// What a CSV of templates held.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Pins all that could be read.
    pub edit: Edit,
    /// How many these are.
    pub templates: usize,
    /// Templates that are there twice, as this parser reads them.
    pub repeated: u64,
    /// Rows that could not be read, with the reason: the number of the row, from 1, without the header.
    pub unreadable: Vec<(u64, String)>,
}

/// Reads the column `EventTemplate` of a CSV as this parser's templates.
///
/// # Errors
/// A file that cannot be read, has no such column, or holds no template that can be read.
pub fn read_templates(path: &Path, parser: &FrozenParser) -> Result<Import> {
    let bytes = input::read_to_end(path)?;
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(&*bytes);
    let unfit = |fact: String| {
        let hint = "give a CSV with a column `EventTemplate`, such as logparser's templates or our templates.csv";
        Error::run(format!("{}: {fact}", path.display()), hint)
    };
    let columns = table.byte_headers().map_err(|error| unfit(error.to_string()))?;
    let bom = b"\xef\xbb\xbf";
    let column = columns
        .iter()
        .position(|name| name.strip_prefix(bom).unwrap_or(name).trim_ascii() == b"EventTemplate")
        .ok_or_else(|| unfit("has no column `EventTemplate`".into()))?;
    let (mut templates, mut seen) = (Vec::new(), BTreeSet::new());
    let (mut repeated, mut unreadable) = (0, Vec::new());
    for (row, record) in (1..).zip(table.byte_records()) {
        let record = record.map_err(|error| error.to_string());
        let text = record.and_then(|record| {
            let field = record.get(column).filter(|field| !field.trim_ascii().is_empty());
            let field = field.ok_or_else(|| "has no template".to_owned())?;
            String::from_utf8(field.to_vec()).map_err(|_| "is not UTF-8".to_owned())
        });
        match text.and_then(|text| parser.wording(&text).map_err(|error| error.to_string())) {
            Err(why) => unreadable.push((row, why)),
            Ok(template) if seen.insert(template.text()) => templates.push(template),
            Ok(_) => repeated += 1,
        }
    }
    if templates.is_empty() {
        let first = unreadable
            .first()
            .map_or(String::new(), |(row, why)| format!("; row {row}: {why}"));
        return Err(unfit(format!("holds no template that can be read{first}")));
    }
    Ok(Import {
        templates: templates.len(),
        edit: Edit::Pin { templates },
        repeated,
        unreadable,
    })
}
