//! Session files: one session a line, keys separated by spaces, optionally `id,` in front.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sequence_windowing::{Event, KeyName, Session, SessionEnd};

use super::Lines;
use crate::error::{Error, Result};

/// Lines that are looked at to tell a session file from a log.
const LOOKED_AT: usize = 200;
/// Bytes of the longest key that is taken for one there.
const LONGEST_KEY: usize = 32;

/// Reads a session file. Sessions without an id are called `<file name>:<line>`. A first line that can only be a
/// header (its id column says so, as in `BlockId,EventSequence`) is left out; an empty key list is a session, a blank
/// line is not.
pub fn read_sessions(path: &Path) -> Result<Vec<Session<KeyName>>> {
    let file_name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let mut names: FxHashSet<KeyName> = FxHashSet::default();
    let mut sessions = Vec::new();
    let mut lines = Lines::of(vec![path.to_owned()]);
    while let Some((number, line)) = lines.next_line()? {
        if line.contains(&0) {
            return Err(Error::run(
                format!(
                    "{}, line {number}: holds a NUL byte, so this is no session file",
                    path.display()
                ),
                "a session file has one session a line, its keys separated by spaces, optionally `id,` in front",
            ));
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            continue;
        }
        let (id, keys) = match text.split_once(',') {
            Some((id, keys)) => (Some(id.trim()), keys.trim().trim_matches('"')),
            None => (None, text.trim()),
        };
        if number == 1 && id.is_some_and(is_header) {
            continue;
        }
        let id: Arc<str> = match id {
            Some(id) => id.into(),
            None => format!("{file_name}:{number}").into(),
        };
        let events = keys.split_ascii_whitespace().map(|name| {
            let key = names.get(name).cloned().unwrap_or_else(|| {
                let key = KeyName::from(name);
                names.insert(key.clone());
                key
            });
            Event {
                key,
                line: number,
                time: None,
            }
        });
        sessions.push(Session {
            id,
            events: events.collect(),
            end: SessionEnd::Explicit,
            dropped_events: 0,
        });
    }
    Ok(sessions)
}

/// The names that tools give the identifier column.
fn is_header(id: &str) -> bool {
    let id = id.trim_matches('"').to_ascii_lowercase();
    matches!(
        &*id,
        "id" | "session" | "sessionid" | "session_id" | "blockid" | "block_id" | "blk_id" | "block"
    )
}

/// Whether the first lines of a file hold nothing but keys: behind a name and a comma, or with a digit each, as words alone
/// may be a log's.
pub(crate) fn is_session_file(file: &Path) -> Result<bool> {
    let mut lines = Lines::of(vec![file.to_owned()]);
    let mut with_keys = 0;
    let mut looked_at = 0;
    while let Some((number, line)) = lines.next_line()?
        && looked_at < LOOKED_AT
    {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        looked_at += 1;
        match holds_keys(line) {
            Some(keys) => with_keys += usize::from(keys > 0),
            // The names of the columns.
            None if number == 1 && line.contains(&b',') && !line.contains(&b' ') => {}
            None => return Ok(false),
        }
    }
    Ok(with_keys > 0)
}

/// How many keys a line of a session file holds; `None` if it cannot be one.
fn holds_keys(line: &[u8]) -> Option<usize> {
    let mut parts = line.splitn(2, |byte| *byte == b',');
    let (first, rest) = (parts.next()?, parts.next());
    if rest.is_some() && first.trim_ascii().iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let keys = rest.unwrap_or(first).trim_ascii();
    let keys = keys.strip_prefix(b"\"").unwrap_or(keys);
    let keys = keys.strip_suffix(b"\"").unwrap_or(keys);
    let is_named = rest.is_some();
    // Keys that stand for no template are named in parentheses.
    let marks: &[u8] = if is_named { b"_-()" } else { b"_-" };
    let is_key = |key: &[u8]| {
        let is_plain = key
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(byte));
        is_plain && key.len() <= LONGEST_KEY && (is_named || key.iter().any(u8::is_ascii_digit))
    };
    let mut count = 0;
    for key in keys.split(u8::is_ascii_whitespace).filter(|key| !key.is_empty()) {
        if !is_key(key) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_lines_are_told_from_log_lines() {
        for (line, keys) in [
            ("5 22 5 11", Some(4)),
            ("blk_-7,E5 E22", Some(2)),
            ("blk_1,\"0f3a 77\"", Some(2)),
            ("blk_1,", Some(0)),
            ("s1,open (foreign) close", Some(3)),
            ("081109 203615 148 INFO dfs.DataNode: x", None),
            ("a b,5", None),
            ("open close", None),
            ("2026-01-02T03:04:05,INFO,opened 3", None),
            ("2026-01-02 03:04:05,123 opened 3", None),
            ("{\"a\": 1}", None),
        ] {
            assert_eq!(holds_keys(line.as_bytes()), keys, "{line}");
        }
    }
}
