//! A queue and a thread for each receiver, with patience.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use deeplog::{Error, Result};

use super::alert::Told;
use super::mail::Mail;
use super::webhook::Webhook;
use crate::config::AlertConfig;

/// Alerts that wait for one receiver at most.
const QUEUE: usize = 256;

/// Someone who can be told.
pub(super) trait Target: Send + 'static {
    /// For logs; holds no secret.
    fn name(&self) -> &str;
    fn deliver(&self, told: &Told) -> Result<(), Failure>;
}

/// Why something was not delivered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may be taken later.
    Now(String),
    /// It never will be.
    Ever(String),
}

/// How often a delivery is tried, and how long one waits in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) tries: u32,
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 10,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

/// What became of alerts, over all receivers.
#[derive(Debug, Default)]
pub struct AlertCounters {
    /// Delivered.
    pub delivered: AtomicU64,
    /// Tried in vain, to be tried again.
    pub failed: AtomicU64,
    /// Given up after the last try, or as the receiver will never take it.
    pub given_up: AtomicU64,
    /// Dropped as too many were waiting for their receiver.
    pub dropped: AtomicU64,
}

/// Whether it is time to end.
#[derive(Default)]
pub(super) struct Stop {
    is_now: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(super) fn now(&self) {
        *self.is_now.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits so long, or until it is time to end. Whether it is.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let is_now = self.is_now.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_now, time, |is_now| !*is_now);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Alerts that are on their way, by the number of their first finding.
#[derive(Default)]
struct OnTheWay(Mutex<BTreeMap<u64, usize>>);

impl OnTheWay {
    fn leaves(&self, id: u64) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(id)
            .or_default() += 1;
    }

    fn arrived(&self, id: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                all.remove(&id);
            }
        }
    }

    fn oldest(&self) -> Option<u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.first_key_value().map(|(id, _)| *id)
    }
}

/// Everybody who is told.
pub(super) struct Receivers {
    queues: Vec<SyncSender<Arc<Told>>>,
    threads: Vec<JoinHandle<()>>,
    on_the_way: Arc<OnTheWay>,
    counters: Arc<AlertCounters>,
}

impl Receivers {
    pub(super) fn start(
        config: &AlertConfig,
        patience: Patience,
        counters: &Arc<AlertCounters>,
        stop: &Arc<Stop>,
    ) -> Result<Self> {
        let mut targets: Vec<Box<dyn Target>> = Vec::new();
        for hook in &config.webhooks {
            targets.push(Box::new(Webhook::new(hook)));
        }
        if let Some(mail) = &config.mail {
            targets.push(Box::new(Mail::new(mail)?));
        }
        Self::with(targets, patience, counters, stop)
    }

    pub(super) fn with(
        targets: Vec<Box<dyn Target>>,
        patience: Patience,
        counters: &Arc<AlertCounters>,
        stop: &Arc<Stop>,
    ) -> Result<Self> {
        let mut receivers = Self {
            queues: Vec::new(),
            threads: Vec::new(),
            on_the_way: Arc::default(),
            counters: counters.clone(),
        };
        for target in targets {
            let (queue, waiting) = sync_channel(QUEUE);
            let courier = Courier {
                target,
                patience,
                on_the_way: receivers.on_the_way.clone(),
                counters: counters.clone(),
                stop: stop.clone(),
            };
            let thread = thread::Builder::new()
                .name("alert-target".into())
                .spawn(move || courier.run(&waiting))
                .map_err(|error| Error::run(format!("cannot start a thread: {error}"), ""))?;
            receivers.queues.push(queue);
            receivers.threads.push(thread);
        }
        Ok(receivers)
    }

    pub(super) fn are_none(&self) -> bool {
        self.queues.is_empty()
    }

    /// Hands an alert to everybody, and waits for nobody.
    pub(super) fn tell(&self, told: Told) {
        let told = Arc::new(told);
        for queue in &self.queues {
            self.on_the_way.leaves(told.alert.first_id);
            if queue.try_send(told.clone()).is_err() {
                self.on_the_way.arrived(told.alert.first_id);
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
                tracing::error!(alert = told.id, "an alert was dropped: too many wait for a receiver");
            }
        }
    }

    /// The lowest number of a finding whose alert is on its way.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.on_the_way.oldest()
    }

    /// Waits for the threads, which end at once when it is time. What they did not deliver stays on its way.
    pub(super) fn join(&mut self) {
        self.queues.clear();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// Brings alerts to one receiver.
struct Courier {
    target: Box<dyn Target>,
    patience: Patience,
    on_the_way: Arc<OnTheWay>,
    counters: Arc<AlertCounters>,
    stop: Arc<Stop>,
}

impl Courier {
    fn run(&self, waiting: &Receiver<Arc<Told>>) {
        while let Ok(told) = waiting.recv() {
            if self.stop.wait(Duration::ZERO) || !self.is_done_with(&told) {
                return;
            }
            self.on_the_way.arrived(told.alert.first_id);
        }
    }

    /// Delivers an alert or gives it up. Whether either came before it was time to end.
    fn is_done_with(&self, told: &Told) -> bool {
        let mut wait = self.patience.first;
        let mut tried = 0;
        let reason = loop {
            tried += 1;
            match self.target.deliver(told) {
                Ok(()) => {
                    self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Err(Failure::Ever(reason)) => break reason,
                Err(Failure::Now(reason)) if tried >= self.patience.tries => break reason,
                Err(Failure::Now(reason)) => {
                    self.counters.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(
                        receiver = self.target.name(),
                        alert = told.id,
                        reason,
                        "an alert will be tried again"
                    );
                }
            }
            if self.stop.wait(wait) {
                return false;
            }
            wait = (wait * 2).min(self.patience.longest);
        };
        self.counters.given_up.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            receiver = self.target.name(),
            alert = told.id,
            reason,
            tried,
            "an alert was given up"
        );
        true
    }
}
