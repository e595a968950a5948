//! When lines were written: reading their stamps, and finding where those stand.

use std::cmp::Reverse;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat};
use drain_parser::{Header, LineFormat, Piece};
use sequence_windowing::{Clock, TimeFormat, Timestamp};

use crate::error::{Error, Result};
use crate::experiment::Stamp;
use crate::input::Records;

const DATES: [&str; 15] = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%b/%Y", "%d %b %Y", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%y%m%d",
    "%y/%m/%d", "%a %b %d", "%b %d", "%m-%d", "%m.%d",
];
const JOINS: [&str; 4] = [" ", "T", "-", ":"];
const TIMES: [&str; 5] = ["%H:%M:%S%.f", "%H:%M:%S,%3f", "%H:%M:%S:%3f", "%H.%M.%S%.f", "%H%M%S"];
const TAILS: [&str; 5] = ["", "Z", "%z", " %z", " %Y"];
const UNIX: &str = "%s%.f";

/// Messages that are looked at for stamps, and how far they may be apart from the first line.
const MESSAGES: usize = 200;
const LINES: u64 = 5_000;
/// Share of them whose stamps must be readable.
const READABLE: f64 = 0.9;
/// Most fields that one stamp spreads over.
const FIELDS: usize = 5;
/// A number is a Unix time only from 9 September 2001 on, when it had ten digits: smaller ones are often something else.
const LEAST_UNIX: Timestamp = Timestamp(1_000_000_000_000_000);

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
            format: TimeFormat::new(&stamp.format, stamp.year)
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
pub(super) fn rfc3339(time: Timestamp) -> Option<String> {
    let time = DateTime::from_timestamp_micros(time.0)?;
    let text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(text)
}

/// The run of header fields, and the format, that read nearly all stamps of the first messages; among equals the format
/// that goes back in time least often, then the likeliest.
pub(super) fn find(files: &[PathBuf], header: &LineFormat) -> Result<Option<Stamp>> {
    let names = header.fields();
    let rows = first_messages(files, header)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let formats: Vec<(String, TimeFormat)> = candidates()
        .filter_map(|source| TimeFormat::new(&source, None).ok().map(|format| (source, format)))
        .collect();
    let mut best = None;
    for start in 0..names.len() {
        for end in start + 1..=names.len().min(start + FIELDS) {
            if names[start..end].iter().any(|name| name == "Content") {
                break;
            }
            let fits = |(_, format): &&(String, TimeFormat)| read_all(format, &[first[start..end].join(&b' ')]).0 == 1;
            for (source, format) in formats.iter().filter(fits) {
                let stamps: Vec<_> = rows.iter().map(|row| row[start..end].join(&b' ')).collect();
                let (read, backwards) = read_all(format, &stamps);
                let rank = (Reverse(read), backwards);
                let is_better = best.as_ref().is_none_or(|(other, _)| rank < *other);
                if read as f64 >= READABLE * rows.len() as f64 && is_better {
                    best = Some((rank, (start..end, source)));
                }
            }
        }
    }
    Ok(best.map(|(_, (fields, format))| Stamp {
        fields: names[fields].to_vec(),
        format: format.clone(),
        year: None,
    }))
}

fn candidates() -> impl Iterator<Item = String> {
    let days = DATES
        .iter()
        .flat_map(|date| JOINS.iter().map(move |join| format!("{date}{join}")));
    let times = TIMES
        .iter()
        .flat_map(|time| TAILS.iter().map(move |tail| format!("{time}{tail}")));
    let times: Vec<String> = times.collect();
    days.flat_map(move |day| times.clone().into_iter().map(move |time| format!("{day}{time}")))
        .chain([UNIX.to_owned()])
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

/// How many stamps a format reads, and how often they go back.
fn read_all(format: &TimeFormat, stamps: &[Vec<u8>]) -> (usize, usize) {
    let mut clock = Clock::default();
    let is_number = |stamp: &[u8]| stamp.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let times: Vec<Timestamp> = stamps
        .iter()
        .filter_map(|stamp| Some((format.parse(&mut clock, stamp)?, stamp)))
        .filter(|(time, stamp)| *time >= LEAST_UNIX || !is_number(stamp))
        .map(|(time, _)| time)
        .collect();
    let backwards = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    (times.len(), backwards)
}
