//! Sessions as sequences of numbered keys, from a raw log or from session files.

use std::path::PathBuf;
use std::sync::Arc;

use drain_parser::Piece;
use rustc_hash::{FxHashMap, FxHashSet};
use sequence_windowing::{Closed, Event, KeyName, SessionSink};

use crate::corpus::NO_TEMPLATE;
use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::explore::reading::{Understanding, has_text};
use crate::input::{is_session_file, read_sessions};
use crate::intake::Intake;
use crate::observer::Observer;
use crate::parse::Spooled;

/// Sessions in the order of their first lines.
pub(super) struct Sequences {
    /// Name and keys, by their places in [`Self::keys`].
    pub(super) sessions: Vec<(Arc<str>, Vec<u32>)>,
    /// The most frequent first.
    pub(super) keys: Vec<Key>,
    pub(super) from_session_file: bool,
    pub(super) without_session: u64,
    pub(super) dropped_events: u64,
}

/// A log key.
pub(super) struct Key {
    pub(super) name: String,
    /// Its text; empty where only its name is known.
    pub(super) template: String,
    /// Events of all sessions.
    pub(super) events: u64,
    /// Sessions that hold it.
    pub(super) sessions: u64,
}

impl Sequences {
    pub(super) fn read(
        inputs: &[PathBuf],
        dataset: Option<&Profile>,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let input = Spooled::new(inputs)?;
        if !has_text(&input.files)? {
            let names: Vec<String> = inputs.iter().map(|input| input.display().to_string()).collect();
            return Err(Error::run(
                format!("{} is empty: no line holds any text", names.join(", ")),
                "give a log or a session file with something in it",
            ));
        }
        if dataset.is_none() && are_session_files(&input.files)? {
            Self::of_session_files(&input.files)
        } else {
            Self::of_log(&input.files, dataset, threads, observer)
        }
    }

    fn of_session_files(files: &[PathBuf]) -> Result<Self> {
        let mut names: FxHashMap<KeyName, u32> = FxHashMap::default();
        let mut keys: Vec<(String, String)> = Vec::new();
        let mut sessions = Vec::new();
        for file in files {
            for session in read_sessions(file)? {
                let numbers = session.events.iter().map(|event| {
                    *names.entry(event.key.clone()).or_insert_with(|| {
                        keys.push((event.key.to_string(), String::new()));
                        keys.len() as u32 - 1
                    })
                });
                sessions.push((session.id, numbers.collect()));
            }
        }
        Ok(Self {
            from_session_file: true,
            ..Self::ordered(sessions, keys)
        })
    }

    fn of_log(
        files: &[PathBuf],
        dataset: Option<&Profile>,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let understanding = Understanding::of(dataset, files)?;
        if !understanding.has_sessions {
            return Err(Error::run(
                "nothing was found that says which lines of the log belong together",
                "write the rule under `[session]` in a dataset (`deeplog init` writes one to begin with) and give it with `--dataset`",
            ));
        }
        for guess in &understanding.guesses {
            observer.warn(&format!(
                "guessed: {} {} ({}% sure)",
                guess.subject,
                evaluation::visible(&guess.value),
                guess.confidence
            ));
        }
        let keyed = understanding.learn(files, threads, observer)?;
        let profile = &understanding.profile;
        let mut intake = Intake::new(profile, profile.header.fields())?;
        let mut grouper = profile.grouper()?;
        let templates = keyed.parser.templates().iter();
        let mut keys: Vec<(String, String)> = templates
            .map(|template| (template.id.to_string(), template.title()))
            .collect();
        let ends = keys
            .iter()
            .map(|(id, _)| profile.limits.is_end_key(&KeyName::from(&**id)));
        let ends: Vec<bool> = ends.collect();
        keys.push((NO_TEMPLATE.to_owned(), String::new()));
        let mut closed = ClosedSessions::default();
        keyed.each_piece("grouping", observer, |piece, template| {
            let Piece::Message(record) = piece else { return };
            let (time, names) = intake.place(&record.header);
            let event = Event {
                key: template as u32,
                line: record.line,
                time,
            };
            let ends = ends.get(template).copied().unwrap_or(false);
            grouper.push(&event, names, ends, &mut closed);
        })?;
        let counters = grouper.finish(&mut closed);
        let mut sessions = closed.0;
        sessions.sort_by_key(|session| session.first_line);
        let sessions = sessions.into_iter().map(|session| (session.id, session.keys));
        Ok(Self {
            without_session: counters.without_session,
            dropped_events: counters.dropped_events,
            ..Self::ordered(sessions.collect(), keys)
        })
    }

    /// Sessions with the name of one before them.
    pub(super) fn repeated(&self) -> usize {
        let names: FxHashSet<&str> = self.sessions.iter().map(|(name, _)| &**name).collect();
        self.sessions.len() - names.len()
    }

    /// Numbers the keys that occur by how often they do.
    fn ordered(mut sessions: Vec<(Arc<str>, Vec<u32>)>, keys: Vec<(String, String)>) -> Self {
        let mut keys: Vec<Key> = keys
            .into_iter()
            .map(|(name, template)| Key {
                name,
                template,
                events: 0,
                sessions: 0,
            })
            .collect();
        let mut last_session = vec![usize::MAX; keys.len()];
        for (number, (_, sequence)) in sessions.iter().enumerate() {
            for &key in sequence {
                let place = key as usize;
                keys[place].events += 1;
                keys[place].sessions += u64::from(last_session[place] != number);
                last_session[place] = number;
            }
        }
        let mut order: Vec<usize> = (0..keys.len()).filter(|&place| keys[place].events > 0).collect();
        order.sort_by(|&a, &b| {
            let by_events = keys[b].events.cmp(&keys[a].events);
            by_events.then_with(|| keys[a].name.cmp(&keys[b].name))
        });
        let mut places = vec![0; keys.len()];
        for (place, &key) in order.iter().enumerate() {
            places[key] = place as u32;
        }
        for (_, sequence) in &mut sessions {
            sequence.iter_mut().for_each(|key| *key = places[*key as usize]);
        }
        let mut keys: Vec<Option<Key>> = keys.into_iter().map(Some).collect();
        Self {
            sessions,
            keys: order.into_iter().filter_map(|key| keys[key].take()).collect(),
            from_session_file: false,
            without_session: 0,
            dropped_events: 0,
        }
    }
}

#[derive(Default)]
struct ClosedSessions(Vec<Growing>);

/// A session with its keys.
struct Growing {
    id: Arc<str>,
    first_line: u64,
    keys: Vec<u32>,
}

impl SessionSink<u32> for ClosedSessions {
    type State = (u64, Vec<u32>);

    fn open(&mut self, _: &Arc<str>) -> Self::State {
        (0, Vec::new())
    }

    fn event(&mut self, _: &Arc<str>, (first_line, keys): &mut Self::State, event: &Event<u32>) {
        if keys.is_empty() {
            *first_line = event.line;
        }
        keys.push(event.key);
    }

    fn close(&mut self, closed: Closed<Self::State>) {
        let (first_line, keys) = closed.state;
        self.0.push(Growing {
            id: closed.id,
            first_line,
            keys,
        });
    }
}

fn are_session_files(files: &[PathBuf]) -> Result<bool> {
    for file in files {
        if !is_session_file(file)? {
            return Ok(false);
        }
    }
    Ok(!files.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbered_by_how_often_they_come() {
        let sessions = vec![("a".into(), vec![0, 2, 2]), ("b".into(), vec![2]), ("c".into(), vec![])];
        let names = ["x", "never", "y"].map(|name| (name.to_owned(), String::new()));
        let sequences = Sequences::ordered(sessions, names.to_vec());
        let keys: Vec<_> = sequences
            .keys
            .iter()
            .map(|key| (&*key.name, key.events, key.sessions))
            .collect();
        assert_eq!(keys, [("y", 3, 2), ("x", 1, 1)]);
        assert_eq!(sequences.sessions[0].1, [1, 0, 0]);
    }
}
