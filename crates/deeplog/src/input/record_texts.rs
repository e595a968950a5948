//! Records by their numbers, to show them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use drain_parser::{LineFormat, MAX_RECORD_BYTES, MAX_RECORD_LINES, Piece};

use super::Records;
use crate::error::Result;

/// The messages whose first lines have these numbers, lossily decoded, with the lines that follow and belong to them.
/// With a header format and with `syslog` these are the lines as they stand in the log, with other formats the messages alone.
pub fn record_texts(files: &[PathBuf], format: &LineFormat, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, String>> {
    let mut texts: BTreeMap<u64, String> = BTreeMap::new();
    let Some(&last) = numbers.last() else { return Ok(texts) };
    let mut records = Records::of(files.to_vec(), format);
    let mut open: Option<(u64, u64)> = None;
    let is_alone = format.has_lines_of_their_own();
    let mut next = numbers.first().copied();
    // Most of a log is neither asked for nor follows what is, and need not be taken apart.
    while let Some((read, piece)) =
        records.next_piece_where(|number| !is_alone || open.is_some() || next.is_none_or(|next| number >= next))?
    {
        next = numbers.range(read + 1..).next().copied();
        match piece {
            Piece::Message(record) => {
                open = numbers.contains(&record.line).then_some((record.line, record.lines));
                if open.is_some() {
                    texts.insert(
                        record.line,
                        String::from_utf8_lossy(record.message).trim_end().to_owned(),
                    );
                }
            }
            Piece::Other { text, .. } => {
                if let Some((line, lines)) = &mut open
                    && let Some(whole) = texts.get_mut(line)
                    && *lines < MAX_RECORD_LINES
                    && whole.len() + text.len() < MAX_RECORD_BYTES
                {
                    *lines += 1;
                    whole.push('\n');
                    whole.push_str(String::from_utf8_lossy(text).trim_end());
                }
            }
            Piece::Blank { .. } | Piece::Open => {}
        }
        // A record may end long after its first line, and one of the numbers may be no message's.
        let is_done = texts.len() == numbers.len() || read > last + MAX_RECORD_LINES;
        if read > last && open.is_none() && is_done {
            break;
        }
    }
    Ok(texts)
}
