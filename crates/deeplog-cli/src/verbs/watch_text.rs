//! Findings in the terminal, as they come about.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deeplog::{Error, Result};
use deeplog_service::{Change, FindingRecord, Sink, rfc3339};
use evaluation::visible;

use super::detect::{ANOMALY, DIM};
use super::watch::flushed;

/// Expected templates that are shown.
const EXPECTED: usize = 3;
/// Events before the finding that are shown.
const BEFORE: usize = 3;
/// Characters of a line or template that are shown.
const LONGEST: usize = 300;

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Some lines for each, for people.
    Text,
    /// A line of JSON for each, and another one when its session has ended.
    Jsonl,
}

/// Shows findings, and remembers in a file which it has shown.
pub(super) struct Terminal {
    shown: Shown,
    out: Box<dyn Write + Send>,
    /// The last change that was shown.
    version: u64,
    memory: Option<File>,
    findings: Arc<AtomicU64>,
}

impl Terminal {
    /// What was shown before is read from the state folder.
    pub(super) fn new(shown: Shown, state: Option<&Path>) -> Result<Self> {
        let (mut version, mut memory) = (0, None);
        if let Some(state) = state {
            deeplog::create_private_folder(state)?;
            let path = state.join("shown");
            let mut open = OpenOptions::new();
            let mut file = open
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
                .map_err(Error::io("write", &path))?;
            let mut bytes = [0; 8];
            if file.read_exact(&mut bytes).is_ok() {
                version = u64::from_le_bytes(bytes);
            }
            memory = Some(file);
        }
        Ok(Self {
            shown,
            // JSON holds no control character, so that nothing in it needs to be kept from a terminal.
            out: match shown {
                Shown::Jsonl => Box::new(io::stdout()),
                Shown::Text => Box::new(anstream::stdout()),
            },
            version,
            memory,
            findings: Arc::default(),
        })
    }

    /// How many findings were shown.
    pub(super) fn figures(&self) -> Arc<AtomicU64> {
        self.findings.clone()
    }
}

impl Sink for Terminal {
    fn last_version(&self) -> u64 {
        self.version
    }

    fn take(&mut self, changes: &[Change]) -> Result<(), String> {
        let mut text = Vec::new();
        for change in changes {
            let written = match (self.shown, change) {
                (Shown::Text, Change::Found(record)) => write(&mut text, record),
                (Shown::Text, Change::Ended { .. }) => Ok(()),
                (Shown::Jsonl, change) => write_json(&mut text, change),
            };
            written.map_err(|error| error.to_string())?;
            let is_finding = matches!(change, Change::Found(_));
            self.findings.fetch_add(u64::from(is_finding), Ordering::Relaxed);
        }
        let written = self.out.write_all(&text);
        flushed(&mut self.out, written)?;
        self.version = changes.last().map_or(self.version, Change::version);
        if let Some(memory) = &mut self.memory {
            let noted = memory
                .rewind()
                .and_then(|()| memory.write_all(&self.version.to_le_bytes()));
            noted.map_err(|error| format!("cannot note what was shown: {error}"))?;
        }
        Ok(())
    }
}

fn write_json(out: &mut Vec<u8>, change: &Change) -> io::Result<()> {
    let value = match change {
        Change::Found(record) => serde_json::to_value(record),
        Change::Ended { version, id, ended } => Ok(serde_json::json!({
            "id": id,
            "version": version,
            "ended": ended,
        })),
    };
    out.extend_from_slice(value?.to_string().as_bytes());
    out.push(b'\n');
    Ok(())
}

fn write(out: &mut Vec<u8>, record: &FindingRecord) -> io::Result<()> {
    let time = rfc3339(record.time.unwrap_or(record.received));
    let time = time.split_once('.').map_or(&*time, |(seconds, _)| seconds);
    writeln!(
        out,
        "{ANOMALY}anomaly{ANOMALY:#} {}  {}",
        shown(&record.session),
        record.reason.describe()
    )?;
    let place = match (record.position, record.line) {
        (Some(position), Some(line)) => format!("event {}, line {line}, ", position + 1),
        (Some(position), None) => format!("after event {position}, the last one, "),
        (None, _) => "the session as a whole, ".to_owned(),
    };
    writeln!(out, "    {DIM}{place}{}{DIM:#}", time.replace('T', " "))?;
    let has_place = record.line.is_some();
    let before = record.path.len() - usize::from(has_place && !record.path.is_empty());
    for (i, step) in record.path[..before].iter().rev().take(BEFORE).rev().enumerate() {
        let label = if i == 0 { "after" } else { "" };
        writeln!(out, "    {label:<9} {DIM}{}{DIM:#}", shown(&step.template))?;
    }
    if let Some(seen) = &record.seen {
        writeln!(out, "    {:<9} {}", "seen", shown(&seen.template))?;
    } else {
        writeln!(out, "    {:<9} {}", "seen", shown(&record.explanation))?;
    }
    for (i, expected) in record.expected.iter().take(EXPECTED).enumerate() {
        let label = if i == 0 { "expected" } else { "" };
        let percent = 100.0 * expected.probability;
        writeln!(
            out,
            "    {label:<9} {} {DIM}{percent:.1}%{DIM:#}",
            shown(&expected.template)
        )?;
    }
    let own = record.lines.iter().find(|line| Some(line.number) == record.line);
    if let Some(line) = own {
        writeln!(out, "    {:<9} {}", "line", shown(&line.text))?;
    }
    Ok(())
}

/// Text of a log for a terminal: visible, and not longer than it helps.
fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", visible(&text[..end])),
        None => visible(text),
    }
}
