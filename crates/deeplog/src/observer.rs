//! How a run tells somebody how far it is, and learns that it should stop.

use crate::error::{Error, Result};

/// Watches a run. The library prints nothing; whoever calls it decides what to show.
pub trait Observer {
    /// A stage begins: its name, and the number of units that lie ahead, where that is known.
    fn begin(&mut self, stage: &'static str, total: Option<u64>);

    /// So many units of the stage are done, in all; `note` is what else is worth a glance, such as the loss.
    fn advance(&mut self, done: u64, note: &str);

    /// The stage has ended; `summary` says in a sentence what came out.
    fn end(&mut self, summary: &str);

    /// Something that only a curious reader wants to know, such as the losses after each epoch.
    fn detail(&mut self, fact: &str);

    /// Something that should be known and stops nothing.
    fn warn(&mut self, fact: &str);

    /// Whether somebody wants the run to stop.
    fn is_cancelled(&self) -> bool;
}

/// Ends a stage that keeps nothing if somebody wants the run to stop.
pub(crate) fn ensure_wanted(observer: &dyn Observer) -> Result<()> {
    if observer.is_cancelled() {
        return Err(Error::Interrupted {
            hint: "nothing was kept; the same command begins anew".into(),
        });
    }
    Ok(())
}

/// Watches nothing and never stops a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}
    fn advance(&mut self, _: u64, _: &str) {}
    fn end(&mut self, _: &str) {}
    fn detail(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}
