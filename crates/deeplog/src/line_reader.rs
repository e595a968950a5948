//! Raw lines to events with keys: what batch detection and the live pipeline share.

use std::path::Path;
use std::sync::Arc;

use drain_parser::{FrozenParser, JoinerState, Piece, RecordJoiner, Scratch};
use sequence_windowing::{Event, Key, KeyName, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::corpus::NO_TEMPLATE;
use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::intake::{Intake, IntakeState, Names};
use crate::line_batch::{BatchReader, LineBatch};

/// Reads lines with a frozen parser and a training vocabulary.
pub struct LineReader {
    joiner: RecordJoiner,
    matcher: Matcher,
    /// The key of each template, and behind them that of messages without one.
    keys: Arc<[Key]>,
    /// What these are called.
    names: Arc<[KeyName]>,
    intake: Intake,
    counters: LineCounters,
}

/// Finds the templates of messages.
#[derive(Clone)]
pub(crate) struct Matcher {
    parser: FrozenParser,
    scratch: Scratch,
}

/// What became of lines. Every line is counted once in `messages`, `joined`, `blank`, `continuations` or
/// `without_header`; those of a record that is not whole yet are counted with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounters {
    /// Lines read.
    pub lines: u64,
    /// Lines that begin a message.
    pub messages: u64,
    /// Further lines of messages whose format puts them on several.
    pub joined: u64,
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
    joiner: JoinerState,
    intake: IntakeState,
    counters: LineCounters,
}

impl LineCounters {
    /// Counts a line of a log whose messages have one line each and a header, but not the line itself among `lines`.
    pub(crate) fn count_line(&mut self, line: &[u8], is_message: bool) {
        *match (is_message, line.trim_ascii().is_empty(), self.messages) {
            (true, ..) => &mut self.messages,
            (false, true, _) => &mut self.blank,
            (false, false, 0) => &mut self.without_header,
            (false, false, _) => &mut self.continuations,
        } += 1;
    }

    /// Adds what follows, which was counted as if it were the beginning of a log.
    pub(crate) fn append(&mut self, next: Self) {
        let is_begun = self.messages > 0;
        self.lines += next.lines;
        self.messages += next.messages;
        self.joined += next.joined;
        self.without_template += next.without_template;
        self.blank += next.blank;
        self.continuations += next.continuations;
        *if is_begun {
            &mut self.continuations
        } else {
            &mut self.without_header
        } += next.without_header;
    }

    /// Counts what a line is or completes, but not the line itself among `lines`.
    pub(crate) fn count(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Message(record) => {
                self.messages += 1;
                self.joined += record.lines - 1;
            }
            Piece::Other { lines, .. } if self.messages == 0 => self.without_header += lines,
            Piece::Other { lines, .. } => self.continuations += lines,
            Piece::Blank { .. } => self.blank += 1,
            Piece::Open => {}
        }
    }
}

impl LineReader {
    /// A reader for lines of a dataset.
    pub fn new(profile: &Profile, parser: FrozenParser, vocabulary: &Vocabulary) -> Result<Self> {
        let names = parser.templates().iter().map(|template| template.id.to_string());
        let names: Arc<[KeyName]> = names.chain([NO_TEMPLATE.to_owned()]).map(KeyName::from).collect();
        Ok(Self {
            joiner: RecordJoiner::new(profile.header.clone()),
            keys: names.iter().map(|name| vocabulary.key(name)).collect(),
            names,
            matcher: Matcher {
                parser,
                scratch: Scratch::default(),
            },
            intake: Intake::new(profile, profile.header.fields())?,
            counters: LineCounters::default(),
        })
    }

    /// The keys that its events have by number.
    pub(crate) fn keys(&self) -> Arc<[Key]> {
        self.keys.clone()
    }

    /// The name of a key by its number; that of messages without a template is the last one.
    #[must_use]
    pub fn key_name(&self, key: u32) -> &KeyName {
        &self.names[key as usize]
    }

    /// Reads the next line, without its end; if it is a message or completes one, hands over its event, with its key by
    /// number, and the names that place it. For `journald` only the line feed is its end.
    pub(crate) fn read_numbered(&mut self, line: &[u8], place: impl FnOnce(&Event<u32>, Names<'_>)) {
        self.counters.lines += 1;
        let piece = self.joiner.push(self.counters.lines, line);
        take(&piece, &mut self.matcher, &mut self.intake, &mut self.counters, place);
    }

    /// What reads blocks of lines in its place, on any thread; `None` where a record may take several lines.
    pub(crate) fn batch_reader(&self) -> Option<BatchReader> {
        let format = self.joiner.format();
        format.has_lines_of_their_own().then(|| BatchReader {
            format: format.clone(),
            matcher: self.matcher.clone(),
            intake: self.intake.clone(),
        })
    }

    /// Takes the lines of a batch that was read as the next ones.
    pub(crate) fn take_batch(
        &mut self,
        batch: &LineBatch,
        place: impl FnMut(&Event<u32>, &mut dyn Iterator<Item = &str>),
    ) {
        batch.each_event(self.counters.lines, &mut self.intake, place);
        self.counters.append(batch.lines);
    }

    /// At the end of the input: the next of the messages that were still open. Whether there was one; it may have held
    /// no message after all.
    pub(crate) fn finish_numbered(&mut self, place: impl FnOnce(&Event<u32>, Names<'_>)) -> bool {
        let piece = self.joiner.finish();
        let is_one = piece.is_some();
        if let Some(piece) = piece {
            take(&piece, &mut self.matcher, &mut self.intake, &mut self.counters, place);
        }
        is_one
    }

    /// Whether lines are to be read with the carriage returns before their line feeds.
    pub(crate) fn is_binary(&self) -> bool {
        self.joiner.format().is_binary()
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
            joiner: self.joiner.state().clone(),
            intake: self.intake.state().clone(),
            counters: self.counters,
        }
    }

    /// Goes on from where another reader of the same model was.
    pub fn restore(&mut self, state: LineReaderState) {
        self.joiner.restore(state.joiner);
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
                self.joiner.format().source()
            )
        };
        Err(Error::run(
            fact,
            "give a log of the kind that the model was trained on; `deeplog inspect` tells which",
        ))
    }
}

/// The event of a message, with the names that place it.
fn take(
    piece: &Piece<'_>,
    matcher: &mut Matcher,
    intake: &mut Intake,
    counters: &mut LineCounters,
    place: impl FnOnce(&Event<u32>, Names<'_>),
) {
    counters.count(piece);
    let Piece::Message(record) = piece else { return };
    let key = matcher.key(record.header.content(), counters);
    let (time, names) = intake.place(&record.header);
    let event = Event {
        key,
        line: record.line,
        time,
    };
    place(&event, names);
}

impl Matcher {
    /// The number of a content's key: that of its template, or one more than the last template's.
    pub(crate) fn key(&mut self, content: &[u8], counters: &mut LineCounters) -> u32 {
        let template = self.parser.matches(content, &mut self.scratch);
        counters.without_template += u64::from(template.is_none());
        template.unwrap_or(self.parser.templates().len()) as u32
    }
}
