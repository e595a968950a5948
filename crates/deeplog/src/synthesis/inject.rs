//! Normal sessions with faults in them, as files.

use std::path::{Path, PathBuf};

use sequence_windowing::{KeyName, Session};

use super::faults;
use crate::error::{Error, Result};
use crate::experiment::Inject;
use crate::input::{is_session_file, read_sessions};
use crate::observer::{Observer, ensure_wanted};
use crate::output::{create_folder, write_atomically};

/// What to put faults into.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// A session file of normal sessions.
    pub input: PathBuf,
    /// A session file whose sequences no fault may end up as, and whose keys replace others: the training sessions. The input
    /// itself where there is none.
    pub known: Option<PathBuf>,
    /// How many faults of which kinds.
    pub faults: Inject,
}

/// Writes `sessions.csv` (`Session,Keys`), all sessions of the input in their order, and `labels.csv`
/// (`Session,Label,Kind,Position`), a row each, into a folder. Positions count events from 0.
pub fn inject_sessions(injection: &Injection, folder: &Path, observer: &mut dyn Observer) -> Result<()> {
    observer.begin("injecting", None);
    let mut sessions = some_sessions(&injection.input)?;
    // A file that names its sessions by lines may have a comma in its own name, which would end the session's.
    for session in &mut sessions {
        session.id = session.id.replace(',', "_").into();
    }
    let known = match &injection.known {
        Some(path) => some_sessions(path)?,
        None => sessions.clone(),
    };
    let injected = faults::inject(&mut sessions, &known, &injection.faults)?;
    ensure_wanted(observer)?;
    create_folder(folder)?;
    write_atomically(&folder.join("sessions.csv"), |out| {
        out.write_all(b"Session,Keys\n")?;
        for session in &sessions {
            let keys: Vec<&str> = session.events.iter().map(|event| event.key.as_str()).collect();
            writeln!(out, "{},{}", session.id, keys.join(" "))?;
        }
        Ok(())
    })?;
    write_atomically(&folder.join("labels.csv"), |out| {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(["Session", "Label", "Kind", "Position"])?;
        for session in &sessions {
            let fault = injected.faults.get(&*session.id);
            let position = fault.and_then(|fault| fault.position);
            rows.write_record([
                &*session.id,
                fault.map_or("Normal", |_| "Anomaly"),
                fault.map_or("normal", |fault| &fault.kind),
                &position.map_or_else(String::new, |position| position.to_string()),
            ])?;
        }
        rows.flush()
    })?;
    let summary = injected.told(sessions.len(), observer);
    observer.end(&format!("{summary}; in {}", folder.display()));
    Ok(())
}

fn some_sessions(path: &Path) -> Result<Vec<Session<KeyName>>> {
    let sessions = read_sessions(path)?;
    let has_events = sessions.iter().any(|session| !session.events.is_empty());
    // What flows by only once cannot be looked at again.
    if has_events && path.is_file() && !is_session_file(path)? {
        return Err(Error::run(
            format!("{} looks like a raw log, whose lines are no sessions", path.display()),
            "name its dataset with `--dataset`; `deeplog init` writes one. Keys without digits in a session file need `id,` \
             in front of each line",
        ));
    }
    if sessions.is_empty() {
        return Err(Error::run(
            format!("{} holds no session", path.display()),
            "give a session file: one session a line, its keys separated by spaces, optionally `id,` in front",
        ));
    }
    Ok(sessions)
}
