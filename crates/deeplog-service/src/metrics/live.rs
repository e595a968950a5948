//! Numbers that are looked up in the engine.

use std::collections::{HashMap, VecDeque};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Metrics, Ratio, Source};
use crate::Engine;

/// Rates are those over so long.
const SPAN: Duration = Duration::from_secs(60);

/// Numbers of each source.
#[derive(Default)]
pub(super) struct Live {
    lines: Family<Source, Counter>,
    bytes: Family<Source, Counter>,
    fates: Family<Fate, Counter>,
    unseen: Family<Source, Counter>,
    unseen_ratio: Family<Source, Ratio>,
    open: Family<Source, Gauge>,
    scores: Family<Quantile, Ratio>,
    homeless: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Fate {
    source: String,
    fate: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Quantile {
    source: String,
    quantile: &'static str,
}

/// What is known of a source at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFigures {
    name: String,
    lines: u64,
    bytes: u64,
    fates: [(&'static str, u64); 6],
    messages: u64,
    unseen: u64,
    open: usize,
    /// Rising.
    scores: Vec<f64>,
}

/// Messages and unseen keys of each source, as they were.
#[derive(Default)]
pub(super) struct Rates(HashMap<String, VecDeque<(Instant, u64, u64)>>);

impl Live {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("lines", "Lines that were judged", self.lines.clone());
        registry.register("bytes", "Their bytes", self.bytes.clone());
        registry.register(
            "line_fates",
            "What became of the lines since the source was last defined",
            self.fates.clone(),
        );
        registry.register(
            "unseen_keys",
            "Messages whose log key the model does not know, since the source was last defined",
            self.unseen.clone(),
        );
        registry.register(
            "unseen_key_ratio",
            "Share of the messages of the last minute whose log key the model does not know",
            self.unseen_ratio.clone(),
        );
        registry.register("open_sessions", "Sessions that have not ended", self.open.clone());
        registry.register(
            "session_score",
            "Quantiles of the scores of the sessions that ended last, a thousand at most",
            self.scores.clone(),
        );
        registry.register(
            "homeless_lines",
            "Lines that came for a source which was not defined",
            self.homeless.clone(),
        );
    }
}

impl SourceFigures {
    /// Those of every source, and lines that belong to none.
    #[must_use]
    pub fn of(engine: &Engine) -> (Vec<Self>, u64) {
        let figures = engine.sources().map(|(name, source)| {
            let counters = source.line_counters();
            let mut scores: Vec<f64> = source.scores().collect();
            scores.sort_unstable_by(f64::total_cmp);
            Self {
                name: name.to_string(),
                lines: source.lines(),
                bytes: source.bytes(),
                fates: [
                    ("message", counters.messages),
                    ("joined", counters.joined),
                    ("without_template", counters.without_template),
                    ("blank", counters.blank),
                    ("continuation", counters.continuations),
                    ("without_header", counters.without_header),
                ],
                messages: counters.messages,
                unseen: source.pipeline().unseen(),
                open: source.pipeline().open_sessions(),
                scores,
            }
        });
        (figures.collect(), engine.homeless())
    }
}

impl Metrics {
    /// Takes over what was looked up in the engine.
    pub fn looked_up(&self, (sources, homeless): (Vec<SourceFigures>, u64)) {
        let live = &self.live;
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        live.homeless.inner().store(homeless, Ordering::Relaxed);
        for figures in sources {
            let source = &figures.name;
            let label = Source { source: source.clone() };
            let set = |family: &Family<Source, Counter>, total| {
                family.get_or_create(&label).inner().store(total, Ordering::Relaxed);
            };
            set(&live.lines, figures.lines);
            set(&live.bytes, figures.bytes);
            set(&live.unseen, figures.unseen);
            for (fate, lines) in figures.fates {
                let source = source.clone();
                let counter = live.fates.get_or_create_owned(&Fate { source, fate });
                counter.inner().store(lines, Ordering::Relaxed);
            }
            live.open.get_or_create(&label).set(figures.open as i64);
            let ratio = rates.ratio(source, Instant::now(), figures.messages, figures.unseen);
            live.unseen_ratio.get_or_create(&label).set(ratio);
            for (quantile, share) in [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99)] {
                if let Some(score) = at_share(&figures.scores, share) {
                    let source = source.clone();
                    live.scores
                        .get_or_create_owned(&Quantile { source, quantile })
                        .set(score);
                }
            }
        }
    }
}

impl Rates {
    /// Share of unseen keys since the oldest look that is not older than a minute, or the one before it.
    pub(super) fn ratio(&mut self, source: &str, now: Instant, messages: u64, unseen: u64) -> f64 {
        let looks = self.0.entry(source.to_owned()).or_default();
        // Counters that begin anew.
        if looks.back().is_some_and(|&(_, last, _)| last > messages) {
            looks.clear();
        }
        while looks.get(1).is_some_and(|&(then, ..)| now.duration_since(then) >= SPAN) {
            looks.pop_front();
        }
        let is_new = |&(then, ..): &(Instant, u64, u64)| now.duration_since(then) < SPAN / 60;
        if !looks.back().is_some_and(is_new) {
            looks.push_back((now, messages, unseen));
        }
        match looks.front() {
            Some(&(_, before, unseen_before)) if messages > before => {
                (unseen - unseen_before) as f64 / (messages - before) as f64
            }
            _ => 0.0,
        }
    }
}

/// The smallest value that at least this share of rising ones does not exceed.
pub(super) fn at_share(rising: &[f64], share: f64) -> Option<f64> {
    let place = (rising.len() as f64 * share).ceil() as usize;
    rising.get(place.saturating_sub(1)).copied()
}
