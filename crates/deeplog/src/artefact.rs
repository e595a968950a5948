//! The model artefact: one file that holds everything detection needs.
//!
//! Laid out as all our files are; what follows the description is the weights, little endian `f32`, one tensor after the
//! other in the order in which the description names them.

use std::collections::BTreeMap;
use std::path::Path;

use deeplog_lstm::{ModelConfig, NamedTensor, Weights};
use detection::{Fitted, HeldOutRanks};
use drain_parser::FrozenParser;
use sequence_windowing::{KeyName, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::framed::Frame;
use crate::input;
use crate::output::write_atomically;

const FRAME: Frame = Frame {
    magic: b"DEEPLOG\n",
    version: 1,
    name: "model",
    foreign: "give the `model.deeplog` that `deeplog run` or `deeplog train` wrote",
    other_version: "train it again with this version, or use the version that wrote it",
    damaged: "copy the file again or train the model again",
};

/// A trained model with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Everything but the weights.
    pub description: Description,
    /// The weights of each next-key model: one, or one for each fold of a calibrated detector.
    pub weights: Vec<Weights>,
}

/// Everything in an artefact but the weights.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Version of the program that wrote it.
    pub program: String,
    /// The experiment with its overrides and its dataset; the thresholds are in it.
    pub experiment: toml::Table,
    /// Shape of the model.
    pub model: ModelConfig,
    /// The training vocabulary.
    pub vocabulary: Vocabulary,
    /// Text of the event template behind a key, where known.
    pub templates: BTreeMap<KeyName, String>,
    /// The frozen parser, for models of raw logs.
    pub parser: Option<FrozenParser>,
    /// SHA-256 of the files that training read, by path.
    pub data: BTreeMap<String, String>,
    /// Ranks of held-out next keys, for models whose rule compares with them.
    #[serde(default, skip_serializing_if = "HeldOutRanks::is_empty")]
    pub held_out: HeldOutRanks,
    /// What training saw, for `inspect`.
    pub training: TrainingSummary,
    /// What a detector with a budget of alarms is calibrated by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// What a detector with a budget of alarms is calibrated by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What its parts learnt and said of the sessions that they did not know.
    pub fitted: Fitted,
    /// Sessions that began in a day, of training and test together, where the log has times.
    pub sessions_a_day: Option<f64>,
}

/// The description as it stands in the file: with names and shapes of the tensors whose numbers follow it.
#[derive(Serialize, Deserialize)]
struct Wire<D> {
    tensors: Vec<(String, Vec<usize>)>,
    #[serde(flatten)]
    description: D,
}

/// What training saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Sessions that the model learnt from.
    pub sessions: u64,
    /// Windows in them.
    pub windows: u64,
    /// Windows without repetition.
    pub distinct_windows: u64,
    /// Epochs that were run.
    pub epochs: usize,
    /// The epoch whose weights these are, from 1.
    pub best_epoch: usize,
    /// Training loss after that epoch, nats per window.
    pub train_loss: f64,
    /// Validation loss after it, where sessions were set aside.
    pub validation_loss: Option<f64>,
    /// What the logits were divided by afterwards, where that was asked for.
    pub temperature: Option<f64>,
}

impl Artefact {
    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        write_atomically(path, |out| out.write_all(&bytes))
    }

    /// Whether a file is, or was, a model.
    pub fn is_one(path: &Path) -> Result<bool> {
        Ok(input::read_to_end(path)?.starts_with(FRAME.magic))
    }

    /// Reads a file, or says why it is none of ours.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read_to_end(path)?;
        let (Wire { tensors, description }, weights): (Wire<Description>, _) = FRAME.open(path, &bytes)?;
        let mut numbers = weights
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes));
        let tensors = tensors.into_iter().map(|(name, shape): (String, Vec<usize>)| {
            let values = numbers.by_ref().take(shape.iter().product()).collect();
            NamedTensor { name, shape, values }
        });
        let tensors: Vec<NamedTensor> = tensors.collect();
        let models = description
            .calibration
            .as_ref()
            .map_or(1, |calibration| calibration.fitted.folds.len());
        let each = (tensors.len() / models.max(1)).max(1);
        let weights = tensors.chunks(each).map(|tensors| Weights {
            tensors: tensors.to_vec(),
        });
        Ok(Self {
            weights: weights.collect(),
            description,
        })
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let tensors = || self.weights.iter().flat_map(|weights| &weights.tensors);
        let named = tensors()
            .map(|tensor| (tensor.name.clone(), tensor.shape.clone()))
            .collect();
        let wire = Wire {
            tensors: named,
            description: &self.description,
        };
        let weights = tensors().flat_map(|tensor| &tensor.values);
        FRAME.seal(&wire, |bytes| {
            weights.for_each(|weight| bytes.extend_from_slice(&weight.to_le_bytes()));
        })
    }
}
