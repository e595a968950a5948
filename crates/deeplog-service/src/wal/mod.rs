//! The log of accepted input: what was acknowledged is in it, and after a crash it is judged from there again.
//!
//! It lies in segments of some 64 MiB, each named after its first record. A segment begins with eight bytes that tell its
//! format; a record is its length (`u32`), XXH3-64 of its bytes (`u64`), and these. A record that was not written whole can
//! only be the last one, and was acknowledged to nobody.

mod entry;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use deeplog::{Error, Result};
use xxhash_rust::xxh3::xxh3_64;

pub(crate) use entry::Record;
pub use entry::{Definition, Entry};

const MAGIC: &[u8; 8] = b"DLWAL01\n";
/// What stands before the bytes of a record.
const FRAME: usize = 4 + 8;
/// A segment that has grown to this is followed by another.
const SEGMENT: u64 = 64 << 20;
/// More records than a segment can hold.
const LATER: u64 = SEGMENT;

/// The log, open for writing.
pub(crate) struct Wal {
    folder: PathBuf,
    segment: File,
    /// Bytes of the segment that hold records.
    length: u64,
    /// Number of the next record.
    next: u64,
    buffer: Vec<u8>,
    /// Whether bytes of a failed write may lie behind [`Self::length`].
    is_dirty: bool,
    limit: u64,
}

impl Wal {
    /// Opens the log in a folder, which is created if need be, and hands over every record that is in it. `next` is the
    /// number of the next record where there is none.
    ///
    /// # Errors
    /// A folder that cannot be read or written, segments of another format, damaged ones, and gaps between them. Nothing
    /// is changed then.
    pub(crate) fn open(folder: &Path, next: u64, mut each: impl FnMut(Record) -> Result<()>) -> Result<Self> {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        let segments = segments(folder).map_err(failed("read", folder))?;
        let (mut expected, mut end) = (None, 0);
        for (i, &first) in segments.iter().enumerate() {
            let path = path_of(folder, first);
            let bytes = fs::read(&path).map_err(failed("read", &path))?;
            let is_last = i + 1 == segments.len();
            if expected.is_some_and(|expected| expected != first) {
                let fact = format!("{}: the records before it are missing", path.display());
                return Err(Error::run(fact, DAMAGED));
            }
            let (read, after) = read_segment(&path, &bytes, first, is_last, &mut each)?;
            (expected, end) = (Some(after), read);
        }
        let next = expected.unwrap_or(1).max(next);
        let (path, length) = match segments.last() {
            Some(&first) if end > 0 && expected == Some(next) => (path_of(folder, first), end),
            _ => (path_of(folder, next), 0),
        };
        let segment = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("write", &path))?;
        let mut wal = Self {
            folder: folder.to_owned(),
            segment,
            length,
            next,
            buffer: Vec::new(),
            is_dirty: true,
            limit: SEGMENT,
        };
        wal.clean().map_err(failed("write", &path))?;
        Ok(wal)
    }

    /// Writes entries down. When it returns they are on the disk; they have the numbers from the one it returns.
    ///
    /// # Errors
    /// None of them is in the log then.
    pub(crate) fn append<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>) -> io::Result<u64> {
        if self.is_dirty {
            self.clean()?;
        }
        if self.length >= self.limit {
            self.begin_segment()?;
        }
        self.buffer.clear();
        let first = self.next;
        let mut number = first;
        for entry in entries {
            let start = self.buffer.len();
            self.buffer.extend_from_slice(&[0; FRAME]);
            entry::encode(number, entry, &mut self.buffer);
            let (frame, body) = self.buffer[start..].split_at_mut(FRAME);
            let length = u32::try_from(body.len()).map_err(io::Error::other)?;
            frame[..4].copy_from_slice(&length.to_le_bytes());
            frame[4..].copy_from_slice(&xxh3_64(body).to_le_bytes());
            number += 1;
        }
        self.is_dirty = true;
        self.segment.write_all(&self.buffer)?;
        self.segment.sync_data()?;
        self.is_dirty = false;
        self.length += self.buffer.len() as u64;
        self.next = number;
        Ok(first)
    }

    /// Cuts off what a failed write left, and begins a segment that is empty.
    fn clean(&mut self) -> io::Result<()> {
        use io::{Seek, SeekFrom};
        self.segment.set_len(self.length)?;
        self.segment.seek(SeekFrom::Start(self.length))?;
        if self.length == 0 {
            self.segment.write_all(MAGIC)?;
            self.segment.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
            self.length = MAGIC.len() as u64;
        }
        self.is_dirty = false;
        Ok(())
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        let path = path_of(&self.folder, self.next);
        let segment = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        (self.segment, self.length) = (segment, 0);
        self.is_dirty = true;
        self.clean()
    }
}

const DAMAGED: &str =
    "nothing was changed; put back what is missing from a copy, or set the state folder aside and begin with a new one";

/// The bytes that hold whole records, and the number of the record after them.
fn read_segment(
    path: &Path,
    bytes: &[u8],
    first: u64,
    is_last: bool,
    each: &mut impl FnMut(Record) -> Result<()>,
) -> Result<(u64, u64)> {
    let damaged = |fact: String| Error::run(format!("{}: {fact}", path.display()), DAMAGED);
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        if is_last && MAGIC.starts_with(bytes) {
            return Ok((0, first));
        }
        let fact = "was written by another version of this program, or is no log of accepted input".to_owned();
        return Err(damaged(fact));
    };
    let mut number = first;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let Some((body, after)) = record(rest) else {
            if is_last && !holds_later(rest, number) {
                return Ok((at as u64, number));
            }
            return Err(damaged(format!("is damaged at byte {at}")));
        };
        match entry::decode(body) {
            Some(record) if record.number == number => each(record)?,
            _ => {
                return Err(damaged(format!(
                    "the record at byte {at} is of another version of this program"
                )));
            }
        }
        number += 1;
        rest = after;
    }
    Ok((bytes.len() as u64, number))
}

/// The bytes of the first record, and what follows; `None` if it is not whole.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    let (body, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    (xxh3_64(body).to_le_bytes() == *checksum).then_some((body, after))
}

/// Whether a later record follows one that is not whole: then that one was not the last, and was damaged after it was written.
fn holds_later(bytes: &[u8], number: u64) -> bool {
    let is_later = |record: Record| (number + 1..number + LATER).contains(&record.number);
    (1..bytes.len()).any(|at| record(&bytes[at..]).is_some_and(|(body, _)| entry::decode(body).is_some_and(is_later)))
}

/// Deletes the segments that hold no record from this number on.
pub(crate) fn forget_before(folder: &Path, number: u64) -> io::Result<()> {
    let segments = segments(folder)?;
    for pair in segments.windows(2) {
        if pair[1] <= number {
            fs::remove_file(path_of(folder, pair[0]))?;
        }
    }
    Ok(())
}

/// Bytes of all segments.
pub(crate) fn size(folder: &Path) -> io::Result<u64> {
    let sizes = segments(folder)?.into_iter();
    sizes.map(|first| Ok(fs::metadata(path_of(folder, first))?.len())).sum()
}

fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.wal"))
}

/// The first records of the segments, in their order.
fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".wal"));
        found.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

fn failed<'p>(verb: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> Error + 'p {
    move |error| {
        let fact = format!("cannot {verb} {}: {error}", path.display());
        Error::run(fact, "the state folder must be on a disk that this user can write to")
    }
}
