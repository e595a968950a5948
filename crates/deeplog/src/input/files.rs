//! The files behind a path, a folder or a glob, oldest first.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use drain_parser::{LineFormat, Piece};
use sequence_windowing::{Clock, TimeFormat, Timestamp};

use super::Records;
use super::bytes::open;
use crate::error::{Error, Result};
use crate::experiment::{Profile, Stamp};
use crate::observer::Observer;

/// Lines of a file that are looked at for a message and its time.
const LOOKED_AT: u64 = 1_000;
/// Share of control characters above which a file in a folder is no text.
const MOST_CONTROLS: f64 = 0.05;
/// Bytes that this is told by.
const START: usize = 8 << 10;

/// The files behind a path, a folder or a glob. Of a folder these are the text files below it that are not hidden, plain
/// or packed. Files that differ in a rotation suffix alone (`log.2.gz`, `log.1`, `log`) come oldest first, others by name.
pub fn expand(pattern: &Path) -> Result<Vec<PathBuf>> {
    if pattern.is_dir() {
        let mut files = Vec::new();
        collect(pattern, &mut files)?;
        if files.is_empty() {
            let fact = format!("{} is a directory without a log in it", pattern.display());
            let hint = "give a folder with text files, plain or packed as .gz or .zst; hidden ones are left out";
            return Err(Error::run(fact, hint));
        }
        files.sort_by_cached_key(|path| age(path));
        return Ok(files);
    }
    if pattern == Path::new("-") || pattern.exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let text = pattern.to_string_lossy();
    let mut files: Vec<PathBuf> = match glob::glob(&text) {
        Ok(paths) => paths
            .filter_map(std::result::Result::ok)
            .filter(|path| path.is_file())
            .collect(),
        Err(_) => Vec::new(),
    };
    if files.is_empty() {
        let missing = io::Error::new(io::ErrorKind::NotFound, "no such file, and as a glob it matches none");
        return Err(Error::io("read", pattern)(missing));
    }
    files.sort_by_cached_key(|path| age(path));
    Ok(files)
}

/// The same for logs of a dataset, in the order of their first time stamps where each file has one; tells the observer
/// of the order.
///
/// # Errors
/// Some of the files are of another kind than the rest.
pub fn expand_logs(pattern: &Path, profile: &Profile, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    in_order_of_time(expand(pattern)?, &profile.header, profile.time.as_ref(), observer)
}

/// The files in the order of their first time stamps where each has one; tells the observer of the order.
pub(crate) fn in_order_of_time(
    mut files: Vec<PathBuf>,
    format: &LineFormat,
    stamp: Option<&Stamp>,
    observer: &mut dyn Observer,
) -> Result<Vec<PathBuf>> {
    if files.len() < 2 {
        return Ok(files);
    }
    let by = if sort_by_time(&mut files, format, stamp)? {
        "time"
    } else {
        "age and name"
    };
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let named = match &names[..] {
        [first, .., last] if names.len() > 6 => format!("{first} … {last}"),
        _ => names.join(", "),
    };
    observer.warn(&format!("{} files in the order of {by}: {named}", files.len()));
    Ok(files)
}

/// Sorts the files by their first time stamps, if each has one with a year; says whether it did.
fn sort_by_time(files: &mut [PathBuf], format: &LineFormat, stamp: Option<&Stamp>) -> Result<bool> {
    let starts: Vec<Start> = files
        .iter()
        .map(|path| Start::of(path, format, stamp))
        .collect::<Result<_>>()?;
    let (fits, fails) = (
        starts.iter().position(|start| start.has_message),
        starts.iter().position(|start| start.has_lines && !start.has_message),
    );
    if let (Some(fits), Some(fails)) = (fits, fails) {
        return Err(Error::run(
            format!(
                "the files are of different kinds: {} fits the header format `{}`, none of the first lines of {} does",
                files[fits].display(),
                format.source(),
                files[fails].display()
            ),
            "give files of one kind, for instance by a glob such as 'folder/*.log'",
        ));
    }
    let Some(times) = starts.iter().map(|start| start.time).collect::<Option<Vec<_>>>() else {
        return Ok(false);
    };
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&i| times[i]);
    let sorted: Vec<PathBuf> = order.iter().map(|&i| files[i].clone()).collect();
    files.clone_from_slice(&sorted);
    Ok(true)
}

/// What a file begins with.
struct Start {
    has_lines: bool,
    has_message: bool,
    time: Option<Timestamp>,
}

impl Start {
    fn of(path: &Path, format: &LineFormat, stamp: Option<&Stamp>) -> Result<Self> {
        let stamp = stamp.and_then(|stamp| {
            // Without a year, December would follow January.
            let format = stamp.compile().ok().filter(TimeFormat::has_year)?;
            Some((format, &stamp.fields))
        });
        let mut start = Self {
            has_lines: false,
            has_message: false,
            time: None,
        };
        let mut clock = Clock::default();
        let mut records = Records::of(vec![path.to_owned()], format);
        while let Some((read, piece)) = records.next_piece()? {
            start.has_lines |= !matches!(piece, Piece::Blank { .. });
            if let Piece::Message(record) = piece {
                start.has_message = true;
                start.time = stamp.as_ref().and_then(|(time, names)| {
                    let value = |name: &String| {
                        let column = format.fields().iter().position(|field| field == name)?;
                        Some(record.header.field(column))
                    };
                    let words: Option<Vec<&[u8]>> = names.iter().map(value).collect();
                    time.parse(&mut clock, &words?.join(&b' '))
                });
            }
            if start.time.is_some() || (start.has_message && stamp.is_none()) || read >= LOOKED_AT {
                break;
            }
        }
        Ok(start)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("read", folder))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links to folders are not followed: they may lead in circles.
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            collect(&path, files)?;
        } else if path.is_file() && is_text(&path)? {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file holds anything, and hardly any control characters.
fn is_text(path: &Path) -> Result<bool> {
    let mut reader = open(path)?;
    let start = reader.fill_buf().map_err(Error::io("read", path))?;
    let start = &start[..start.len().min(START)];
    let is_control = |byte: &&u8| byte.is_ascii_control() && !b"\t\r\n\x1b".contains(byte);
    let controls = start.iter().filter(is_control).count();
    Ok(!start.is_empty() && controls as f64 <= MOST_CONTROLS * start.len() as f64)
}

/// What files of one log are sorted by: the name without rotation suffix, then dated ones from the oldest, numbered ones
/// from the highest number, and the one without a suffix.
type Age = (PathBuf, u8, Vec<u8>, Reverse<u64>);

fn age(path: &Path) -> Age {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let parts = plain.rsplit_once(['.', '-']);
    let (base, rank, date, number) = match parts {
        Some((base, date)) if is_date(date) => (base, 0, date.as_bytes().to_vec(), 0),
        Some((base, number)) if !number.starts_with('0') && plain.ends_with(&format!(".{number}")) => {
            match number.parse() {
                Ok(number) => (base, 1, Vec::new(), number),
                Err(_) => (plain, 2, Vec::new(), 0),
            }
        }
        _ => (plain, 2, Vec::new(), 0),
    };
    (path.with_file_name(base), rank, date, Reverse(number))
}

/// `20260102`, with an hour or not, as logrotate writes it.
fn is_date(text: &str) -> bool {
    (text.len() == 8 || text.len() == 10) && text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit())
}
