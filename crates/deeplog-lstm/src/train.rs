//! Training, an epoch at a time.

use std::f64::consts::PI;
use std::ops::ControlFlow;

use burn::grad_clipping::GradientClipping;
use burn::optim::{Adam, AdamConfig, AdamState, Optimizer};
use burn::tensor::{Tensor, TensorData};
use sequence_windowing::DistinctWindows;
use serde::{Deserialize, Serialize};

use crate::batches::{self, Batch};
use crate::dropout::{Dropout, random_of};
use crate::objective::Objective;
use crate::weights::Layout;
use crate::{ConfigError, Device, LstmModel, ModelConfig, Schedule, TrainConfig, TrainError};

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchProgress {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Batches done in this epoch.
    pub batch: usize,
    /// Batches of this epoch.
    pub batches: usize,
    /// Distinct windows that went through the model in this epoch so far; one that is spread over several batches
    /// counts in each.
    pub windows: u64,
    /// Mean loss of the epoch so far: nats a window.
    pub loss: f64,
}

/// What an epoch brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean of −ln p(next key) over the training windows, each weighted by its occurrences and seen at its turn, so
    /// with dropout and with weights that still moved.
    pub train_loss: f64,
    /// The same over the validation windows after the epoch, without dropout. `None` without validation windows.
    pub validation_loss: Option<f64>,
    /// Distinct windows that went through the model in training.
    pub windows: u64,
    /// Learning rate of its first batch.
    pub learning_rate: f64,
    /// Whether its weights are the best so far: the lowest validation loss, or without validation the newest.
    pub best: bool,
}

/// A finished training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// With the weights of the best epoch; the first weights where there was no epoch.
    pub model: LstmModel,
    /// What its logits were divided by, where that was asked for and there were validation windows.
    pub temperature: Option<f64>,
    /// Every epoch's report, in order; of losses before that division.
    pub history: Vec<EpochReport>,
}

/// Trains a model on distinct windows, each weighted by how often it occurred.
///
/// Everything is decided by the configs, the windows and the seed: the same weights come out at any thread count, and
/// from a [checkpoint](Trainer::checkpoint) as without interruption.
///
/// Without validation windows training never stops early and the newest weights count as the best.
pub struct Trainer {
    pub(crate) model: ModelConfig,
    pub(crate) config: TrainConfig,
    pub(crate) layout: Layout,
    pub(crate) train: DistinctWindows,
    pub(crate) validation: DistinctWindows,
    pub(crate) device: Device,
    pub(crate) state: State,
    objective: Objective,
    optimizer: Adam,
}

/// What changes from epoch to epoch. Tensors are shared, so cloning is cheap.
#[derive(Clone)]
pub(crate) struct State {
    /// All weights, see [`Network`].
    pub(crate) weights: Tensor<1>,
    pub(crate) adam: Option<AdamState<1>>,
    pub(crate) best: Vec<f32>,
    pub(crate) history: Vec<EpochReport>,
}

impl Trainer {
    /// Prepares training from fresh weights.
    ///
    /// # Errors
    /// When a config is not valid, there are no training windows, or windows do not fit the model's history and
    /// alphabet.
    pub fn new(
        model: ModelConfig,
        config: TrainConfig,
        train: DistinctWindows,
        validation: DistinctWindows,
        device: &Device,
    ) -> Result<Self, TrainError> {
        ConfigError::check([model.validate(), config.validate()].concat())?;
        if train.total() == 0 {
            return Err(TrainError::NoWindows);
        }
        check_windows("training", &model, &train)?;
        check_windows("validation", &model, &validation)?;
        let layout = Layout::of(&model);
        let best = layout.initial(&model, config.seed);
        let state = State {
            weights: Tensor::from_data(TensorData::new(best.clone(), [best.len()]), device.tensors()),
            adam: None,
            best,
            history: Vec::new(),
        };
        Ok(Self {
            objective: Objective::new(&model, &train, device),
            optimizer: AdamConfig::new().with_epsilon(1e-8).build(),
            model,
            config,
            layout,
            train,
            validation,
            device: device.clone(),
            state,
        })
    }

    /// Trains one epoch; `None` when training is over, because all epochs are done or it stopped early. `progress`
    /// is called after each batch, and may end the epoch.
    ///
    /// # Errors
    /// When the loss is no longer a number, or `progress` ended the epoch. The trainer is then as it was before the epoch, and so are its
    /// checkpoint and the model that it finishes with.
    pub fn epoch(
        &mut self,
        progress: &mut dyn FnMut(BatchProgress) -> ControlFlow<()>,
    ) -> Result<Option<EpochReport>, TrainError> {
        if self.is_over() {
            return Ok(None);
        }
        let epoch = self.state.history.len() + 1;
        let mut order = random_of([self.config.seed, epoch as u64, 0, 0]);
        let batches = batches::of_epoch(&self.train.weights, self.config.batch, &mut order);
        let mut state = self.state.clone();
        let mut done = BatchProgress {
            epoch,
            batch: 0,
            batches: batches.len(),
            windows: 0,
            loss: 0.0,
        };
        let mut losses = Losses::default();
        let every = self.objective.losses_at_once();
        for batch in &batches {
            let rate = self.learning_rate(epoch, done.batch, done.batches);
            done.batch += 1;
            losses.unread.push(self.step(&mut state, batch, rate, &done));
            losses.unread_weight += batch.weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
            done.windows += batch.rows.len() as u64;
            if losses.unread.len() == every || done.batch == done.batches {
                let first = done.batch - losses.unread.len();
                if let Err(place) = losses.read() {
                    done.batch = first + place + 1;
                    self.check_finite(done, false)?;
                }
                done.loss = losses.sum / losses.weight;
            }
            if progress(done).is_break() {
                return Err(TrainError::Stopped { epoch });
            }
        }
        let flat: Vec<f32> = state.weights.to_data().iter::<f32>().collect();
        self.check_finite(done, flat.iter().all(|weight| weight.is_finite()))?;
        let validation_loss = (self.validation.total() > 0).then(|| self.validation_loss(&flat));
        let lowest = self.lowest_validation_loss();
        let report = EpochReport {
            epoch,
            train_loss: done.loss,
            validation_loss,
            windows: done.windows,
            learning_rate: self.learning_rate(epoch, 0, done.batches),
            best: validation_loss.is_none_or(|loss| loss < lowest),
        };
        if report.best {
            state.best = flat;
        }
        state.history.push(report.clone());
        self.state = state;
        Ok(Some(report))
    }

    /// Ends training, at any time, with the best weights so far.
    #[must_use]
    pub fn finish(self) -> Trained {
        let model = LstmModel::from_flat(self.model, self.state.best, &self.device);
        let is_scaled = self.config.temperature && self.validation.total() > 0;
        let temperature = is_scaled.then(|| model.temperature(&self.validation));
        Trained {
            model: temperature.map_or_else(|| model.clone(), |by| model.cooled_by(by, &self.device)),
            temperature,
            history: self.state.history,
        }
    }

    /// Every report so far, those before a checkpoint included.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.state.history
    }

    fn is_over(&self) -> bool {
        let history = &self.state.history;
        let since_best = history.iter().rev().take_while(|report| !report.best).count();
        history.len() >= self.config.epochs || self.config.patience.is_some_and(|patience| since_best >= patience)
    }

    /// One step of the optimiser; returns the loss of the batch before it.
    fn step(&self, state: &mut State, batch: &Batch, rate: f64, place: &BatchProgress) -> Tensor<1> {
        let dropout = |part: usize| {
            let random = [self.config.seed, place.epoch as u64, place.batch as u64, part as u64];
            Dropout::new(self.model.dropout, random_of(random))
        };
        let (loss, gradient) = self.objective.of(&state.weights, &self.train, batch, dropout);
        if let Some(mut gradient) = gradient {
            if let Some(longest) = self.config.clip {
                gradient = GradientClipping::Norm(longest as f32).clip_gradient(gradient);
            }
            let (weights, adam) = (state.weights.clone(), state.adam.take());
            (state.weights, state.adam) = self.optimizer.step(rate, weights, gradient, adam);
        }
        loss
    }

    fn validation_loss(&self, flat: &[f32]) -> f64 {
        let model = LstmModel::from_flat(self.model.clone(), flat.to_vec(), &self.device);
        let DistinctWindows {
            histories,
            targets,
            weights,
        } = &self.validation;
        let scores = model.score(histories, targets);
        let sum: f64 = scores
            .iter()
            .zip(weights)
            .map(|(score, &weight)| -f64::from(score.log_probability) * f64::from(weight))
            .sum();
        sum / self.validation.total() as f64
    }

    fn lowest_validation_loss(&self) -> f64 {
        let losses = self.state.history.iter().filter_map(|report| report.validation_loss);
        losses.fold(f64::INFINITY, f64::min)
    }

    fn learning_rate(&self, epoch: usize, batch: usize, batches: usize) -> f64 {
        let done = ((epoch - 1) as f64 + batch as f64 / batches as f64) / self.config.epochs as f64;
        match self.config.schedule {
            Schedule::Constant => self.config.learning_rate,
            Schedule::Cosine => self.config.learning_rate * 0.5 * (1.0 + (PI * done).cos()),
        }
    }

    fn check_finite(&self, done: BatchProgress, finite: bool) -> Result<(), TrainError> {
        if finite {
            return Ok(());
        }
        Err(TrainError::Diverged {
            epoch: done.epoch,
            batch: done.batch,
            learning_rate: self.config.learning_rate,
        })
    }
}

/// Losses of the batches of an epoch. Reading one makes the host wait for the device, so they are read some at a time.
#[derive(Default)]
struct Losses {
    unread: Vec<Tensor<1>>,
    unread_weight: f64,
    sum: f64,
    weight: f64,
}

impl Losses {
    /// Adds what is unread; fails with the place of the first one that is not finite.
    fn read(&mut self) -> Result<(), usize> {
        let values = Tensor::cat(std::mem::take(&mut self.unread), 0).into_data();
        for (place, value) in values.iter::<f32>().enumerate() {
            if !value.is_finite() {
                return Err(place);
            }
            self.sum += f64::from(value);
        }
        self.weight += std::mem::take(&mut self.unread_weight);
        Ok(())
    }
}

fn check_windows(which: &'static str, model: &ModelConfig, windows: &DistinctWindows) -> Result<(), TrainError> {
    let DistinctWindows {
        histories,
        targets,
        weights,
    } = windows;
    if histories.len() != targets.len() * model.history || weights.len() != targets.len() {
        return Err(TrainError::Ragged {
            which,
            history: model.history,
            codes: histories.len(),
            targets: targets.len(),
            weights: weights.len(),
        });
    }
    let alphabet = model.alphabet;
    let bad_input = histories.iter().find(|&&code| code > alphabet.unseen());
    let bad_target = targets.iter().find(|&&code| code >= alphabet.symbols());
    match bad_input.or(bad_target) {
        Some(&code) => Err(TrainError::Code {
            which,
            code,
            keys: alphabet.keys,
        }),
        None => Ok(()),
    }
}
