//! Recognising the formats that have a name, and what is in a container's messages.

use std::path::PathBuf;

use drain_parser::{LineFormat, Piece, Unescaped};

use super::columns::is_level;
use super::guess::{HeaderGuess, StampGuess};
use super::header;
use super::rest;
use super::sample::Sample;
use super::stamp::{Stamps, of_values};
use super::{internal, json_message};
use crate::error::Result;
use crate::input::Records;

/// Lines that each format is tried on.
const TRIED: u64 = 2_000;
/// Share of the records that must be of a format.
const MOST: f64 = 0.97;
/// The same where other lines often stand between: what a runtime or a shell says before the program does.
const MANY: f64 = 0.8;
/// A header within a container is one when this sure.
const SURE: f64 = 0.5;

/// What the records of a log are by some format.
struct Trial {
    format: LineFormat,
    /// The values of each message.
    messages: Vec<Vec<Vec<u8>>>,
    /// Records that are no message.
    others: usize,
}

/// The format with a name that the files are in, if they are in one. The more a format asks for, the earlier it comes.
pub(super) fn guess(files: &[PathBuf], stamps: &Stamps) -> Result<Option<HeaderGuess>> {
    for keyword in ["journald", "docker", "cri", "json", "csv", "syslog", "logfmt"] {
        let trial = Trial::of_files(files, keyword)?;
        if !trial.fits(keyword) {
            continue;
        }
        if !matches!(keyword, "docker" | "cri") {
            let trial = trial.with_field(keyword, |source| Trial::of_files(files, source))?;
            return Ok(Some(trial.finish(None, 1.0, stamps)));
        }
        let inner = trial.inner(stamps)?;
        return Ok(Some(
            match inner.as_ref().and_then(|inner| inner.within(keyword)).zip(inner) {
                Some((source, inner)) => Trial::of_files(files, &source)?.finish(inner.stamp, inner.confidence, stamps),
                None => trial.finish(None, 1.0, stamps),
            },
        ));
    }
    let Some(key) = json_message::find(files, TRIED)? else {
        return Ok(None);
    };
    let source = format!("json message={key}");
    let trial = Trial::of_files(files, &source)?;
    if trial.share() < MANY {
        return Ok(None);
    }
    let trial = trial.with_field(&source, |source| Trial::of_files(files, source))?;
    Ok(Some(trial.finish(None, 1.0, stamps)))
}

impl Trial {
    fn of_files(files: &[PathBuf], source: &str) -> Result<Self> {
        let mut trial = Self::of_nothing(source)?;
        let mut records = Records::of(files.to_vec(), &trial.format);
        let mut unescaped = Unescaped::default();
        while records.lines() < TRIED
            && let Some((_, piece)) = records.next_piece()?
        {
            match piece {
                Piece::Message(record) => trial.messages.push(record.header.iter().map(<[u8]>::to_vec).collect()),
                // A stack trace in a container's messages is of the format too.
                Piece::Other { text, .. } if trial.format.split(text, &mut unescaped).is_some() => {}
                Piece::Other { .. } => trial.others += 1,
                Piece::Blank { .. } | Piece::Open => {}
            }
        }
        Ok(trial)
    }

    fn of_lines(lines: &[Vec<u8>], source: &str) -> Result<Self> {
        let mut trial = Self::of_nothing(source)?;
        let mut unescaped = Unescaped::default();
        for line in lines {
            match trial.format.split(line, &mut unescaped) {
                Some(header) => trial.messages.push(header.iter().map(<[u8]>::to_vec).collect()),
                None => trial.others += 1,
            }
        }
        Ok(trial)
    }

    fn of_nothing(source: &str) -> Result<Self> {
        Ok(Self {
            format: LineFormat::compile(source).map_err(internal)?,
            messages: Vec::new(),
            others: 0,
        })
    }

    /// Share of the records that are messages.
    fn share(&self) -> f64 {
        self.messages.len() as f64 / (self.messages.len() + self.others).max(1) as f64
    }

    fn values(&self, field: &str) -> impl Iterator<Item = &[u8]> {
        let column = self.format.fields().iter().position(|name| name == field);
        self.messages
            .iter()
            .filter_map(move |values| Some(values.get(column?)?.as_slice()))
    }

    /// Share of the messages whose field holds such a value.
    fn share_of(&self, field: &str, is: impl Fn(&[u8]) -> bool) -> f64 {
        self.values(field).filter(|value| is(value)).count() as f64 / self.messages.len().max(1) as f64
    }

    fn has(&self, field: &str) -> f64 {
        self.share_of(field, |value| !value.is_empty())
    }

    fn fits(&self, keyword: &str) -> bool {
        let share = self.share();
        match keyword {
            "journald" => {
                share >= MANY
                    && self.share_of("Time", |time| !time.is_empty() && time.iter().all(u8::is_ascii_digit)) >= MOST
            }
            "docker" => share >= MOST && self.has("Time") >= MOST && self.has("Stream") >= MOST,
            "json" => share >= MANY,
            // The header row is no message.
            "csv" => {
                let rows = (self.messages.len() + self.others).saturating_sub(1);
                rows > 0
                    && self.messages.len() as f64 >= MOST * rows as f64
                    && self.has("Time") >= MOST
                    && self.has("Content") >= MANY
            }
            "syslog" => share >= MOST && self.has("Component") >= MANY && self.share_of("Host", is_level) < 1.0 - MANY,
            "logfmt" => share >= MOST && self.has("Content") >= MANY && self.has("Time").max(self.has("Level")) >= MANY,
            _ => share >= MOST,
        }
    }

    /// With a field for the identifier that the keys hold, if there is one.
    fn with_field(self, source: &str, again: impl Fn(&str) -> Result<Self>) -> Result<Self> {
        match rest::identifier(self.values("Rest")) {
            Some(key) => again(&format!("{source} fields={key}")),
            None => Ok(self),
        }
    }

    /// The format of a container's messages, if they have one, with its stamp and how sure it is.
    fn inner(&self, stamps: &Stamps) -> Result<Option<Inner>> {
        let lines = self.values("Content").filter(|line| !line.is_empty());
        let lines: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
        for keyword in ["json", "syslog", "logfmt"] {
            let trial = Self::of_lines(&lines, keyword)?;
            if trial.fits(keyword) {
                let trial = trial.with_field(keyword, |source| Self::of_lines(&lines, source))?;
                return Ok(Some(Inner {
                    source: trial.format.source().to_owned(),
                    stamp: None,
                    confidence: 1.0,
                }));
            }
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let guess = header::guess(&Sample { lines }, stamps).map_err(internal)?;
        let is_header = guess.format.fields().len() > 1 && guess.confidence >= SURE;
        Ok(is_header.then(|| Inner {
            source: guess.format.source().to_owned(),
            stamp: guess.stamp,
            confidence: guess.confidence,
        }))
    }

    /// The guess that this comes to, with a stamp that was found before, and how sure that was.
    fn finish(self, stamp: Option<StampGuess>, confidence: f64, stamps: &Stamps) -> HeaderGuess {
        let times: Vec<Vec<u8>> = self
            .values("Time")
            .filter(|time| !time.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        let stamp = stamp.or_else(|| {
            let (format, reading) = of_values(&times, stamps)?;
            Some(StampGuess {
                fields: vec!["Time".to_owned()],
                format,
                reading,
                example: String::from_utf8_lossy(&times[0]).into_owned(),
            })
        });
        let count = self.messages.len() as f64;
        let known = if stamp.is_some() { 1.0 } else { 0.8 };
        HeaderGuess {
            fitting: self.share(),
            confidence: self.share() * known * confidence * count / (count + 3.0),
            format: self.format,
            stamp,
        }
    }
}

/// What is in a container's messages.
struct Inner {
    source: String,
    stamp: Option<StampGuess>,
    confidence: f64,
}

impl Inner {
    /// The whole format; `None` where no quotes can stand around the inner one.
    fn within(&self, keyword: &str) -> Option<String> {
        let quote = ["'", "\""].into_iter().find(|quote| !self.source.contains(quote))?;
        Some(format!("{keyword} inner={quote}{}{quote}", self.source))
    }
}
