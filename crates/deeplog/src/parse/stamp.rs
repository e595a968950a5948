//! When lines were written: reading their stamps, and finding where those stand.

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat};
use drain_parser::{Header, LineFormat, Piece};
use sequence_windowing::{Clock, TimeFormat, Timestamp, Zone};

use crate::error::{Error, Result};
use crate::experiment::Stamp;
use crate::init::format_of_stamps;
use crate::input::Records;

/// Messages that are looked at for stamps, and how far they may be apart from the first line.
const MESSAGES: usize = 200;
const LINES: u64 = 5_000;
/// Most fields that one stamp spreads over.
const FIELDS: usize = 5;
/// Reads stamps of one log.
pub(super) struct StampReader {
    columns: Vec<usize>,
    format: TimeFormat,
    clock: Clock,
    text: Vec<u8>,
}

impl StampReader {
    pub(super) fn new(stamp: &Stamp, header: &LineFormat) -> Result<Self> {
        let column = |name: &String| {
            let found = header.fields().iter().position(|field| field == name);
            found.ok_or_else(|| {
                let fact = format!("the time stamp stands in `<{name}>`, which the header format lacks");
                Error::config("the call", "--format", fact)
            })
        };
        Ok(Self {
            columns: stamp.fields.iter().map(column).collect::<Result<_>>()?,
            format: stamp
                .compile()
                .map_err(|error| Error::config("the dataset", "time.format", error.to_string()))?,
            clock: Clock::default(),
            text: Vec::new(),
        })
    }

    pub(super) fn read(&mut self, header: &Header<'_>) -> Option<Timestamp> {
        self.text.clear();
        for (i, &column) in self.columns.iter().enumerate() {
            if i > 0 {
                self.text.push(b' ');
            }
            self.text.extend_from_slice(header.field(column));
        }
        self.format.parse(&mut self.clock, &self.text)
    }
}

/// A time in words, to the microsecond; `None` beyond the years that have four digits.
pub(crate) fn rfc3339(time: Timestamp) -> Option<String> {
    let time = DateTime::from_timestamp_micros(time.0)?;
    let text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(text)
}

/// The run of header fields that are a stamp in most of the first messages, and its format; of several, the one that reads
/// most stamps, then the longest.
pub(super) fn find(files: &[PathBuf], header: &LineFormat) -> Result<Option<Stamp>> {
    let names = header.fields();
    let rows = first_messages(files, header)?;
    let mut best: Option<(f64, usize, Stamp)> = None;
    for start in 0..names.len() {
        for end in start + 1..=names.len().min(start + FIELDS) {
            if names[start..end].iter().any(|name| name == "Content") {
                break;
            }
            let values: Vec<Vec<u8>> = rows.iter().map(|row| row[start..end].join(&b' ')).collect();
            if let Some((format, share)) = format_of_stamps(&values)?
                && best
                    .as_ref()
                    .is_none_or(|(other, length, _)| (share, end - start) > (*other, *length))
            {
                let fields = names[start..end].to_vec();
                let stamp = Stamp {
                    fields,
                    format,
                    year: None,
                    zone: Zone::default(),
                };
                best = Some((share, end - start, stamp));
            }
        }
    }
    Ok(best.map(|(_, _, stamp)| stamp))
}

/// The header fields of the first messages.
fn first_messages(files: &[PathBuf], header: &LineFormat) -> Result<Vec<Vec<Vec<u8>>>> {
    let mut rows = Vec::new();
    let mut records = Records::of(files.to_vec(), header);
    while let Some((read, piece)) = records.next_piece()?
        && read <= LINES
        && rows.len() < MESSAGES
    {
        if let Piece::Message(record) = piece {
            rows.push(record.header.iter().map(<[u8]>::to_vec).collect());
        }
    }
    Ok(rows)
}
