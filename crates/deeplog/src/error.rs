//! One kind of error for the whole library: the fact with its value, and a hint at the remedy.

use std::fmt;
use std::io;
use std::path::Path;

use detection::TooFew;

use crate::experiment::Alerts;

/// A mistake in a configuration, at its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, such as `model.hidden`.
    pub field: String,
    /// What is wrong with it.
    pub fact: String,
}

/// Why something could not be done. Shown as the fact; [`Error::hint`] says what may help.
#[derive(Debug)]
pub enum Error {
    /// The configuration or the call is wrong; nothing was run.
    Config {
        /// The file or flag they were found in.
        origin: String,
        /// All of them, in the order of the fields.
        problems: Vec<Problem>,
    },
    /// The run failed.
    Run {
        /// What happened, with the value that made it happen.
        fact: String,
        /// What may help.
        hint: String,
    },
    /// Somebody asked to stop, and everything worth keeping was kept.
    Interrupted {
        /// What was kept, and how to go on.
        hint: String,
    },
}

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failed run.
    pub fn run(fact: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Run {
            fact: fact.into(),
            hint: hint.into(),
        }
    }

    /// One mistake in a configuration.
    pub fn config(origin: impl Into<String>, field: impl Into<String>, fact: impl Into<String>) -> Self {
        Self::Config {
            origin: origin.into(),
            problems: vec![Problem {
                field: field.into(),
                fact: fact.into(),
            }],
        }
    }

    /// A budget of false alarms, a share of the sessions, that so few sessions cannot keep.
    pub(crate) fn too_few(few: TooFew, budget: f64) -> Self {
        let least = 1.0 / (few.sessions as f64 + 1.0);
        Self::run(
            format!(
                "{} normal training sessions are too few for a budget of {}% false alarms, which needs {}",
                few.sessions,
                Alerts::percent(budget),
                few.needed
            ),
            format!(
                "give more normal sessions, or a larger budget (`alerts`): with these {}% or more",
                (least * 1e4).ceil() / 1e2
            ),
        )
    }

    /// What may help, if there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Config { origin, .. } if origin.ends_with(".toml") => {
                Some("correct these fields; `deeplog check` looks again without running anything")
            }
            Self::Config { .. } => Some("correct the call; `--help` lists what it takes"),
            Self::Run { hint, .. } | Self::Interrupted { hint } => {
                Some(hint).filter(|hint| !hint.is_empty()).map(|hint| &**hint)
            }
        }
    }

    /// Turns an error of the operating system into ours.
    pub fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let reads = action == "read";
        let what = format!("cannot {action} {}", path.display());
        move |error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound if reads => {
                    "check the path; an experiment's files count from DEEPLOG_DATA, else from `data.root` or the experiment's folder"
                }
                io::ErrorKind::PermissionDenied => "check the permissions, or choose another folder with `--out`",
                io::ErrorKind::StorageFull => "free some space, or choose a folder on another disk with `--out`",
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    "check the path: all of it but its last part must be folders that exist or can be made"
                }
                io::ErrorKind::AlreadyExists => {
                    "a file stands where a folder should; choose another folder with `--out`"
                }
                io::ErrorKind::IsADirectory if reads => "give a file, or a glob such as 'folder/*.log'",
                io::ErrorKind::IsADirectory => "a folder stands where a file should; choose another name",
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                    "the file seems damaged or cut short; fetch or write it again"
                }
                io::ErrorKind::Unsupported => "compress the file anew with a smaller window, or give it as it is",
                _ => "",
            };
            Self::run(format!("{what}: {}", lower_first(&error.to_string())), hint)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { origin, problems } => {
                let count = problems.len();
                write!(f, "{origin} has {count} mistake{}", if count == 1 { "" } else { "s" })?;
                problems
                    .iter()
                    .try_for_each(|Problem { field, fact }| write!(f, "\n  {field}: {fact}"))
            }
            Self::Run { fact, .. } => f.write_str(fact),
            Self::Interrupted { .. } => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}

/// Messages from elsewhere, made to read as the middle of a sentence of ours.
pub(crate) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
