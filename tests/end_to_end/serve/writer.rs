//! A program that writes a log, and whoever rotates it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Dice;

/// Rotated logs that are kept.
const KEPT: usize = 12;
/// Nobody rotates a log more often than this.
const REST: Duration = Duration::from_millis(500);

/// Appends to a log in pieces that are not lines, and rotates it now and then, by rename or by copying and truncating.
pub(crate) struct LogWriter {
    path: PathBuf,
    file: File,
    dice: Dice,
    /// Rotated once in so many writes, if the last time is long enough ago.
    often: u64,
    rotated: Instant,
}

impl LogWriter {
    pub(crate) fn new(path: PathBuf, dice: Dice, often: u64) -> Self {
        Self {
            file: appending(&path),
            path,
            dice,
            often,
            rotated: Instant::now(),
        }
    }

    /// Writes lines, and rotates nothing.
    pub(crate) fn append(&mut self, lines: &[u8]) {
        self.file.write_all(lines).unwrap();
    }

    /// Writes lines.
    pub(crate) fn write(&mut self, lines: &[u8]) {
        let middle = self.dice.below(lines.len() as u64) as usize;
        self.file.write_all(&lines[..middle]).unwrap();
        let is_time = self.dice.one_in(self.often) && self.rotated.elapsed() >= REST;
        if is_time {
            self.rotated = Instant::now();
        }
        if is_time && self.dice.one_in(2) {
            self.shift();
            fs::rename(&self.path, self.old(1)).unwrap();
            // The writer keeps its file until it has written what it was about to.
            self.file.write_all(&lines[middle..]).unwrap();
            self.file = appending(&self.path);
            return;
        }
        self.file.write_all(&lines[middle..]).unwrap();
        if is_time {
            self.shift();
            fs::copy(&self.path, self.old(1)).unwrap();
            self.file.set_len(0).unwrap();
        }
    }

    fn shift(&self) {
        for i in (1..KEPT).rev() {
            if self.old(i).exists() {
                fs::rename(self.old(i), self.old(i + 1)).unwrap();
            }
        }
    }

    fn old(&self, number: usize) -> PathBuf {
        PathBuf::from(format!("{}.{number}", self.path.display()))
    }
}

fn appending(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}
