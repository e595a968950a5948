//! One varied copy under way.

use std::collections::VecDeque;
use std::io::{self, Write};

use drain_parser::Header;
use log_synthesis::{Variator, rule_of};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::varied::{Renaming, Varied};
use crate::output::AtomicFile;
use crate::synthesis::line::{Columns, Parts, touches_any};

/// Lines that wait for one of their session to change places with.
const WAITING: usize = 64;
/// How often a line does.
const CHANGES_PLACES: f64 = 0.05;
/// Bytes that the lines behind a message may add to it before they stand by themselves.
const LONGEST_RECORD: usize = 1 << 20;

/// A line with what follows it, that is not written yet.
#[derive(Default)]
struct Waiting {
    line: Varied,
    names: Vec<Vec<u8>>,
    /// Why it is abnormal, if it is; the outer `None` for lines that are no messages.
    label: Option<Option<&'static str>>,
}

pub(super) struct Copy<'v> {
    log: AtomicFile,
    labels: Option<csv::Writer<AtomicFile>>,
    variator: &'v mut Variator,
    renaming: Renaming,
    waiting: VecDeque<Waiting>,
    unchanged: u64,
}

impl<'v> Copy<'v> {
    pub(super) fn new(
        log: AtomicFile,
        labels: Option<AtomicFile>,
        variator: &'v mut Variator,
        seed: u64,
        number: u16,
    ) -> io::Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number.into());
        let mut labels = labels.map(csv::Writer::from_writer);
        if let Some(labels) = &mut labels {
            labels.write_record(["Line", "Label", "Rule"])?;
        }
        Ok(Self {
            log,
            labels,
            variator,
            renaming: Renaming::new(&mut random),
            waiting: VecDeque::new(),
            unchanged: 0,
        })
    }

    /// A message, varied.
    pub(super) fn message(
        &mut self,
        line: &[u8],
        header: &Header<'_>,
        columns: &Columns,
        names: Vec<Vec<u8>>,
    ) -> io::Result<()> {
        let level = columns.level(header).map(|level| self.variator.vary_level(level));
        let touches_name = |place| touches_any(header.content(), &place, &names);
        let content = self.variator.vary(header.content(), touches_name);
        let parts = columns.parts(line, header);
        let quoted = |parts: &Parts| line[..parts.content.start].ends_with(b"\"");
        // Within quotes nothing may stand that would have to be escaped.
        let hostile = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
        let fits = |content: &Vec<u8>| !parts.as_ref().is_some_and(quoted) || !content.iter().any(hostile);
        let content = content.filter(fits);
        self.unchanged += u64::from(content.is_none() || parts.is_none());
        let content = content.as_deref().unwrap_or(header.content());
        let rule = rule_of(level.as_deref().unwrap_or_default(), content);
        let rename = |text: &[u8], out: &mut Vec<u8>| self.renaming.apply(text, &names, out);
        let varied = parts.and_then(|parts| Varied::of(line, &parts, content, level.as_deref(), &rename));
        let line = varied.unwrap_or_else(|| {
            let mut renamed = Varied::default();
            rename(line, &mut renamed.bytes);
            renamed
        });
        self.vary_order();
        self.push(Waiting {
            line,
            names,
            label: Some(rule),
        })
    }

    /// Lets the newest message, whole with the lines behind it, change places now and then with one of its session before it.
    fn vary_order(&mut self) {
        let changes = self.variator.happens(CHANGES_PLACES);
        let Some((newest, before)) = self.waiting.make_contiguous().split_last_mut() else {
            return;
        };
        if !changes || newest.names.is_empty() {
            return;
        }
        let other = before.iter_mut().rev().find(|other| other.names == newest.names);
        if let Some(other) = other
            && other.line.change_places(&mut newest.line)
        {
            std::mem::swap(&mut other.label, &mut newest.label);
        }
    }

    /// A line that is no message: it belongs to the one before it.
    pub(super) fn other(&mut self, line: &[u8]) -> io::Result<()> {
        match self.waiting.back_mut() {
            Some(before) if before.line.bytes.len() + line.len() < LONGEST_RECORD => {
                before.line.bytes.push(b'\n');
                before.line.bytes.extend_from_slice(line);
                Ok(())
            }
            _ => self.push(Waiting {
                line: Varied::unchanged(line),
                ..Waiting::default()
            }),
        }
    }

    /// Writes what waits, and gives the files and the number of messages that are as they were.
    pub(super) fn finish(mut self) -> io::Result<(Vec<AtomicFile>, u64)> {
        self.vary_order();
        while self.write_first()? {}
        let mut files = vec![self.log];
        if let Some(labels) = self.labels {
            files.push(
                labels
                    .into_inner()
                    .map_err(|error| io::Error::from(error.error().kind()))?,
            );
        }
        Ok((files, self.unchanged))
    }

    fn push(&mut self, waiting: Waiting) -> io::Result<()> {
        self.waiting.push_back(waiting);
        if self.waiting.len() > WAITING {
            self.write_first()?;
        }
        Ok(())
    }

    /// Writes the line that has waited longest; whether there was one.
    fn write_first(&mut self) -> io::Result<bool> {
        let Some(Waiting { line, label, .. }) = self.waiting.pop_front() else {
            return Ok(false);
        };
        self.log.write_all(&line.bytes)?;
        self.log.write_all(b"\n")?;
        if let (Some(labels), Some(rule)) = (&mut self.labels, label) {
            let word = if rule.is_some() { "abnormal" } else { "normal" };
            let text = line.bytes.strip_suffix(b"\r").unwrap_or(&line.bytes);
            labels.write_record([text, word.as_bytes(), rule.unwrap_or_default().as_bytes()])?;
        }
        Ok(true)
    }
}
