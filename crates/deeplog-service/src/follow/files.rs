//! Which files there are.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use deeplog::{Error, Result};
use glob::Pattern;

use crate::FileId;

/// A file as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
    pub(super) look: Look,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) length: u64,
    pub(super) modified: SystemTime,
}

/// Smaller is older.
pub(super) type Age = (SystemTime, Reverse<u32>, PathBuf);

impl Found {
    /// The file there; none if it is no file, or cannot be seen.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self {
            path: path.to_owned(),
            id: id(&data),
            look: Look::of(&data),
        })
    }

    /// Opens it; none if another file lies there by now.
    pub(super) fn open(&self) -> std::io::Result<Option<File>> {
        let file = File::open(&self.path)?;
        let is_same = id(&file.metadata()?) == self.id;
        Ok(is_same.then_some(file))
    }

    /// Oldest first. Where time does not tell, `log.2` is older than `log.1`.
    pub(super) fn age(&self) -> Age {
        let name = file_name(&self.path);
        let digits = unpacked_name(&name).rsplit_once('.').map_or("", |(_, end)| end);
        let number = digits.parse().unwrap_or(0);
        (self.look.modified, Reverse(number), self.path.clone())
    }
}

impl Look {
    pub(super) fn of(data: &Metadata) -> Self {
        Self {
            length: data.len(),
            modified: data.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

fn id(data: &Metadata) -> FileId {
    FileId {
        device: data.dev(),
        inode: data.ino(),
    }
}

/// Paths and globs.
pub(super) struct Patterns(Vec<(String, Pattern)>);

impl Patterns {
    pub(super) fn new(patterns: Vec<String>) -> Result<Self> {
        let compile = |pattern: String| match Pattern::new(&pattern) {
            Ok(compiled) => Ok((pattern, compiled)),
            // It may be the path of a file with brackets in its name.
            Err(_) if Path::new(&pattern).exists() => Ok((pattern.clone(), literal(&pattern))),
            Err(error) => Err(Error::config(
                "the call",
                "files",
                format!("`{pattern}` is no glob: {error}"),
            )),
        };
        patterns.into_iter().map(compile).collect::<Result<_>>().map(Self)
    }

    /// The files that are there, each once, oldest first.
    pub(super) fn files(&self) -> Vec<Found> {
        let mut seen = HashSet::new();
        let mut files: Vec<Found> = self
            .0
            .iter()
            .flat_map(|(text, _)| matches(text))
            .filter_map(|path| Found::at(&path))
            .filter(|found| seen.insert(found.id))
            .collect();
        files.sort_by_cached_key(Found::age);
        files
    }

    /// Those that stand for no file yet.
    pub(super) fn without_files(&self) -> impl Iterator<Item = &str> {
        let is_empty = |text: &str| !matches(text).iter().any(|path| Found::at(path).is_some());
        self.0
            .iter()
            .map(|(text, _)| &**text)
            .filter(move |text| is_empty(text))
    }

    /// Whether a path itself is followed, not only as one of a glob.
    pub(super) fn has_path(&self, path: &Path) -> bool {
        self.0.iter().any(|(text, _)| Path::new(text) == path)
    }

    /// Whether one and the same pattern stands for both paths.
    pub(super) fn put_together(&self, one: &Path, other: &Path) -> bool {
        self.0
            .iter()
            .any(|(_, pattern)| pattern.matches_path(one) && pattern.matches_path(other))
    }
}

fn literal(path: &str) -> Pattern {
    Pattern::new(&Pattern::escape(path)).unwrap_or_default()
}

fn matches(pattern: &str) -> Vec<PathBuf> {
    if Path::new(pattern).exists() {
        return vec![PathBuf::from(pattern)];
    }
    let paths = glob::glob(pattern).into_iter().flatten();
    paths.filter_map(std::result::Result::ok).collect()
}

/// Files beside a log that may be what it was before: those in its folder whose name begins as its own does.
pub(super) fn siblings(path: &Path) -> Vec<Found> {
    let name = file_name(path);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(std::result::Result::ok);
    let mut found: Vec<Found> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(stem(&name)))
        .map(|entry| path.with_file_name(entry.file_name()))
        .filter(|sibling| sibling != path)
        .filter_map(|sibling| Found::at(&sibling))
        .collect();
    found.sort_by_cached_key(Found::age);
    found
}

/// Files beside a log that are named as put aside and not older than that.
pub(super) fn missed(log: &Path, since: Option<SystemTime>) -> impl Iterator<Item = Found> {
    let siblings = since.map(|_| siblings(log)).unwrap_or_default().into_iter();
    let log = log.to_owned();
    siblings.filter(move |found| Some(found.look.modified) >= since && is_named_as_rotated(&found.path, &log))
}

/// Whether one file may by its name be what the other was.
pub(super) fn are_related(one: &Path, other: &Path) -> bool {
    let (name, other_name) = (file_name(one), file_name(other));
    let begins = name.starts_with(stem(&other_name)) || other_name.starts_with(stem(&name));
    begins && one.parent() == other.parent()
}

/// A name up to its first dot.
fn stem(name: &str) -> &str {
    let dot = name.get(1..).and_then(|rest| rest.find('.'));
    dot.map_or(name, |dot| &name[..=dot])
}

/// Whether a file is named as logs are when they are put aside: `log.1`, `log-20260102.gz`, `name-20260102.log`.
pub(super) fn is_named_as_rotated(path: &Path, log: &Path) -> bool {
    let (name, log) = (file_name(path), file_name(log));
    let name = unpacked_name(&name);
    let is_mark = |mark: &str| {
        mark.starts_with(['.', '-', '_'])
            && mark.bytes().any(|byte| byte.is_ascii_digit())
            && mark
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b".-_:T".contains(&byte))
    };
    let within = log.rsplit_once('.').and_then(|(stem, ending)| {
        let inner = name.strip_prefix(stem)?.strip_suffix(ending)?;
        inner.strip_suffix('.')
    });
    name.strip_prefix(&*log).is_some_and(is_mark) || within.is_some_and(is_mark)
}

fn unpacked_name(name: &str) -> &str {
    let plain = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending));
    plain.unwrap_or(name)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
