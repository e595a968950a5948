//! How things stood when it ended, in good order or not.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use deeplog::{Error, Result};

use super::Sink;
use super::checkpoint::{self, wal_folder};
use crate::Batch;
use crate::engine::{Engine, Models};
use crate::wal::{Entry, Wal};

/// Takes a state folder for as long as the file is open.
pub(super) fn lock(state: &Path) -> Result<File> {
    let path = state.join("lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::run(
            format!("{} is in use by another deeplog", state.display()),
            "stop that one first, or give a state folder of its own",
        )),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}

/// The engine as it was when the last record was judged, and the log behind it.
pub(super) fn recover(
    state: Option<&Path>,
    models: &Arc<Models>,
    sink: &mut dyn Sink,
) -> Result<(Engine, Option<Wal>)> {
    let Some(state) = state else {
        return Ok((Engine::new(models.clone()), None));
    };
    let started = Instant::now();
    let mut engine = match checkpoint::read(state)? {
        Some(snapshot) => Engine::restored(models.clone(), snapshot)?,
        None => Engine::new(models.clone()),
    };
    let (from, next) = (engine.record(), engine.record() + 1);
    let mut before: Option<Vec<(u64, Batch)>> = Some(Vec::new());
    let wal = Wal::open(&wal_folder(state), next, |record| {
        if record.number <= from {
            if let (Some(before), Entry::Lines(batch)) = (&mut before, record.entry) {
                before.push((record.number, batch));
            }
            return Ok(());
        }
        if let Some(before) = before.take() {
            engine.refill(before);
        }
        let mut trouble = None;
        engine.apply(record, &mut |changes| {
            let new = changes.partition_point(|change| change.version() <= sink.last_version());
            if trouble.is_none() && new < changes.len() {
                trouble = sink.take(&changes[new..]).err();
            }
        })?;
        match trouble {
            None => Ok(()),
            Some(trouble) => Err(Error::run(
                format!("what was found before the restart cannot be stored: {trouble}"),
                "nothing is lost: start again when it can be",
            )),
        }
    })?;
    if let Some(before) = before {
        engine.refill(before);
    }
    if from > 0 || engine.record() > 0 {
        tracing::info!(
            records = engine.record() - from,
            lines = engine.sources().map(|(_, source)| source.lines()).sum::<u64>(),
            took = ?started.elapsed(),
            "went on from the state, and judged again what came after its last checkpoint"
        );
    }
    Ok((engine, Some(wal)))
}
