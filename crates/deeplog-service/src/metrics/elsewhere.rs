//! Numbers that other parts keep.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Metrics;

struct Elsewhere<F> {
    name: &'static str,
    about: &'static str,
    kind: MetricType,
    read: F,
}

impl Metrics {
    /// Shows a number that another part counts up, under a name of its own.
    pub fn counts(&self, name: &'static str, about: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.look_elsewhere(name, about, MetricType::Counter, read);
    }

    /// Shows a number of another part that goes up and down, under a name of its own.
    pub fn shows(&self, name: &'static str, about: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.look_elsewhere(name, about, MetricType::Gauge, read);
    }

    fn look_elsewhere(
        &self,
        name: &'static str,
        about: &'static str,
        kind: MetricType,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        let elsewhere = Elsewhere {
            name,
            about,
            kind,
            read,
        };
        self.registry().register_collector(Box::new(elsewhere));
    }
}

impl<F: Fn() -> u64 + Send + Sync + 'static> Collector for Elsewhere<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let value = (self.read)();
        let encoder = encoder.encode_descriptor(self.name, self.about, None, self.kind)?;
        match self.kind {
            MetricType::Counter => ConstCounter::new(value).encode(encoder),
            _ => ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(encoder),
        }
    }
}

impl<F> fmt::Debug for Elsewhere<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
