//! How many lines and findings there were in each minute.

use std::collections::VecDeque;

use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

/// So many minutes are kept: a day.
const KEPT: usize = 24 * 60;
const MINUTE: i64 = 60_000_000;

/// The minutes of the last day in which there were any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Volume(VecDeque<Minute>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Minute {
    /// When it began, in minutes since 1970.
    pub minute: i64,
    /// Lines that came in it.
    pub lines: u64,
    /// Findings that came of them.
    pub findings: u64,
}

impl Volume {
    /// Counts lines that came in, and their findings.
    pub(super) fn count(&mut self, received: Timestamp, lines: u64, findings: u64) {
        let minute = received.0.div_euclid(MINUTE);
        match self.0.back_mut() {
            // A clock that was set back counts where it was.
            Some(last) if last.minute >= minute => {
                last.lines += lines;
                last.findings += findings;
            }
            _ => self.0.push_back(Minute {
                minute,
                lines,
                findings,
            }),
        }
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// The minutes in their order.
    pub fn minutes(&self) -> impl Iterator<Item = &Minute> {
        self.0.iter()
    }
}
