//! How much was written when: buckets of time that widen as the log goes on, the longest silences, and time that runs
//! backwards.

use std::collections::BTreeMap;

use sequence_windowing::Timestamp;

use super::severity::{CLASSES, Severity};
use super::sketch::Sketch;

/// Buckets that are kept at most.
const BUCKETS: i64 = 240;
/// Widths of buckets in seconds, each a multiple of the one before; beyond, they double.
const WIDTHS: [i64; 15] = [
    1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
];
const SECOND: i64 = 1_000_000;
/// Silences that are kept.
const SILENCES: usize = 6;

/// What is known of time.
#[derive(Default)]
pub(super) struct Volume {
    /// By number, from the one that begins with 1970.
    buckets: BTreeMap<i64, Bucket>,
    /// The bucket that messages fall into now.
    current: Option<(i64, Bucket)>,
    /// Index of the width in use; beyond the widths, doublings.
    step: usize,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    /// Messages with a time.
    pub(super) messages: u64,
    newest: Option<(Timestamp, u64)>,
    before: Option<Timestamp>,
    /// The longest first.
    pub(super) silences: Vec<Silence>,
    /// Pauses between messages, in microseconds.
    pub(super) pauses: Sketch,
    pub(super) backwards: Option<Backwards>,
}

/// Messages of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) by_severity: [u64; CLASSES],
    pub(super) first_line: u64,
}

impl Bucket {
    pub(super) fn total(&self) -> u64 {
        self.by_severity.iter().sum()
    }

    fn join(&mut self, other: &Self) {
        if self.total() == 0 || other.first_line < self.first_line {
            self.first_line = other.first_line;
        }
        for (sum, count) in self.by_severity.iter_mut().zip(other.by_severity) {
            *sum += count;
        }
    }
}

/// A time in which nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// In microseconds.
    pub(super) length: u64,
    pub(super) from: Timestamp,
    /// The lines before and behind it.
    pub(super) lines: (u64, u64),
}

/// Messages that are earlier than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backwards {
    pub(super) messages: u64,
    pub(super) first_line: u64,
    /// The longest way back, in microseconds, and its line.
    pub(super) furthest: (u64, u64),
}

impl Volume {
    pub(super) fn add(&mut self, line: u64, time: Timestamp, severity: Severity) {
        self.messages += 1;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        if let Some(before) = self.before.replace(time).filter(|before| *before > time) {
            self.step_back(line, before.0.abs_diff(time.0));
        }
        match self.newest {
            Some((newest, _)) if time < newest => {}
            Some((newest, before)) => {
                let length = time.0.abs_diff(newest.0);
                self.pauses.add(length);
                self.keep(Silence {
                    length,
                    from: newest,
                    lines: (before, line),
                });
                self.newest = Some((time, line));
            }
            None => self.newest = Some((time, line)),
        }
        self.count(line, time, severity);
    }

    fn step_back(&mut self, line: u64, way: u64) {
        let backwards = self.backwards.get_or_insert(Backwards {
            messages: 0,
            first_line: line,
            furthest: (0, line),
        });
        backwards.messages += 1;
        if way > backwards.furthest.0 {
            backwards.furthest = (way, line);
        }
    }

    fn keep(&mut self, silence: Silence) {
        let shortest = self.silences.last().map_or(0, |silence| silence.length);
        if silence.length == 0 || (self.silences.len() == SILENCES && silence.length <= shortest) {
            return;
        }
        let at = self.silences.partition_point(|other| other.length >= silence.length);
        self.silences.insert(at, silence);
        self.silences.truncate(SILENCES);
    }

    fn count(&mut self, line: u64, time: Timestamp, severity: Severity) {
        let number = time.0.div_euclid(self.width());
        match &mut self.current {
            Some((current, bucket)) if *current == number => bucket.by_severity[severity as usize] += 1,
            _ => {
                self.flush();
                let mut bucket = Bucket {
                    first_line: line,
                    ..Bucket::default()
                };
                bucket.by_severity[severity as usize] = 1;
                self.current = Some((time.0.div_euclid(self.width()), bucket));
            }
        }
    }

    /// Puts the current bucket to the others, and widens all until they are few enough.
    fn flush(&mut self) {
        let Some((number, bucket)) = self.current.take() else {
            return;
        };
        self.buckets.entry(number).or_default().join(&bucket);
        while let (Some((low, _)), Some((high, _))) = (self.buckets.first_key_value(), self.buckets.last_key_value())
            && high - low >= BUCKETS
        {
            let fine = self.width();
            self.step += 1;
            let coarse = self.width();
            for (number, bucket) in std::mem::take(&mut self.buckets) {
                let number = number.saturating_mul(fine).div_euclid(coarse);
                self.buckets.entry(number).or_default().join(&bucket);
            }
        }
    }

    /// Width of a bucket in microseconds.
    pub(super) fn width(&self) -> i64 {
        let last = WIDTHS.len() - 1;
        let doublings = self.step.saturating_sub(last).min(16) as u32;
        (WIDTHS[self.step.min(last)] * SECOND).saturating_mul(1 << doublings)
    }

    /// All messages are in: buckets hold those of the last one too.
    pub(super) fn finish(mut self) -> Self {
        self.flush();
        self
    }

    /// All buckets from the first to the last, empty ones among them, each with the time it begins.
    pub(super) fn buckets(&self) -> Vec<(Timestamp, Bucket)> {
        let width = self.width();
        let ends = self.buckets.keys().next().zip(self.buckets.keys().next_back());
        let Some((&low, &high)) = ends else { return Vec::new() };
        let bucket = |number: i64| self.buckets.get(&number).copied().unwrap_or_default();
        (low..=high)
            .map(|number| (Timestamp(number.saturating_mul(width)), bucket(number)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(seconds: &[i64]) -> Volume {
        let mut volume = Volume::default();
        for (line, second) in (1..).zip(seconds) {
            volume.add(line, Timestamp(second * SECOND), Severity::Info);
        }
        volume.finish()
    }

    #[test]
    fn every_message_is_in_a_bucket_however_wide_they_grow() {
        for (seconds, width) in [
            (vec![0, 1, 1, 2], 1),
            (vec![0, 300], 5),
            (vec![0, 1, 0, 3, 300], 5),
            (vec![10_000, 0, 5_000], 60),
            (vec![0, 86_400 * 3_000], 86_400 * 28),
            (vec![0, 86_400 * 365 * 200], 86_400 * 28 * 16),
        ] {
            let volume = volume(&seconds);
            let buckets = volume.buckets();
            assert_eq!(volume.width(), width * SECOND, "{seconds:?}");
            assert!(buckets.len() <= BUCKETS as usize, "{}", buckets.len());
            let total: u64 = buckets.iter().map(|(_, bucket)| bucket.total()).sum();
            assert_eq!(total, seconds.len() as u64);
            for (line, second) in (1..).zip(&seconds) {
                let at = buckets.iter().rfind(|(time, _)| time.0 <= second * SECOND).unwrap();
                assert!(at.1.first_line <= line && at.1.total() > 0);
            }
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut volume = Volume::default();
        for (line, time) in (1..).zip([i64::MIN, 0, i64::MAX, -1]) {
            volume.add(line, Timestamp(time), Severity::None);
        }
        let total: u64 = volume.finish().buckets().iter().map(|(_, bucket)| bucket.total()).sum();
        assert_eq!(total, 4);
    }

    #[test]
    fn silences_are_between_lines_and_time_runs_backwards() {
        let volume = volume(&[0, 10, 5, 12, 100, 90, 30, 101]);
        let longest = volume.silences[0];
        assert_eq!((longest.length, longest.lines), (88 * SECOND as u64, (4, 5)));
        let lengths: Vec<u64> = volume
            .silences
            .iter()
            .map(|silence| silence.length / SECOND as u64)
            .collect();
        assert_eq!(lengths, [88, 10, 2, 1]);
        assert_eq!(
            volume.backwards,
            Some(Backwards {
                messages: 3,
                first_line: 3,
                furthest: (60 * SECOND as u64, 7)
            })
        );
    }
}
