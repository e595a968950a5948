//! The sampled lines taken apart, and how often and how closely values come back in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drain_parser::{Piece, Record};
use sequence_windowing::{Clock, TimeFormat, Timestamp};

use super::guess::HeaderGuess;
use super::sample::{HEAD, WIDTH};
use crate::error::Result;
use crate::input::Records;

/// The messages of the gapless start of a log.
pub(super) struct Messages {
    /// Header fields, in the order of the format; `Content` is one of them.
    pub(super) fields: Vec<Vec<Vec<u8>>>,
    pub(super) contents: Vec<Vec<u8>>,
    pub(super) times: Vec<Option<Timestamp>>,
}

impl Messages {
    /// Reads the first 5,000 lines, and what they say.
    pub(super) fn read(files: &[PathBuf], guess: &HeaderGuess) -> Result<Self> {
        let names = guess.format.fields();
        let stamp = guess.stamp.as_ref().and_then(|stamp| {
            let columns: Vec<_> = stamp
                .fields
                .iter()
                .filter_map(|field| names.iter().position(|name| name == field))
                .collect();
            Some((columns, TimeFormat::new(&stamp.format, None).ok()?))
        });
        let mut clock = Clock::default();
        let mut messages = Self {
            fields: Vec::new(),
            contents: Vec::new(),
            times: Vec::new(),
        };
        let kept = |value: &[u8]| value[..value.len().min(WIDTH)].to_vec();
        let mut records = Records::of(files.to_vec(), &guess.format);
        while records.lines() < HEAD
            && let Some((_, piece)) = records.next_piece()?
        {
            let Piece::Message(Record { header, .. }) = piece else {
                continue;
            };
            messages.contents.push(kept(header.content()));
            messages.times.push(stamp.as_ref().and_then(|(columns, format)| {
                let words: Vec<&[u8]> = columns.iter().map(|&column| header.field(column)).collect();
                format.parse(&mut clock, &words.join(&b' '))
            }));
            messages.fields.push(header.iter().map(kept).collect());
        }
        Ok(messages)
    }

    pub(super) fn len(&self) -> usize {
        self.contents.len()
    }
}

/// How values, one class of them, come back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Recurrence {
    /// Share of the messages that have a value.
    pub(super) coverage: f64,
    /// Different values.
    pub(super) distinct: usize,
    /// Messages per value, on average.
    pub(super) per_value: f64,
    /// Share of the values' messages whose value comes again.
    pub(super) recurring: f64,
    /// From the first to the last message of a value that comes again, on average, as a share of all messages.
    pub(super) reach: f64,
}

impl Recurrence {
    /// `values`: of each message in order.
    pub(super) fn of<V: Ord>(values: impl Iterator<Item = Vec<V>>) -> Self {
        let mut places: BTreeMap<V, Vec<usize>> = BTreeMap::new();
        let (mut messages, mut covered) = (0, 0);
        for (i, values) in values.enumerate() {
            messages = i + 1;
            covered += usize::from(!values.is_empty());
            values
                .into_iter()
                .for_each(|value| places.entry(value).or_default().push(i));
        }
        let uses: usize = places.values().map(Vec::len).sum();
        if uses == 0 {
            return Self::default();
        }
        let again: Vec<&Vec<usize>> = places.values().filter(|places| places.len() > 1).collect();
        let reach: usize = again.iter().map(|places| places[places.len() - 1] - places[0]).sum();
        Self {
            coverage: covered as f64 / messages as f64,
            distinct: places.len(),
            per_value: uses as f64 / places.len() as f64,
            recurring: again.iter().map(|places| places.len()).sum::<usize>() as f64 / uses as f64,
            reach: reach as f64 / (again.len().max(1) * messages) as f64,
        }
    }

    /// How well these values name executions, 0 to 1: most messages have one, there are many, they come again, and
    /// neither hardly nor all the time nor all over the log.
    pub(super) fn score(&self) -> f64 {
        let variety = (self.distinct as f64 / 20.0).min(1.0);
        let frequency = (self.per_value - 1.0).clamp(0.0, 1.0) * (500.0 / self.per_value).min(1.0);
        self.coverage * self.recurring * variety * frequency * (1.0 - 0.2 * self.reach)
    }
}
