//! JSON on bytes: the members of an object as they stand in the line, without a tree and without recursion.
//!
//! It is read as logs are written: bytes that are not UTF-8 and control characters may stand in strings, and of nested
//! values only brackets and strings are held to the syntax. More than 120 brackets within each other are no log.

use memchr::memchr2;

use super::pairs::{Member, Members};
use super::text::Text;

const DEEPEST: u32 = 120;

/// The members of the object that `text` is; `None` if it is none.
pub(super) fn members(text: &[u8]) -> Option<Members<'_>> {
    // A file may begin with a byte-order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    let mut members = Members::new();
    let mut at = skip_space(text, 1);
    if text.first() != Some(&b'{') {
        return None;
    }
    if text.get(at) == Some(&b'}') {
        return (at + 1 == text.len()).then_some(members);
    }
    loop {
        let start = at;
        let key_end = string_end(text, at)?;
        at = skip_space(text, key_end);
        if text.get(at) != Some(&b':') {
            return None;
        }
        let value_start = skip_space(text, at + 1);
        let value_end = value_end(text, value_start)?;
        members.push(Member {
            key: &text[start + 1..key_end - 1],
            value: &text[value_start..value_end],
            source: &text[start..value_end],
        });
        at = skip_space(text, value_end);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            b'}' => return (at + 1 == text.len()).then_some(members),
            _ => return None,
        }
    }
}

/// The value behind a path of keys joined by dots; a key may hold dots itself.
pub(super) fn nested<'l>(object: &'l [u8], path: &str) -> Option<&'l [u8]> {
    let members = members(object)?;
    let of = |key: &str| members.iter().find(|member| member.key == key.as_bytes());
    if let Some(member) = of(path) {
        return Some(member.value);
    }
    path.match_indices('.')
        .find_map(|(dot, _)| nested(of(&path[..dot])?.value, &path[dot + 1..]))
}

/// A string without quotes and escapes, and any other value as it stands.
pub(super) fn decode<'l>(value: &'l [u8], unescaped: &mut Vec<u8>) -> Text<'l> {
    let Some(string) = value.strip_prefix(b"\"") else {
        return Text::Line(value);
    };
    let string = string.strip_suffix(b"\"").unwrap_or(string);
    if memchr::memchr(b'\\', string).is_none() {
        return Text::Line(string);
    }
    let start = unescaped.len();
    unescape(string, unescaped);
    Text::Unescaped(start..unescaped.len())
}

/// An array of bytes as text: journald writes what is not UTF-8 so.
pub(super) fn decode_bytes(value: &[u8], unescaped: &mut Vec<u8>) -> Option<Text<'static>> {
    let numbers = value.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let start = unescaped.len();
    for number in numbers.split(|&byte| byte == b',') {
        let byte = str::from_utf8(number)
            .ok()
            .and_then(|number| number.trim().parse().ok());
        let Some(byte) = byte else {
            unescaped.truncate(start);
            return None;
        };
        unescaped.push(byte);
    }
    Some(Text::Unescaped(start..unescaped.len()))
}

/// Appends JSON without the white space between its tokens.
pub(super) fn compact(source: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = source.get(at) {
        if byte == b'"' {
            let end = string_end(source, at).unwrap_or(source.len());
            out.extend_from_slice(&source[at..end]);
            at = end;
        } else {
            if !byte.is_ascii_whitespace() {
                out.push(byte);
            }
            at += 1;
        }
    }
}

/// Appends bytes as a JSON string. What is not UTF-8 stays what it is.
pub(super) fn quote(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => {
                out.extend(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The end of the string that begins at `at`, behind its closing quote.
pub(super) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => brackets_end(text, at),
        _ => {
            let is_scalar = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            let length = text[at..].iter().take_while(|byte| is_scalar(byte)).count();
            (length > 0).then_some(at + length)
        }
    }
}

fn brackets_end(text: &[u8], start: usize) -> Option<usize> {
    // One bit a bracket: whether it is a square one.
    let (mut open, mut depth) = (0_u128, 0);
    let mut at = start;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            bracket @ (b'{' | b'[') => {
                if depth == DEEPEST {
                    return None;
                }
                depth += 1;
                open = open << 1 | u128::from(*bracket == b'[');
            }
            bracket @ (b'}' | b']') => {
                if (open & 1 == 1) != (*bracket == b']') {
                    return None;
                }
                depth -= 1;
                open >>= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Resolves escapes. Half a surrogate pair and unknown escapes become U+FFFD.
pub(super) fn unescape(mut string: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', string) {
        out.extend_from_slice(&string[..at]);
        let (character, length) = escape(&string[at..]);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        string = &string[at + length..];
    }
    out.extend_from_slice(string);
}

/// The character of the escape that `text` begins with, and the escape's length.
fn escape(text: &[u8]) -> (char, usize) {
    let simple = |character| (character, 2);
    match text.get(1) {
        Some(&byte @ (b'"' | b'\\' | b'/' | b'\'')) => simple(char::from(byte)),
        Some(b'n') => simple('\n'),
        Some(b't') => simple('\t'),
        Some(b'r') => simple('\r'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'u') => unicode(text),
        Some(byte) if byte.is_ascii() => simple(char::REPLACEMENT_CHARACTER),
        // The byte behind it may begin a character.
        _ => (char::REPLACEMENT_CHARACTER, 1),
    }
}

fn unicode(text: &[u8]) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text
            .get(at..at + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let Some(first) = unit(2) else {
        return (char::REPLACEMENT_CHARACTER, 2);
    };
    let second = text.get(6..8).filter(|mark| mark == b"\\u").and_then(|_| unit(8));
    let decode = |units: &[u16]| char::decode_utf16(units.iter().copied()).next().and_then(Result::ok);
    let pair = second.and_then(|second| decode(&[first, second]));
    match (decode(&[first]), pair) {
        (Some(character), _) => (character, 6),
        (None, Some(character)) => (character, 12),
        (None, None) => (char::REPLACEMENT_CHARACTER, 6),
    }
}
