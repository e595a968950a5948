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

#[cfg(test)]
mod tests {
    use drain_parser::{Parser, ParserConfig};
    use proptest::prelude::*;
    use sequence_windowing::{KeyName, Timestamp, Vocabulary};

    use super::*;
    use crate::Experiment;
    use crate::line_reader::LineReader;

    /// Of stamps without a year, what one says depends on those before it.
    const EXPERIMENT: &str = r#"
        name = "test"
        [data]
        kind = "synthetic"
        synthetic.sessions = 1
        [dataset.header]
        format = "<Time> <Level> <Content>"
        [dataset.time]
        fields = ["Time"]
        format = "%m-%dT%H:%M"
        [dataset.session]
        by = "identifier"
        pattern = "(?-u)j[^ ]"
    "#;

    const LINES: [&[u8]; 12] = [
        b"01-30T23:59 I job j1 begun",
        b"12-31T23:59 I job j1 begun",
        b"07-01T00:00 I job j2 begun j3",
        b"07-01T00:00 I j1 j1 jx",
        b"13-01T00:00 W nothing to do",
        b"02-30T00:00 W what is this",
        b"",
        b"  ",
        b"at x.y",
        b"\xff W job j\xff begun",
        b"\0",
        b"07-01T00:00 I nothing to do\r",
    ];

    fn reader() -> LineReader {
        let experiment = Experiment::from_table(EXPERIMENT.parse().unwrap(), "".as_ref(), "test").unwrap();
        let mut parser = Parser::new(ParserConfig::default()).unwrap();
        for content in [&b"job ja begun"[..], b"job jb begun", b"nothing to do"] {
            parser.learn(content);
        }
        let parser = parser.freeze();
        let known = KeyName::from(parser.templates()[0].id.to_string());
        LineReader::new(&experiment.profile.unwrap(), parser, &Vocabulary::from(vec![known])).unwrap()
    }

    type Seen = (u32, u64, Option<Timestamp>, Vec<String>);

    proptest! {
        /// However lines are cut into blocks, they are what they are one after the other.
        #[test]
        fn batches_are_the_lines_one_by_one(
            lines in prop::collection::vec(
                prop::sample::select(&LINES[..]),
                0..60,
            ),
            cuts in prop::collection::vec(0..12_usize, 0..20),
        ) {
            let (mut one_by_one, mut in_batches) = (reader(), reader());
            let mut expected: Vec<Seen> = Vec::new();
            for line in &lines {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                one_by_one.read_numbered(line, |event, names| {
                    expected.push((event.key, event.line, event.time, names.map(Into::into).collect()));
                });
            }
            let (mut found, mut batch, mut rest): (Vec<Seen>, _, _) = (Vec::new(), LineBatch::default(), &lines[..]);
            let mut worker = in_batches.batch_reader().unwrap();
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                batch.block = now.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
                worker.read(&mut batch);
                in_batches.take_batch(&batch, |event, names| {
                    // Nobody has to look at the names of every event.
                    let names = if event.line % 5 == 0 { Vec::new() } else { names.map(Into::into).collect() };
                    found.push((event.key, event.line, event.time, names));
                });
            }
            expected.iter_mut().filter(|seen| seen.1 % 5 == 0).for_each(|seen| seen.3.clear());
            prop_assert_eq!(found, expected);
            prop_assert_eq!(in_batches.counters(), one_by_one.counters());
            prop_assert_eq!(in_batches.unreadable_stamps(), one_by_one.unreadable_stamps());
        }
    }
}
