//! The names of a foreign model's classes.

use std::path::Path;

use rustc_hash::FxHashMap;
use sequence_windowing::KeyName;

use crate::error::{Error, Result};
use crate::input::Lines;

/// Reads names of log keys, one a line. A name is a word, as in a session file.
///
/// # Errors
/// When the file cannot be read, or a line is empty, holds several words or a name that has been there.
pub fn read_key_names(path: &Path) -> Result<Vec<KeyName>> {
    let mut names: Vec<KeyName> = Vec::new();
    let mut lines_of: FxHashMap<KeyName, u64> = FxHashMap::default();
    let mut lines = Lines::of(vec![path.to_owned()]);
    while let Some((number, line)) = lines.next_line()? {
        let text = String::from_utf8_lossy(line);
        let refused = |fact: String| {
            let hint = "write one name a line, in the order of the classes, as the session files have them";
            Err(Error::run(format!("{}, line {number}: {fact}", path.display()), hint))
        };
        let mut words = text.trim_start_matches('\u{feff}').split_whitespace();
        let name = match (words.next(), words.next()) {
            (Some(word), None) => KeyName::from(word),
            (None, _) => return refused("is empty".into()),
            _ => return refused("holds several words, and the name of a key is one".into()),
        };
        if let Some(before) = lines_of.insert(name.clone(), number) {
            return refused(format!("{:?} is named in line {before} already", name.as_str()));
        }
        names.push(name);
    }
    Ok(names)
}
