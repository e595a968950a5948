//! The store as the place where findings go.

use std::sync::Arc;

use super::Store;
use crate::{Change, Metrics, Sink};

/// Stores changes, and counts what was stored.
pub(crate) struct Publishing {
    /// Where they are stored.
    pub store: Store,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
}

impl Sink for Publishing {
    fn last_version(&self) -> u64 {
        self.store.last_version()
    }

    fn take(&mut self, changes: &[Change]) -> Result<(), String> {
        self.store.append(changes).map_err(|error| {
            self.metrics.store_retry();
            error.to_string()
        })?;
        self.metrics.stored(changes);
        self.metrics.keeps(self.store.kept(), self.store.dropped());
        Ok(())
    }
}
