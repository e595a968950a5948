//! Sessions as matrices for other tools: how often each event template comes, the same weighted, and the sequences.

mod formats;
mod sequences;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::observer::{Observer, ensure_wanted};
use crate::output::{AtomicFile, create_folder};
use crate::parse::shown;
pub use formats::MatrixFormat;
use formats::{Cell, Kind, Table};
use sequences::{Key, Sequences};

/// Templates up to which a matrix has a column for each.
pub const WIDEST: usize = 1_000;

const OF_SEQUENCES: [(&str, Kind); 2] = [("Session", Kind::Text), ("EventSequence", Kind::Text)];
const OF_TEMPLATES: [(&str, Kind); 5] = [
    ("EventId", Kind::Text),
    ("EventTemplate", Kind::Text),
    ("Occurrences", Kind::Long),
    ("Sessions", Kind::Long),
    ("Idf", Kind::Weight),
];

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureSummary {
    /// Rows: sessions, also those without an event.
    pub sessions: u64,
    /// Event templates that occur in them.
    pub templates: u64,
    /// Events of all sessions: the sum of all counts.
    pub events: u64,
    /// Whether a matrix has a column for each template; otherwise it has a row for each session and template that meet.
    pub is_wide: bool,
    /// Whether the input was taken for a session file.
    pub from_session_file: bool,
    /// Messages that belong to no session.
    pub without_session: u64,
    /// Events beyond the bound on a session's length.
    pub dropped_events: u64,
}

/// Writes `counts`, `tfidf`, `sequences` and `templates` into a folder, in each of the formats.
///
/// The input is a raw log, with a dataset or guessed as by [`explore`](crate::explore()), or a session file: one whose first
/// lines hold nothing but keys, with a digit each, such as `5 22 11`, or behind a name, such as `s1,open close`. Sessions are in the order of their
/// first lines, templates by their number of events, the highest first. The weight of a template in a session is
/// `tf · idf`, scaled so that the squares of a session's weights add up to 1; `tf` is the count,
/// `idf = ln((1 + n) / (1 + df)) + 1` for `n` sessions of which `df` hold the template, all of them from this input. (These
/// are the defaults of scikit-learn's `TfidfTransformer`.)
///
/// # Errors
/// Inputs that cannot be read or hold no session, a log in which nothing says which lines belong together, and folders that
/// cannot be written.
pub fn features(
    inputs: &[PathBuf],
    dataset: Option<&Profile>,
    formats: &[MatrixFormat],
    out: &Path,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<FeatureSummary> {
    let sequences = Sequences::read(inputs, dataset, threads, observer)?;
    if sequences.sessions.is_empty() {
        return Err(Error::run(
            "the input holds no session",
            "check the session rule in the dataset; `deeplog explore` shows what it finds",
        ));
    }
    let repeated = sequences.repeated();
    if repeated > 0 {
        observer.warn(&format!(
            "{repeated} of {} sessions have the name of one before them; each has a row of its own",
            sequences.sessions.len()
        ));
    }
    create_folder(out)?;
    observer.begin("writing", None);
    let idf = idf(&sequences);
    let is_wide = sequences.keys.len() <= WIDEST;
    let count = |count: u32, _: usize, _: f64| Cell::Count(count);
    let weight = |count: u32, key: usize, length: f64| Cell::Weight(f64::from(count) * idf[key] / length);
    let of_counts = columns(&sequences, is_wide, "Count", Kind::Count);
    let of_weights = columns(&sequences, is_wide, "TfIdf", Kind::Weight);
    let mut written = Vec::new();
    for &format in formats {
        let place = |name: &str| out.join(format!("{name}.{}", format.extension()));
        written.push(write(format, &place("counts"), &of_counts, |table| {
            matrix(&sequences, &idf, is_wide, &count, table)
        })?);
        ensure_wanted(observer)?;
        written.push(write(format, &place("tfidf"), &of_weights, |table| {
            matrix(&sequences, &idf, is_wide, &weight, table)
        })?);
        ensure_wanted(observer)?;
        written.push(write(format, &place("sequences"), &OF_SEQUENCES, |table| {
            write_sequences(&sequences, table)
        })?);
        written.push(write(format, &place("templates"), &OF_TEMPLATES, |table| {
            write_templates(&sequences, &idf, table)
        })?);
    }
    written.into_iter().try_for_each(AtomicFile::commit)?;
    observer.end(&format!("{} sessions", sequences.sessions.len()));
    Ok(FeatureSummary {
        sessions: sequences.sessions.len() as u64,
        templates: sequences.keys.len() as u64,
        events: sequences.keys.iter().map(|key| key.events).sum(),
        is_wide,
        from_session_file: sequences.from_session_file,
        without_session: sequences.without_session,
        dropped_events: sequences.dropped_events,
    })
}

/// Writes a table, which does not take its place yet.
fn write(
    format: MatrixFormat,
    path: &Path,
    columns: &[(&str, Kind)],
    fill: impl FnOnce(&mut dyn Table) -> io::Result<()>,
) -> Result<AtomicFile> {
    let file = AtomicFile::create(path)?;
    let written = format.table(file, columns).and_then(|mut table| {
        fill(&mut *table)?;
        table.finish()
    });
    written.map_err(Error::io("write", path))
}

/// How much a key says of the sessions that hold it.
fn idf(sequences: &Sequences) -> Vec<f64> {
    let sessions = sequences.sessions.len() as f64;
    let of = |key: &Key| ((1.0 + sessions) / (1.0 + key.sessions as f64)).ln() + 1.0;
    sequences.keys.iter().map(of).collect()
}

/// A column for each key, or one that names the key.
fn columns<'s>(sequences: &'s Sequences, is_wide: bool, value: &'s str, kind: Kind) -> Vec<(&'s str, Kind)> {
    let mut columns = vec![("Session", Kind::Text)];
    if is_wide {
        columns.extend(sequences.keys.iter().map(|key| (&*key.name, kind)));
    } else {
        columns.extend([("EventId", Kind::Text), (value, kind)]);
    }
    columns
}

/// A row for each session, or for each session and key that meet. `cell`: of a count, its key, and the length of the
/// session's weights as a vector.
fn matrix(
    sequences: &Sequences,
    idf: &[f64],
    is_wide: bool,
    cell: &dyn Fn(u32, usize, f64) -> Cell<'static>,
    table: &mut dyn Table,
) -> io::Result<()> {
    let mut counts = vec![0_u32; sequences.keys.len()];
    for (id, keys) in &sequences.sessions {
        keys.iter().for_each(|&key| counts[key as usize] += 1);
        let squares = counts
            .iter()
            .zip(idf)
            .map(|(count, idf)| (f64::from(*count) * idf).powi(2));
        // A session without events has no weight to scale.
        let length = squares.sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let id = shown(id.as_bytes());
        if is_wide {
            let mut row = vec![Cell::Text(&id)];
            row.extend(counts.iter().enumerate().map(|(key, &count)| cell(count, key, length)));
            table.row(&row)?;
        } else {
            for (key, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let name = Cell::Text(&sequences.keys[key].name);
                table.row(&[Cell::Text(&id), name, cell(count, key, length)])?;
            }
        }
        counts.fill(0);
    }
    Ok(())
}

fn write_sequences(sequences: &Sequences, table: &mut dyn Table) -> io::Result<()> {
    let mut text = String::new();
    for (id, keys) in &sequences.sessions {
        text.clear();
        for (place, &key) in keys.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text += &sequences.keys[key as usize].name;
        }
        table.row(&[Cell::Text(&shown(id.as_bytes())), Cell::Text(&text)])?;
    }
    Ok(())
}

fn write_templates(sequences: &Sequences, idf: &[f64], table: &mut dyn Table) -> io::Result<()> {
    for (key, &idf) in sequences.keys.iter().zip(idf) {
        table.row(&[
            Cell::Text(&key.name),
            Cell::Text(&key.template),
            Cell::Long(key.events),
            Cell::Long(key.sessions),
            Cell::Weight(idf),
        ])?;
    }
    Ok(())
}
