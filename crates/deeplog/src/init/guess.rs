//! What is thought of a log's lines.

use drain_parser::LineFormat;
use sequence_windowing::Zone;

use crate::experiment::Stamp;

/// A guessed format.
#[derive(Clone, Debug)]
pub(super) struct HeaderGuess {
    pub(super) format: LineFormat,
    pub(super) stamp: Option<StampGuess>,
    /// Share of the lines that fit.
    pub(super) fitting: f64,
    /// 0 to 1.
    pub(super) confidence: f64,
}

/// A guessed time stamp.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StampGuess {
    pub(super) fields: Vec<String>,
    pub(super) format: String,
    /// Share of the stamps that the format reads.
    pub(super) reading: f64,
    pub(super) example: String,
}

impl StampGuess {
    pub(super) fn stamp(&self) -> Stamp {
        Stamp {
            fields: self.fields.clone(),
            format: self.format.clone(),
            year: None,
            zone: Zone::default(),
        }
    }
}
