//! From sessions to a trained model, with checkpoints on the way.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deeplog_lstm::{BatchProgress, CheckpointError, Device, EpochReport, LstmModel, ModelConfig, TrainError, Trainer};
use detection::{DeepLog, Detector, HeldOutRanks, Rule};
use sequence_windowing::{Alphabet, DistinctWindows, KeyName, Session, Vocabulary, Windowing, validation};

use crate::artefact::{Artefact, Description, TrainingSummary};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::experiment::{Detection, Experiment};
use crate::input;
use crate::observer::Observer;
use crate::output::write_atomically;

/// Time between checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// A trained model with what it learnt from.
pub struct Training {
    /// What a model file holds.
    pub artefact: Artefact,
    /// The model itself.
    pub model: LstmModel,
    /// The training vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The sessions that it learnt from.
    pub train: Vec<Session>,
    /// The sessions that stopped it.
    pub validation: Vec<Session>,
    /// Every epoch.
    pub history: Vec<EpochReport>,
    /// Seconds of training; `None` where it went on from a checkpoint, which does not say what the epochs before it took.
    pub seconds: Option<f64>,
    /// What the training can be had back from, the last one written last.
    checkpoints: Vec<PathBuf>,
}

impl Training {
    /// What was learnt, as a detector.
    #[must_use]
    pub fn detector(&self, detection: Detection) -> DeepLog {
        let Detection { rule, short_sessions } = detection;
        DeepLog::new(self.model.clone(), self.vocabulary.clone(), rule, short_sessions)
            .with_held_out(self.artefact.description.held_out.clone())
    }

    /// Removes the checkpoints, once what was made of the training is safe.
    pub fn remove_checkpoints(&self) -> Result<()> {
        self.checkpoints
            .iter()
            .try_for_each(|path| fs::remove_file(path).map_err(Error::io("remove", path)))
    }

    /// What is said of an interruption behind the training: that it is not lost.
    pub(crate) fn is_kept(&self, error: Error) -> Error {
        match (error, self.checkpoints.last()) {
            (Error::Interrupted { .. }, Some(path)) => Error::Interrupted {
                hint: format!(
                    "the training is done and kept in {}; the same command goes on from there",
                    path.display()
                ),
            },
            (error, _) => error,
        }
    }
}

/// Trains on a corpus. A training leaves a checkpoint in `folder`, whether interrupted or done, and goes on from one that
/// it finds there; the weights are the same as without interruption. [`Training::remove_checkpoints`] clears them away.
/// With a share to trim, a first model says which sessions are the least normal ones, and a second one learns from the
/// others.
pub fn train(
    experiment: &Experiment,
    corpus: &Corpus,
    device: &Device,
    folder: &Path,
    observer: &mut dyn Observer,
) -> Result<Training> {
    let trim = (corpus.train.len() as f64 * experiment.training.trim).round() as usize;
    if trim == 0 {
        let checkpoint = folder.join("training.checkpoint");
        return train_on(experiment, corpus, &corpus.train, device, checkpoint, observer);
    }
    let checkpoint = folder.join("first-training.checkpoint");
    let first = train_on(experiment, corpus, &corpus.train, device, checkpoint, observer)?;
    let kept = most_normal(experiment, &first, &corpus.train, trim);
    observer.warn(&format!(
        "{trim} of {} training sessions are the least normal ones, and the model is trained again without them",
        corpus.train.len()
    ));
    let checkpoint = folder.join("training.checkpoint");
    let mut second = train_on(experiment, corpus, &kept, device, checkpoint, observer)?;
    second.seconds = first.seconds.zip(second.seconds).map(|(first, second)| first + second);
    second.checkpoints = [first.checkpoints, second.checkpoints].concat();
    Ok(second)
}

/// All sessions but those with the highest scores, in their order. Of equal scores the later ones go.
fn most_normal(
    experiment: &Experiment,
    training: &Training,
    sessions: &[Session<KeyName>],
    trim: usize,
) -> Vec<Session<KeyName>> {
    let encoded: Vec<Session> = sessions
        .iter()
        .map(|session| training.vocabulary.encode(session))
        .collect();
    let detector = training.detector(experiment.detection);
    let verdicts = detector.judge(&encoded, &mut |_| ());
    let mut order: Vec<usize> = (0..sessions.len()).collect();
    order.sort_by(|&a, &b| verdicts[a].score.total_cmp(&verdicts[b].score).then(a.cmp(&b)));
    order.truncate(sessions.len() - trim);
    order.sort_unstable();
    order.into_iter().map(|i| sessions[i].clone()).collect()
}

fn train_on(
    experiment: &Experiment,
    corpus: &Corpus,
    sessions: &[Session<KeyName>],
    device: &Device,
    checkpoint: PathBuf,
    observer: &mut dyn Observer,
) -> Result<Training> {
    let vocabulary = Arc::new(Vocabulary::from_sessions(sessions));
    let sessions: Vec<Session> = sessions.iter().map(|session| vocabulary.encode(session)).collect();
    let (train, validation) = validation(&sessions, experiment.training.validation);
    let (train, validation) = (train.to_vec(), validation.to_vec());

    let model = model_config(experiment, &vocabulary)?;
    let framing = experiment.detection.short_sessions.framing();
    let windowing = Windowing {
        alphabet: model.alphabet,
        history: model.history,
        framing,
    };
    let windows = DistinctWindows::of(&windowing, &train);
    if windows.is_empty() {
        let longest = train.iter().map(|session| session.events.len()).max().unwrap_or(0);
        return Err(Error::run(
            format!(
                "{} training sessions give no window: the longest has {longest} events and the history is {}",
                train.len(),
                model.history
            ),
            "lower `model.history`, or use `detection.short_sessions = \"model\"`, which cuts windows from short sessions too",
        ));
    }
    let mut summary = TrainingSummary {
        sessions: train.len() as u64,
        windows: windows.total(),
        distinct_windows: windows.len() as u64,
        ..TrainingSummary::default()
    };
    let run = Run {
        experiment,
        model: &model,
        device,
        path: checkpoint,
    };
    let held_out = DistinctWindows::of(&windowing, &validation);
    ensure_enough(experiment, &held_out)?;
    let (trainer, seconds) = run.run(windows, held_out.clone(), observer)?;
    let checkpoints = vec![run.path];
    let trained = trainer.finish();
    if let Some(temperature) = trained.temperature {
        observer.detail(&format!("temperature {temperature:.4}"));
    }
    if let Some(best) = trained.history.iter().rev().find(|report| report.best) {
        summary.best_epoch = best.epoch;
        summary.train_loss = best.train_loss;
        summary.validation_loss = best.validation_loss;
    }
    summary.epochs = trained.history.len();
    summary.temperature = trained.temperature;
    let checksum = |path: &PathBuf| Ok((path.display().to_string(), input::sha256(path)?));
    let artefact = Artefact {
        description: Description {
            program: env!("CARGO_PKG_VERSION").into(),
            experiment: experiment.table.clone(),
            model,
            vocabulary: (*vocabulary).clone(),
            templates: corpus.templates.clone(),
            parser: corpus.parser.clone(),
            data: corpus.files.iter().map(checksum).collect::<Result<_>>()?,
            held_out: match experiment.detection.rule {
                Rule::ContextShare(_) => HeldOutRanks::of(&trained.model, &held_out),
                _ => HeldOutRanks::default(),
            },
            training: summary,
        },
        weights: trained.model.weights(),
    };
    Ok(Training {
        artefact,
        model: trained.model,
        vocabulary,
        train,
        validation,
        history: trained.history,
        seconds,
        checkpoints,
    })
}

/// A share of held-out next keys can only be told by so many of them.
fn ensure_enough(experiment: &Experiment, held_out: &DistinctWindows) -> Result<()> {
    let Rule::ContextShare(share) = experiment.detection.rule else {
        return Ok(());
    };
    let (found, needed) = (held_out.total(), detection::needed(share) as u64);
    if found >= needed {
        return Ok(());
    }
    Err(Error::run(
        format!("a share of {share} takes {needed} held-out next keys, and the validation sessions have {found}"),
        "raise `detection.context_share` or `training.validation`",
    ))
}

/// The shape of the model that an experiment asks for over a vocabulary.
fn model_config(experiment: &Experiment, vocabulary: &Vocabulary) -> Result<ModelConfig> {
    let settings = &experiment.model;
    let config = ModelConfig {
        alphabet: Alphabet {
            keys: vocabulary.len() as u32,
        },
        history: settings.history,
        hidden: settings.hidden,
        layers: settings.layers,
        input: settings.input,
        dropout: settings.dropout,
    };
    let problems = config.validate();
    if problems.is_empty() {
        return Ok(config);
    }
    let problem = |problem: deeplog_lstm::Problem| crate::error::Problem {
        field: format!("model.{}", problem.field),
        fact: problem.message,
    };
    Err(Error::Config {
        origin: experiment.name.clone(),
        problems: problems.into_iter().map(problem).collect(),
    })
}

/// One training with its checkpoint file.
struct Run<'r> {
    experiment: &'r Experiment,
    model: &'r ModelConfig,
    device: &'r Device,
    path: PathBuf,
}

impl Run<'_> {
    /// The trainer once it is done, and the seconds that took, where all epochs were done here.
    fn run(
        &self,
        train: DistinctWindows,
        validation: DistinctWindows,
        observer: &mut dyn Observer,
    ) -> Result<(Trainer, Option<f64>)> {
        let epochs = self.experiment.training.config.epochs as u64;
        let began = Instant::now();
        let mut trainer = self.start(train, validation, observer)?;
        let is_whole = trainer.history().is_empty();
        observer.begin("training", Some(epochs));
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
        let config = || self.experiment.training.config.clone();
        let failed = |error: TrainError| match error {
            TrainError::Config(error) => Error::config(&self.experiment.name, "training", error.to_string()),
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
