//! Tables with a header row: comma, semicolon, tab or bar between cells, quotes around cells that hold them or line ends
//! (RFC 4180).

use std::borrow::Cow;

use super::pairs::{Member, Members};
use super::text::Text;

/// The cells of a row with the names that the header row gives them. `record`: header row, line feed, row.
pub(super) fn members(record: &[u8]) -> Option<Members<'_>> {
    let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
    let delimiter = delimiter(record);
    let mut header = Cells::of(record, delimiter);
    let names: Members<'_> = header.by_ref().map(named).collect();
    let mut row = Cells::of(header.rest?, delimiter);
    let mut members: Members<'_> = names
        .iter()
        .zip(&mut row)
        .map(|(name, cell)| Member {
            key: name.key,
            value: cell,
            source: cell,
        })
        .collect();
    // The event viewer of Windows names no column for the message, which comes last.
    members.extend(row.next().map(|cell| Member {
        key: b"Message",
        value: cell,
        source: cell,
    }));
    Some(members)
}

/// The cells of a row as if they were names: what tells a header row.
pub(super) fn names(row: &[u8]) -> Members<'_> {
    let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
    Cells::of(row, delimiter(row)).map(named).collect()
}

fn named(cell: &[u8]) -> Member<'_> {
    Member {
        key: inner(cell).trim_ascii(),
        value: b"x",
        source: cell,
    }
}

/// What stands between the cells: the commonest of the candidates in the first line, outside quotes.
pub(super) fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in header {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|count| count.0 == byte)
                .for_each(|count| count.1 += 1),
        }
    }
    // The first of the most frequent: `max_by_key` takes the last.
    counts
        .into_iter()
        .rev()
        .max_by_key(|count| count.1)
        .map_or(b',', |count| count.0)
}

/// Whether a quoted cell is open at the end of a line, `quoted` whether one was at its start.
pub(super) fn ends_quoted(line: &[u8], delimiter: u8, mut quoted: bool) -> bool {
    let begins = !quoted && line.starts_with(b"\"");
    let mut rest = &line[usize::from(begins)..];
    quoted |= begins;
    loop {
        if quoted {
            match quote_end(rest) {
                Some(length) => rest = &rest[length..],
                None => return true,
            }
        }
        let Some(end) = memchr::memchr(delimiter, rest) else {
            return false;
        };
        rest = &rest[end + 1..];
        quoted = rest.starts_with(b"\"");
        rest = &rest[usize::from(quoted)..];
    }
}

/// A cell without its quotes.
pub(super) fn decode<'l>(cell: &'l [u8], unescaped: &mut Vec<u8>) -> Text<'l> {
    match unquoted(cell) {
        Cow::Borrowed(text) => Text::Line(text),
        Cow::Owned(text) => {
            let start = unescaped.len();
            unescaped.extend(text);
            Text::Unescaped(start..unescaped.len())
        }
    }
}

/// A cell without its quotes, doubled ones made single.
pub(super) fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let text = inner(cell);
    if text.len() == cell.len() || memchr::memchr(b'"', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut single = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        single.push(byte);
        if byte == b'"' {
            bytes.next_if_eq(&b'"');
        }
    }
    Cow::Owned(single)
}

fn inner(cell: &[u8]) -> &[u8] {
    let quoted = cell
        .strip_prefix(b"\"")
        .map(|cell| cell.strip_suffix(b"\"").unwrap_or(cell));
    quoted.unwrap_or(cell)
}

/// The length up to and with the quote that closes a cell.
fn quote_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', &text[at..])? + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The cells of the first row of a text, as they stand there.
struct Cells<'l> {
    row: Option<&'l [u8]>,
    delimiter: u8,
    /// What follows the row, once all its cells were taken.
    rest: Option<&'l [u8]>,
}

impl<'l> Cells<'l> {
    fn of(text: &'l [u8], delimiter: u8) -> Self {
        Self {
            row: Some(text),
            delimiter,
            rest: None,
        }
    }
}

impl<'l> Iterator for Cells<'l> {
    type Item = &'l [u8];

    fn next(&mut self) -> Option<&'l [u8]> {
        let text = self.row.take()?;
        let quoted = match text.first() {
            Some(b'"') => quote_end(&text[1..]).map_or(text.len(), |length| length + 1),
            _ => 0,
        };
        let end = memchr::memchr2(self.delimiter, b'\n', &text[quoted..]).map_or(text.len(), |end| end + quoted);
        let behind = text.get(end + 1..);
        match text.get(end) {
            Some(b'\n') => self.rest = behind,
            _ => self.row = behind,
        }
        Some(&text[..end])
    }
}
