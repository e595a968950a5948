//! The beginning of a line as columns: time stamps, bracketed pieces and words.

use super::stamp::{FoundStamp, Stamps};

/// Columns that are looked at in one go.
const MOST: usize = 14;
/// A header is not longer than this many bytes.
const REACH: usize = 400;
/// A bracketed piece is not longer than this many bytes.
const BRACKET: usize = 120;

/// Names of severity that logs use, in lower case.
const LEVELS: [&str; 31] = [
    "trace",
    "debug",
    "verbose",
    "info",
    "information",
    "notice",
    "warn",
    "warning",
    "err",
    "error",
    "severe",
    "fatal",
    "critical",
    "crit",
    "alert",
    "emerg",
    "emergency",
    "panic",
    "failure",
    "fine",
    "finer",
    "finest",
    "config",
    "dbg",
    "inf",
    "wrn",
    "ftl",
    "trc",
    "vrb",
    "log",
    "audit",
];

/// A column of one line.
#[derive(Clone, Debug)]
pub(super) struct Column<'l> {
    /// What it holds, without brackets.
    pub(super) text: &'l [u8],
    /// The opening bracket, if it is in brackets.
    pub(super) bracket: Option<u8>,
    /// The stamp, if it is one.
    pub(super) stamp: Option<FoundStamp>,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    /// Where it ends in the text that was cut, brackets included.
    pub(super) end: usize,
}

impl Column<'_> {
    pub(super) fn is_number(&self) -> bool {
        !self.text.is_empty() && self.text.iter().all(u8::is_ascii_digit)
    }

    /// The word without the punctuation behind it.
    pub(super) fn word(&self) -> &[u8] {
        let end = self
            .text
            .iter()
            .rposition(|byte| !b":,;".contains(byte))
            .map_or(0, |last| last + 1);
        &self.text[..end]
    }

    /// The punctuation behind the word.
    pub(super) fn punctuation(&self) -> &[u8] {
        &self.text[self.word().len()..]
    }

    pub(super) fn is_level(&self) -> bool {
        is_level(self.word())
    }

    /// Whether it is punctuation that parts columns.
    pub(super) fn is_separator(&self) -> bool {
        self.bracket.is_none()
            && matches!(
                self.text,
                b"-" | b"--" | b"---" | b"|" | b"||" | b":" | b"::" | b"," | b"=>" | b"->" | b">"
            )
    }

    /// A name of several parts, as programs call their modules.
    pub(super) fn is_dotted(&self) -> bool {
        let word = self.word();
        let parts: Vec<_> = word.split(|&byte| byte == b'.').collect();
        let is_name = |part: &&[u8]| {
            part.first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_$".contains(byte))
                && part
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_$-".contains(byte))
        };
        self.bracket.is_none() && parts.len() > 1 && parts.iter().all(is_name)
    }
}

/// Whether a word names a severity.
pub(super) fn is_level(word: &[u8]) -> bool {
    let word = String::from_utf8_lossy(word);
    let word = word.trim();
    LEVELS.contains(&word.to_lowercase().as_str()) || (word.len() == 1 && "VDIWEFAS".contains(word))
}

/// Cuts the beginning of `text` into columns.
pub(super) fn columns<'l>(text: &'l [u8], stamps: &Stamps) -> Vec<Column<'l>> {
    let mut columns: Vec<Column<'l>> = Vec::new();
    let mut at = 0;
    while columns.len() < MOST && at < REACH {
        let start = at + text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &text[start..];
        if rest.is_empty() {
            break;
        }
        let after_piece = columns
            .last()
            .is_some_and(|last| last.stamp.is_some() || last.bracket.is_some());
        let column = |text, bracket, stamp, length| Column {
            text,
            bracket,
            stamp,
            spaced: start > at,
            end: start + length,
        };
        let next = if let Some(stamp) = stamps.at(rest) {
            let length = stamp.length;
            column(&rest[..length], None, Some(stamp), length)
        } else if let Some(length) = bracketed(rest) {
            let inner = &rest[1..length - 1];
            let stamp = stamps.at(inner).filter(|stamp| stamp.length == inner.len());
            column(inner, Some(rest[0]), stamp, length)
        } else {
            let glued = after_piece && start == at;
            let length = word_length(rest, glued);
            column(&rest[..length], None, None, length)
        };
        at = next.end;
        columns.push(next);
    }
    columns
}

/// The length of the bracketed piece that `text` begins with.
fn bracketed(text: &[u8]) -> Option<usize> {
    let close = match text[0] {
        b'[' => b']',
        b'(' => b')',
        b'<' => b'>',
        _ => return None,
    };
    let length = 1 + text.iter().take(BRACKET).position(|&byte| byte == close)?;
    (length > 2).then_some(length)
}

/// A word ends at white space or a bar. Punctuation glued to a stamp or a bracket is a word of its own.
fn word_length(text: &[u8], glued: bool) -> usize {
    let punctuation = text.iter().take_while(|byte| b":,;-|".contains(byte)).count();
    if glued && punctuation > 0 {
        return punctuation;
    }
    if text[0] == b'|' {
        return 1;
    }
    text.iter()
        .position(|&byte| byte.is_ascii_whitespace() || byte == b'|')
        .unwrap_or(text.len())
}
