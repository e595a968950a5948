//! Finding the identifier that names executions: a class of tokens in messages whose members come back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::{Captures, Regex};
use sequence_windowing::Identifier;

use super::messages::{Messages, Recurrence};

const UUID: &str = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
/// What makes the number before it a quantity, which names nothing.
const UNIT: &str = r"\s?(?i:%|(?:[num]?s|[num]?secs?|m|mins?|h|hrs?|d|(?:(?:nano|micro|milli)?second|minute|hour|day|byte)s?|[kmgtp]?i?b)\b)";
/// Classes on fewer messages than this are not looked at further.
const LEAST_COVERAGE: f64 = 0.05;
/// So many classes are looked at further.
const MOST_CLASSES: usize = 40;

/// A class of tokens that may name executions.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// A regular expression for [`Identifier`].
    pub(super) pattern: String,
    pub(super) recurrence: Recurrence,
    /// Some members.
    pub(super) examples: Vec<String>,
}

/// A shape of tokens, and the pattern of a token's class.
struct Shape {
    regex: Regex,
    pattern: PatternOf,
}

/// `None` for what names nothing.
type PatternOf = fn(&Captures<'_>) -> Option<String>;

/// The classes of tokens in the messages, best first.
pub(super) fn candidates(messages: &Messages) -> Result<Vec<Candidate>, regex::Error> {
    let shapes = shapes()?;
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for content in &messages.contents {
        let patterns: BTreeSet<String> = shapes
            .iter()
            .flat_map(|shape| {
                shape
                    .regex
                    .captures_iter(content)
                    .filter_map(|found| (shape.pattern)(&found))
            })
            .collect();
        patterns
            .into_iter()
            .for_each(|pattern| *classes.entry(pattern).or_default() += 1);
    }
    let least = (LEAST_COVERAGE * messages.len() as f64).max(2.0) as usize;
    let mut classes: Vec<_> = classes.into_iter().filter(|(_, count)| *count >= least).collect();
    classes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    classes.truncate(MOST_CLASSES);
    let mut candidates: Vec<Candidate> = classes
        .into_iter()
        .filter_map(|(pattern, _)| judge(pattern, messages))
        .collect();
    candidates.sort_by(|a, b| b.recurrence.score().total_cmp(&a.recurrence.score()));
    Ok(candidates)
}

fn judge(pattern: String, messages: &Messages) -> Option<Candidate> {
    let identifier = Identifier::new(&pattern).ok()?;
    let found = |content: &Vec<u8>| {
        identifier
            .find_all(content)
            .map(Cow::into_owned)
            .collect::<Vec<String>>()
    };
    let recurrence = Recurrence::of(messages.contents.iter().map(found));
    let mut examples: Vec<String> = Vec::new();
    for id in messages.contents.iter().flat_map(found) {
        if !examples.contains(&id) {
            examples.push(id);
        }
        if examples.len() == 3 {
            break;
        }
    }
    Some(Candidate {
        pattern,
        recurrence,
        examples,
    })
}

fn shapes() -> Result<Vec<Shape>, regex::Error> {
    let uuid = format!(r"(?-u)(?:\b([A-Za-z]+)([-_:=# ]{{1,2}}))?\b{UUID}\b");
    let quantity = format!(r"[0-9]+(?:\.[0-9]+)?({UNIT})");
    let pair = format!(r#"(?-u)\b([A-Za-z][A-Za-z0-9_.]*)(=|"\s?:\s?"?)(?:{quantity}|[A-Za-z0-9_.-]*[0-9])"#);
    let word = format!(r"(?-u)\b([A-Za-z]{{2,}})( #?|: |#)(?:{quantity}|[0-9]+(?:[^0-9A-Za-z_.:-]|[.:](?:\s|$)|$))");
    let shapes: [(&str, PatternOf); 5] = [
        // instance: 78dc1847-8848-49cc-933e-9239b12c9dcf, req-38101a0b-2096-447d-96ea-a692162415ae
        (&uuid, |found| match (found.get(1), found.get(2)) {
            (Some(name), Some(mark)) => Some(format!("{}{}({UUID})", text(name.as_bytes()), text(mark.as_bytes()))),
            _ => Some(UUID.to_owned()),
        }),
        // blk_-1608999687919862906, application_1445144423722_0020, task-17
        (
            r"(?-u)\b([A-Za-z]+(?:_[A-Za-z]+)*)([_-])-?[0-9]+((?:_[A-Za-z0-9]+)*)\b",
            |found| {
                let mark = &found[2];
                let sign = if mark == b"_" { "-?" } else { "" };
                Some(format!(
                    r"{}{}{sign}\d+{}",
                    text(&found[1]),
                    text(mark),
                    numbers_as_pattern(&found[3])
                ))
            },
        ),
        // pid=4711, "session": "a1b2"; not took=17ms
        (&pair, |found| {
            let mark = if &found[2] == b"=" { "=" } else { r#""\s?:\s?"?"# };
            let pattern = || format!(r"\b{}{mark}([\w.-]+)", text(&found[1]));
            found.get(3).is_none().then(pattern)
        }),
        // request 4711, TID 1155, port #80; not the beginning of an address, a time or a fraction, and not in 17 ms
        (&word, |found| {
            let (word, mark) = (text(&found[1]), text(&found[2]));
            let pattern = || format!(r"\b{word}{mark}(\d+)(?:[^\w.:-]|[.:](?:\s|$)|$)");
            found.get(3).is_none().then(pattern)
        }),
        // 38101a0b2096447d96eaa692162415ae
        (r"(?-u)\b[0-9a-f]{16,64}\b", |found| {
            let is_number = found[0].iter().all(u8::is_ascii_digit);
            let pattern = if is_number {
                r"\b\d{16,64}\b"
            } else {
                r"\b[0-9a-f]{16,64}\b"
            };
            Some(pattern.to_owned())
        }),
    ];
    shapes
        .into_iter()
        .map(|(regex, pattern)| {
            Ok(Shape {
                regex: Regex::new(regex)?,
                pattern,
            })
        })
        .collect()
}

/// Text of a log as a regular expression for it.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .fold(String::new(), |mut pattern, character| {
            if r"\.+*?()|[]{}^$".contains(character) {
                pattern.push('\\');
            }
            pattern.push(character);
            pattern
        })
}

/// `_0020_m_000001` as `_\d+_m_\d+`.
fn numbers_as_pattern(tail: &[u8]) -> String {
    let mut pattern = String::new();
    for character in String::from_utf8_lossy(tail).chars() {
        if !character.is_ascii_digit() {
            pattern.push(character);
        } else if !pattern.ends_with(r"\d+") {
            pattern.push_str(r"\d+");
        }
    }
    pattern
}
