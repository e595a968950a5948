//! Sessions for logs whose messages name no execution: streams, and windows of time or count.

use std::collections::BTreeMap;

use sequence_windowing::{Duration, Limits, SessionRule, Timestamp};

use super::guess::HeaderGuess;
use super::messages::{Messages, Recurrence};

/// Lengths of windows, in seconds.
const LENGTHS: [u32; 8] = [10, 60, 300, 600, 1_800, 3_600, 21_600, 86_400];
/// Windows should hold so many messages on average, and there should be so many of them.
const EVENTS: usize = 20;
const WINDOWS: usize = 20;

/// How lines form sessions, and why so.
#[derive(Clone, Debug)]
pub(super) struct SessionGuess {
    pub(super) rule: SessionRule,
    pub(super) limits: Limits,
    pub(super) reason: String,
    /// 0 to 1.
    pub(super) confidence: f64,
    pub(super) examples: Vec<String>,
}

/// A header field whose values live for a short time each, as processes do that serve one connection.
pub(super) fn short_lived(messages: &Messages, header: &HeaderGuess) -> Option<SessionGuess> {
    let best = fields(messages, header)
        .filter(|(_, use_)| is_short_lived(use_))
        .max_by(|a, b| a.1.score().total_cmp(&b.1.score()))?;
    let (column, recurrence) = best;
    let name = header.format.fields()[column].clone();
    let reason = format!(
        "{} values of <{name}> live shortly, with {:.1} lines each",
        recurrence.distinct, recurrence.per_value
    );
    Some(SessionGuess {
        rule: SessionRule::Stream { field: name },
        limits: Limits {
            idle: idle(messages, column),
            ..Limits::default()
        },
        reason,
        confidence: recurrence.score(),
        examples: examples(messages, column),
    })
}

/// Whether values come and go: many of them, each on some messages that are close together.
pub(super) fn is_short_lived(values: &Recurrence) -> bool {
    values.distinct >= 10
        && (2.5..=1_000.0).contains(&values.per_value)
        && values.coverage >= 0.8
        && values.recurring >= 0.7
        && values.reach <= 0.2
}

/// Windows, per host, process or thread where the header names a few.
pub(super) fn windows(messages: &Messages, header: &HeaderGuess) -> SessionGuess {
    let names = header.format.fields();
    let is_source = |column: usize| {
        ["Host", "Pid", "Tid", "Thread"]
            .iter()
            .any(|source| names[column].starts_with(source))
    };
    let stream = fields(messages, header)
        .filter(|(column, use_)| {
            is_source(*column) && (2..=200).contains(&use_.distinct) && use_.per_value >= 50.0 && use_.coverage >= 0.95
        })
        .map(|(column, _)| column)
        .next();
    let field = stream.map(|column| names[column].clone());
    let per = field
        .as_ref()
        .map(|field| format!(" per <{field}>"))
        .unwrap_or_default();
    let examples = stream.map(|column| examples(messages, column)).unwrap_or_default();
    let limits = Limits::default();
    if let Some(length) = length(messages, stream) {
        let length = Duration::seconds(length);
        let reason = format!("windows of {length}{per} hold {EVENTS} lines or more");
        let rule = SessionRule::Time {
            length,
            step: None,
            field,
        };
        return SessionGuess {
            rule,
            limits,
            reason,
            confidence: if stream.is_some() { 0.5 } else { 0.4 },
            examples,
        };
    }
    let events = (messages.len() / 40).clamp(10, 100) as u64;
    let why = if messages.times.iter().any(Option::is_some) {
        "the time covered is too short, or too bursty, for windows of time"
    } else {
        "there is no time stamp to cut windows of time by"
    };
    let reason = format!("{why}: windows of {events} lines{per}");
    SessionGuess {
        rule: SessionRule::Count {
            events,
            step: None,
            field,
        },
        limits,
        reason,
        confidence: 0.3,
        examples,
    }
}

/// The header fields that may name a stream.
fn fields<'a>(messages: &'a Messages, header: &'a HeaderGuess) -> impl Iterator<Item = (usize, Recurrence)> + 'a {
    let no_source = |name: &str| {
        let is_stamp = header
            .stamp
            .iter()
            .flat_map(|stamp| &stamp.fields)
            .any(|field| field == name);
        is_stamp
            || [
                "Content",
                "Level",
                "Label",
                "Date",
                "Time",
                "Rest",
                "Priority",
                "Attributes",
            ]
            .iter()
            .any(|other| name.starts_with(other))
    };
    let columns = header
        .format
        .fields()
        .iter()
        .enumerate()
        .filter(move |(_, name)| !no_source(name));
    columns.map(|(column, _)| {
        let value = |fields: &'a Vec<Vec<u8>>| Some(fields[column].as_slice()).filter(|value| !value.is_empty());
        (
            column,
            Recurrence::of(messages.fields.iter().map(|fields| value(fields).into_iter().collect())),
        )
    })
}

fn examples(messages: &Messages, column: usize) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    for fields in &messages.fields {
        let value = String::from_utf8_lossy(&fields[column]).into_owned();
        if examples.len() < 3 && !value.is_empty() && !examples.contains(&value) {
            examples.push(value);
        }
    }
    examples
}

/// Ten times the pause that only one in a hundred exceeds within a stream, a minute at least; none without time stamps.
fn idle(messages: &Messages, column: usize) -> Option<Duration> {
    let mut last: BTreeMap<&[u8], Timestamp> = BTreeMap::new();
    let mut pauses: Vec<u64> = Vec::new();
    for (fields, time) in messages.fields.iter().zip(&messages.times) {
        let Some(time) = time else { continue };
        if let Some(before) = last.insert(&fields[column], *time) {
            pauses.push(time.since(before).microseconds());
        }
    }
    pauses.sort_unstable();
    let long = pauses.get(pauses.len() * 99 / 100)? / 1_000_000;
    let minutes = (long * 10).div_ceil(60).clamp(1, 24 * 60);
    Some(Duration::seconds(minutes as u32 * 60))
}

/// The shortest length whose windows are full and many enough.
fn length(messages: &Messages, stream: Option<usize>) -> Option<u32> {
    LENGTHS.into_iter().find(|&length| {
        let mut windows: BTreeMap<(&[u8], i64), usize> = BTreeMap::new();
        for (fields, time) in messages.fields.iter().zip(&messages.times) {
            let name = stream.map_or(b"".as_slice(), |column| &fields[column]);
            if let Some(time) = time {
                *windows
                    .entry((name, time.0.div_euclid(i64::from(length) * 1_000_000)))
                    .or_default() += 1;
            }
        }
        windows.len() >= WINDOWS && windows.values().sum::<usize>() >= EVENTS * windows.len()
    })
}
