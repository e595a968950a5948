//! One message, by RFC 5424 or RFC 3164.

use memchr::memchr;

use super::stamp::split_stamp;

/// A syslog message in its parts. What is nil or missing is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Which standard it follows.
    pub standard: Standard,
    /// Facility times eight, plus severity: 0..=191.
    pub priority: Option<u8>,
    /// The time stamp as it was sent.
    pub stamp: Option<&'a [u8]>,
    /// The machine.
    pub host: Option<&'a [u8]>,
    /// The program, or the tag without its colon.
    pub app: Option<&'a [u8]>,
    /// The process.
    pub process: Option<&'a [u8]>,
    /// Structured data with its brackets.
    pub data: Option<&'a [u8]>,
    /// What the program wrote.
    pub content: &'a [u8],
    /// Everything behind priority and version.
    pub body: &'a [u8],
}

/// What a message follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// RFC 5424.
    Rfc5424,
    /// RFC 3164, or with the time stamp of RFC 3339 that rsyslog sends.
    Rfc3164,
    /// Neither: there is no time stamp, and all of it is content.
    Neither,
}

/// Reads a message. It never fails: what follows no standard is content as a whole.
///
/// After the old standard, host and tag cannot be told from the text for certain. The word behind the stamp is the host
/// unless it looks like a tag (`name:`, `name[12]:`); the next one is the tag only if it looks like one.
#[must_use]
pub fn parse(message: &[u8]) -> Message<'_> {
    let end = message.iter().rposition(|byte| !matches!(byte, b'\0' | b'\n'));
    let message = &message[..end.map_or(0, |end| end + 1)];
    let (priority, body) = match split_priority(message) {
        Some((priority, body)) => (Some(priority), body),
        None => (None, message),
    };
    let found = match priority {
        Some(_) => rfc5424(body).or_else(|| rfc3164(body)),
        None => rfc3164(body),
    };
    let found = found.unwrap_or(Message {
        standard: Standard::Neither,
        priority,
        stamp: None,
        host: None,
        app: None,
        process: None,
        data: None,
        content: body,
        body,
    });
    Message { priority, ..found }
}

/// `<34>`.
fn split_priority(message: &[u8]) -> Option<(u8, &[u8])> {
    let rest = message.strip_prefix(b"<")?;
    let end = memchr(b'>', &rest[..rest.len().min(4)])?;
    let priority = number(&rest[..end])?;
    (priority < 192).then_some((priority, &rest[end + 1..]))
}

fn number(digits: &[u8]) -> Option<u8> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

/// `1 STAMP HOST APP PROCESS ID DATA CONTENT`.
fn rfc5424(behind: &[u8]) -> Option<Message<'_>> {
    let body = behind.strip_prefix(b"1 ")?;
    let mut rest = body;
    let stamp = field(&mut rest)?;
    if stamp.is_some_and(|stamp| split_stamp(stamp).is_none()) {
        return None;
    }
    let (host, app, process) = (field(&mut rest)?, field(&mut rest)?, field(&mut rest)?);
    let _id = field(&mut rest)?;
    let (data, rest) = split_data(rest)?;
    let content = match rest {
        [] => rest,
        [b' ', content @ ..] => content,
        _ => return None,
    };
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    Some(Message {
        standard: Standard::Rfc5424,
        priority: None,
        stamp,
        host,
        app,
        process,
        data,
        // rsyslog takes the space behind a local program's tag for the first character of what it wrote.
        content: content.strip_prefix(b" ").unwrap_or(content),
        body,
    })
}

/// The next field, which a space ends; absent if it is nil.
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let end = memchr(b' ', rest).filter(|&end| end > 0)?;
    let (field, behind) = (&rest[..end], &rest[end + 1..]);
    *rest = behind;
    Some((field != b"-").then_some(field))
}

/// `-` or `[id name="value"]…`, and what is behind it.
fn split_data(text: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some((None, rest));
    }
    let mut at = 0;
    while text.get(at) == Some(&b'[') {
        at = end_of_element(text, at)?;
    }
    (at > 0).then(|| (Some(&text[..at]), &text[at..]))
}

/// Where the element that begins at `at` ends. Brackets in quotes are no end, nor are quotes behind a backslash.
fn end_of_element(text: &[u8], at: usize) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (i, &byte) in text.iter().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// `STAMP [HOST] [TAG[PROCESS]:] CONTENT`.
fn rfc3164(body: &[u8]) -> Option<Message<'_>> {
    let (stamp, rest) = split_stamp(body)?;
    let rest = match rest {
        [] => rest,
        [b' ', rest @ ..] => rest,
        _ => return None,
    };
    let (mut host, mut content) = (None, rest);
    let mut tag = split_tag(rest);
    if tag.is_none() {
        let end = memchr(b' ', rest).unwrap_or(rest.len());
        host = Some(&rest[..end]).filter(|host| !host.is_empty());
        content = rest.get(end + 1..).unwrap_or_default();
        tag = split_tag(content);
    }
    let (mut app, mut process) = (None, None);
    if let Some(tag) = tag {
        (app, process) = (Some(tag.app), tag.process);
        content = tag.rest.strip_prefix(b" ").unwrap_or(tag.rest);
    }
    Some(Message {
        standard: Standard::Rfc3164,
        priority: None,
        stamp: Some(stamp),
        host,
        app,
        process,
        data: None,
        content,
        body,
    })
}

struct Tag<'a> {
    app: &'a [u8],
    process: Option<&'a [u8]>,
    rest: &'a [u8],
}

/// `name:`, `name[12]:` or `name[12]`.
fn split_tag(text: &[u8]) -> Option<Tag<'_>> {
    let end = memchr(b' ', text).unwrap_or(text.len());
    let word = &text[..end];
    if let Some(bracket) = memchr(b'[', word).filter(|&bracket| bracket > 0) {
        let close = bracket + memchr(b']', &word[bracket..])?;
        let rest = &text[close + 1..];
        let rest = match rest {
            [b':', rest @ ..] => rest,
            [] | [b' ', ..] => rest,
            _ => return None,
        };
        return Some(Tag {
            app: &word[..bracket],
            process: Some(&word[bracket + 1..close]).filter(|process| !process.is_empty()),
            rest,
        });
    }
    let app = word.strip_suffix(b":").filter(|app| !app.is_empty())?;
    Some(Tag {
        app,
        process: None,
        rest: &text[end..],
    })
}
