//! What a message says about its place: when it was written, and which sessions it belongs to.

use std::borrow::Cow;

use evaluation::Label;
use sequence_windowing::{Clock, Identifier, Identifiers, SessionRule, TimeFormat, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::experiment::{LabelRule, Profile};

/// Reads the place of messages by a dataset's profile. Columns are numbered as the header format, or a CSV, has them.
#[derive(Clone)]
pub struct Intake {
    stamp: Option<(Vec<usize>, TimeFormat)>,
    text: Vec<u8>,
    identifier: Option<Identifier>,
    stream: Option<usize>,
    label: Option<(usize, String)>,
    state: IntakeState,
}

/// What an intake remembers from message to message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IntakeState {
    clock: Clock,
    /// Messages whose time stamp did not fit its format; they took the time of the message before.
    pub unreadable_stamps: u64,
}

/// The names that place a message: its identifiers, or its stream, or none where the rule needs none.
pub enum Names<'m> {
    /// Identifiers in the content.
    Identifiers(Identifiers<'m, 'm>),
    /// The value of the stream's field.
    Stream(Option<Cow<'m, str>>),
}

impl<'m> Iterator for Names<'m> {
    type Item = Cow<'m, str>;

    fn next(&mut self) -> Option<Cow<'m, str>> {
        match self {
            Self::Identifiers(identifiers) => identifiers.next(),
            Self::Stream(value) => value.take(),
        }
    }
}

/// A message with its header fields.
pub trait Message {
    /// The message without its header.
    fn content(&self) -> &[u8];
    /// A header field by its column.
    fn field(&self, column: usize) -> &[u8];
}

impl Message for drain_parser::Header<'_> {
    fn content(&self) -> &[u8] {
        self.content()
    }

    fn field(&self, column: usize) -> &[u8] {
        self.field(column)
    }
}

impl Intake {
    /// An intake for lines whose header has these columns.
    pub fn new(profile: &Profile, columns: &[String]) -> Result<Self> {
        let column = |name: &str| {
            columns.iter().position(|column| column == name).ok_or_else(|| {
                Error::config(
                    format!("dataset {}", profile.name),
                    "dataset",
                    format!("needs a field `{name}`, but the data has {}", columns.join(", ")),
                )
            })
        };
        let stamp = match &profile.time {
            None => None,
            Some(stamp) => {
                let columns = stamp.fields.iter().map(|name| column(name)).collect::<Result<_>>()?;
                let format = stamp
                    .compile()
                    .map_err(|error| Error::config("dataset", "time.format", error.to_string()))?;
                Some((columns, format))
            }
        };
        let identifier = match &profile.session {
            SessionRule::Identifier { pattern } => Some(
                Identifier::new(pattern)
                    .map_err(|error| Error::config("dataset", "session.pattern", error.to_string()))?,
            ),
            _ => None,
        };
        let stream = profile.session.field().map(column).transpose()?;
        let label = match &profile.labels {
            Some(LabelRule::Line { field, normal }) => Some((column(field)?, normal.clone())),
            _ => None,
        };
        Ok(Self {
            stamp,
            text: Vec::new(),
            identifier,
            stream,
            label,
            state: IntakeState::default(),
        })
    }

    /// When a message was written, where it says so, and the names that place it.
    pub fn place<'m>(&'m mut self, message: &'m impl Message) -> (Option<Timestamp>, Names<'m>) {
        let mut text = std::mem::take(&mut self.text);
        let has_stamp = self.stamp_into(message, &mut text);
        let time = has_stamp.then(|| self.read_stamp(&text, 1)).flatten();
        self.text = text;
        (time, self.names(message))
    }

    /// The names that place a message.
    pub(crate) fn names<'m>(&'m self, message: &'m impl Message) -> Names<'m> {
        match (&self.identifier, self.stream) {
            (Some(identifier), _) => Names::Identifiers(identifier.find_all(message.content())),
            (None, Some(column)) => Names::Stream(Some(String::from_utf8_lossy(message.field(column).trim_ascii()))),
            (None, None) => Names::Stream(None),
        }
    }

    /// Puts a message's time stamp in place of what `text` held. Whether messages have one.
    pub(crate) fn stamp_into(&self, message: &impl Message, text: &mut Vec<u8>) -> bool {
        let Some((columns, _)) = &self.stamp else { return false };
        text.clear();
        for &column in columns {
            if !text.is_empty() {
                text.push(b' ');
            }
            text.extend_from_slice(message.field(column));
        }
        true
    }

    /// Reads the stamp that so many messages in a row have, which follow those before.
    pub(crate) fn read_stamp(&mut self, text: &[u8], messages: u64) -> Option<Timestamp> {
        let (_, format) = self.stamp.as_ref()?;
        let time = format.parse(&mut self.state.clock, text);
        if time.is_none() {
            self.state.unreadable_stamps += messages;
        }
        time
    }

    /// The label a message carries itself, where the dataset labels lines.
    pub fn label(&self, message: &impl Message) -> Option<Label> {
        let (column, normal) = self.label.as_ref()?;
        let is_normal = message.field(*column) == normal.as_bytes();
        Some(if is_normal { Label::Normal } else { Label::Anomalous })
    }

    /// What it remembers.
    #[must_use]
    pub fn state(&self) -> &IntakeState {
        &self.state
    }

    /// Goes on from where another intake was.
    pub fn restore(&mut self, state: IntakeState) {
        self.state = state;
    }
}
