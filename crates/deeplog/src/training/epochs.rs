//! One training of a next-key model, with checkpoints on the way.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use deeplog_lstm::{
    BatchProgress, CheckpointError, Device, EpochReport, ModelConfig, TrainConfig, TrainError, Trainer,
};
use sequence_windowing::DistinctWindows;

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::output::write_atomically;

/// Time between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// One training with its checkpoint file.
pub(super) struct Run<'r> {
    /// What the observer is told.
    pub(super) stage: &'static str,
    /// Names the experiment in errors.
    pub(super) experiment: &'r str,
    pub(super) config: TrainConfig,
    pub(super) model: &'r ModelConfig,
    pub(super) device: &'r Device,
    pub(super) path: PathBuf,
}

impl Run<'_> {
    /// The trainer once it is done, and the seconds that took, where all epochs were done here.
    pub(super) fn run(
        &self,
        train: DistinctWindows,
        validation: DistinctWindows,
        observer: &mut dyn Observer,
    ) -> Result<(Trainer, Option<f64>)> {
        let epochs = self.config.epochs as u64;
        let began = Instant::now();
        let mut trainer = self.start(train, validation, observer)?;
        let is_whole = trainer.history().is_empty();
        observer.begin(self.stage, Some(epochs));
        let mut saved = Instant::now();
        loop {
            let before = trainer.history().len() as u64;
            let started = Instant::now();
            let report = trainer.epoch(&mut |progress| {
                observer.advance(before, &note(&progress, started));
                if observer.is_cancelled() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            match report {
                Ok(Some(report)) => {
                    observer.advance(report.epoch as u64, &losses(&report));
                    observer.detail(&losses(&report));
                }
                Ok(None) => break,
                Err(TrainError::Stopped { .. }) => {
                    self.save(&trainer)?;
                    return Err(Error::Interrupted {
                        hint: format!(
                            "{before} of {epochs} epochs are done and kept in {}; the same command goes on from there",
                            self.path.display()
                        ),
                    });
                }
                Err(error) => {
                    self.save(&trainer)?;
                    return Err(Error::run(
                        error.to_string(),
                        "lower `training.learning_rate`, or set `training.clip`",
                    ));
                }
            }
            if saved.elapsed() > CHECKPOINT_EVERY {
                self.save(&trainer)?;
                saved = Instant::now();
            }
        }
        let seconds = is_whole.then(|| began.elapsed().as_secs_f64());
        // Until its results are written, somebody may stop what follows.
        self.save(&trainer)?;
        observer.end(
            &trainer
                .history()
                .iter()
                .rev()
                .find(|report| report.best)
                .map(losses)
                .unwrap_or_default(),
        );
        Ok((trainer, seconds))
    }

    /// Begins anew, or goes on from a checkpoint of this very training.
    fn start(
        &self,
        train: DistinctWindows,
        validation: DistinctWindows,
        observer: &mut dyn Observer,
    ) -> Result<Trainer> {
        let config = || self.config.clone();
        let failed = |error: TrainError| match error {
            TrainError::Config(error) => Error::config(self.experiment, "training", error.to_string()),
            error => Error::run(error.to_string(), ""),
        };
        if let Ok(bytes) = fs::read(&self.path) {
            let resumed = Trainer::resume(
                &bytes,
                self.model.clone(),
                config(),
                train.clone(),
                validation.clone(),
                self.device,
            );
            match resumed {
                Ok(trainer) => {
                    observer.warn(&format!(
                        "going on after epoch {} from {}",
                        trainer.history().len(),
                        self.path.display()
                    ));
                    return Ok(trainer);
                }
                Err(TrainError::Checkpoint(CheckpointError::Mismatch(what))) => {
                    observer.warn(&format!(
                        "{} is of another {what}; training begins anew",
                        self.path.display()
                    ));
                }
                Err(TrainError::Checkpoint(error)) => {
                    observer.warn(&format!("{}: {error}; training begins anew", self.path.display()));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Trainer::new(self.model.clone(), config(), train, validation, self.device).map_err(failed)
    }

    fn save(&self, trainer: &Trainer) -> Result<()> {
        let bytes = trainer.checkpoint();
        write_atomically(&self.path, |out| out.write_all(&bytes))
    }
}

fn note(progress: &BatchProgress, started: Instant) -> String {
    let rate = progress.windows as f64 / started.elapsed().as_secs_f64().max(1e-9);
    format!("loss {:.4}, {:.0} windows/s", progress.loss, rate)
}

fn losses(report: &EpochReport) -> String {
    match report.validation_loss {
        Some(validation) => format!(
            "epoch {}: loss {:.4}, validation {validation:.4}",
            report.epoch, report.train_loss
        ),
        None => format!("epoch {}: loss {:.4}", report.epoch, report.train_loss),
    }
}
