//! Who is told of findings, and how: services that are called, and people who get mail.
//!
//! Findings with the same source, reason and template are one matter: it is told when it begins, and as long as it goes on
//! once in a while with a count. Each receiver has a queue and a thread of its own, so that a slow one holds up nobody.
//!
//! An alert is delivered at least once: the mark up to which findings were told moves on when nothing before it is
//! waiting, and after a restart everything behind it is told again. Receivers know an alert by its id.

mod address;
mod alert;
mod delivery;
mod grouping;
mod mail;
mod stored;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::BoxError;
use deeplog::{Error, Result};
use sequence_windowing::Timestamp;

use crate::FindingRecord;
use crate::config::AlertConfig;
use alert::Told;
pub use delivery::AlertCounters;
use delivery::{Patience, Receivers, Stop};
pub use grouping::Signature;
use grouping::{Alert, Grouping};

/// How often it is looked whether there is something new.
const LOOK: Duration = Duration::from_millis(500);

/// Findings that are read at once.
const PAGE: usize = 500;

/// Where findings are read, and how far they were told.
pub trait Feed: Send + 'static {
    /// Findings with changes after this one, in the order of their last changes, and the number of the last change.
    ///
    /// # Errors
    /// They cannot be read now.
    fn since(&self, version: u64, limit: usize) -> Result<Vec<News>, BoxError>;

    /// A finding with everything that is known of it; `None` where it is no longer kept.
    ///
    /// # Errors
    /// It cannot be read now.
    fn one(&self, id: u64) -> Result<Option<FindingRecord>, BoxError>;

    /// The change up to which findings were told; 0 at first.
    ///
    /// # Errors
    /// It cannot be read now.
    fn told(&self) -> Result<u64, BoxError>;

    /// Remembers the change up to which findings were told.
    ///
    /// # Errors
    /// It cannot be written now.
    fn set_told(&self, version: u64) -> Result<(), BoxError>;
}

/// A finding with a change.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Number of the finding.
    pub id: u64,
    /// Number of its last change.
    pub version: u64,
    /// What it has in common with others.
    pub signature: Signature,
    /// When its line came in.
    pub received: Timestamp,
}

/// Findings are told as long as this lives.
pub struct Alerting {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to tell. Where nobody is to be told only the mark moves, so that whoever is named later is not told old news.
///
/// # Errors
/// A receiver cannot be set up, or there is no thread to be had.
pub fn start(config: &AlertConfig, feed: impl Feed, counters: Arc<AlertCounters>) -> Result<Alerting> {
    let stop = Arc::<Stop>::default();
    let receivers = Receivers::start(config, Patience::default(), &counters, &stop)?;
    let telling = Telling {
        feed,
        grouping: (!receivers.are_none()).then(|| Grouping::new(config.quiet, config.per_hour)),
        receivers,
        link: config.link.clone(),
        position: None,
        told: 0,
        had_failed: false,
    };
    let ends = stop.clone();
    let thread = thread::Builder::new()
        .name("alerts".into())
        .spawn(move || telling.run(&ends))
        .map_err(|error| Error::run(format!("cannot start a thread: {error}"), ""))?;
    Ok(Alerting {
        stop,
        thread: Some(thread),
    })
}

impl Drop for Alerting {
    /// Ends it. What was not delivered is told again by the next one.
    fn drop(&mut self) {
        self.stop.now();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Telling<F> {
    feed: F,
    grouping: Option<Grouping>,
    receivers: Receivers,
    link: Option<String>,
    /// The last change that was read, once that is known.
    position: Option<u64>,
    /// The mark as it is written down.
    told: u64,
    had_failed: bool,
}

impl<F: Feed> Telling<F> {
    fn run(mut self, stop: &Stop) {
        while !stop.wait(LOOK) {
            let looked = self.look();
            self.report(looked);
        }
        self.receivers.join();
        let marked = self.mark();
        self.report(marked);
    }

    fn look(&mut self) -> Result<(), BoxError> {
        let mut position = match self.position {
            Some(position) => position,
            None => {
                self.told = self.feed.told()?;
                self.told
            }
        };
        loop {
            let page = self.feed.since(position, PAGE)?;
            for news in &page {
                // Otherwise it is an old one that ended.
                let is_new = news.id > position;
                if is_new && let Some(grouping) = &mut self.grouping {
                    let alert = grouping.take(news, Instant::now());
                    alert.into_iter().for_each(|alert| self.tell(alert));
                }
            }
            position = page.last().map_or(position, |news| news.version);
            self.position = Some(position);
            if page.len() < PAGE {
                break;
            }
        }
        let due = self.grouping.as_mut().map(|grouping| grouping.due(Instant::now()));
        due.into_iter().flatten().for_each(|alert| self.tell(alert));
        self.mark()
    }

    /// An alert whose finding cannot be read is told without it.
    fn tell(&mut self, alert: Alert) {
        let finding = self.feed.one(alert.first_id).unwrap_or_default();
        self.receivers.tell(Told::new(alert, finding, self.link.as_deref()));
    }

    /// Moves the mark on to just before what still waits.
    fn mark(&mut self) -> Result<(), BoxError> {
        let Some(position) = self.position else { return Ok(()) };
        let grouped = self.grouping.as_ref().and_then(Grouping::oldest);
        let waiting = grouped.into_iter().chain(self.receivers.oldest()).min();
        let told = waiting.map_or(position, |id| position.min(id.saturating_sub(1)));
        if told > self.told {
            self.feed.set_told(told)?;
            self.told = told;
        }
        Ok(())
    }

    fn report(&mut self, result: Result<(), BoxError>) {
        if let (Err(error), false) = (&result, self.had_failed) {
            tracing::error!(%error, "findings cannot be told now; trying again");
        }
        self.had_failed = result.is_err();
    }
}
