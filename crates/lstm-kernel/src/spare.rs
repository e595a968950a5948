//! Memory that is used again, by whichever thread comes next.

use std::sync::Mutex;

/// Things that nobody uses at the moment.
#[derive(Debug)]
pub(crate) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Spare<T> {
    /// A used thing, or a new one. Used ones hold what their last user left.
    pub(crate) fn take(&self, new: impl FnOnce() -> T) -> T {
        let used = self.0.lock().ok().and_then(|mut things| things.pop());
        used.unwrap_or_else(new)
    }

    pub(crate) fn give(&self, things: impl IntoIterator<Item = T>) {
        if let Ok(mut spare) = self.0.lock() {
            spare.extend(things);
        }
    }
}
