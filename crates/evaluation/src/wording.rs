//! Findings in words, and what would have had to differ.

use detection::{Candidate, Detail, Finding, KeyCount, Part, PartVerdict, Reason, Symbol};
use sequence_windowing::KeyName;

use crate::number::{probability, seconds};

/// Candidates and keys that a sentence names.
const NAMED: usize = 3;
/// Less likely candidates are not named, unless none is likelier.
const LIKELY: f64 = 0.01;
/// Names of keys up to this many characters are names to people; longer ones are hashes, and their template says more.
const SHORT_NAME: usize = 8;
/// Characters of a template within a sentence.
const SHORT_TEMPLATE: usize = 48;

/// What a key is called within a sentence: its name, or its template, shortened, where the name is a long one.
/// Not escaped.
#[must_use]
pub fn key_words(key: &KeyName, template: Option<&str>) -> String {
    match template.filter(|_| key.as_str().chars().count() > SHORT_NAME) {
        None => key.to_string(),
        Some(template) => match template.char_indices().nth(SHORT_TEMPLATE) {
            None => format!("“{template}”"),
            Some((end, _)) => format!("“{}…”", &template[..end]),
        },
    }
}

/// Finds words for findings; keys are called what `name` says, which escapes them for where they are shown.
pub struct Wording<'n> {
    /// What a key is called.
    pub name: &'n dyn Fn(&KeyName) -> String,
}

impl Wording<'_> {
    /// What was found: "E9, where E11 (61.0%), E26 (20.0%) were expected".
    #[must_use]
    pub fn found(&self, finding: &Finding) -> String {
        let seen = self.seen(finding);
        match &finding.detail {
            Some(Detail::Order { other, before, usual }) => {
                let other = (self.name)(other);
                format!(
                    "{seen} {}, mostly {}",
                    after(*before, Some(&other)),
                    after(*usual, None)
                )
            }
            Some(Detail::Counts(counts)) if counts.is_empty() => "events whose keys training never saw".to_owned(),
            Some(Detail::Counts(counts)) => self.counts(counts, |count, key| {
                format!("{}, not {}", times(count.seen, key), number(count.usual))
            }),
            Some(Detail::Delay { seconds: delay, usual }) => {
                format!(
                    "{} after the event before, mostly about {}",
                    seconds(*delay),
                    seconds(*usual)
                )
            }
            None if finding.reason == Reason::UnseenKey => format!("{seen}, which training never saw"),
            None if finding.expected.is_empty() => finding.reason.describe().to_owned(),
            None => {
                let (expected, several) = self.expected(finding);
                let were = if several { "were" } else { "was" };
                format!("{seen}, where {expected} {were} expected")
            }
        }
    }

    /// What the part would accept there: "one of E11 (61.0%), E26 (20.0%) instead of E9".
    #[must_use]
    pub fn instead(&self, finding: &Finding) -> String {
        let seen = self.seen(finding);
        match &finding.detail {
            Some(Detail::Order { other, before, usual }) => {
                let other = (self.name)(other);
                format!("{seen} {}, not {}", after(*usual, Some(&other)), after(*before, None))
            }
            Some(Detail::Counts(counts)) if counts.is_empty() => "keys that training saw".to_owned(),
            Some(Detail::Counts(counts)) => self.counts(counts, |count, key| {
                format!("{}, not {}", times(count.usual, key), number(count.seen))
            }),
            Some(Detail::Delay { seconds: delay, usual }) => {
                format!("about {}, not {}", seconds(*usual), seconds(*delay))
            }
            None if finding.reason == Reason::UnseenKey => format!("not {seen}, which training never saw"),
            None if finding.expected.is_empty() => format!("anything but {}", finding.reason.describe()),
            None => {
                let (expected, several) = self.expected(finding);
                let one_of = if several { "one of " } else { "" };
                format!("{one_of}{expected} instead of {seen}")
            }
        }
    }

    /// [`Self::instead`] behind the place where: "at event 14: …".
    #[must_use]
    pub fn instead_at_its_place(&self, finding: &Finding) -> String {
        let instead = self.instead(finding);
        match finding.position {
            Some(position) if finding.seen != Some(Symbol::End) => format!("at event {}: {instead}", position + 1),
            _ => instead,
        }
    }

    fn seen(&self, finding: &Finding) -> String {
        finding
            .seen
            .as_ref()
            .map_or_else(|| "this".to_owned(), |symbol| self.symbol(symbol))
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        match symbol {
            Symbol::Key(key) => (self.name)(key),
            Symbol::End => "the end".to_owned(),
        }
    }

    /// The likely candidates, and whether there are several.
    fn expected(&self, finding: &Finding) -> (String, bool) {
        let likely = finding
            .expected
            .iter()
            .take_while(|candidate| candidate.probability >= LIKELY);
        let shown = likely.count().clamp(1, NAMED).min(finding.expected.len());
        let words = |candidate: &Candidate| {
            format!(
                "{} ({})",
                self.symbol(&candidate.symbol),
                probability(candidate.probability)
            )
        };
        let words: Vec<String> = finding.expected[..shown].iter().map(words).collect();
        (words.join(", "), shown > 1)
    }

    fn counts(&self, counts: &[KeyCount], words: impl Fn(&KeyCount, &str) -> String) -> String {
        let shown = &counts[..counts.len().min(NAMED)];
        let mut text: Vec<String> = shown
            .iter()
            .map(|count| words(count, &(self.name)(&count.key)))
            .collect();
        if counts.len() > NAMED {
            text.push(format!("and {} more", counts.len() - NAMED));
        }
        text.join("; ")
    }
}

/// Where a finding lies: its event and line, counted from 1.
pub(crate) fn place(finding: &Finding) -> String {
    match (finding.position, finding.line) {
        (None, _) => "the session as a whole".to_owned(),
        (Some(_), _) if finding.seen == Some(Symbol::End) => "its end".to_owned(),
        (Some(position), None) => format!("event {}", position + 1),
        (Some(position), Some(line)) => format!("event {}, line {line}", position + 1),
    }
}

/// What is said of several parts together: which of them would flag the session alone.
#[must_use]
pub fn parts_sentence(parts: &[PartVerdict], anomalous: bool) -> String {
    let alone: Vec<String> = parts
        .iter()
        .filter(|part| is_at_limit(part))
        .map(|part| part_words(part.part))
        .collect();
    match (alone.as_slice(), anomalous) {
        ([], true) => "no part is at its limit: only together are they too unusual".to_owned(),
        ([], false) => "no part is at its limit".to_owned(),
        ([one], _) => format!("{one} is at its limit, which is enough"),
        ([first @ .., last], _) => format!(
            "{} and {last} are at their limits, each of which is enough",
            first.join(", ")
        ),
    }
}

/// Whether a part flags the session by itself.
#[must_use]
pub fn is_at_limit(part: &PartVerdict) -> bool {
    part.p_value <= part.limit
}

/// The part's name for people.
#[must_use]
pub fn part_words(part: Part) -> String {
    part.name().replace('_', " ")
}

/// "after 2 events E11", "before any E11"; without the key only "after 2".
fn after(events: u32, key: Option<&str>) -> String {
    match (events, key) {
        (0, Some(key)) => format!("before any {key}"),
        (0, None) => "before any".to_owned(),
        (1, Some(key)) => format!("after 1 event {key}"),
        (_, Some(key)) => format!("after {events} events {key}"),
        (_, None) => format!("after {events}"),
    }
}

fn times(count: u32, key: &str) -> String {
    match count {
        0 => format!("no {key}"),
        1 => format!("once {key}"),
        _ => format!("{count} times {key}"),
    }
}

fn number(count: u32) -> String {
    match count {
        0 => "none".to_owned(),
        1 => "once".to_owned(),
        _ => count.to_string(),
    }
}
