//! A model that scores windows.

use std::sync::Arc;

use burn::tensor::{Int, Tensor, TensorData};
use lstm_kernel::{Score, Scorer};
use rayon::prelude::*;

use crate::memory::Memory;
use crate::network::{Network, codes};
use crate::score::top;
use crate::weights::Layout;
use crate::{ConfigError, Device, DeviceKind, ModelConfig, Weights, WeightsError};

/// Windows that one thread scores at once on the processor, where there are so many: they share what they have in common.
const CHUNK: usize = 4096;

/// Fewer are not worth sharing between threads.
const LEAST: usize = 256;

/// Rows that go through burn's layers at once on a processor: enough to keep them busy, few enough for its cache.
const ROWS: usize = 256;

/// The same on a graphics card, which does many alike at a time.
const ROWS_ON_CARD: usize = 1 << 13;

/// A next-key model: histories of input codes in, probabilities of target codes out (see
/// [`Alphabet`](sequence_windowing::Alphabet) for both).
///
/// On the cpu device it needs nothing of burn: it scores with [`lstm_kernel`], and remembers the scores of some hundred thousand
/// windows. There a window gets the same bits whatever it is batched with and however many threads there are. Cloning is
/// cheap, and clones share the memory.
#[derive(Clone, Debug)]
pub struct LstmModel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: ModelConfig,
    layout: Layout,
    flat: Vec<f32>,
    engine: Engine,
}

/// What computes.
#[derive(Debug)]
enum Engine {
    Kernel(Scorer, Memory),
    Burn(Network, Device),
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
        let engine = match device.kind() {
            DeviceKind::Cpu => {
                let memory = Memory::new(config.history);
                Engine::Kernel(Scorer::new(config.shape(), &flat), memory)
            }
            _ => {
                let tensor = Tensor::from_data(TensorData::new(flat.clone(), [flat.len()]), device.tensors());
                Engine::Burn(Network::new(&config, &layout, &tensor), device.clone())
            }
        };
        Self(Arc::new(Inner {
            config,
            layout,
            flat,
            engine,
        }))
    }

    /// What it is made of.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.0.config
    }

    /// Its weights in the order of its [`Layout`].
    pub(crate) fn flat(&self) -> &[f32] {
        &self.0.flat
    }

    /// Its weights, by name.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.0.layout.name(&self.0.flat)
    }

    /// Rank and probability of each window's target, and that of all symbols no more probable. `histories` is `[n × h]` input codes, row by row; `targets` is
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
        self.check(histories);
        match &self.0.engine {
            Engine::Kernel(scorer, memory) => {
                let chunk = chunk_of(targets.len());
                let chunks = histories.par_chunks(chunk * h).zip(targets.par_chunks(chunk));
                let scores = chunks.flat_map_iter(|(histories, targets)| scores(scorer, memory, histories, targets));
                scores.collect()
            }
            Engine::Burn(network, device) => self.by_chunks(device, histories, |histories, first| {
                let rows = histories.dims()[0];
                let targets = codes(&targets[first..first + rows], 1, device.tensors());
                network.scores(histories, targets)
            }),
        }
    }

    /// The g most probable next codes of each history with their probabilities, best first, ties as in
    /// [`Score::rank`]. There are fewer when the alphabet has fewer symbols. `histories` is `[n × h]` input codes.
    ///
    /// # Panics
    /// When `histories` is not a multiple of h codes, or a code is not of the alphabet.
    #[must_use]
    pub fn candidates(&self, histories: &[u32], g: usize) -> Vec<Vec<(u32, f32)>> {
        self.of_logits(histories, |_, logits| top(logits, g))
    }

    /// What `of` makes of the number of each history and its logits `[symbols]`, in order.
    pub(crate) fn of_logits<T: Send>(&self, histories: &[u32], of: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
        let symbols = self.0.config.alphabet.symbols() as usize;
        self.check(histories);
        let each = |first: usize, logits: &[f32]| -> Vec<T> {
            let rows = logits.chunks(symbols).enumerate();
            rows.map(|(row, logits)| of(first + row, logits)).collect()
        };
        match &self.0.engine {
            Engine::Kernel(scorer, _) => {
                let h = self.0.config.history;
                let chunk = chunk_of(histories.len() / h);
                let chunks = histories.par_chunks(chunk * h).enumerate();
                chunks
                    .flat_map_iter(|(at, histories)| each(at * chunk, &scorer.logits(histories)))
                    .collect()
            }
            Engine::Burn(network, device) => self.by_chunks(device, histories, |histories, first| {
                let logits: Vec<f32> = network.logits(histories, None).into_data().iter::<f32>().collect();
                each(first, &logits)
            }),
        }
    }

    fn check(&self, histories: &[u32]) {
        let (h, unseen) = (self.0.config.history, self.0.config.alphabet.unseen());
        assert!(histories.len().is_multiple_of(h), "histories must hold {h} codes each");
        if let Some(code) = histories.iter().find(|&&code| code > unseen) {
            panic!("input code {code} is not of an alphabet whose largest is {unseen}");
        }
    }

    /// What `of` makes of some histories at once, `[rows, h]`, and the number of the first of them; in order.
    fn by_chunks<T: Send>(
        &self,
        device: &Device,
        histories: &[u32],
        of: impl Fn(Tensor<2, Int>, usize) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let h = self.0.config.history;
        let on_device = |chunk: &[u32]| codes(chunk, h, device.tensors());
        match device.kind() {
            // The steps of an LSTM are too small to be worth sharing between cores, chunks are not.
            DeviceKind::Ndarray => {
                let chunks = histories.par_chunks(ROWS * h).enumerate();
                chunks
                    .flat_map_iter(|(at, chunk)| of(on_device(chunk), at * ROWS))
                    .collect()
            }
            _ => {
                let chunks = histories.chunks(ROWS_ON_CARD * h).enumerate();
                chunks
                    .flat_map(|(at, chunk)| of(on_device(chunk), at * ROWS_ON_CARD))
                    .collect()
            }
        }
    }
}

/// How many of so many windows a thread takes at once. What they score does not depend on it.
fn chunk_of(windows: usize) -> usize {
    windows.div_ceil(rayon::current_num_threads()).clamp(LEAST, CHUNK)
}

/// Scores of some windows, those that were not yet known computed together.
fn scores(scorer: &Scorer, memory: &Memory, histories: &[u32], targets: &[u32]) -> Vec<Score> {
    let mut scores = vec![Score::default(); targets.len()];
    let missing = memory.recall(histories, targets, &mut scores);
    let computed = scorer.scores(&missing.histories, &missing.targets);
    for (&place, &score) in missing.places.iter().zip(&computed) {
        scores[place as usize] = score;
    }
    memory.learn(&missing, &computed);
    scores
}
