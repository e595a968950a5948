//! What a file is known by: its first bytes, unpacked.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;

use deeplog::decompressed;
use xxhash_rust::xxh3::xxh3_64;

use crate::FilePosition;

/// Bytes that a file is known by, at most.
pub(super) const LONGEST: usize = 1 << 10;
/// Bytes by which a copy of a file is told, at most.
const COMPARED: usize = 64 << 10;

/// The beginning of a file that was found.
pub(super) struct Head {
    /// Its first bytes, unpacked.
    pub(super) bytes: Vec<u8>,
    /// Whether it is gzip or Zstandard.
    pub(super) is_packed: bool,
    /// Whether it is known why there are not more bytes: the file has none. Else it is still being packed, or damaged.
    pub(super) is_sound: bool,
}

impl Head {
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut magic = [0; 4];
        let length = file.read_at(&mut magic, 0)?;
        let magic = &magic[..length];
        let is_packed = magic.starts_with(&[0x1f, 0x8b]) || magic == [0x28, 0xb5, 0x2f, 0xfd];
        // What may yet become packed is not read: none of these is a whole line.
        let is_sound = !matches!(magic, [0x1f] | [0x28] | [0x28, 0xb5] | [0x28, 0xb5, 0x2f]);
        let mut bytes = Vec::new();
        let read = unpacked(file).and_then(|reader| reader.take(COMPARED as u64).read_to_end(&mut bytes));
        match read {
            Err(error) if !is_packed => Err(error),
            read => Ok(Self {
                is_sound: is_sound && (read.is_ok() || bytes.len() >= LONGEST),
                bytes,
                is_packed,
            }),
        }
    }

    /// Whether the file begins as the one that was read up to there.
    pub(super) fn is_of(&self, known: &FilePosition) -> bool {
        let prefix = self.bytes.get(..known.prefix_length as usize);
        known.prefix_length > 0 && prefix.is_some_and(|prefix| xxh3_64(prefix) == known.prefix_hash)
    }

    /// Whether all that is known of the file stands in the other one too, as in the one it was copied from.
    pub(super) fn is_within(&self, original: &File) -> bool {
        let mut bytes = vec![0; self.bytes.len()];
        !bytes.is_empty() && original.read_exact_at(&mut bytes, 0).is_ok() && bytes == self.bytes
    }
}

/// Reads a file from its first byte on, unpacked, wherever the handle stands.
pub(super) fn unpacked(file: &File) -> io::Result<impl Read + use<>> {
    decompressed(BufReader::with_capacity(
        COMPARED,
        FromStart {
            file: file.try_clone()?,
            at: 0,
        },
    ))
}

struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
