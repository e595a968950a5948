//! A record while its lines come in.

use serde::{Deserialize, Serialize};

use super::journald;

/// Bytes that a record of several lines may have; what is over is left out and counted. A single line may be longer.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// Lines that a record may have.
pub const MAX_RECORD_LINES: u64 = 2_000;

/// A record that is not whole yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Open {
    /// Of a container.
    pub(super) stream: Vec<u8>,
    pub(super) line: u64,
    pub(super) lines: u64,
    pub(super) text: Vec<u8>,
    pub(super) is_cut: bool,
    /// Tables: whether a quoted cell is open.
    pub(super) quoted: bool,
    /// journald: bytes so far, and what they are part of.
    length: u64,
    pub(super) binary: Binary,
}

/// Where an entry of journald stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Binary {
    #[default]
    Outside,
    /// In the eight bytes of length that begin here.
    Length(u64),
    /// In a value that ends here, with its line feed.
    Until(u64),
}

impl Open {
    pub(super) fn at(line: u64) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    /// Takes in a line's text unless the record is too long by it.
    pub(super) fn append(&mut self, parts: &[&[u8]]) {
        self.lines += 1;
        let more: usize = parts.iter().map(|part| part.len()).sum();
        let fits = self.lines <= MAX_RECORD_LINES && self.text.len() + more <= MAX_RECORD_BYTES;
        if fits || self.lines == 1 {
            parts.iter().for_each(|part| self.text.extend_from_slice(part));
        } else {
            self.is_cut = true;
        }
    }

    /// Takes in a line of an entry. What is too long is left out, but its length still counts.
    pub(super) fn append_field(&mut self, line: &[u8]) {
        if !self.is_cut {
            self.append(&[line, b"\n"]);
        } else {
            self.lines += 1;
        }
        self.length += line.len() as u64 + 1;
        if self.binary == Binary::Outside && memchr::memchr(b'=', line).is_none() && journald::is_name(line) {
            self.binary = Binary::Length(self.length);
        }
        if let Binary::Length(at) = self.binary
            && self.length >= at + 8
        {
            let size = usize::try_from(at)
                .ok()
                .and_then(|at| self.text.get(at..)?.first_chunk());
            // Where it was left out, the entry ends at the next empty line.
            self.binary = size.map_or(Binary::Outside, |size| {
                Binary::Until((at + 9).saturating_add(u64::from_le_bytes(*size)))
            });
        }
        if let Binary::Until(end) = self.binary
            && self.length >= end
        {
            self.binary = Binary::Outside;
        }
    }
}
