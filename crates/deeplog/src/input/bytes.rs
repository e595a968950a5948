//! Lines of bytes from files and standard input; `.gz` and `.zst` are recognised by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::zstandard::Zstandard;
use crate::error::{Error, Result};

/// Bytes of a line that are kept; what is beyond is dropped and the line counted as cut. 16 MiB.
pub const MAX_LINE: usize = 16 << 20;

const BLOCK: usize = 1 << 20;

/// SHA-256 of a file as it lies on disk, in hex.
pub fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(Error::io("read", path))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The lines of some files, one after the other, as if they were one.
pub struct Lines {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, Box<dyn BufRead>)>,
    line: Vec<u8>,
    number: u64,
    cut: u64,
    keeps_returns: bool,
}

impl Lines {
    /// Lines of the files, which are opened when their turn comes. `-` is standard input.
    #[must_use]
    pub fn of(files: Vec<PathBuf>) -> Self {
        Self {
            files: files.into_iter(),
            open: None,
            line: Vec::new(),
            number: 0,
            cut: 0,
            keeps_returns: false,
        }
    }

    /// The same lines, with the carriage returns before their line feeds.
    #[must_use]
    pub fn with_carriage_returns(mut self) -> Self {
        self.keeps_returns = true;
        self
    }

    /// The next line without its end (`\n` or `\r\n`), and its number from 1; `None` after the last one.
    pub fn next_line(&mut self) -> Result<Option<(u64, &[u8])>> {
        let more = self.advance()?;
        Ok(more.then_some((self.number, &self.line[..])))
    }

    /// Reads the next line; `false` after the last one.
    pub(super) fn advance(&mut self) -> Result<bool> {
        loop {
            let Some((path, reader)) = &mut self.open else {
                let Some(path) = self.files.next() else {
                    return Ok(false);
                };
                let reader = open(&path)?;
                self.open = Some((path, reader));
                continue;
            };
            let (any, cut) = read_line(reader, &mut self.line).map_err(Error::io("read", path))?;
            if !any {
                self.open = None;
                continue;
            }
            if !self.keeps_returns && self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            self.number += 1;
            self.cut += u64::from(cut);
            return Ok(true);
        }
    }

    /// The line that was read last.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Lines so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.number
    }

    /// Lines so far that were longer than [`MAX_LINE`].
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }
}

/// Opens a file or standard input, through a decompressor if its first bytes say so.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let plain = if path == Path::new("-") {
        decompressed(BufReader::with_capacity(BLOCK, io::stdin()))
    } else {
        let file = File::open(path).map_err(Error::io("read", path))?;
        if file.metadata().is_ok_and(|data| data.is_dir()) {
            return Err(Error::io("read", path)(io::ErrorKind::IsADirectory.into()));
        }
        decompressed(BufReader::with_capacity(BLOCK, file))
    };
    plain.map_err(Error::io("read", path))
}

/// Reads through a decompressor if the first bytes are those of gzip or Zstandard.
///
/// # Errors
/// Nothing can be read.
pub fn decompressed(mut plain: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let start = plain.fill_buf()?;
    Ok(if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(BLOCK, MultiGzDecoder::new(plain)))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(BufReader::with_capacity(BLOCK, Zstandard::new(plain)))
    } else {
        Box::new(plain)
    })
}

/// Reads a whole text file through [`open`].
pub(crate) fn read_to_end(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(bytes)
}

/// Reads one line, without its line feed. Says whether there was any, and whether it was cut.
fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<(bool, bool)> {
    line.clear();
    let (mut any, mut cut) = (false, false);
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            break;
        }
        any = true;
        let end = memchr::memchr(b'\n', block);
        let part = &block[..end.unwrap_or(block.len())];
        let room = part.len().min(MAX_LINE - line.len());
        cut |= room < part.len();
        line.extend_from_slice(&part[..room]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok((any, cut))
}
