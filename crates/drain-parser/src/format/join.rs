//! Lines to records: entries and rows of several lines, messages that a container runtime cut, and stack traces.

use serde::{Deserialize, Serialize};

use super::container::{CriLine, Runtime};
use super::header::Header;
use super::keys::MESSAGE;
use super::open::{Binary, Open};
use super::pairs::Syntax;
use super::text::Unescaped;
use super::trace::Trace;
use super::{Kind, LineFormat, json, table};

/// Docker cuts messages at this many bytes, so a shorter one without line end was written so.
const DOCKER_PART: usize = 16 * 1024;

/// Makes records of lines by a format.
///
/// ```
/// use drain_parser::{LineFormat, Piece, RecordJoiner};
///
/// let mut joiner = RecordJoiner::new(LineFormat::compile("csv")?);
/// assert!(matches!(joiner.push(1, b"Level,Message"), Piece::Other { .. }));
/// assert!(matches!(joiner.push(2, b"INFO,\"Stopped."), Piece::Open));
/// let Piece::Message(record) = joiner.push(3, b"Goodbye.\"") else { return Err("no message".into()) };
/// assert_eq!((record.line, record.lines, record.header.content()), (2, 2, b"Stopped.".as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordJoiner {
    format: LineFormat,
    state: JoinerState,
    /// The text of the record that was joined last.
    joined: Vec<u8>,
    unescaped: Unescaped,
}

/// All that a joiner remembers from line to line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JoinerState {
    /// The header row of a table.
    header: Vec<u8>,
    open: Vec<Open>,
    trace: Trace,
    after_message: bool,
    cut: u64,
}

/// What a line is, or what it completes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all lines are messages, and none costs an allocation"
)]
pub enum Piece<'a> {
    /// A message.
    Message(Record<'a>),
    /// Lines that make no message: what follows one and belongs to it, or what stands before the first.
    Other {
        /// How many lines.
        lines: u64,
        /// The first one's number.
        line: u64,
        /// Their text.
        text: &'a [u8],
    },
    /// A line without anything but white space.
    Blank {
        /// Its number.
        line: u64,
        /// The white space.
        text: &'a [u8],
    },
    /// A part of a record that is not whole yet. It is counted with the record.
    Open,
}

/// A message with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number of its first line.
    pub line: u64,
    /// How many lines it was made of.
    pub lines: u64,
    /// Its fields. The content is the message's first line.
    pub header: Header<'a>,
    /// The whole message, line ends and all; with a header format and `syslog`, whose messages are lines, the whole line, as it
    /// stands in the log or in the container's message. What follows as [`Piece::Other`] belongs to it too.
    pub message: &'a [u8],
}

/// What became of a line.
enum Step {
    /// A record by itself.
    Alone,
    /// It completed what is in `joined`.
    Joined {
        line: u64,
        lines: u64,
    },
    /// A header row.
    Names,
    Blank,
    Open,
}

impl RecordJoiner {
    /// A joiner that has seen nothing yet.
    pub fn new(format: LineFormat) -> Self {
        Self {
            format,
            state: JoinerState::default(),
            joined: Vec::new(),
            unescaped: Unescaped::default(),
        }
    }

    /// The format of the lines.
    pub fn format(&self) -> &LineFormat {
        &self.format
    }

    /// Takes in line `number`, without its line end; `journald` needs the carriage returns.
    pub fn push<'a>(&'a mut self, number: u64, line: &'a [u8]) -> Piece<'a> {
        match self.join(number, line) {
            Step::Alone => self.piece(number, 1, Some(line)),
            Step::Joined { line, lines } => self.piece(line, lines, None),
            Step::Names => Piece::Other {
                lines: 1,
                line: number,
                text: line,
            },
            Step::Blank => Piece::Blank {
                line: number,
                text: line,
            },
            Step::Open => Piece::Open,
        }
    }

    /// At the end of the input: the next of the records that were still open; `None` when none is left.
    pub fn finish(&mut self) -> Option<Piece<'_>> {
        let open = (!self.state.open.is_empty()).then(|| self.state.open.remove(0))?;
        let Step::Joined { line, lines } = self.complete(open) else {
            return None;
        };
        Some(self.piece(line, lines, None))
    }

    /// Records so far that were longer than [`MAX_RECORD_BYTES`](crate::MAX_RECORD_BYTES) or [`MAX_RECORD_LINES`](crate::MAX_RECORD_LINES).
    pub fn cut(&self) -> u64 {
        self.state.cut
    }

    /// All that it remembers.
    pub fn state(&self) -> &JoinerState {
        &self.state
    }

    /// Goes on from where another joiner of the same format was.
    pub fn restore(&mut self, state: JoinerState) {
        self.state = state;
    }

    /// `alone`: the record, if it is one line; else it is what was joined.
    fn piece<'a>(&'a mut self, line: u64, lines: u64, alone: Option<&'a [u8]>) -> Piece<'a> {
        let is_bare = self.format.is_bare();
        let text = alone.unwrap_or(&self.joined);
        match self.format.take_apart(text, &mut self.unescaped) {
            Some(split) if !(is_bare && self.state.trace.takes(split.message) && self.state.after_message) => {
                self.state.after_message = true;
                Piece::Message(Record {
                    line,
                    lines,
                    header: split.header,
                    message: split.message,
                })
            }
            None if lines == 1 && text.trim_ascii().is_empty() => Piece::Blank { line, text },
            _ => Piece::Other { lines, line, text },
        }
    }

    fn join(&mut self, number: u64, line: &[u8]) -> Step {
        match &self.format.kind {
            Kind::Pairs(Syntax::Table, _) => self.join_rows(number, line),
            Kind::Pairs(Syntax::Journald, _) => self.join_entries(number, line),
            Kind::Container {
                runtime: Runtime::Cri, ..
            } => self.join_cri(number, line),
            Kind::Container {
                runtime: Runtime::Docker(_),
                ..
            } => self.join_docker(number, line),
            Kind::Header(_) | Kind::Syslog | Kind::Pairs(..) => Step::Alone,
        }
    }

    fn complete(&mut self, open: Open) -> Step {
        self.state.cut += u64::from(open.is_cut);
        let Open { line, lines, text, .. } = open;
        self.joined.clear();
        if matches!(self.format.kind, Kind::Pairs(Syntax::Table, _)) {
            self.joined.extend_from_slice(&self.state.header);
            self.joined.push(b'\n');
        }
        self.joined.extend_from_slice(&text);
        Step::Joined { line, lines }
    }

    fn join_rows(&mut self, number: u64, line: &[u8]) -> Step {
        if self.state.open.is_empty() && line.trim_ascii().is_empty() {
            return Step::Blank;
        }
        let mut open = self.state.open.pop().unwrap_or_else(|| Open::at(number));
        let first = if self.state.header.is_empty() {
            line
        } else {
            &self.state.header
        };
        open.quoted = table::ends_quoted(line, table::delimiter(first), open.quoted);
        let separator: &[u8] = if open.lines == 0 { b"" } else { b"\n" };
        open.append(&[separator, line]);
        if open.quoted && !open.is_cut {
            self.state.open.push(open);
            return Step::Open;
        }
        if open.lines == 1 && self.is_header_row(line) {
            self.state.header = line.to_vec();
            return Step::Names;
        }
        self.complete(open)
    }

    /// The first row; further on, one that names time and message again, as each of several files does.
    fn is_header_row(&self, row: &[u8]) -> bool {
        let Kind::Pairs(_, keys) = &self.format.kind else {
            return false;
        };
        let names = |row| {
            let picks = keys.pick(&table::names(row), |_| true, |_, _| None);
            (picks[MESSAGE].is_some(), picks.iter().flatten().count())
        };
        let known = &self.state.header;
        known.is_empty() || row == known || (names(row) == names(known) && names(row) > (true, 1))
    }

    fn join_entries(&mut self, number: u64, line: &[u8]) -> Step {
        let mut open = match self.state.open.pop() {
            Some(open) => open,
            None if line.trim_ascii().is_empty() => return Step::Blank,
            None => Open::at(number),
        };
        if open.binary == Binary::Outside && line.trim_ascii().is_empty() {
            open.lines += 1;
            return self.complete(open);
        }
        open.append_field(line);
        self.state.open.push(open);
        Step::Open
    }

    fn join_cri(&mut self, number: u64, line: &[u8]) -> Step {
        let Some(cri) = CriLine::read(line) else {
            return Step::Alone;
        };
        let place = self.state.open.iter().position(|open| open.stream == cri.stream);
        if !cri.is_partial && place.is_none() {
            return Step::Alone;
        }
        let mut open = place.map_or_else(|| Open::at(number), |place| self.state.open.remove(place));
        open.append(&[if open.lines == 0 { line } else { cri.message }]);
        self.keep_or_complete(open, cri.stream, cri.is_partial)
    }

    fn join_docker(&mut self, number: u64, line: &[u8]) -> Step {
        if self.state.open.is_empty() && line.len() < DOCKER_PART {
            return Step::Alone;
        }
        let Some((log, stream)) = docker_log(line) else {
            return Step::Alone;
        };
        let place = self.state.open.iter().position(|open| open.stream == stream);
        let text = &line[log.clone()];
        let is_partial = text.len() >= DOCKER_PART && !text.ends_with(b"\\n");
        let mut open = match place {
            None if !is_partial => return Step::Alone,
            None => Open::at(number),
            Some(place) => self.state.open.remove(place),
        };
        // The parts up to the end of the string that they share, and the rest of the last.
        let start = if open.lines == 0 { 0 } else { log.start };
        open.append(&[&line[start..log.end]]);
        if !is_partial || open.is_cut {
            open.text.extend_from_slice(&line[log.end..]);
        }
        self.keep_or_complete(open, stream, is_partial)
    }

    fn keep_or_complete(&mut self, mut open: Open, stream: &[u8], is_partial: bool) -> Step {
        if !is_partial || open.is_cut {
            return self.complete(open);
        }
        open.stream = stream.to_vec();
        self.state.open.push(open);
        Step::Open
    }
}

/// Where the text of `log` stands in a line, without its quotes, and the stream.
fn docker_log(line: &[u8]) -> Option<(std::ops::Range<usize>, &[u8])> {
    let members = json::members(line)?;
    let of = |key: &[u8]| {
        members
            .iter()
            .find(|member| member.key == key)
            .map(|member| member.value)
    };
    let log = of(b"log").filter(|log| log.starts_with(b"\""))?;
    // Both begin in one line, so the distance of their ends is that of their addresses.
    let start = log.as_ptr() as usize - line.as_ptr() as usize;
    Some((start + 1..start + log.len() - 1, of(b"stream").unwrap_or_default()))
}
