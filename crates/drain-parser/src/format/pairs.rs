//! Formats of keys and values: JSON, logfmt, journald's export and tables.

use smallvec::SmallVec;

use super::keys::{Keys, MESSAGE, Pick};
use super::text::{Text, Texts};
use super::{journald, json, logfmt, table};
use crate::tokens::{is_space, trim};

/// A key and its value, as they stand in the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'l> {
    pub(super) key: &'l [u8],
    pub(super) value: &'l [u8],
    /// Both of them.
    pub(super) source: &'l [u8],
}

pub(super) type Members<'l> = SmallVec<[Member<'l>; 16]>;

/// How keys and values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Logfmt,
    Journald,
    Table,
}

impl Syntax {
    /// The values of the fields in their order (the rest and the content are last), and the untrimmed message.
    /// `None` if the record is not of this syntax or holds no message.
    pub(super) fn split<'l>(
        self,
        keys: &Keys,
        record: &'l [u8],
        unescaped: &mut Vec<u8>,
    ) -> Option<(Texts<'l>, Text<'l>)> {
        let members = self.members(record)?;
        let mut picks = keys.pick(
            &members,
            |value| self.is_plain(value),
            |value, path| self.nested(value, path),
        );
        let message = picks[MESSAGE].take()?;
        let bytes = (self == Self::Json)
            .then(|| json::decode_bytes(message.value, unescaped))
            .flatten();
        let whole = bytes.unwrap_or_else(|| self.decode(message.value, unescaped));
        let (content, is_all) = head(&whole, unescaped);
        let mut left: SmallVec<[bool; 16]> = SmallVec::from_elem(true, members.len());
        for pick in picks.iter().flatten().chain(is_all.then_some(&message)) {
            left[pick.member] &= pick.is_nested;
        }
        let mut texts: Texts<'l> = picks[MESSAGE + 1..]
            .iter()
            .map(|pick| pick.map_or(Text::EMPTY, |pick| self.value(&pick, &members, unescaped)))
            .collect();
        let left = members
            .iter()
            .zip(&left)
            .filter(|(_, left)| **left)
            .map(|(member, _)| member);
        texts.push(self.rest(left, unescaped));
        texts.push(content);
        Some((texts, whole))
    }

    fn members(self, record: &[u8]) -> Option<Members<'_>> {
        match self {
            Self::Json => json::members(record),
            Self::Logfmt => Some(logfmt::members(record)),
            Self::Journald => Some(journald::members(record)),
            Self::Table => table::members(record),
        }
    }

    fn nested<'l>(self, value: &'l [u8], path: &str) -> Option<&'l [u8]> {
        (self == Self::Json).then(|| json::nested(value, path)).flatten()
    }

    /// Whether a value can be what a well-known key holds, and not something else of the same name.
    fn is_plain(self, value: &[u8]) -> bool {
        match self {
            Self::Json => !value.starts_with(b"{") && value != b"null",
            _ => true,
        }
    }

    fn value<'l>(self, pick: &Pick<'l>, members: &[Member<'l>], unescaped: &mut Vec<u8>) -> Text<'l> {
        let text = self.decode(pick.value, unescaped);
        if members[pick.member].key == b"PRIORITY"
            && let [digit @ b'0'..=b'7'] = text.bytes(unescaped)
        {
            return Text::Line(SEVERITIES[usize::from(digit - b'0')]);
        }
        text
    }

    fn decode<'l>(self, value: &'l [u8], unescaped: &mut Vec<u8>) -> Text<'l> {
        match self {
            Self::Json | Self::Logfmt => json::decode(value, unescaped),
            Self::Journald => Text::Line(value),
            Self::Table => table::decode(value, unescaped),
        }
    }

    /// What no field holds: the pairs of logfmt as they stand, all others as a JSON object.
    fn rest<'l, 'm>(self, left: impl Iterator<Item = &'m Member<'l>>, unescaped: &mut Vec<u8>) -> Text<'l>
    where
        'l: 'm,
    {
        let start = unescaped.len();
        for member in left {
            let is_first = unescaped.len() == start;
            match self {
                Self::Json => {
                    unescaped.push(if is_first { b'{' } else { b',' });
                    json::compact(member.source, unescaped);
                }
                Self::Logfmt => {
                    unescaped.extend_from_slice(if is_first { b"" } else { b" " });
                    unescaped.extend_from_slice(member.source);
                }
                Self::Journald | Self::Table => {
                    unescaped.push(if is_first { b'{' } else { b',' });
                    json::quote(member.key, unescaped);
                    unescaped.push(b':');
                    match self {
                        Self::Table => json::quote(&table::unquoted(member.value), unescaped),
                        _ => json::quote(member.value, unescaped),
                    }
                }
            }
        }
        if unescaped.len() == start {
            return Text::EMPTY;
        }
        if self != Self::Logfmt {
            unescaped.push(b'}');
        }
        Text::Unescaped(start..unescaped.len())
    }
}

/// Severities of syslog by their number (RFC 5424, table 2).
pub(super) const SEVERITIES: [&[u8]; 8] = [
    b"emerg", b"alert", b"crit", b"err", b"warning", b"notice", b"info", b"debug",
];

/// The first line of a message that holds anything, and whether that is all there is.
fn head<'l>(message: &Text<'l>, unescaped: &[u8]) -> (Text<'l>, bool) {
    let text = message.bytes(unescaped);
    let start = text.iter().position(|&byte| !is_space(byte)).unwrap_or(text.len());
    let body = &text[start..];
    let end = memchr::memchr2(b'\n', b'\r', body).unwrap_or(body.len());
    let length = trim(&body[..end]).len();
    (message.slice(start..start + length), trim(&body[end..]).is_empty())
}
