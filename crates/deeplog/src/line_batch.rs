//! Blocks of lines to events, on any thread: everything about a line that no other line has a say in.

use drain_parser::{LineFormat, Unescaped};
use sequence_windowing::Event;

use crate::input::lines;
use crate::intake::Intake;
use crate::line_reader::{LineCounters, Matcher};

/// A block of whole lines, and what its messages are once a [`BatchReader`] has read it. Its room is used again.
///
/// Time stamps stay text, as what one says can depend on those before it.
#[derive(Default)]
pub(crate) struct LineBatch {
    /// The lines, each with its line feed.
    pub(crate) block: Vec<u8>,
    /// What its lines are, as if it were the beginning of the log.
    pub(crate) lines: LineCounters,
    messages: Vec<Message>,
    /// The names that place the messages, one after the other, and where each ends.
    names: String,
    ends_of_names: Vec<usize>,
    /// The time stamps, one after the other.
    stamps: Vec<u8>,
    /// Where each stamp ends, and how many messages in a row have it.
    runs_of_stamps: Vec<(usize, u64)>,
    stamp: Vec<u8>,
    unescaped: Unescaped,
}

struct Message {
    /// Number of the line in the block, from 1.
    line: u32,
    key: u32,
    /// How many names the messages up to this one have.
    names: u32,
}

/// Reads blocks of lines with a frozen parser. A clone a thread.
#[derive(Clone)]
pub(crate) struct BatchReader {
    pub(crate) format: LineFormat,
    pub(crate) matcher: Matcher,
    pub(crate) intake: Intake,
}

impl BatchReader {
    /// Reads the block of a batch.
    pub(crate) fn read(&mut self, batch: &mut LineBatch) {
        batch.forget_messages();
        for line in lines(&batch.block) {
            let header = self.format.split(line, &mut batch.unescaped);
            batch.lines.lines += 1;
            batch.lines.count_line(line, header.is_some());
            let Some(header) = header else { continue };
            let key = self.matcher.key(header.content(), &mut batch.lines);
            for name in self.intake.names(&header) {
                batch.names.push_str(&name);
                batch.ends_of_names.push(batch.names.len());
            }
            if self.intake.stamp_into(&header, &mut batch.stamp) {
                let runs = &batch.runs_of_stamps;
                let last = runs.len().checked_sub(2).map_or(0, |before| runs[before].0);
                match batch.runs_of_stamps.last_mut() {
                    Some((end, messages)) if batch.stamps[last..*end] == batch.stamp => *messages += 1,
                    _ => {
                        batch.stamps.extend_from_slice(&batch.stamp);
                        batch.runs_of_stamps.push((batch.stamps.len(), 1));
                    }
                }
            }
            batch.messages.push(Message {
                line: batch.lines.lines as u32,
                key,
                names: batch.ends_of_names.len() as u32,
            });
        }
    }
}

impl LineBatch {
    fn forget_messages(&mut self) {
        self.lines = LineCounters::default();
        self.messages.clear();
        self.names.clear();
        self.ends_of_names.clear();
        self.stamps.clear();
        self.runs_of_stamps.clear();
    }

    /// The events of its messages with the names that place them, where `before` lines come before the block and the
    /// intake has seen these.
    pub(crate) fn each_event(
        &self,
        before: u64,
        intake: &mut Intake,
        mut place: impl FnMut(&Event<u32>, &mut dyn Iterator<Item = &str>),
    ) {
        let mut first_name = 0;
        let mut runs = self.runs_of_stamps.iter();
        let (mut stamp_start, mut left, mut time) = (0, 0, None);
        for message in &self.messages {
            if left == 0
                && let Some(&(end, messages)) = runs.next()
            {
                time = intake.read_stamp(&self.stamps[stamp_start..end], messages);
                (stamp_start, left) = (end, messages);
            }
            left = left.saturating_sub(1);
            let event = Event {
                key: message.key,
                line: before + u64::from(message.line),
                time,
            };
            let last_name = message.names as usize;
            place(&event, &mut (first_name..last_name).map(|name| self.name(name)));
            first_name = last_name;
        }
    }

    fn name(&self, name: usize) -> &str {
        let start = name.checked_sub(1).map_or(0, |before| self.ends_of_names[before]);
        &self.names[start..self.ends_of_names[name]]
    }
}
