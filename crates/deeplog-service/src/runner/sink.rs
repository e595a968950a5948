//! Where findings go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::watch;

use crate::Change;
use crate::runner::Health;

/// Changes that are stored together.
const AT_ONCE: usize = 1_000;
/// First and longest wait before storing is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Keeps changes, or shows them. After a crash it is given those again that came after the last checkpoint.
pub trait Sink: Send {
    /// The last change that it has. It is not given earlier ones again.
    fn last_version(&self) -> u64;

    /// Takes changes in, all or none of them.
    ///
    /// # Errors
    /// Why it cannot just now; it is asked again.
    fn take(&mut self, changes: &[Change]) -> Result<(), String>;
}

/// Gives changes to a sink until it has them.
pub(super) struct Storing {
    pub(super) sink: Box<dyn Sink>,
    pub(super) stored: watch::Sender<u64>,
    pub(super) health: Health,
    /// Nobody waits any more for a sink that is in trouble.
    pub(super) gives_up: std::sync::Arc<AtomicBool>,
}

impl Storing {
    /// Ends when no further changes can come.
    pub(super) fn run(mut self, changes: &Receiver<Vec<Change>>) {
        while let Ok(mut group) = changes.recv() {
            while group.len() < AT_ONCE
                && let Ok(more) = changes.try_recv()
            {
                group.extend(more);
            }
            if !self.store(&group) {
                return;
            }
        }
    }

    /// Whether they are stored.
    pub(super) fn store(&mut self, changes: &[Change]) -> bool {
        let has = self.sink.last_version();
        let new = &changes[changes.partition_point(|change| change.version() <= has)..];
        let mut wait = FIRST_WAIT;
        while !new.is_empty() {
            match self.sink.take(new) {
                Ok(()) => break,
                Err(trouble) => self.health.set("findings", Some(trouble)),
            }
            if self.gives_up.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        self.health.set("findings", None);
        if let Some(last) = changes.last() {
            self.stored.send_replace(last.version());
        }
        true
    }
}
