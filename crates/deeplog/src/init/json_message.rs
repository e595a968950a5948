//! The key that holds the message of JSON lines whose logger calls it by a name of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::rest::{flatten, is_nameable};
use crate::error::Result;
use crate::input::Lines;

/// Share of the lines that must be objects, and share of the objects that must have the key.
const MOST: f64 = 0.8;
/// Objects are looked into so deep.
const DEEPEST: usize = 3;

/// The key whose values have the most words, if those are sentences at all: more than two words on average.
pub(super) fn find(files: &[PathBuf], tried: u64) -> Result<Option<String>> {
    let mut words: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut objects, mut others) = (0_usize, 0_usize);
    let mut lines = Lines::of(files.to_vec());
    while let Some((number, line)) = lines.next_line()? {
        if number > tried {
            break;
        }
        let Ok(value @ Value::Object(_)) = serde_json::from_slice::<Value>(line) else {
            others += usize::from(!line.trim_ascii().is_empty());
            continue;
        };
        objects += 1;
        let mut pairs = BTreeMap::new();
        flatten("", &value, DEEPEST, &mut pairs);
        for (key, value) in pairs.into_iter().filter(|(key, _)| is_nameable(key)) {
            let (count, total) = words.entry(key).or_default();
            *count += 1;
            *total += value.split_whitespace().count();
        }
    }
    if objects == 0 || (objects as f64) < MOST * (objects + others) as f64 {
        return Ok(None);
    }
    let common = words
        .into_iter()
        .filter(|(_, (count, _))| *count as f64 >= MOST * objects as f64);
    let best = common.max_by(|(_, a), (_, b)| (a.1 * b.0).cmp(&(b.1 * a.0)));
    Ok(best
        .filter(|(_, (count, total))| total > &(2 * count))
        .map(|(key, _)| key))
}
