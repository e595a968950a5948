//! Records of files: what the lines are by the format of the log.

use std::path::PathBuf;

use drain_parser::{LineFormat, Piece, RecordJoiner};

use super::Lines;
use crate::error::Result;

/// The records of some files, one after the other, as if they were one.
pub struct Records {
    lines: Lines,
    joiner: RecordJoiner,
}

impl Records {
    /// Records of the files, which are opened when their turn comes. `-` is standard input.
    #[must_use]
    pub fn of(files: Vec<PathBuf>, format: &LineFormat) -> Self {
        let lines = Lines::of(files);
        Self {
            lines: if format.is_binary() {
                lines.with_carriage_returns()
            } else {
                lines
            },
            joiner: RecordJoiner::new(format.clone()),
        }
    }

    /// What the next line is, or completes; behind the last line, what was still open. `None` after that. With the
    /// number of lines read so far.
    pub fn next_piece(&mut self) -> Result<Option<(u64, Piece<'_>)>> {
        self.next_piece_where(|_| true)
    }

    /// The same of those lines whose numbers are wanted; the others are passed over as if they were not there.
    pub(crate) fn next_piece_where(&mut self, is_wanted: impl Fn(u64) -> bool) -> Result<Option<(u64, Piece<'_>)>> {
        while self.lines.advance()? {
            let number = self.lines.count();
            if is_wanted(number) {
                return Ok(Some((number, self.joiner.push(number, self.lines.line()))));
            }
        }
        let last = self.lines.count();
        Ok(self.joiner.finish().map(|piece| (last, piece)))
    }

    /// Lines so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.count()
    }

    /// Lines so far that were longer than [`MAX_LINE`](crate::MAX_LINE).
    #[must_use]
    pub fn lines_cut(&self) -> u64 {
        self.lines.cut()
    }

    /// Records so far that went on for too long, and whose end was left out.
    #[must_use]
    pub fn records_cut(&self) -> u64 {
        self.joiner.cut()
    }
}
