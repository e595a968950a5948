//! systemd's journal export format: a field a line, and an empty line behind each entry.
//!
//! A field is `NAME=value`; one whose value is no plain text is its name alone, then eight bytes of length (little
//! endian), the value and a line feed. <https://systemd.io/JOURNAL_EXPORT_FORMATS/>

use super::pairs::{Member, Members};

/// The fields of an entry. Lines that are no field are passed over.
pub(super) fn members(mut entry: &[u8]) -> Members<'_> {
    let mut members = Members::new();
    while !entry.is_empty() {
        let end = memchr::memchr(b'\n', entry).unwrap_or(entry.len());
        let line = &entry[..end];
        let behind = entry.get(end + 1..).unwrap_or_default();
        let equals = memchr::memchr(b'=', line);
        let (key, value, rest) = match equals {
            Some(equals) => (&line[..equals], &line[equals + 1..], behind),
            None if is_name(line) => {
                let Some((size, data)) = behind.split_first_chunk() else {
                    break;
                };
                let size = usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX);
                let size = size.min(data.len());
                (line, &data[..size], data.get(size + 1..).unwrap_or_default())
            }
            None => (line, line, behind),
        };
        if is_name(key) {
            members.push(Member {
                key,
                value,
                source: line,
            });
        }
        entry = rest;
    }
    members
}

/// Whether a line may be the name of a field: capital letters, digits and underscores, 64 at most.
pub(super) fn is_name(line: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (1..=64).contains(&line.len()) && !line[0].is_ascii_digit() && line.iter().all(is_part)
}
