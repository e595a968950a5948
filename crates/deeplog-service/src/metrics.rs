//! What the service says of itself, for Prometheus.
//!
//! What happens is counted where it happens: an atomic number each. What can be looked up is looked up when somebody asks.

mod elsewhere;
mod live;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use sequence_windowing::Timestamp;

use crate::syslog::Counters;
use crate::{Change, now};
use live::Rates;
pub(crate) use live::SourceFigures;

/// Upper bounds of the latency histograms, seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

type Ratio = Gauge<f64, AtomicU64>;

/// Every number of the service. Setters cost an atomic write.
pub struct Metrics {
    registry: Mutex<Registry>,
    live: live::Live,
    rates: Mutex<Rates>,
    findings: Family<Reason, Counter>,
    acknowledged: Histogram,
    published: Histogram,
    syslog: Mutex<BTreeMap<String, Arc<Counters>>>,
    syslog_numbers: Family<Syslog, Gauge>,
    rejected: Family<Source, Counter>,
    judged: AtomicI64,
    lag: Ratio,
    queue: Ratio,
    wal: Gauge,
    checkpoint: AtomicI64,
    checkpoint_age: Ratio,
    checkpoint_took: Ratio,
    store_retries: Counter,
    kept: Gauge,
    forgotten: Gauge,
    subscribers: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    source: String,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Syslog {
    source: String,
    what: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Everything at zero.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Self {
            registry: Mutex::default(),
            live: live::Live::default(),
            rates: Mutex::default(),
            findings: Family::default(),
            acknowledged: Histogram::new(BUCKETS),
            published: Histogram::new(BUCKETS),
            syslog: Mutex::default(),
            syslog_numbers: Family::default(),
            rejected: Family::default(),
            judged: AtomicI64::new(0),
            lag: Ratio::default(),
            queue: Ratio::default(),
            wal: Gauge::default(),
            checkpoint: AtomicI64::new(0),
            checkpoint_age: Ratio::default(),
            checkpoint_took: Ratio::default(),
            store_retries: Counter::default(),
            kept: Gauge::default(),
            forgotten: Gauge::default(),
            subscribers: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("deeplog");
        metrics.live.register(&mut registry);
        let seconds = || Unit::Seconds;
        registry.register(
            "findings",
            "Findings that were stored, by reason",
            metrics.findings.clone(),
        );
        registry.register_with_unit(
            "acknowledged",
            "Time from when a pushed batch was there to when it was safe",
            seconds(),
            metrics.acknowledged.clone(),
        );
        registry.register_with_unit(
            "published",
            "Time from when a line came in to when its finding was stored for everybody to see",
            seconds(),
            metrics.published.clone(),
        );
        registry.register(
            "syslog",
            "Syslog that came in: messages, bytes, those of no standard, dropped ones, connections",
            metrics.syslog_numbers.clone(),
        );
        registry.register(
            "rejected",
            "Values in pushed bodies that held no line",
            metrics.rejected.clone(),
        );
        registry.register_with_unit(
            "lag",
            "Time from when the lines that were judged last came in to when they were judged",
            seconds(),
            metrics.lag.clone(),
        );
        registry.register(
            "queue_fill",
            "Share of the room for waiting lines that is taken",
            metrics.queue.clone(),
        );
        registry.register_with_unit(
            "log",
            "Size of the log of accepted input",
            Unit::Bytes,
            metrics.wal.clone(),
        );
        registry.register_with_unit(
            "checkpoint_age",
            "Time since the last checkpoint was written; since the start before the first",
            seconds(),
            metrics.checkpoint_age.clone(),
        );
        registry.register_with_unit(
            "checkpoint_duration",
            "Time that writing the last checkpoint took",
            seconds(),
            metrics.checkpoint_took.clone(),
        );
        registry.register(
            "store_retries",
            "How often findings could not be stored at once",
            metrics.store_retries.clone(),
        );
        registry.register("findings_kept", "Findings that are in the store", metrics.kept.clone());
        registry.register(
            "findings_forgotten",
            "Findings that made room for later ones",
            metrics.forgotten.clone(),
        );
        registry.register(
            "subscribers",
            "Who follows the findings just now",
            metrics.subscribers.clone(),
        );
        metrics.checkpoint.store(now().0, Ordering::Relaxed);
        *metrics.registry() = registry;
        metrics
    }

    /// Changes were stored.
    pub fn stored(&self, changes: &[Change]) {
        let now = now();
        for change in changes {
            if let Change::Found(record) = change {
                let labels = Reason {
                    source: record.source.clone(),
                    reason: record.reason.name(),
                };
                self.findings.get_or_create(&labels).inc();
                self.published.observe(seconds(now.0 - record.received.0));
            }
        }
    }

    /// A pushed batch was acknowledged so long after it was there.
    pub fn acknowledged(&self, took: Duration) {
        self.acknowledged.observe(took.as_secs_f64());
    }

    /// Lines that came in then were judged.
    pub fn judged(&self, received: Timestamp) {
        self.judged.store(now().0 - received.0, Ordering::Relaxed);
    }

    /// Where the syslog of a source is counted.
    #[must_use]
    pub fn syslog(&self, source: &str) -> Arc<Counters> {
        let mut all = self.syslog.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(source.to_owned()).or_default().clone()
    }

    fn look_up_syslog(&self) {
        for (source, counters) in &*self.syslog.lock().unwrap_or_else(PoisonError::into_inner) {
            let numbers = [
                ("messages", &counters.messages),
                ("bytes", &counters.bytes),
                ("malformed", &counters.malformed),
                ("dropped", &counters.dropped),
                ("connections", &counters.connections),
                ("connections_refused", &counters.refused),
                ("connections_overlong", &counters.overlong),
            ];
            for (what, number) in numbers {
                let source = source.clone();
                let number = i64::try_from(number.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
                self.syslog_numbers.get_or_create(&Syslog { source, what }).set(number);
            }
        }
    }

    /// Values in a body held no line.
    pub fn rejected(&self, source: &str, count: u64) {
        let source = source.to_owned();
        self.rejected.get_or_create(&Source { source }).inc_by(count);
    }

    /// The log of accepted input is so large.
    pub fn wal_bytes(&self, bytes: u64) {
        self.wal.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// A checkpoint was written, and took so long.
    pub fn checkpoint(&self, took: Duration) {
        self.checkpoint.store(now().0, Ordering::Relaxed);
        self.checkpoint_took.set(took.as_secs_f64());
    }

    /// So many findings are kept, and so many made room for them.
    pub fn keeps(&self, kept: u64, forgotten: u64) {
        self.kept.set(i64::try_from(kept).unwrap_or(i64::MAX));
        self.forgotten.set(i64::try_from(forgotten).unwrap_or(i64::MAX));
    }

    /// Findings could not be stored, and will be given again.
    pub fn store_retry(&self) {
        self.store_retries.inc();
    }

    /// Somebody begins to follow the findings, until the value is dropped.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        self.subscribers.inc();
        Subscriber(self.subscribers.clone())
    }

    /// How long the lines that were judged last had waited.
    #[must_use]
    pub fn lag(&self) -> f64 {
        seconds(self.judged.load(Ordering::Relaxed))
    }

    /// All numbers in the text format of OpenMetrics, with this share of the room taken.
    ///
    /// # Errors
    /// None in practice.
    pub fn text(&self, queue_fill: f64) -> Result<String, fmt::Error> {
        self.queue.set(queue_fill);
        self.look_up_syslog();
        self.lag.set(self.lag());
        self.checkpoint_age
            .set(seconds(now().0 - self.checkpoint.load(Ordering::Relaxed)));
        let mut all = String::new();
        text::encode(&mut all, &self.registry())?;
        Ok(all)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // Nothing that is only half-registered does harm.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as somebody who follows the findings.
pub struct Subscriber(Gauge);

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
