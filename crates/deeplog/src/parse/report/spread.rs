//! What the values of one parameter are like.

use drain_parser::FoundBy;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Distinct values that one parameter is known by.
pub(crate) const DISTINCT: usize = 1_000;
/// Bytes of a value that are kept to be shown.
const SHOWN: usize = 64;
/// Numbers of which quantiles are taken.
const SAMPLE: usize = 256;

/// Distinct values, and a sample of the numbers among them. Bounded, whatever comes.
#[derive(Default)]
pub(crate) struct Spread {
    /// Values seen.
    pub(crate) seen: u64,
    /// By hash: the beginning of the value, and how often it came.
    values: FxHashMap<u64, (Box<[u8]>, u64)>,
    /// Whether there were values beyond those kept.
    pub(crate) is_cut: bool,
    /// What found all of them; `None` before any, `Some(None)` where several did.
    found_by: Option<Option<FoundBy>>,
    numbers: Numbers,
}

/// Every n-th number, for an n that doubles whenever the sample is full.
#[derive(Default)]
struct Numbers {
    seen: u64,
    low: f64,
    high: f64,
    stride_log: u32,
    sample: Vec<f64>,
}

/// A summary of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) p95: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Counts a value in. `room`: new values that may still be kept by all spreads together.
    pub(crate) fn add(&mut self, value: &[u8], found_by: FoundBy, room: &mut usize) {
        self.seen += 1;
        let known = self.found_by.get_or_insert(Some(found_by));
        if *known != Some(found_by) {
            *known = None;
        }
        let key = xxh3_64(value);
        if let Some((_, count)) = self.values.get_mut(&key) {
            *count += 1;
        } else if self.values.len() < DISTINCT && *room > 0 {
            *room -= 1;
            let shown = &value[..value.len().min(SHOWN)];
            self.values.insert(key, (shown.into(), 1));
        } else {
            self.is_cut = true;
        }
        if let Some(number) = number(value) {
            self.numbers.add(number);
        }
    }

    /// How many distinct values are known.
    pub(crate) fn distinct(&self) -> usize {
        self.values.len()
    }

    /// What found all values, if it was one mask, or their position.
    pub(crate) fn found_by(&self) -> Option<FoundBy> {
        self.found_by.flatten()
    }

    /// The most frequent values that are known: their beginnings, and how often each came.
    pub(crate) fn top(&self, count: usize) -> Vec<(&[u8], u64)> {
        let mut values: Vec<(&[u8], u64)> = self.values.values().map(|(value, count)| (&**value, *count)).collect();
        values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        values.truncate(count);
        values
    }

    /// Where the values lie, if all of them are numbers.
    pub(crate) fn range(&self) -> Option<Range> {
        let Numbers {
            seen,
            low,
            high,
            sample,
            ..
        } = &self.numbers;
        if *seen != self.seen || sample.is_empty() {
            return None;
        }
        let mut sorted = sample.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        Some(Range {
            low: *low,
            median: quantile(0.5),
            p95: quantile(0.95),
            high: *high,
        })
    }
}

impl Numbers {
    fn add(&mut self, number: f64) {
        if self.seen == 0 {
            (self.low, self.high) = (number, number);
        }
        self.low = self.low.min(number);
        self.high = self.high.max(number);
        if self.seen.is_multiple_of(1 << self.stride_log) {
            self.sample.push(number);
        }
        self.seen += 1;
        if self.sample.len() == SAMPLE {
            self.stride_log += 1;
            let mut keep = false;
            self.sample.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }
}

/// Decimal numbers as logs write them; nothing that only computers call one.
fn number(value: &[u8]) -> Option<f64> {
    let is_plain = value.iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    let number: f64 = str::from_utf8(value).ok().filter(|_| is_plain)?.parse().ok()?;
    number.is_finite().then_some(number)
}
