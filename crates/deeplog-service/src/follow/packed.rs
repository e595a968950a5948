//! One packed file, which is read once.

use std::fs::File;
use std::io::{self, Read};

use xxhash_rust::xxh3::xxh3_64;

use super::cutter::{BLOCK, Cut, Cutter};
use super::files::Found;
use super::follower::{Counts, Take};
use super::head::{LONGEST, unpacked};
use crate::FilePosition;

/// The offset of a packed file all of which was read: it need not be unpacked again to find that nothing is new.
pub(super) const ALL: u64 = u64::MAX;

/// A packed file that waits to be read.
pub(super) struct Packed {
    pub(super) found: Found,
    file: File,
    /// Its first bytes, unpacked.
    pub(super) head: Vec<u8>,
    /// Bytes that were handed over, unpacked; a line begins there.
    pub(super) offset: u64,
}

impl Packed {
    pub(super) fn new(found: Found, file: File, head: Vec<u8>, offset: u64) -> Self {
        Self {
            found,
            file,
            head,
            offset,
        }
    }

    pub(super) fn position(&self) -> FilePosition {
        self.position_at(self.offset)
    }

    fn position_at(&self, offset: u64) -> FilePosition {
        let head = &self.head[..self
            .head
            .len()
            .min(LONGEST)
            .min(usize::try_from(offset).unwrap_or(LONGEST))];
        FilePosition {
            id: self.found.id,
            path: self.found.path.to_string_lossy().into_owned(),
            prefix_length: head.len() as u32,
            prefix_hash: xxh3_64(head),
            offset,
        }
    }

    /// Reads all of it. The inner error says that it is damaged, or not yet packed to its end.
    pub(super) fn read<E>(&mut self, counts: &mut Counts, take: &mut Take<'_, E>) -> Result<io::Result<()>, E> {
        let mut reader = match self.reader() {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error)),
        };
        let (mut cutter, mut buffer) = (Cutter::default(), vec![0; BLOCK]);
        loop {
            let length = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error)),
            };
            cutter.push(&buffer[..length]);
            if cutter.raw() >= BLOCK as u64 {
                while let Some(cut) = cutter.next() {
                    self.hand_over(cut, &mut cutter, counts, take)?;
                }
            }
        }
        while let Some(cut) = cutter.next().or_else(|| cutter.last()) {
            self.hand_over(cut, &mut cutter, counts, take)?;
        }
        Ok(Ok(()))
    }

    /// Stands where the unread begins. A file that ends before has nothing unread.
    fn reader(&self) -> io::Result<impl Read + use<>> {
        let mut reader = unpacked(&self.file)?;
        io::copy(&mut (&mut reader).take(self.offset), &mut io::sink())?;
        Ok(reader)
    }

    fn hand_over<E>(
        &mut self,
        cut: Cut,
        cutter: &mut Cutter,
        counts: &mut Counts,
        take: &mut Take<'_, E>,
    ) -> Result<(), E> {
        let (length, offset) = (cut.block.len(), self.offset + cut.raw);
        counts.note_cut(&cut, &self.found.path);
        take(cut.block, self.position_at(offset))?;
        cutter.take_off(length);
        self.offset = offset;
        Ok(())
    }
}
