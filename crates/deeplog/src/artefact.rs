//! The model artefact: one file that holds everything detection needs.
//!
//! Layout, all numbers little endian: the magic `DEEPLOG\n`, the format version (`u32`), the length of the description
//! (`u64`), the description as JSON, the weights as `f32` one tensor after the other in the order in which the
//! description names them, and XXH3-64 of everything before it (`u64`).

use std::collections::BTreeMap;
use std::path::Path;

use deeplog_lstm::{ModelConfig, NamedTensor, Weights};
use drain_parser::FrozenParser;
use sequence_windowing::{KeyName, Vocabulary};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::input;
use crate::output::write_atomically;

const MAGIC: &[u8; 8] = b"DEEPLOG\n";
const VERSION: u32 = 1;
const FIXED: usize = 8 + 4 + 8;
const CHECKSUM: usize = 8;

/// A trained model with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Everything but the weights.
    pub description: Description,
    /// The weights of the next-key model.
    pub weights: Weights,
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
    /// What training saw, for `inspect`.
    pub training: TrainingSummary,
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
}

impl Artefact {
    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        write_atomically(path, |out| out.write_all(&bytes))
    }

    /// Reads a file, or says why it is none of ours.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read_to_end(path)?;
        Self::from_bytes(&bytes).map_err(|(fact, hint)| Error::run(format!("{}: {fact}", path.display()), hint))
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let tensors = self
            .weights
            .tensors
            .iter()
            .map(|tensor| (tensor.name.clone(), tensor.shape.clone()))
            .collect();
        let wire = Wire {
            tensors,
            description: &self.description,
        };
        let description = serde_json::to_vec(&wire)
            .map_err(|error| Error::run(format!("cannot write down the model: {error}"), ""))?;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(description.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&description);
        let weights = self.weights.tensors.iter().flat_map(|tensor| &tensor.values);
        weights.for_each(|weight| bytes.extend_from_slice(&weight.to_le_bytes()));
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, (String, &'static str)> {
        const TRAIN: &str = "give the `model.deeplog` that `deeplog run` or `deeplog train` wrote";
        const AGAIN: &str = "copy the file again or train the model again";
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(("is not a deeplog model".into(), TRAIN));
        };
        let Some((version, rest)) = rest.split_first_chunk::<4>() else {
            return Err((format!("is cut short after {} bytes", bytes.len()), AGAIN));
        };
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            let fact = format!("is a model of format {version}, and this program reads format {VERSION}");
            return Err((
                fact,
                "train it again with this version, or use the version that wrote it",
            ));
        }
        let (body, checksum) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM).max(FIXED.min(bytes.len())));
        if checksum != xxh3_64(body).to_le_bytes() {
            return Err((
                format!(
                    "is damaged or cut short: the checksum over its {} bytes does not agree",
                    bytes.len()
                ),
                AGAIN,
            ));
        }
        let damaged = |what: &str| (format!("is damaged: {what}"), AGAIN);
        let Some((length, rest)) = rest.split_first_chunk::<8>() else {
            return Err(damaged("it has no description"));
        };
        let rest = &rest[..rest.len() - CHECKSUM];
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > rest.len() {
            return Err(damaged("its description is longer than the file"));
        }
        let (description, weights) = rest.split_at(length);
        let Wire { tensors, description } =
            serde_json::from_slice(description).map_err(|error| damaged(&format!("its description: {error}")))?;
        let mut numbers = weights
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes));
        let tensors = tensors.into_iter().map(|(name, shape): (String, Vec<usize>)| {
            let values = numbers.by_ref().take(shape.iter().product()).collect();
            NamedTensor { name, shape, values }
        });
        Ok(Self {
            description,
            weights: Weights {
                tensors: tensors.collect(),
            },
        })
    }
}
