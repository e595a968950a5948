//! One plain file that may grow.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use deeplog::MAX_LINE;
use memchr::memrchr;
use xxhash_rust::xxh3::xxh3_64;

use super::cutter::{BLOCK, Cut, Cutter};
use super::files::{Age, Found, Look};
use super::follower::{Counts, Met, Role, Take};
use super::head::LONGEST;
use crate::{FileId, FilePosition};

/// A file that is read as far as it goes, again and again.
pub(super) struct Tail {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
    pub(super) file: File,
    /// Bytes that were handed over; a line begins there.
    pub(super) offset: u64,
    /// What it begins with, as far as that is known, whether handed over or not.
    head: Vec<u8>,
    cutter: Cutter,
    /// How the file looked when it was read to its end.
    pub(super) seen: Option<Look>,
    changed: Instant,
    /// Set when it is not the live log any more.
    pub(super) aside: Option<Aside>,
    /// Its place among files that are found at the same time.
    pub(super) age: Age,
    has_failed: bool,
    /// Set while it is empty, to when it was last written to: it is not known yet what it will be, a copy of another one or
    /// packed.
    empty_since: Option<SystemTime>,
}

/// How a file is treated that was put aside.
#[derive(Clone, Copy)]
pub(super) struct Aside {
    /// When this was noticed.
    pub(super) since: Instant,
    /// For how long it must be quiet until its last line is taken for whole.
    pub(super) quiet: Duration,
    /// And until it is let go.
    pub(super) forget: Duration,
}

impl Aside {
    pub(super) fn new(quiet: Duration, forget: Duration) -> Self {
        Self {
            since: Instant::now(),
            quiet,
            forget,
        }
    }
}

/// What has come of reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// All there is was handed over, or there was nothing new.
    AtEnd { progress: bool },
    /// What was read is not in the file any more.
    Truncated,
}

impl Tail {
    /// A file from an offset on, where a line begins.
    pub(super) fn new(found: Found, file: File, mut head: Vec<u8>, offset: u64) -> Self {
        head.truncate(LONGEST);
        Self {
            path: found.path.clone(),
            id: found.id,
            file,
            offset,
            head,
            cutter: Cutter::default(),
            seen: None,
            changed: Instant::now(),
            aside: None,
            age: found.age(),
            has_failed: false,
            empty_since: None,
        }
    }

    /// An empty file. It is kept open, as it may be put aside before anybody looks again.
    pub(super) fn waiting(found: Found, file: File) -> Self {
        Self {
            empty_since: Some(found.look.modified),
            ..Self::new(found, file, Vec::new(), 0)
        }
    }

    /// Whether it was empty and has been written to; also if it is empty again.
    pub(super) fn written_since(&mut self) -> Option<SystemTime> {
        let look = Look::of(&self.file.metadata().ok()?);
        let since = self.empty_since.filter(|&since| since != look.modified)?;
        self.empty_since = Some(look.modified);
        Some(since)
    }

    /// Whether it was empty and is not any more.
    pub(super) fn is_begun_now(&self) -> bool {
        self.empty_since.is_some() && self.file.metadata().is_ok_and(|data| data.len() > 0)
    }

    /// To be decided about anew.
    pub(super) fn into_met(self) -> Option<Met> {
        let look = Look::of(&self.file.metadata().ok()?);
        let role = if self.aside.is_some() {
            Role::Missed
        } else {
            Role::Asked
        };
        Some(Met {
            found: Found {
                path: self.path,
                id: self.id,
                look,
            },
            role,
            file: Some(self.file),
            was_waiting: true,
        })
    }

    /// How far it was read.
    pub(super) fn position(&self) -> FilePosition {
        self.position_at(self.offset)
    }

    fn position_at(&self, offset: u64) -> FilePosition {
        let head = &self.head[..self.head.len().min(usize::try_from(offset).unwrap_or(LONGEST))];
        FilePosition {
            id: self.id,
            path: self.path.to_string_lossy().into_owned(),
            prefix_length: head.len() as u32,
            prefix_hash: xxh3_64(head),
            offset,
        }
    }

    /// Whether a line has begun whose end is missing.
    pub(super) fn has_begun_line(&self) -> bool {
        self.cutter.raw() > 0
    }

    /// Whether nothing has been added for so long.
    pub(super) fn is_quiet(&self, time: Duration) -> bool {
        self.changed.elapsed() >= time
    }

    /// Whether what was read is not in the file any more.
    pub(super) fn is_truncated(&self) -> bool {
        self.file.metadata().is_ok_and(|data| {
            let look = Look::of(&data);
            let is_shorter = look.length < self.offset + self.cutter.raw();
            is_shorter || (self.seen != Some(look) && self.is_intact().is_ok_and(|is_intact| !is_intact))
        })
    }

    /// It was truncated, and begins again.
    pub(super) fn reset(&mut self) {
        self.offset = 0;
        self.head.clear();
        self.cutter.clear();
        self.seen = None;
        self.changed = Instant::now();
        let modified = self.file.metadata().map(|data| Look::of(&data).modified);
        self.empty_since = Some(modified.unwrap_or(SystemTime::UNIX_EPOCH));
    }

    /// Reads what there is.
    pub(super) fn read<E>(&mut self, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<Reading, E> {
        match self.try_read(counts, take) {
            Ok(reading) => {
                self.has_failed = false;
                Ok(reading)
            }
            Err(Failed::Take(error)) => Err(error),
            Err(Failed::Read(error)) => {
                if !self.has_failed {
                    tracing::warn!(path = %self.path.display(), %error, "a followed file cannot be read now");
                }
                self.has_failed = true;
                Ok(Reading::AtEnd { progress: false })
            }
        }
    }

    fn try_read<E>(&mut self, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<Reading, Failed<E>> {
        if self.empty_since.is_some() {
            return Ok(Reading::AtEnd { progress: false });
        }
        let look = Look::of(&self.file.metadata()?);
        let mut progress = self.hand_over(counts, take)?;
        if self.seen == Some(look) {
            return Ok(Reading::AtEnd { progress });
        }
        let mut buffer = vec![0; BLOCK.min(look.length as usize + 1)];
        loop {
            let at = self.offset + self.cutter.raw();
            if at > look.length {
                return Ok(Reading::Truncated);
            }
            let length = self.file.read_at(&mut buffer, at)?;
            // Whatever was read before this is true is of the file that we know.
            if !self.is_intact()? {
                return Ok(Reading::Truncated);
            }
            let piece = &buffer[..length];
            // What the file is known to begin with may reach beyond what was read.
            if let Some(new) = (self.head.len() as u64)
                .checked_sub(at)
                .and_then(|known| piece.get(known as usize..))
            {
                self.head
                    .extend_from_slice(&new[..new.len().min(LONGEST - self.head.len())]);
            }
            self.cutter.push(piece);
            progress |= self.hand_over(counts, take)?;
            if length == 0 || at + length as u64 >= look.length {
                break;
            }
        }
        self.seen = Some(look);
        self.changed = Instant::now();
        Ok(Reading::AtEnd { progress })
    }

    /// Hands over the last line though it has no end.
    pub(super) fn finish<E>(&mut self, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<bool, E> {
        match self.cutter.last() {
            Some(cut) => self.hand_over_one(cut, counts, take).map(|()| true),
            None => Ok(false),
        }
    }

    fn hand_over<E>(&mut self, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<bool, Failed<E>> {
        let mut any = false;
        while let Some(cut) = self.cutter.next() {
            self.hand_over_one(cut, counts, take).map_err(Failed::Take)?;
            any = true;
        }
        Ok(any)
    }

    fn hand_over_one<E>(&mut self, cut: Cut, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<(), E> {
        let (length, raw) = (cut.block.len(), cut.raw);
        let position = self.position_at(self.offset + raw);
        counts.note_cut(&cut, &self.path);
        take(cut.block, position)?;
        self.cutter.take_off(length);
        self.offset += raw;
        Ok(())
    }

    fn is_intact(&self) -> io::Result<bool> {
        let mut head = [0; LONGEST];
        let head = &mut head[..self.head.len()];
        match self.file.read_exact_at(head, 0) {
            Ok(()) => Ok(*head == self.head),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where the line begins that the file ends with: at its end, unless that line has none.
pub(super) fn behind_last_line(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut buffer = vec![0; BLOCK];
    let mut end = length;
    while end > 0 && length - end < MAX_LINE as u64 {
        let begin = end.saturating_sub(BLOCK as u64);
        let part = &mut buffer[..(end - begin) as usize];
        file.read_exact_at(part, begin)?;
        if let Some(feed) = memrchr(b'\n', part) {
            return Ok(begin + feed as u64 + 1);
        }
        end = begin;
    }
    Ok(if end == 0 { 0 } else { length })
}

/// Why reading stopped.
enum Failed<E> {
    Read(io::Error),
    Take(E),
}

impl<E> From<io::Error> for Failed<E> {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
