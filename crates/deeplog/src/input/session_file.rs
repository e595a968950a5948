//! Session files: one session a line, keys separated by spaces, optionally `id,` in front.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sequence_windowing::{Event, KeyName, Session, SessionEnd};

use super::Lines;
use crate::error::{Error, Result};

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
