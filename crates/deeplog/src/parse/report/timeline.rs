//! How often something happened over time, in a bounded number of buckets.

use std::collections::BTreeMap;

/// Buckets that all series share; as many as fit a small picture.
const BUCKETS: i64 = 60;

/// Counts of several series over one axis (time, or line numbers) whose ends need not be known: buckets double in width
/// whenever a point falls too far off.
pub(super) struct Timelines {
    width: i64,
    ends: Option<(i64, i64)>,
    series: Vec<BTreeMap<i64, u64>>,
}

impl Timelines {
    pub(super) fn new(series: usize) -> Self {
        Self {
            width: 1,
            ends: None,
            series: vec![BTreeMap::new(); series],
        }
    }

    /// Counts a point in.
    pub(super) fn add(&mut self, series: usize, at: i64) {
        loop {
            let bucket = at.div_euclid(self.width);
            let (low, high) = self.ends.unwrap_or((bucket, bucket));
            let (low, high) = (low.min(bucket), high.max(bucket));
            if high.saturating_sub(low) < BUCKETS {
                self.ends = Some((low, high));
                *self.series[series].entry(bucket).or_default() += 1;
                return;
            }
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.width = self.width.saturating_mul(2);
        self.ends = self.ends.map(|(low, high)| (low.div_euclid(2), high.div_euclid(2)));
        for series in &mut self.series {
            let fine = std::mem::take(series);
            for (bucket, count) in fine {
                *series.entry(bucket.div_euclid(2)).or_default() += count;
            }
        }
    }

    /// The counts of a series, bucket by bucket, from the first point of any series to the last.
    pub(super) fn counts(&self, series: usize) -> Vec<u64> {
        let Some((low, high)) = self.ends else {
            return Vec::new();
        };
        let counts = &self.series[series];
        (low..=high)
            .map(|bucket| counts.get(&bucket).copied().unwrap_or(0))
            .collect()
    }
}
