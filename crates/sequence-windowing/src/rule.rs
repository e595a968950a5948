//! What makes lines belong together, and what is kept bounded.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Duration, Identifier, KeyName};

/// Which events form a session.
///
/// In a config file `by` names the kind: `by = "identifier"`, `pattern = 'blk_-?\d+'`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionRule {
    /// A line belongs once to each distinct identifier that it names.
    Identifier {
        /// Regular expression, see [`Identifier`].
        pattern: String,
    },
    /// A session a value of a header field: a stream per host, component or process, for logs without identifiers.
    Stream {
        /// Name of the header field.
        field: String,
    },
    /// Windows of log time, their starts whole multiples of `step` since 1970-01-01T00:00:00 UTC.
    Time {
        /// How long a window is.
        length: Duration,
        /// From one start to the next; `length` if not given. A shorter one makes windows overlap, so an event lies
        /// in several sessions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Duration>,
        /// Header field that splits the log into streams with windows of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
    /// Windows of so many events.
    Count {
        /// Events in a window.
        events: u64,
        /// From one start to the next; `events` if not given. A smaller one makes windows overlap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
        /// Header field that splits the log into streams with windows of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
}

/// When sessions close, and the bounds that keep memory in hand. Everything beyond a bound is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A session for which nothing came for longer than this closes. Measured on the log's clock, which is the newest
    /// time stamp seen so far. Not given: sessions stay open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Duration>,
    /// Keys that end the session they occur in.
    pub end_keys: Vec<KeyName>,
    /// Open sessions at a time; beyond it the one that was quiet for longest is evicted. Default 1,000,000.
    pub max_open: usize,
    /// Events in a session; more are counted and not kept. Default 100,000.
    pub max_events: usize,
    /// What the end of the input means for sessions that are still open.
    pub end_of_input: EndOfInput,
    /// How much longer a time window stays open for lines that come late. Default none.
    pub lateness: Duration,
}

/// What the end of the input means for sessions that are still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndOfInput {
    /// They are cut: more might have come.
    #[default]
    Cut,
    /// They are whole.
    Complete,
}

/// One mistake in a rule or its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field that is wrong.
    pub field: &'static str,
    /// The fact, the value and the remedy.
    pub message: String,
}

/// A rule or limits that cannot be followed, with every mistake in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct InvalidRule(pub Vec<Problem>);

/// More windows than this for one event is a mistake in the step, and would make each line as dear as a thousand.
const MOST_WINDOWS: u64 = 1_000;
/// Sessions are numbered with 32 bits; this is far beyond any memory.
const MOST_OPEN: usize = 1_000_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: None,
            end_keys: Vec::new(),
            max_open: 1_000_000,
            max_events: 100_000,
            end_of_input: EndOfInput::Cut,
            lateness: Duration::default(),
        }
    }
}

impl Limits {
    /// Whether the session that this key occurs in ends with it.
    #[must_use]
    pub fn is_end_key(&self, key: &KeyName) -> bool {
        self.end_keys.contains(key)
    }

    /// All mistakes.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        if self.idle.is_some_and(Duration::is_zero) {
            problems.add(
                "idle",
                "is no time, so every session would end at once: leave it out or give a duration",
            );
        }
        if self.max_open == 0 || self.max_open > MOST_OPEN {
            problems.add("max_open", format!("is {}: give 1 to {MOST_OPEN}", self.max_open));
        }
        if self.max_events == 0 {
            problems.add("max_events", "is 0, so no session would hold an event: give 1 or more");
        }
        problems.0
    }
}

impl SessionRule {
    /// The header field whose values name the streams, if the rule has one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Identifier { .. } => None,
            Self::Stream { field } => Some(field),
            Self::Time { field, .. } | Self::Count { field, .. } => field.as_deref(),
        }
    }

    /// Whether the whole log is one stream, so that what a line names plays no part.
    #[must_use]
    pub fn is_one_stream(&self) -> bool {
        matches!(self, Self::Time { field: None, .. } | Self::Count { field: None, .. })
    }

    /// All mistakes.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        if self.field() == Some("") {
            problems.add("field", "is empty: name a header field");
        }
        match self {
            Self::Identifier { pattern } => {
                if let Err(error) = Identifier::new(pattern) {
                    problems.add("pattern", error.to_string());
                }
            }
            Self::Stream { .. } => {}
            Self::Time { length, step, .. } => {
                let step = step.unwrap_or(*length);
                problems.steps("length", length, length.microseconds(), &step, step.microseconds());
            }
            Self::Count { events, step, .. } => {
                let step = step.unwrap_or(*events);
                problems.steps("events", events, *events, &step, step);
            }
        }
        problems.0
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Problem {
            field,
            message: message.into(),
        });
    }

    fn steps(&mut self, field: &'static str, shown: &dyn fmt::Display, size: u64, step: &dyn fmt::Display, by: u64) {
        if size == 0 {
            self.add(
                field,
                format!("is {shown}, so windows would be empty: give more than that"),
            );
        } else if by == 0 {
            self.add(
                "step",
                format!("is {step}, so windows would never move on: give more than that"),
            );
        } else if by > size {
            self.add(
                "step",
                format!("is {step}, so lines between windows would be lost: give at most {field}, {shown}"),
            );
        } else if size.div_ceil(by) > MOST_WINDOWS {
            let windows = size.div_ceil(by);
            let remedy = format!("give a longer one, for at most {MOST_WINDOWS}");
            self.add(
                "step",
                format!("is {step}, so each event would lie in {windows} windows: {remedy}"),
            );
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(rule: &str) -> Vec<String> {
        let rule: SessionRule = toml::from_str(rule).unwrap();
        rule.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_read_and_written_again() {
        for text in [
            "by = \"identifier\"\npattern = \"blk_\"\n",
            "by = \"stream\"\nfield = \"Pid\"\n",
            "by = \"time\"\nlength = \"1h\"\nstep = \"90s\"\nfield = \"Node\"\n",
            "by = \"time\"\nlength = \"1h\"\n",
            "by = \"count\"\nevents = 100\n",
        ] {
            let rule: SessionRule = toml::from_str(text).unwrap();
            assert_eq!(toml::to_string(&rule).unwrap(), text);
            assert!(rule.problems().is_empty(), "{text}");
        }
    }

    #[test]
    fn unknown_fields_and_kinds_are_refused() {
        for text in [
            "by = \"identifier\"\npattern = \"x\"\nfield = \"Pid\"",
            "by = \"magic\"",
            "by = \"time\"\nlength = \"1 fortnight\"",
            "by = \"count\"\nevents = -1",
        ] {
            toml::from_str::<SessionRule>(text).unwrap_err();
        }
        toml::from_str::<Limits>("idel = \"1h\"").unwrap_err();
    }

    #[test]
    fn limits_have_their_defaults() {
        let limits: Limits = toml::from_str("idle = \"10m\"\nend_keys = [\"5\"]\nend_of_input = \"complete\"").unwrap();
        assert_eq!(limits.idle, Some(Duration::seconds(600)));
        assert_eq!((limits.max_open, limits.max_events), (1_000_000, 100_000));
        assert_eq!(limits.end_of_input, EndOfInput::Complete);
        assert!(limits.is_end_key(&"5".into()) && !limits.is_end_key(&"55".into()));
        assert!(limits.problems().is_empty());
    }

    #[test]
    fn every_mistake_is_named_with_its_field() {
        for (rule, expected) in [
            ("by = \"identifier\"\npattern = \"(\"", &["pattern"][..]),
            ("by = \"stream\"\nfield = \"\"", &["field"]),
            ("by = \"time\"\nlength = \"0s\"\nfield = \"\"", &["field", "length"]),
            (
                "by = \"time\"\nlength = \"1m\"\nstep = \"2m\"",
                &["step is 2m, so lines between"],
            ),
            ("by = \"time\"\nlength = \"1m\"\nstep = \"0s\"", &["step is 0s"]),
            (
                "by = \"time\"\nlength = \"1h\"\nstep = \"1s\"",
                &["step is 1s, so each event would lie in 3600"],
            ),
            ("by = \"count\"\nevents = 0", &["events is 0"]),
            ("by = \"count\"\nevents = 5\nstep = 6", &["step is 6"]),
        ] {
            let problems = problems_of(rule);
            assert_eq!(problems.len(), expected.len(), "{problems:?}");
            for (problem, start) in problems.iter().zip(expected) {
                assert!(problem.starts_with(start), "{problem}");
            }
        }
        let limits = Limits {
            idle: Some(Duration::default()),
            max_open: 0,
            max_events: 0,
            ..Limits::default()
        };
        let fields: Vec<_> = limits.problems().iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["idle", "max_open", "max_events"]);
    }
}
