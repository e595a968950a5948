//! A model that scores windows.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use crate::network::Network;
use crate::score::top;
use crate::weights::Layout;
use crate::{ConfigError, Device, DeviceKind, ModelConfig, Score, Weights, WeightsError};

/// Rows that go through the network at once: enough to keep it busy, few enough for a processor's cache.
const CHUNK: usize = 256;

/// A next-key model: histories of input codes in, probabilities of target codes out (see
/// [`Alphabet`](sequence_windowing::Alphabet) for both).
///
/// On the cpu device a window gets the same bits whatever it is batched with and however many threads there are.
/// Cloning is cheap.
#[derive(Clone, Debug)]
pub struct LstmModel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: DeviceKind,
    config: ModelConfig,
    layout: Layout,
    flat: Vec<f32>,
    network: Network,
}

impl LstmModel {
    /// A model that has learnt nothing, its weights drawn from the seed.
    ///
    /// # Errors
    /// When the config is not valid.
    pub fn new(config: ModelConfig, device: &Device, seed: u64) -> Result<Self, ConfigError> {
        ConfigError::check(config.validate())?;
        let flat = Layout::of(&config).initial(&config, seed);
        Ok(Self::from_flat(config, flat, device))
    }

    /// A model with the given weights.
    ///
    /// # Errors
    /// When the config is not valid, the weights are not those of the config, or one is not finite.
    pub fn from_weights(config: ModelConfig, weights: &Weights, device: &Device) -> Result<Self, WeightsError> {
        ConfigError::check(config.validate())?;
        let flat = Layout::of(&config).flatten(weights)?;
        Ok(Self::from_flat(config, flat, device))
    }

    /// Takes valid parts.
    pub(crate) fn from_flat(config: ModelConfig, flat: Vec<f32>, device: &Device) -> Self {
        let layout = Layout::of(&config);
        let tensor = Tensor::from_data(TensorData::new(flat.clone(), [flat.len()]), device.tensors());
        let network = Network::new(&config, &layout, &tensor);
        Self(Arc::new(Inner {
            kind: device.kind(),
            config,
            layout,
            flat,
            network,
        }))
    }

    /// What it is made of.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.0.config
    }

    /// Its weights, by name.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.0.layout.name(&self.0.flat)
    }

    /// Rank and probability of each window's target. `histories` is `[n × h]` input codes, row by row; `targets` is
    /// `[n]` target codes.
    ///
    /// # Panics
    /// When `histories` is not h codes for each target, or a code is not of the alphabet.
    #[must_use]
    pub fn score(&self, histories: &[u32], targets: &[u32]) -> Vec<Score> {
        let (h, symbols) = (self.0.config.history, self.0.config.alphabet.symbols());
        assert_eq!(
            histories.len(),
            targets.len() * h,
            "histories must hold {h} codes for each target"
        );
        if let Some(target) = targets.iter().find(|&&target| target >= symbols) {
            panic!("target code {target} is not of an alphabet of {symbols} symbols");
        }
        self.rows(histories, |row, logits| Score::of(logits, targets[row]))
    }

    /// The g most probable next codes of each history with their probabilities, best first, ties as in
    /// [`Score::rank`]. There are fewer when the alphabet has fewer symbols. `histories` is `[n × h]` input codes.
    ///
    /// # Panics
    /// When `histories` is not a multiple of h codes, or a code is not of the alphabet.
    #[must_use]
    pub fn candidates(&self, histories: &[u32], g: usize) -> Vec<Vec<(u32, f32)>> {
        self.rows(histories, |_, logits| top(logits, g))
    }

    /// What `of` makes of the number and the logits of each history, in order.
    fn rows<T: Send>(&self, histories: &[u32], of: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
        let Inner { config, network, .. } = &*self.0;
        let (h, symbols, unseen) = (config.history, config.alphabet.symbols(), config.alphabet.unseen());
        assert!(histories.len().is_multiple_of(h), "histories must hold {h} codes each");
        if let Some(code) = histories.iter().find(|&&code| code > unseen) {
            panic!("input code {code} is not of an alphabet whose largest is {unseen}");
        }
        let of_chunk = |(index, chunk): (usize, &[u32])| -> Vec<T> {
            let logits: Vec<f32> = network.logits(chunk, None).into_data().iter::<f32>().collect();
            let logits = logits.chunks(symbols as usize).enumerate();
            logits.map(|(row, logits)| of(index * CHUNK + row, logits)).collect()
        };
        match self.0.kind {
            // The steps of an LSTM are too small to be worth sharing between cores, chunks are not.
            DeviceKind::Cpu | DeviceKind::Ndarray => histories
                .par_chunks(CHUNK * h)
                .enumerate()
                .flat_map_iter(of_chunk)
                .collect(),
            DeviceKind::Gpu | DeviceKind::Cuda => histories.chunks(CHUNK * h).enumerate().flat_map(of_chunk).collect(),
        }
    }
}
