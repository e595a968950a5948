//! A training as bytes, at the end of an epoch.
//!
//! Format, numbers little-endian: 8 bytes of magic, `u32` format version, `u32` length of the header, the header in
//! JSON, then `f32` blocks of one model's length each (weights, best weights, and after the first epoch Adam's first
//! and second moment), and the XXH3 hash of everything before it.

use burn::optim::{AdamState, AdaptiveMomentumState};
use burn::tensor::{Tensor, TensorData};
use sequence_windowing::DistinctWindows;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::error::CheckpointError;
use crate::train::State;
use crate::{Device, EpochReport, ModelConfig, TrainConfig, TrainError, Trainer};

const MAGIC: &[u8; 8] = b"DLTRAIN\n";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    model: ModelConfig,
    train: TrainConfig,
    windows: u64,
    /// Steps of the optimiser so far.
    steps: usize,
    history: Vec<EpochReport>,
}

impl Trainer {
    /// Everything that training needs to go on from the end of the last whole epoch.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let State {
            weights,
            adam,
            best,
            history,
        } = &self.state;
        let header = Header {
            model: self.model.clone(),
            train: self.config.clone(),
            windows: fingerprint(&self.train, &self.validation),
            steps: adam.as_ref().map_or(0, |adam| adam.momentum.time),
            history: history.clone(),
        };
        // A header is numbers and names alone, which JSON can always hold.
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        let mut block = |values: &[f32]| bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        block(&numbers(weights));
        block(best);
        if let Some(adam) = adam {
            block(&numbers(&adam.momentum.moment_1));
            block(&numbers(&adam.momentum.moment_2));
        }
        let hash = xxh3_64(&bytes);
        bytes.extend(hash.to_le_bytes());
        bytes
    }

    /// Goes on from a checkpoint with the inputs that it was made with: the weights will be the same, bit for bit,
    /// as if training had not been interrupted.
    ///
    /// # Errors
    /// As [`Trainer::new`]; and when the bytes are no checkpoint, are damaged, or were made with other configs or
    /// windows.
    pub fn resume(
        bytes: &[u8],
        model: ModelConfig,
        config: TrainConfig,
        train: DistinctWindows,
        validation: DistinctWindows,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let mut trainer = Self::new(model, config, train, validation, device)?;
        let (header, blocks) = open(bytes)?;
        let mismatch = [
            (header.model != trainer.model, "model config"),
            (header.train != trainer.config, "training config"),
            (
                header.windows != fingerprint(&trainer.train, &trainer.validation),
                "set of windows",
            ),
        ];
        if let Some((_, what)) = mismatch.into_iter().find(|(differs, _)| *differs) {
            return Err(CheckpointError::Mismatch(what).into());
        }
        let length = trainer.layout.len();
        let blocks: Vec<Vec<f32>> = blocks.chunks(4 * length).map(from_bytes).collect();
        let whole = blocks.iter().all(|block| block.len() == length);
        let tensor = |block| Tensor::from_data(TensorData::new(block, [length]), device.tensors());
        let mut blocks = blocks.into_iter();
        let mut next = || blocks.next().ok_or(CheckpointError::Damaged("weights are missing"));
        if !whole {
            return Err(CheckpointError::Damaged("it has the wrong length").into());
        }
        let (weights, best) = (tensor(next()?), next()?);
        let adam = match header.steps {
            0 => None,
            steps => {
                let momentum = AdaptiveMomentumState::new(steps, tensor(next()?), tensor(next()?));
                Some(AdamState::new(momentum))
            }
        };
        trainer.state = State {
            weights,
            adam,
            best,
            history: header.history,
        };
        Ok(trainer)
    }
}

/// The header and the bytes of the blocks, once the hash is right.
fn open(bytes: &[u8]) -> Result<(Header, &[u8]), CheckpointError> {
    const SHORT: CheckpointError = CheckpointError::Damaged("it is cut short");
    let rest = bytes.strip_prefix(MAGIC).ok_or(CheckpointError::NotACheckpoint)?;
    let (&version, rest) = rest.split_first_chunk().ok_or(SHORT)?;
    let version = u32::from_le_bytes(version);
    if version != VERSION {
        return Err(CheckpointError::Version {
            found: version,
            expected: VERSION,
        });
    }
    let (rest, &hash) = rest.split_last_chunk::<8>().ok_or(SHORT)?;
    if xxh3_64(&bytes[..bytes.len() - hash.len()]) != u64::from_le_bytes(hash) {
        return Err(CheckpointError::Damaged("its checksum is wrong"));
    }
    let (&length, rest) = rest.split_first_chunk().ok_or(SHORT)?;
    let (header, blocks) = rest
        .split_at_checked(u32::from_le_bytes(length) as usize)
        .ok_or(SHORT)?;
    let header = serde_json::from_slice(header).map_err(|_| CheckpointError::Damaged("its header does not read"))?;
    Ok((header, blocks))
}

fn numbers(tensor: &Tensor<1>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}

/// One number for both sets of windows.
fn fingerprint(train: &DistinctWindows, validation: &DistinctWindows) -> u64 {
    let mut hash = Xxh3::new();
    for windows in [train, validation] {
        for codes in [&windows.histories, &windows.targets, &windows.weights] {
            hash.update(&(codes.len() as u64).to_le_bytes());
            codes.iter().for_each(|code| hash.update(&code.to_le_bytes()));
        }
    }
    hash.digest()
}
