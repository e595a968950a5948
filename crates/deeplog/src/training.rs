//! From sessions to a trained detector, with checkpoints on the way.

mod epochs;
mod folds;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deeplog_lstm::{Device, EpochReport, LstmModel, ModelConfig};
use detection::{AnyDetector, DeepLog, Detector, HeldOutRanks, Rule};
use sequence_windowing::{Alphabet, DistinctWindows, KeyName, Session, Vocabulary, Windowing, validation};

use crate::artefact::{Artefact, Description, TrainingSummary};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::experiment::{Detection, Experiment};
use crate::input;
use crate::observer::Observer;
use epochs::Run;

/// A trained detector with what it learnt from.
pub struct Training {
    /// What a model file holds.
    pub artefact: Artefact,
    /// The detector itself.
    pub detector: AnyDetector,
    /// The training vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The sessions that it learnt from.
    pub train: Vec<Session>,
    /// The sessions that stopped it; none of their own where each fold has others.
    pub validation: Vec<Session>,
    /// Every epoch, of the first model where there are several.
    pub history: Vec<EpochReport>,
    /// Seconds of training; `None` where it went on from a checkpoint, which does not say what the epochs before it took.
    pub seconds: Option<f64>,
    /// What the training can be had back from, the last one written last.
    checkpoints: Vec<PathBuf>,
}

impl Training {
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
    let job = Job {
        experiment,
        corpus,
        device,
        folder,
    };
    if let Some(calibration) = &experiment.detection.calibration {
        return folds::train(&job, calibration, observer);
    }
    let trim = (corpus.train.len() as f64 * experiment.training.trim).round() as usize;
    if trim == 0 {
        return job.plain(&corpus.train, "training", observer);
    }
    let first = job.plain(&corpus.train, "first-training", observer)?;
    let kept = most_normal(&first, &corpus.train, trim);
    observer.warn(&format!(
        "{trim} of {} training sessions are the least normal ones, and the model is trained again without them",
        corpus.train.len()
    ));
    let mut second = job.plain(&kept, "training", observer)?;
    second.seconds = first.seconds.zip(second.seconds).map(|(first, second)| first + second);
    second.checkpoints = [first.checkpoints, second.checkpoints].concat();
    Ok(second)
}

/// All sessions but those with the highest scores, in their order. Of equal scores the later ones go.
fn most_normal(training: &Training, sessions: &[Session<KeyName>], trim: usize) -> Vec<Session<KeyName>> {
    let encoded: Vec<Session> = sessions
        .iter()
        .map(|session| training.vocabulary.encode(session))
        .collect();
    let verdicts = training.detector.judge(&encoded, &mut |_| ());
    let mut order: Vec<usize> = (0..sessions.len()).collect();
    order.sort_by(|&a, &b| verdicts[a].score.total_cmp(&verdicts[b].score).then(a.cmp(&b)));
    order.truncate(sessions.len() - trim);
    order.sort_unstable();
    order.into_iter().map(|i| sessions[i].clone()).collect()
}

/// What all trainings of an experiment share.
struct Job<'j> {
    experiment: &'j Experiment,
    corpus: &'j Corpus,
    device: &'j Device,
    folder: &'j Path,
}

/// A next-key model that was trained.
struct One {
    model: LstmModel,
    summary: TrainingSummary,
    history: Vec<EpochReport>,
    seconds: Option<f64>,
    checkpoint: PathBuf,
}

impl Job<'_> {
    /// A detector with one model and a fixed rule.
    fn plain(&self, sessions: &[Session<KeyName>], name: &str, observer: &mut dyn Observer) -> Result<Training> {
        let vocabulary = Arc::new(Vocabulary::from_sessions(sessions));
        let sessions: Vec<Session> = sessions.iter().map(|session| vocabulary.encode(session)).collect();
        let (train, validation) = validation(&sessions, self.experiment.training.validation);
        let model = model_config(self.experiment, &vocabulary)?;
        let seed = self.experiment.training.config.seed;
        let held_out = DistinctWindows::of(&self.windowing(&model), validation);
        ensure_enough(self.experiment, &held_out)?;
        let one = self.one(&model, (train, validation), seed, name, "training", observer)?;
        let Detection {
            rule, short_sessions, ..
        } = self.experiment.detection;
        let held_out = match rule {
            Rule::ContextShare(_) => HeldOutRanks::of(&one.model, &held_out),
            _ => HeldOutRanks::default(),
        };
        let mut artefact = self.artefact(model, &vocabulary, one.summary, vec![one.model.weights()])?;
        artefact.description.held_out = held_out.clone();
        Ok(Training {
            artefact,
            detector: DeepLog::new(one.model, vocabulary.clone(), rule, short_sessions)
                .with_held_out(held_out)
                .into(),
            vocabulary,
            train: train.to_vec(),
            validation: validation.to_vec(),
            history: one.history,
            seconds: one.seconds,
            checkpoints: vec![one.checkpoint],
        })
    }

    /// Trains a model on some sessions, with others to stop by. `name` is that of its checkpoint, `stage` is told to the observer.
    fn one(
        &self,
        model: &ModelConfig,
        (train, validation): (&[Session], &[Session]),
        seed: u64,
        name: &str,
        stage: &'static str,
        observer: &mut dyn Observer,
    ) -> Result<One> {
        let windowing = self.windowing(model);
        let windows = DistinctWindows::of(&windowing, train);
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
            stage,
            experiment: &self.experiment.name,
            config: deeplog_lstm::TrainConfig {
                seed,
                ..self.experiment.training.config.clone()
            },
            model,
            device: self.device,
            path: self.folder.join(format!("{name}.checkpoint")),
        };
        let (trainer, seconds) = run.run(windows, DistinctWindows::of(&windowing, validation), observer)?;
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
        Ok(One {
            model: trained.model,
            summary,
            history: trained.history,
            seconds,
            checkpoint: run.path,
        })
    }

    fn windowing(&self, model: &ModelConfig) -> Windowing {
        Windowing {
            alphabet: model.alphabet,
            history: model.history,
            framing: self.experiment.detection.short_sessions.framing(),
        }
    }

    fn artefact(
        &self,
        model: ModelConfig,
        vocabulary: &Vocabulary,
        training: TrainingSummary,
        weights: Vec<deeplog_lstm::Weights>,
    ) -> Result<Artefact> {
        let checksum = |path: &PathBuf| Ok((path.display().to_string(), input::sha256(path)?));
        Ok(Artefact {
            description: Description {
                program: env!("CARGO_PKG_VERSION").into(),
                experiment: self.experiment.table.clone(),
                model,
                vocabulary: vocabulary.clone(),
                templates: self.corpus.templates.clone(),
                parser: self.corpus.parser.clone(),
                data: self.corpus.files.iter().map(checksum).collect::<Result<_>>()?,
                held_out: HeldOutRanks::default(),
                training,
                calibration: None,
            },
            weights,
        })
    }
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
