//! The thread that judges, and how others look at its engine.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deeplog::Result;
use tokio::sync::oneshot;

use super::Health;
use super::checkpoint::Checkpoint;
use crate::engine::Engine;
use crate::entrance::{Entrance, Place, Refused};
use crate::wal::{Entry, Record};
use crate::{Change, Metrics, now};

/// A silent engine looks at the clock so often.
const TICK: Duration = Duration::from_millis(200);

/// Looks at the engine between two records.
#[derive(Clone)]
pub struct EngineHandle(Arc<Mutex<Sender<Work>>>);

/// What the engine's thread is given to do.
pub(super) enum Work {
    /// Judge this. The room that it takes is given back then.
    Record(Record, Place),
    /// Let somebody look.
    Look(Box<dyn FnOnce(&Engine) + Send>),
    /// Write a last checkpoint and end.
    Stop,
}

/// The engine's thread.
pub(super) struct Judging {
    pub(super) changes: SyncSender<Vec<Change>>,
    pub(super) checkpoints: Option<SyncSender<Checkpoint>>,
    /// Whether the last one is written.
    pub(super) is_free: Arc<AtomicBool>,
    pub(super) entrance: Entrance,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Health,
    pub(super) every: Duration,
    pub(super) bytes: u64,
    pub(super) since: Since,
}

/// What came since the last checkpoint.
pub(super) struct Since {
    began: Instant,
    records: u64,
    bytes: u64,
}

impl Since {
    pub(super) fn now() -> Self {
        Self {
            began: Instant::now(),
            records: 0,
            bytes: 0,
        }
    }
}

impl Judging {
    pub(super) fn run(mut self, engine: &mut Engine, work: &Receiver<Work>) {
        let mut looked = Instant::now();
        loop {
            match work.recv_timeout(TICK) {
                Ok(Work::Record(record, place)) => {
                    if !self.judge(engine, record) {
                        return;
                    }
                    drop(place);
                }
                Ok(Work::Look(look)) => look(engine),
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if looked.elapsed() >= TICK {
                looked = Instant::now();
                self.pass_time(engine);
            }
            let is_old = self.since.records > 0 && self.since.began.elapsed() >= self.every;
            if is_old || self.since.bytes >= self.bytes {
                self.checkpoint(engine);
            }
        }
        if let Some(checkpoints) = self.checkpoints.take() {
            // One that is being written is waited for. If the writer is gone, there is the log.
            let _ = checkpoints.send(Checkpoint::of(engine));
        }
    }

    /// Whether it can go on.
    fn judge(&mut self, engine: &mut Engine, record: Record) -> bool {
        self.since.records += 1;
        let mut received = None;
        if let Entry::Lines(batch) = &record.entry {
            self.since.bytes += batch.block.len() as u64;
            received = Some(batch.received);
        }
        let changes = &self.changes;
        let mut is_taken = true;
        let applied = engine.apply(record, &mut |new| {
            is_taken &= new.is_empty() || changes.send(new).is_ok();
        });
        if let Some(received) = received {
            self.metrics.judged(received);
        }
        if let Err(error) = &applied {
            self.health.set("engine", Some(error.to_string()));
        }
        is_taken && applied.is_ok()
    }

    /// Ends sessions of logs that have fallen silent. That depends on the clock of this machine, so it is written down first.
    fn pass_time(&mut self, engine: &Engine) {
        let now = now();
        if engine.is_due(now) {
            self.entrance.mention(Entry::Silence(now));
        }
    }

    fn checkpoint(&mut self, engine: &Engine) {
        let Some(checkpoints) = &self.checkpoints else {
            self.since = Since::now();
            return;
        };
        // While one is being written there is no hurry for the next.
        if self.is_free.swap(false, Ordering::Acquire) {
            self.since = Since::now();
            let _ = checkpoints.send(Checkpoint::of(engine));
        }
    }
}

impl EngineHandle {
    pub(super) fn new(work: Sender<Work>) -> Self {
        Self(Arc::new(Mutex::new(work)))
    }

    /// What somebody sees who looks at the engine between two records.
    ///
    /// # Errors
    /// [`Refused::Stopping`] if it has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        self.ask(look).await.map_err(|_| Refused::Stopping)
    }

    /// The same for threads of their own.
    ///
    /// # Errors
    /// [`Refused::Stopping`] if it has ended.
    pub fn look_blocking<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        self.ask(look).blocking_recv().map_err(|_| Refused::Stopping)
    }

    fn ask<T: Send + 'static>(&self, look: impl FnOnce(&Engine) -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Look(Box::new(move |engine| {
            // Whoever has gone away meanwhile does not see it.
            let _ = answer.send(look(engine));
        })));
        answered
    }

    pub(super) fn send(&self, work: Work) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An engine that has ended drops what it is sent, and whoever waits for an answer sees that.
        let _ = sender.send(work);
    }
}
