//! Blocks of whole lines out of bytes that come in any pieces.

use deeplog::MAX_LINE;
use memchr::{memchr, memrchr};

/// Bytes of a block, unless a single line has more.
pub(super) const BLOCK: usize = 1 << 20;

/// Holds what has been read but is no whole line yet.
#[derive(Default)]
pub(super) struct Cutter {
    buffer: Vec<u8>,
    /// Bytes of the first line that were dropped, as it is longer than [`MAX_LINE`].
    dropped: u64,
}

/// Some lines.
pub(super) struct Cut {
    /// Each with its line feed.
    pub(super) block: Vec<u8>,
    /// Bytes they had before long lines were cut.
    pub(super) raw: u64,
    /// Whether a line was cut.
    pub(super) is_cut: bool,
}

impl Cutter {
    /// Adds what was read.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        if self.dropped > 0 && memchr(b'\n', &self.buffer).is_none() {
            let rest = memchr(b'\n', bytes).unwrap_or(bytes.len());
            self.dropped += rest as u64;
            bytes = &bytes[rest..];
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > MAX_LINE {
            self.cut_first_line();
        }
    }

    fn cut_first_line(&mut self) {
        let end = memchr(b'\n', &self.buffer).unwrap_or(self.buffer.len());
        if end > MAX_LINE {
            self.dropped += (end - MAX_LINE) as u64;
            self.buffer.drain(MAX_LINE..end);
        }
    }

    /// The next whole lines; they stay until they are [taken off](Cutter::take_off).
    pub(super) fn next(&self) -> Option<Cut> {
        let most = &self.buffer[..self.buffer.len().min(BLOCK)];
        let end = memrchr(b'\n', most).or_else(|| memchr(b'\n', &self.buffer))?;
        Some(self.cut(self.buffer[..=end].to_vec(), end + 1))
    }

    /// The line that has no end, with one.
    pub(super) fn last(&self) -> Option<Cut> {
        let line = [&self.buffer, &b"\n"[..]].concat();
        (!self.buffer.is_empty()).then(|| self.cut(line, self.buffer.len()))
    }

    fn cut(&self, block: Vec<u8>, length: usize) -> Cut {
        Cut {
            block,
            raw: length as u64 + self.dropped,
            is_cut: self.dropped > 0,
        }
    }

    /// Forgets lines that were handed over.
    pub(super) fn take_off(&mut self, cut_block: usize) {
        self.buffer.drain(..cut_block.min(self.buffer.len()));
        self.dropped = 0;
    }

    /// Bytes that were read and are not taken off.
    pub(super) fn raw(&self) -> u64 {
        self.buffer.len() as u64 + self.dropped
    }

    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.dropped = 0;
    }
}
