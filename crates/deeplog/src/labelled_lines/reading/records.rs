//! JSON lines: an object a line, with the log line and its label.

use std::path::Path;

use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};

use super::object::Label;
use super::{Intake, LABEL, LINE};
use crate::error::{Error, Result};
use crate::input::{Lines, spelling};

/// Whether a line is an object with both, so that the whole file is of such lines.
pub(super) fn is_one(line: &[u8]) -> bool {
    let parsed: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
    parsed.is_some_and(|mut object| take(&mut object, &LINE).is_some() && take(&mut object, &LABEL).is_some())
}

/// Takes a value by the first of its names that is there, whatever the case.
fn take(object: &mut Map<String, Value>, names: &[&str]) -> Option<(String, Value)> {
    names.iter().find_map(|name| {
        let key = object.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        object.remove_entry(&key)
    })
}

pub(super) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::of(vec![path.to_owned()]);
    let mut blank = 0;
    while let Some((number, line)) = lines.next_line()? {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            blank += 1;
            continue;
        }
        let wrong = |fact: String, hint: &str| Error::run(format!("{}, line {number}: {fact}", path.display()), hint);
        let shape = "each line is an object such as {\"line\": \"…\", \"label\": \"normal\"}";
        let mut object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| wrong(format!("is no JSON object: {error}"), shape))?;
        let missing = |names: &[&str]| wrong(format!("has no `{}`", names.join("`, `")), shape);
        let (name, text) = take(&mut object, &LINE).ok_or_else(|| missing(&LINE))?;
        let Value::String(text) = text else {
            return Err(wrong(format!("`{name}` is no text, but {text}"), shape));
        };
        let (name, label) = take(&mut object, &LABEL).ok_or_else(|| missing(&LABEL))?;
        let is_anomalous = Label
            .deserialize(label)
            .map_err(|error| wrong(format!("`{name}`: {error}"), spelling::HINT))?;
        intake.take(number, text.as_bytes(), is_anomalous);
        intake.ensure_wanted()?;
    }
    intake.collection.count("blank_lines", blank);
    Ok(())
}
