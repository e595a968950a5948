//! Pushed bodies: what a client sends by HTTP, as lines.
//!
//! Lines come as plain text, or as JSON that holds each in a field: objects one a line, one after the other, in an
//! array, or as plain strings. That is what log shippers send under many names, so that anything with `json` in its type is
//! read as any of these.

mod json;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use memchr::{memchr, memchr_iter};

/// Fields that hold the message where nothing else is said, the first that is there: `message` (Vector), `log` (Fluent
/// Bit, containers), `msg`, `MESSAGE` (journald), `line`.
pub const MESSAGE_FIELDS: [&str; 5] = ["message", "log", "msg", "MESSAGE", "line"];

/// How bodies are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// Names of the field that holds the message, most wanted first.
    pub message_fields: Vec<String>,
    /// Whether the text of an object is the line itself, for models of logs that are JSON.
    pub whole_objects: bool,
    /// What is too much.
    pub limits: BodyLimits,
}

/// What is too much for one body. A body beyond it is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes of it, unpacked.
    pub unpacked: usize,
    /// Bytes of a line.
    pub line: usize,
    /// Its lines, rejected ones among them.
    pub lines: u64,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            unpacked: 64 << 20,
            line: 1 << 20,
            lines: 200_000,
        }
    }
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            message_fields: MESSAGE_FIELDS.map(str::to_owned).to_vec(),
            whole_objects: false,
            limits: BodyLimits::default(),
        }
    }
}

/// The lines of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// They, each with its line feed.
    pub block: Vec<u8>,
    /// How many they are.
    pub lines: u64,
    /// Values that held no line, and lines that are too long.
    pub rejected: u64,
    /// Where the first of those is, and what it lacks.
    pub first_problem: Option<String>,
}

/// Why a body was not read. Nothing of it was then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It exceeds a limit: 413.
    #[error("{0}")]
    TooLarge(String),
    /// It is of a type that holds no lines: 415.
    #[error("a body of type `{0}` is not read: send text/plain, application/x-ndjson or application/json")]
    UnknownType(String),
    /// It is packed in a way that is not known: 415.
    #[error("a body packed as `{0}` is not read: send it as it is, or as gzip")]
    UnknownEncoding(String),
    /// It is not what it is said to be: 400.
    #[error("{0}")]
    Malformed(String),
}

/// The lines of a body, by the headers that came with it.
///
/// # Errors
/// The body is too large, of another kind, damaged, or an array of JSON that is none.
pub fn decode(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
    how: &Decoding,
) -> Result<Decoded, BodyError> {
    let body = unpack(content_encoding, body, how.limits.unpacked)?;
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    if is_json(content_type, body)? {
        json::decode(body, how)
    } else {
        plain(body, how.limits)
    }
}

fn unpack<'a>(encoding: Option<&str>, body: &'a [u8], limit: usize) -> Result<Cow<'a, [u8]>, BodyError> {
    let too_large = || BodyError::TooLarge(format!("the body holds more than {limit} bytes: send smaller batches"));
    let encoding = encoding.map(str::trim).filter(|encoding| !encoding.is_empty());
    let unpacked = match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("identity") => Cow::Borrowed(body),
        Some("gzip" | "x-gzip") => {
            let mut unpacked = Vec::new();
            let most = (limit as u64).saturating_add(1);
            let read = MultiGzDecoder::new(body).take(most).read_to_end(&mut unpacked);
            read.map_err(|error: io::Error| BodyError::Malformed(format!("the body is no whole gzip: {error}")))?;
            Cow::Owned(unpacked)
        }
        Some(other) => return Err(BodyError::UnknownEncoding(other.to_owned())),
    };
    if unpacked.len() > limit {
        return Err(too_large());
    }
    Ok(unpacked)
}

/// Whether it is JSON. Where the type says nothing of it (curl's, say), its first byte does.
fn is_json(content_type: Option<&str>, body: &[u8]) -> Result<bool, BodyError> {
    let name = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let name = name.trim().to_ascii_lowercase();
    match &*name {
        "" | "application/octet-stream" | "application/x-www-form-urlencoded" => {
            let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
            Ok(first.is_some_and(|first| b"{[\"".contains(first)))
        }
        name if name.contains("json") => Ok(true),
        name if name.starts_with("text/") => Ok(false),
        _ => Err(BodyError::UnknownType(name)),
    }
}

fn plain(body: &[u8], limits: BodyLimits) -> Result<Decoded, BodyError> {
    let mut out = Decoded {
        block: Vec::with_capacity(body.len() + 1),
        ..Decoded::default()
    };
    if !body.is_empty() {
        push_lines(&mut out, body, limits)?;
    }
    Ok(out)
}

/// Adds a text, which may be of several lines. Those that are too long are rejected.
fn push_lines(out: &mut Decoded, text: &[u8], limits: BodyLimits) -> Result<(), BodyError> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.len() <= limits.line {
        out.lines += 1 + memchr_iter(b'\n', text).count() as u64;
        out.block.extend_from_slice(text);
        out.block.push(b'\n');
        return check_count(out, limits);
    }
    let mut rest = Some(text);
    while let Some(lines) = rest {
        let end = memchr(b'\n', lines);
        let line = &lines[..end.unwrap_or(lines.len())];
        rest = end.map(|end| &lines[end + 1..]);
        if line.len() > limits.line {
            let number = out.lines + out.rejected + 1;
            out.rejected += 1;
            let fact = || {
                format!(
                    "line {number} has {} bytes, and {} are the limit",
                    line.len(),
                    limits.line
                )
            };
            out.first_problem.get_or_insert_with(fact);
        } else {
            out.lines += 1;
            out.block.extend_from_slice(line);
            out.block.push(b'\n');
        }
        check_count(out, limits)?;
    }
    Ok(())
}

fn check_count(out: &Decoded, limits: BodyLimits) -> Result<(), BodyError> {
    if out.lines + out.rejected > limits.lines {
        let fact = format!("the body holds more than {} lines", limits.lines);
        return Err(BodyError::TooLarge(format!("{fact}: send smaller batches")));
    }
    Ok(())
}
