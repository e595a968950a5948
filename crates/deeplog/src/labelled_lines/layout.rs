//! What of a line is looked at: its level, its component and its message. A label is none of these, and never among them.

use drain_parser::{Header, LineFormat};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::experiment::{LabelRule, Profile};

/// All that features are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said<'l> {
    /// Empty where the line has none.
    pub(super) level: &'l [u8],
    /// Empty where the line has none.
    pub(super) component: &'l [u8],
    /// The message.
    pub(super) content: &'l [u8],
}

/// Where these stand in a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) format: LineFormat,
    level: Option<usize>,
    component: Option<usize>,
}

const LEVEL_FIELDS: [&str; 3] = ["level", "severity", "loglevel"];
const COMPONENT_FIELDS: [&str; 4] = ["component", "logger", "module", "service"];

/// Words that tell a level where no field does.
const LEVELS: [&str; 17] = [
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERR",
    "ERROR",
    "SEVERE",
    "FATAL",
    "CRIT",
    "CRITICAL",
    "ALERT",
    "EMERG",
    "EMERGENCY",
    "PANIC",
    "FAILURE",
];

/// Words at the beginning of a message among which its level is looked for.
const LOOKED_AT: usize = 12;

impl Layout {
    /// By a dataset's header; without one a line is a message from end to end.
    pub(super) fn new(profile: Option<&Profile>) -> Result<Self> {
        let Some(profile) = profile else {
            let format = LineFormat::compile("<Content>")
                .map_err(|error| Error::config("dataset", "header.format", error.to_string()))?;
            return Ok(Self {
                format,
                level: None,
                component: None,
            });
        };
        let label = match &profile.labels {
            Some(LabelRule::Line { field, .. }) => Some(field),
            _ => None,
        };
        let fields = profile.header.fields();
        let column = |names: &[&str]| {
            fields
                .iter()
                .position(|field| Some(field) != label && names.iter().any(|name| field.eq_ignore_ascii_case(name)))
        };
        Ok(Self {
            format: profile.header.clone(),
            level: column(&LEVEL_FIELDS),
            component: column(&COMPONENT_FIELDS),
        })
    }

    /// Whether its parts fit together, which is known but of what was read from a file.
    pub(super) fn is_whole(&self) -> bool {
        let fields = self.format.fields().len();
        [self.level, self.component]
            .into_iter()
            .flatten()
            .all(|column| column < fields)
    }

    /// What a line with a header says.
    pub(super) fn said<'l>(&self, header: &Header<'l>) -> Said<'l> {
        let field = |column: Option<usize>| column.map_or(&[][..], |column| header.field(column).trim_ascii());
        let content = header.content();
        let level = match self.level {
            Some(_) => field(self.level),
            None => level_of(content),
        };
        Said {
            level,
            component: field(self.component),
            content,
        }
    }
}

/// What a line without a header says: it is a message from end to end.
pub(super) fn alone(line: &[u8]) -> Said<'_> {
    Said {
        level: level_of(line),
        component: &[],
        content: line,
    }
}

/// The first word that is a level, in capitals or in brackets, so that an error within a sentence is none.
fn level_of(content: &[u8]) -> &[u8] {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let words = content
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .take(LOOKED_AT);
    let level = |word: &'_ [u8]| {
        let start = word.iter().position(is_part)?;
        let end = word.iter().rposition(is_part)? + 1;
        let bare = &word[start..end];
        let is_bracketed = word[..start].ends_with(b"[") || word[..start].ends_with(b"<");
        let is_level = LEVELS.iter().any(|level| match is_bracketed {
            true => bare.eq_ignore_ascii_case(level.as_bytes()),
            false => bare == level.as_bytes(),
        });
        is_level.then_some((start, end))
    };
    for word in words {
        if let Some((start, end)) = level(word) {
            return &word[start..end];
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_capitals_or_bracketed_and_never_words_of_a_sentence() {
        for (line, level) in [
            ("2026-11-21 10:00:00 ERROR disk full", "ERROR"),
            ("[error] disk full", "error"),
            ("Nov 21 host app[12]: <warn> slow", "warn"),
            ("10:00 INFO: an ERROR was repaired", "INFO"),
            ("instruction cache parity error corrected", ""),
            ("ERRORS: 12", ""),
            ("a b c d e f g h i j k l ERROR", ""),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(alone(line.as_bytes()).level), level, "{line}");
        }
    }
}
