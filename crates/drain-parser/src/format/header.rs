//! Taking a line's header apart: logparser's format language, compiled.

mod scan;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::KEYWORDS;
use crate::tokens::trim;
pub(super) use scan::Fields;
use scan::{Miss, ScanPlan};

/// White space in a format matches a run of this. The same bytes part tokens.
const SPACES: &str = r"[\s\x1c-\x1f]+";

/// How the lines of a log begin, in logparser's language: `<Field>` names with regex between them.
///
/// Spaces match any run of white space, fields are lazy, and the whole is anchored at both ends of the line (white space
/// around the line is not part of it). Classes such as `\d` and `\w` are ASCII unless the regex says `(?u)`.
///
/// ```
/// let format = drain_parser::HeaderFormat::compile(r"\[<Time>\] \[<Level>\] <Content>")?;
/// let header = format.split(b"[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok\r").ok_or("no header")?;
/// assert_eq!(header.field(1), b"notice");
/// assert_eq!(header.content(), b"workerEnv.init() ok");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderFormat {
    source: String,
    fields: Vec<String>,
    content: usize,
    regex: Regex,
    /// The capture group of each field.
    groups: Vec<usize>,
    /// For formats whose separators are plain text: splits without the regex.
    plan: Option<ScanPlan>,
}

/// Why a header format cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Nothing says where the message is.
    #[error(
        "header format `{0}` has no `<Content>` field: write `<Content>` where the message stands, or name the format, one of {known}",
        known = KEYWORDS
    )]
    NoContent(String),
    /// Two fields of one name.
    #[error("header format names the field `<{0}>` twice: give each field its own name")]
    DuplicateField(String),
    /// An option that a keyword's format does not take, or takes in another way.
    #[error("format `{keyword}` cannot take `{option}`: {remedy}")]
    Option {
        /// The keyword, such as `json`.
        keyword: &'static str,
        /// The option as given.
        option: String,
        /// What it takes.
        remedy: String,
    },
    /// What stands between the fields is not a regex.
    #[error(
        "header format `{source_text}` is not a valid regex between its fields: {reason}; put `\\` before literal brackets, dots and bars"
    )]
    BadRegex {
        /// The format as given.
        source_text: String,
        /// What the regex compiler says.
        reason: String,
    },
}

/// A line taken apart. Borrows from the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'l> {
    pub(super) fields: Fields<'l>,
    pub(super) content: usize,
}

impl<'l> Header<'l> {
    /// The value of the field at `index` of the format's fields; empty where an optional field is absent.
    ///
    /// # Panics
    /// If the format has no such field.
    pub fn field(&self, index: usize) -> &'l [u8] {
        self.fields[index]
    }

    /// The message: what `<Content>` stands for.
    pub fn content(&self) -> &'l [u8] {
        self.fields[self.content]
    }

    /// All values, in the order of the format's fields.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'l [u8]> + '_ {
        self.fields.iter().copied()
    }
}

impl HeaderFormat {
    /// Compiles a format.
    ///
    /// # Errors
    /// A format without `<Content>`, with a field named twice, or with something between its fields that is no regex.
    pub fn compile(source: &str) -> Result<Self, FormatError> {
        let (fields, separators) = dissect(source);
        let content = fields
            .iter()
            .position(|field| field == "Content")
            .ok_or_else(|| FormatError::NoContent(source.to_owned()))?;
        if let Some(twice) = fields
            .iter()
            .enumerate()
            .find(|(i, field)| fields[..*i].contains(field))
        {
            return Err(FormatError::DuplicateField(twice.1.clone()));
        }
        let regex = RegexBuilder::new(&pattern(&separators))
            .unicode(false)
            .dot_matches_new_line(true)
            .build()
            .map_err(|error| FormatError::BadRegex {
                source_text: source.to_owned(),
                reason: reason(&error),
            })?;
        // The separators may hold groups of their own, so a field's group is found by its name.
        let groups = fields.iter().enumerate().map(|(i, field)| {
            let group = regex.capture_names().position(|name| name == Some(&group_name(i)));
            // Within a class, `[ <Pid>]`, a field is but letters.
            group.ok_or_else(|| FormatError::BadRegex {
                source_text: source.to_owned(),
                reason: format!("a bracket takes in the field `<{field}>`"),
            })
        });
        let groups = groups.collect::<Result<_, _>>()?;
        let plan = ScanPlan::new(&separators);
        Ok(Self {
            source: source.to_owned(),
            fields,
            content,
            regex,
            groups,
            plan,
        })
    }

    /// The text this format was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of the fields, in order of appearance; `Content` is one of them.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Takes a line apart; `None` where it does not fit the format (a continuation of the message before it, say).
    pub fn split<'l>(&self, line: &'l [u8]) -> Option<Header<'l>> {
        let line = trim(line);
        match self.plan.as_ref().map_or(Err(Miss::Unsure), |plan| plan.split(line)) {
            Ok(fields) => Some(Header {
                fields,
                content: self.content,
            }),
            Err(Miss::NoMatch) => None,
            Err(Miss::Unsure) => self.split_by_regex(line),
        }
    }

    /// The definition of [`Self::split`] for a line without white space around it.
    fn split_by_regex<'l>(&self, line: &'l [u8]) -> Option<Header<'l>> {
        let captures = self.regex.captures(line)?;
        let fields = self
            .groups
            .iter()
            .map(|&group| captures.get(group).map_or(&line[..0], |found| found.as_bytes()));
        Some(Header {
            fields: fields.collect(),
            content: self.content,
        })
    }
}

impl TryFrom<String> for HeaderFormat {
    type Error = FormatError;

    fn try_from(source: String) -> Result<Self, FormatError> {
        Self::compile(&source)
    }
}

impl From<HeaderFormat> for String {
    fn from(format: HeaderFormat) -> Self {
        format.source
    }
}

impl PartialEq for HeaderFormat {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for HeaderFormat {}

/// The field names, and the separators before, between and behind them (one more than the fields).
fn dissect(source: &str) -> (Vec<String>, Vec<&str>) {
    let (mut fields, mut separators) = (Vec::new(), Vec::new());
    let mut rest = source;
    let mut searched = 0;
    while let Some(open) = rest[searched..].find('<').map(|at| at + searched) {
        let name_end = rest[open + 1..].find(['<', '>']).map(|at| at + open + 1);
        match name_end {
            Some(close) if close > open + 1 && rest.as_bytes()[close] == b'>' => {
                separators.push(&rest[..open]);
                fields.push(rest[open + 1..close].to_owned());
                rest = &rest[close + 1..];
                searched = 0;
            }
            _ => searched = open + 1,
        }
    }
    separators.push(rest);
    (fields, separators)
}

fn group_name(field: usize) -> String {
    format!("header_field_{field}")
}

fn pattern(separators: &[&str]) -> String {
    let mut pattern = String::from("^");
    for (i, separator) in separators.iter().enumerate() {
        if i > 0 {
            pattern.push_str(&format!("(?P<{}>.*?)", group_name(i - 1)));
        }
        let mut spaces = false;
        for character in separator.chars() {
            match character {
                ' ' if spaces => {}
                ' ' => pattern.push_str(SPACES),
                other => pattern.push(other),
            }
            spaces = character == ' ';
        }
    }
    pattern.push('$');
    pattern
}

/// What the regex compiler says, without its drawing.
pub(crate) fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let remedy = if reason.contains("Unicode") {
        "; begin the regex with `(?u)`"
    } else {
        ""
    };
    format!("{reason}{remedy}")
}

#[cfg(test)]
mod tests;
