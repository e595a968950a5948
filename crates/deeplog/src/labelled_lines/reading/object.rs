//! One JSON object of lines and labels, read as it comes: it is never held as a tree, and a line may be there twice.

use std::fmt;
use std::io::BufRead as _;
use std::path::Path;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};

use super::Intake;
use crate::error::{Error, Result};
use crate::input::{open, spelling};

pub(super) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut reader = open(path)?;
    if reader
        .fill_buf()
        .map_err(Error::io("read", path))?
        .starts_with(b"\xef\xbb\xbf")
    {
        reader.consume(3);
    }
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = json.deserialize_map(Pairs(intake)).and_then(|()| json.end());
    // Whoever asked to stop is told so, and not of the JSON that was left unread.
    intake.ensure_wanted()?;
    read.map_err(|error| {
        let hint = match error.classify() {
            serde_json::error::Category::Data => spelling::HINT,
            _ => "the JSON seems damaged or cut short; write it again",
        };
        Error::run(format!("{}: {error}", path.display()), hint)
    })
}

struct Pairs<'p, 'i>(&'p mut Intake<'i>);

impl<'de> Visitor<'de> for Pairs<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one object of lines and labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> std::result::Result<(), A::Error> {
        let mut number = 0;
        while let Some(line) = pairs.next_key::<String>()? {
            let is_anomalous = pairs.next_value_seed(Label)?;
            number += 1;
            self.0.take(number, line.as_bytes(), is_anomalous);
            self.0.ensure_wanted().map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// A label: text, a truth value, or 0 and 1.
#[derive(Clone, Copy)]
pub(super) struct Label;

impl<'de> DeserializeSeed<'de> for Label {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, value: D) -> std::result::Result<bool, D::Error> {
        value.deserialize_any(self)
    }
}

impl Visitor<'_> for Label {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<bool, E> {
        spelling::is_anomalous(text).ok_or_else(|| E::custom(format!("the label {text:?} is unknown")))
    }

    fn visit_bool<E>(self, is_anomalous: bool) -> std::result::Result<bool, E> {
        Ok(is_anomalous)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<bool, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<bool, E> {
        self.visit_str(&number.to_string())
    }
}
