//! What is counted of syslog.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that others read while they rise.
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages that came.
    pub messages: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Those among them that follow no standard. They are lines all the same.
    pub malformed: AtomicU64,
    /// Messages that were dropped as no more could wait, or as the service was ending.
    pub dropped: AtomicU64,
    /// Connections that were closed at once as there were too many.
    pub refused: AtomicU64,
    /// Connections that were closed for a message beyond the limit.
    pub overlong: AtomicU64,
    /// Connections at this time.
    pub connections: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}
