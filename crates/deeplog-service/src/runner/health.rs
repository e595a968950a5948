//! What is wrong just now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The troubles of the service's parts; a clone for each of them.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Health {
    /// A part is in trouble, or is not any more.
    pub fn set(&self, part: &'static str, trouble: Option<String>) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => {
                if troubles.insert(part, trouble.clone()).is_none() {
                    tracing::error!(part, trouble, "in trouble");
                }
            }
            None => {
                if troubles.remove(part).is_some() {
                    tracing::info!(part, "well again");
                }
            }
        }
    }

    /// Each part that is in trouble, with what it is.
    #[must_use]
    pub fn troubles(&self) -> Vec<(&'static str, String)> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles
            .iter()
            .map(|(&part, trouble)| (part, trouble.clone()))
            .collect()
    }
}
