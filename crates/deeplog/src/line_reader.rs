//! Raw lines to events with keys: what batch detection and the live pipeline share.

use std::path::Path;

use drain_parser::{FrozenDrain, HeaderFormat, Scratch};
use sequence_windowing::{Event, Key, KeyName, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::corpus::NO_TEMPLATE;
use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::intake::{Intake, IntakeState, Names};

/// Reads lines with a frozen parser and a training vocabulary.
pub struct LineReader {
    header: HeaderFormat,
    parser: FrozenDrain,
    scratch: Scratch,
    /// The key of each template.
    keys: Vec<Key>,
    no_template: Key,
    intake: Intake,
    counters: LineCounters,
}

/// What became of lines. Every line is counted once in `messages`, `blank`, `continuations` or `without_header`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounters {
    /// Lines read.
    pub lines: u64,
    /// Lines that fit the header.
    pub messages: u64,
    /// Messages that match no template: unseen keys.
    pub without_template: u64,
    /// Lines without anything.
    pub blank: u64,
    /// Lines without a header that follow a message and belong to it.
    pub continuations: u64,
    /// Lines without a header before any message.
    pub without_header: u64,
}

/// All that a reader remembers from line to line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineReaderState {
    intake: IntakeState,
    counters: LineCounters,
}

impl LineReader {
    /// A reader for lines of a dataset.
    pub fn new(profile: &Profile, parser: FrozenDrain, vocabulary: &Vocabulary) -> Result<Self> {
        let key = |id: String| vocabulary.key(&KeyName::from(id));
        Ok(Self {
            intake: Intake::new(profile, profile.header.fields())?,
            header: profile.header.clone(),
            keys: parser
                .templates()
                .iter()
                .map(|template| key(template.id.to_string()))
                .collect(),
            no_template: key(NO_TEMPLATE.into()),
            parser,
            scratch: Scratch::default(),
            counters: LineCounters::default(),
        })
    }

    /// Reads the next line; if it is a message, hands over its event and the names that place it.
    pub fn read(&mut self, line: &[u8], place: impl FnOnce(&Event, Names<'_>)) {
        self.counters.lines += 1;
        let Some(header) = self.header.split(line) else {
            let counters = &mut self.counters;
            *match (line.trim_ascii().is_empty(), counters.messages) {
                (true, _) => &mut counters.blank,
                (false, 0) => &mut counters.without_header,
                (false, _) => &mut counters.continuations,
            } += 1;
            return;
        };
        self.counters.messages += 1;
        let key = match self.parser.matches(header.content(), &mut self.scratch) {
            Some(template) => &self.keys[template],
            None => {
                self.counters.without_template += 1;
                &self.no_template
            }
        };
        let (time, names) = self.intake.place(&header);
        place(
            &Event {
                key: key.clone(),
                line: self.counters.lines,
                time,
            },
            names,
        );
    }

    /// What became of the lines so far.
    #[must_use]
    pub fn counters(&self) -> LineCounters {
        self.counters
    }

    /// Messages so far with an unreadable time stamp.
    #[must_use]
    pub fn unreadable_stamps(&self) -> u64 {
        self.intake.state().unreadable_stamps
    }

    /// All that it remembers.
    #[must_use]
    pub fn state(&self) -> LineReaderState {
        LineReaderState {
            intake: self.intake.state().clone(),
            counters: self.counters,
        }
    }

    /// Goes on from where another reader of the same model was.
    pub fn restore(&mut self, state: LineReaderState) {
        self.intake.restore(state.intake);
        self.counters = state.counters;
    }

    /// Lines of which none fitted the header were not written by what the model was trained on.
    pub(crate) fn ensure_messages(&self, path: &Path) -> Result<()> {
        let LineCounters { lines, messages, .. } = self.counters;
        if messages > 0 {
            return Ok(());
        }
        let fact = if lines == 0 {
            format!("{} is empty", path.display())
        } else {
            format!(
                "none of the {lines} lines of {} fits the model's header format `{}`",
                path.display(),
                self.header.source()
            )
        };
        Err(Error::run(
            fact,
            "give a log of the kind that the model was trained on; `deeplog inspect` tells which",
        ))
    }
}
