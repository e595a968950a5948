//! Keys of structured records that name executions: trace, request and job identifiers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::messages::Recurrence;
use super::stream::is_short_lived;

/// Objects are looked into so deep.
const DEEPEST: usize = 3;

/// The key whose values come and go like executions, by the `Rest` of each message in order.
pub(super) fn identifier<'r>(rests: impl Iterator<Item = &'r [u8]>) -> Option<String> {
    let rests: Vec<BTreeMap<String, String>> = rests.map(pairs).collect();
    let mut values: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for (i, pairs) in rests.iter().enumerate() {
        for (key, value) in pairs {
            let column = values.entry(key).or_default();
            column.resize(i, Vec::new());
            column.push(vec![value]);
        }
    }
    values
        .into_iter()
        .map(|(key, mut column)| {
            column.resize(rests.len(), Vec::new());
            (key, Recurrence::of(column.into_iter()))
        })
        .filter(|(_, recurrence)| is_short_lived(recurrence))
        .max_by(|a, b| a.1.score().total_cmp(&b.1.score()))
        .map(|(key, _)| key.to_owned())
}

/// The keys that can be named in a format, and their values: of a JSON object, else of logfmt.
fn pairs(rest: &[u8]) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    match serde_json::from_slice(rest) {
        Ok(value) => flatten("", &value, DEEPEST, &mut pairs),
        Err(_) => {
            let text = String::from_utf8_lossy(rest);
            let words = text.split_ascii_whitespace().filter_map(|word| word.split_once('='));
            pairs.extend(words.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
    pairs.retain(|key, value| !value.is_empty() && is_nameable(key));
    pairs
}

/// Whether a format's option can hold a key as it is.
pub(super) fn is_nameable(key: &str) -> bool {
    !key.is_empty()
        && !key.contains(|character: char| {
            character.is_whitespace() || character.is_control() || ",'\"<>=".contains(character)
        })
}

/// Adds the scalars of a value, under their paths.
pub(super) fn flatten(path: &str, value: &Value, depth: usize, pairs: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) if depth > 0 => {
            for (key, value) in members {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(&path, value, depth - 1, pairs);
            }
        }
        Value::String(text) => {
            pairs.insert(path.to_owned(), text.clone());
        }
        Value::Number(number) => {
            pairs.insert(path.to_owned(), number.to_string());
        }
        _ => {}
    }
}
