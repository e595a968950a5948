//! Splitting a line by a format whose separators are plain text, without a regex.

use memchr::memchr;
use smallvec::SmallVec;

use crate::tokens::is_space;

/// The separators of a format in which no regex but literal text and white space stands between the fields.
#[derive(Debug, Clone)]
pub(super) struct ScanPlan {
    /// What stands before the first field; may be empty.
    prefix: Vec<Part>,
    /// What stands between each two fields; never empty.
    separators: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Holds no white space, so that a run of white space before it always ends where it begins.
    Literal(Vec<u8>),
    Spaces,
}

/// The fields of a line; formats seldom have more than twelve.
pub(in crate::format) type Fields<'l> = SmallVec<[&'l [u8]; 12]>;

/// Why a scan gives no fields.
pub(super) enum Miss {
    NoMatch,
    /// There is an answer, but one that needs backtracking.
    Unsure,
}

impl ScanPlan {
    /// `None` when the separators hold a regex, when two fields touch, or when something follows the last field.
    pub(super) fn new(separators: &[&str]) -> Option<Self> {
        let [prefix, between @ .., ""] = separators else {
            return None;
        };
        let prefix = parts(prefix)?;
        let separators: Vec<_> = between
            .iter()
            .map(|separator| parts(separator))
            .collect::<Option<_>>()?;
        separators
            .iter()
            .all(|separator| !separator.is_empty())
            .then_some(Self { prefix, separators })
    }

    /// What the regex of the format says about `line`.
    ///
    /// The regex tries short fields and long runs of white space first, so when every field can end at the first
    /// separator after it, that is its answer. When this fails with the longest runs and with the shortest ones too,
    /// no other choice reaches further, and nothing matches.
    pub(super) fn split<'l>(&self, line: &'l [u8]) -> Result<Fields<'l>, Miss> {
        let mut fields = Fields::new();
        if self.scan(line, true, |field| fields.push(field)) {
            Ok(fields)
        } else if self.scan(line, false, |_| {}) {
            Err(Miss::Unsure)
        } else {
            Err(Miss::NoMatch)
        }
    }

    /// `longest`: whether a run of white space at the end of a separator is taken whole, or its first byte only.
    fn scan<'l>(&self, line: &'l [u8], longest: bool, mut field: impl FnMut(&'l [u8])) -> bool {
        let Some(mut at) = match_parts(&self.prefix, line, 0, longest) else {
            return false;
        };
        for separator in &self.separators {
            let Some((start, end)) = find(separator, line, at, longest) else {
                return false;
            };
            field(&line[at..start]);
            at = end;
        }
        field(&line[at..]);
        true
    }
}

/// `None` when the text holds anything but literal characters, escaped punctuation and spaces.
fn parts(separator: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut characters = separator.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            ' ' => {
                if parts.last() != Some(&Part::Spaces) {
                    parts.push(Part::Spaces);
                }
                continue;
            }
            '\\' => characters
                .next()
                .filter(|c| c.is_ascii_punctuation() && !"<>".contains(*c))?,
            '.' | '^' | '$' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => return None,
            other if other.is_whitespace() || other.is_control() => return None,
            other => other,
        };
        let bytes = literal.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
        match parts.last_mut() {
            Some(Part::Literal(text)) => text.extend(bytes),
            _ => parts.push(Part::Literal(bytes)),
        }
    }
    Some(parts)
}

/// The first place at or behind `from` where the separator matches, as start and end.
fn find(separator: &[Part], line: &[u8], from: usize, longest: bool) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        at += match separator.first()? {
            Part::Spaces => line[at..].iter().position(|&byte| is_space(byte))?,
            Part::Literal(text) => memchr(*text.first()?, &line[at..])?,
        };
        if let Some(end) = match_parts(separator, line, at, longest) {
            return Some((at, end));
        }
        at += match separator.first()? {
            // The run ends in the same place wherever in it one begins.
            Part::Spaces => run_of_spaces(&line[at..]),
            Part::Literal(_) => 1,
        };
    }
}

/// Where a match of the parts that begins at `at` ends.
fn match_parts(parts: &[Part], line: &[u8], mut at: usize, longest: bool) -> Option<usize> {
    for (i, part) in parts.iter().enumerate() {
        at += match part {
            Part::Literal(text) => line[at..].starts_with(text).then_some(text.len())?,
            Part::Spaces if !longest && i + 1 == parts.len() => {
                line.get(at).is_some_and(|&b| is_space(b)).then_some(1)?
            }
            Part::Spaces => Some(run_of_spaces(&line[at..])).filter(|&run| run > 0)?,
        };
    }
    Some(at)
}

fn run_of_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_space(byte)).count()
}
