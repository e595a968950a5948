//! The state of the engine in a file, from which it goes on after a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use deeplog::{Frame, Result, write_atomically};
use tokio::sync::watch;

use crate::Metrics;
use crate::engine::{Engine, Snapshot};
use crate::runner::Health;
use crate::wal::{forget_before, size};

const FRAME: Frame = Frame {
    magic: b"DLSTATE\n",
    version: 1,
    name: "state of a live service",
    foreign: "give the state folder of a `deeplog serve` or `deeplog watch`, or a new one",
    other_version: "it was left as it is: go on with the version that wrote it, or begin with a new state folder",
    damaged: "it was left as it is: put it back from a copy, or begin with a new state folder",
};

/// Waiting for what was found to be stored is looked at so often.
const WAIT: Duration = Duration::from_millis(20);

/// A state to be written down.
pub(super) struct Checkpoint {
    pub(super) snapshot: Snapshot,
    /// Its last change: it may only be relied on when that is stored.
    pub(super) version: u64,
    /// The oldest record that is still needed after it.
    pub(super) needed: u64,
}

impl Checkpoint {
    pub(super) fn of(engine: &Engine) -> Self {
        Self {
            snapshot: engine.snapshot(),
            version: engine.version(),
            needed: engine.oldest_text(),
        }
    }

    /// Writes the state down, and deletes what is not needed after that.
    pub(super) fn write(&self, state: &Path) -> Result<()> {
        let bytes = FRAME.seal(&self.snapshot, |_| {})?;
        write_atomically(&path_of(state), |out| out.write_all(&bytes))?;
        let folder = wal_folder(state);
        forget_before(&folder, self.needed).map_err(deeplog::Error::io("tidy up", &folder))
    }
}

/// Reads the state in a folder; `None` where there is none yet.
pub(super) fn read(state: &Path) -> Result<Option<Snapshot>> {
    let path = path_of(state);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(FRAME.open(&path, &bytes)?.0)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(deeplog::Error::io("read", &path)(error)),
    }
}

/// Writes checkpoints down, one after the other.
pub(super) struct Writer {
    pub(super) state: PathBuf,
    pub(super) metrics: Arc<Metrics>,
    /// Whether the next one can be given.
    pub(super) is_free: Arc<AtomicBool>,
    pub(super) stored: watch::Receiver<u64>,
    pub(super) health: Health,
}

impl Writer {
    /// Ends when no further checkpoint can come, or what was found can no longer be stored.
    pub(super) fn run(self, checkpoints: &Receiver<Checkpoint>) {
        while let Ok(checkpoint) = checkpoints.recv() {
            while *self.stored.borrow() < checkpoint.version {
                // The last of it may have been stored just before nobody was left to store.
                if self.stored.has_changed().is_err() && *self.stored.borrow() < checkpoint.version {
                    return;
                }
                std::thread::sleep(WAIT);
            }
            let started = Instant::now();
            let trouble = checkpoint.write(&self.state).err().map(|error| error.to_string());
            if trouble.is_none() {
                self.metrics.checkpoint(started.elapsed());
                self.metrics
                    .wal_bytes(size(&wal_folder(&self.state)).unwrap_or_default());
                tracing::debug!(version = checkpoint.version, took = ?started.elapsed(), "checkpoint");
            }
            self.health.set("checkpoint", trouble);
            self.is_free.store(true, Ordering::Release);
        }
    }
}

fn path_of(state: &Path) -> PathBuf {
    state.join("checkpoint")
}

/// Where the log of accepted input lies.
pub(super) fn wal_folder(state: &Path) -> PathBuf {
    state.join("wal")
}
