//! The lines of an unknown log that are looked at.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::input::Lines;

/// Lines from the start, without a gap.
pub(super) const HEAD: u64 = 5_000;
/// Lines of each block further on; blocks begin at twice the start of the one before.
const BLOCK: u64 = 1_000;
/// Where looking ends.
const LAST: u64 = 200_000;
/// Bytes of a line that are kept: headers and identifiers stand in front.
pub(super) const WIDTH: usize = 4_096;
/// Share of control characters above which a file is no text.
const MOST_CONTROLS: f64 = 0.05;

/// Some lines of a log, in order.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Lines that hold anything, none longer than 4 KiB.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Sample {
    /// Reads the first 5,000 lines, and blocks of 1,000 at lines 10,000, 20,000, 40,000 and so on.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self> {
        let name = files.first().map(|path| path.display().to_string()).unwrap_or_default();
        let mut sample = Self { lines: Vec::new() };
        let (mut bytes, mut controls) = (0, 0);
        let mut lines = Lines::of(files.to_vec());
        while let Some((number, line)) = lines.next_line()? {
            if number > LAST {
                break;
            }
            if !is_looked_at(number) || line.trim_ascii().is_empty() {
                continue;
            }
            let line = &line[..line.len().min(WIDTH)];
            bytes += line.len();
            controls += line
                .iter()
                .filter(|byte| byte.is_ascii_control() && !b"\t\x1b".contains(byte))
                .count();
            sample.lines.push(line.to_vec());
        }
        if sample.lines.is_empty() {
            return Err(Error::run(
                format!("{name} is empty"),
                "give a log with some lines, the more the better",
            ));
        }
        let share = controls as f64 / bytes as f64;
        if share > MOST_CONTROLS {
            let fact = format!("{name} is no text: {:.0}% of it are control characters", 100.0 * share);
            return Err(Error::run(
                fact,
                "give a text log, plain or packed as .gz or .zst; convert UTF-16 to UTF-8",
            ));
        }
        Ok(sample)
    }
}

fn is_looked_at(number: u64) -> bool {
    let block = if number < 2 * HEAD {
        0
    } else {
        HEAD << (number / HEAD).ilog2()
    };
    number <= HEAD || (block > 0 && number - block < BLOCK)
}
