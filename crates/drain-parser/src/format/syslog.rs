//! Syslog lines: RFC 5424, RFC 3164 as it is found in the wild, and the latter's layout behind an ISO time stamp, as
//! rsyslog and systemd write it. Each with or without the priority in front, line by line.

use super::pairs::SEVERITIES;
use super::text::{Text, Texts};
use crate::tokens::trim;

pub(super) const FIELDS: [&str; 9] = [
    "Priority",
    "Level",
    "Time",
    "Host",
    "Component",
    "Pid",
    "MessageId",
    "StructuredData",
    "Content",
];

/// Bytes that are searched for the end of a tag.
const LONGEST_TAG: usize = 80;

/// What a line says of itself; empty where it says nothing.
#[derive(Default)]
struct Line<'l> {
    priority: &'l [u8],
    level: &'l [u8],
    time: &'l [u8],
    host: &'l [u8],
    component: &'l [u8],
    pid: &'l [u8],
    message_id: &'l [u8],
    data: &'l [u8],
    content: &'l [u8],
}

/// The values of [`FIELDS`].
pub(super) fn split(line: &[u8]) -> Option<Texts<'_>> {
    let line = trim(line);
    let (priority, rest) = priority(line).unwrap_or((b"", line));
    let severity = str::from_utf8(priority)
        .ok()
        .and_then(|number| number.parse::<usize>().ok());
    let level = severity.map_or(b"".as_slice(), |number| SEVERITIES[number % 8]);
    let found = modern(rest).or_else(|| classic(rest))?;
    let found = Line {
        priority,
        level,
        ..found
    };
    let texts = [
        found.priority,
        found.level,
        found.time,
        found.host,
        found.component,
        found.pid,
        found.message_id,
        found.data,
        found.content,
    ];
    Some(texts.map(Text::Line).into_iter().collect())
}

/// `<34>`: facility and severity, 191 at most.
fn priority(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"<")?;
    let end = line.iter().take(4).position(|&byte| byte == b'>')?;
    let number = &line[..end];
    let value: u8 = str::from_utf8(number).ok()?.parse().ok()?;
    (number[0].is_ascii_digit() && value <= 191).then_some((number, &line[end + 1..]))
}

/// `1 2003-10-11T22:14:15.003Z host app 411 ID47 [id key="value"] message`; `-` where there is nothing to say.
fn modern(line: &[u8]) -> Option<Line<'_>> {
    let rest = line.strip_prefix(b"1 ")?;
    let mut rest = rest;
    let mut words = [b"".as_slice(); 5];
    for word in &mut words {
        let end = memchr::memchr(b' ', rest)?;
        *word = if &rest[..end] == b"-" { b"" } else { &rest[..end] };
        rest = &rest[end + 1..];
    }
    let [time, host, component, pid, message_id] = words;
    if !(time.is_empty() || is_iso(time)) {
        return None;
    }
    let (data, content) = structured_data(rest)?;
    Some(Line {
        time,
        host,
        component,
        pid,
        message_id,
        data,
        content: trim(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)),
        ..Line::default()
    })
}

/// The elements in front of the message, and the message.
fn structured_data(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = if text.starts_with(b"-") { 1 } else { elements(text)? };
    let data = if length == 1 { b"" } else { &text[..length] };
    match &text[length..] {
        [] => Some((data, b"")),
        [b' ', content @ ..] => Some((data, content)),
        _ => None,
    }
}

/// The length of one element or more, `[id name="value with \" and \]"]`.
fn elements(text: &[u8]) -> Option<usize> {
    let (mut at, mut quoted) = (0, false);
    while text.get(at) == Some(&b'[') {
        loop {
            at += 1;
            match text.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
        }
        at += 1;
    }
    (at > 0).then_some(at)
}

/// `Oct 11 22:14:15 host su[411]: message`; the host may be left out, and so may the name before the colon.
fn classic(line: &[u8]) -> Option<Line<'_>> {
    let length = time_length(line)?;
    let (time, rest) = (&line[..length], trim(&line[length..]));
    let (first, behind) = word(rest);
    let (host, rest) = if first.ends_with(b":") && tag(rest).is_some() {
        (b"".as_slice(), rest)
    } else {
        (first, behind)
    };
    let (component, pid, content) = tag(rest).unwrap_or((b"", b"", rest));
    Some(Line {
        time,
        host,
        component,
        pid,
        content,
        ..Line::default()
    })
}

/// Name, process number and message. The name may be of two words, such as `syslogd 1.4.1`; a colon within a word, as in
/// `name::of::module`, does not end it.
fn tag(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let ends = |at: usize| text.get(at + 1).is_none_or(u8::is_ascii_whitespace);
    let end = memchr::memchr_iter(b':', &text[..text.len().min(LONGEST_TAG)]).find(|&at| ends(at))?;
    let (name, content) = (&text[..end], trim(&text[end + 1..]));
    let (name, pid) = match name.strip_suffix(b"]") {
        Some(inner) => {
            let open = inner.iter().rposition(|&byte| byte == b'[')?;
            (&inner[..open], &inner[open + 1..])
        }
        None => (name, b"".as_slice()),
    };
    let words = name.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    (1..=2).contains(&words.count()).then_some((name, pid, content))
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (&text[..end], trim(&text[end..]))
}

/// The length of the stamp in front: `Oct 11 22:14:15`, a fraction behind it or not, or an ISO one.
fn time_length(line: &[u8]) -> Option<usize> {
    let end = |from: usize| {
        let rest = line.get(from..)?;
        Some(from + rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()))
    };
    let first = end(0)?;
    if is_iso(&line[..first]) {
        return Some(first);
    }
    let day = line.get(3..6)?;
    let is_day = day[0] == b' ' && matches!(day[1], b' ' | b'0'..=b'3') && day[2].is_ascii_digit();
    let time = line.get(7..15)?;
    let is_time = shape(time, b"00:00:00");
    let end = end(15)?;
    let is_fraction = matches!(&line[15..end], [] | [b'.', ..] | [b':']);
    let is_month = MONTHS.contains(&&line[..3]);
    (is_month && is_day && line[6] == b' ' && is_time && is_fraction).then_some(if line[15..end] == *b":" {
        15
    } else {
        end
    })
}

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Whether a word is a time stamp of RFC 3339, however fine.
pub(super) fn is_iso(word: &[u8]) -> bool {
    let Some((stamp, tail)) = word.split_at_checked(19) else {
        return false;
    };
    let is_tail = |byte: &u8| byte.is_ascii_digit() || b".,+-:Z".contains(byte);
    shape(stamp, b"0000-00-00T00:00:00") && tail.len() <= 20 && tail.iter().all(is_tail)
}

/// Whether a text has digits where the shape has a zero, and the shape's bytes elsewhere.
fn shape(text: &[u8], shape: &[u8]) -> bool {
    let same = |(byte, wanted): (&u8, &u8)| {
        if *wanted == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == wanted
        }
    };
    text.len() == shape.len() && text.iter().zip(shape).all(same)
}
