//! The weights of a model as plain named numbers, and their order in one flat vector.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Input, ModelConfig};

/// One named tensor of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTensor {
    /// See [`Weights`].
    pub name: String,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The numbers, the last axis running fastest.
    pub values: Vec<f32>,
}

/// The weights of a [`LstmModel`](crate::LstmModel).
///
/// With `s` symbols, input vectors of `w` numbers, `h` hidden units and layers `l` from 0 the tensors are, in order:
///
/// | name | shape | |
/// |---|---|---|
/// | `embedding` | `[s, w]` | only with [`Input::Embedding`] |
/// | `lstm.l.input` | `[4, w or h, h]` | from the layer's input to each gate |
/// | `lstm.l.recurrent` | `[4, h, h]` | from the layer's previous output to each gate |
/// | `lstm.l.bias` | `[4, h]` | one bias a gate |
/// | `output.weight` | `[h, s]` | |
/// | `output.bias` | `[s]` | |
///
/// The first axis of the `lstm` tensors is the gate: input, forget, cell, output. With `x` and `y` as rows,
/// `gate = activation(x · input + y · recurrent + bias)`, `c' = forget ∘ c + input ∘ cell`, `y' = output ∘ tanh(c')`;
/// the activation is the sigmoid, and tanh for the cell gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weights {
    /// In the order above.
    pub tensors: Vec<NamedTensor>,
}

/// Why weights do not make a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The config itself is wrong.
    #[error(transparent)]
    Config(#[from] crate::ConfigError),
    /// Too few or too many tensors.
    #[error(
        "the weights hold {found} tensors, a model of this config has {expected}; use the config they were made with"
    )]
    Count {
        /// How many the config needs.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A tensor in another's place, or of another shape.
    #[error("the weights hold {found} where {expected} is expected; use the config they were made with")]
    Shape {
        /// Name and shape that the config needs there.
        expected: String,
        /// Name and shape of what is there.
        found: String,
    },
    /// A number that is not one.
    #[error("weight {index} of {name} is {value}; the weights are damaged, train again")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Position in its values.
        index: usize,
        /// NaN or an infinity.
        value: String,
    },
}

/// Where each tensor lies in the flat vector of all weights, which is what the optimiser sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<Slot>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) start: usize,
}

impl Slot {
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Layout {
    pub(crate) fn of(config: &ModelConfig) -> Self {
        let (symbols, hidden) = (config.alphabet.symbols() as usize, config.hidden);
        let mut layout = Self { slots: Vec::new() };
        if let Input::Embedding(width) = config.input {
            layout.push("embedding", &[symbols, width]);
        }
        for layer in 0..config.layers {
            let width = if layer == 0 { config.input_width() } else { hidden };
            layout.push(format!("lstm.{layer}.input"), &[4, width, hidden]);
            layout.push(format!("lstm.{layer}.recurrent"), &[4, hidden, hidden]);
            layout.push(format!("lstm.{layer}.bias"), &[4, hidden]);
        }
        layout.push("output.weight", &[hidden, symbols]);
        layout.push("output.bias", &[symbols]);
        layout
    }

    /// Number of weights of a config, `None` when it overflows. Unlike [`Layout::of`] it needs no memory.
    pub(crate) fn count(config: &ModelConfig) -> Option<usize> {
        let (symbols, hidden) = (config.alphabet.symbols() as usize, config.hidden);
        let layer = |width: usize| {
            width
                .checked_add(hidden)?
                .checked_add(1)?
                .checked_mul(hidden)?
                .checked_mul(4)
        };
        let embedding = match config.input {
            Input::OneHot => 0,
            Input::Embedding(width) => symbols.checked_mul(width)?,
        };
        let output = hidden.checked_add(1)?.checked_mul(symbols)?;
        layer(hidden)?
            .checked_mul(config.layers - 1)?
            .checked_add(layer(config.input_width())?)?
            .checked_add(embedding)?
            .checked_add(output)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.start + slot.len())
    }

    fn push(&mut self, name: impl Into<String>, shape: &[usize]) {
        let start = self.len();
        let (name, shape) = (name.into(), shape.to_vec());
        self.slots.push(Slot { name, shape, start });
    }

    /// First weights, the same for a seed on every device: uniform between ±1/√h as PyTorch's LSTM and linear layers
    /// have them, embeddings between ±1, and 1 added to the forget gate's bias, so that early training remembers
    /// (Jozefowicz et al., ICML 2015).
    pub(crate) fn initial(&self, config: &ModelConfig, seed: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let bound = 1.0 / (config.hidden as f32).sqrt();
        let mut flat = Vec::with_capacity(self.len());
        for slot in &self.slots {
            let bound = if slot.name == "embedding" { 1.0 } else { bound };
            let is_lstm_bias = slot.name.starts_with("lstm.") && slot.name.ends_with(".bias");
            let forget = if is_lstm_bias {
                config.hidden..2 * config.hidden
            } else {
                0..0
            };
            flat.extend((0..slot.len()).map(|i| {
                let value = random.random_range(-bound..=bound);
                if forget.contains(&i) { value + 1.0 } else { value }
            }));
        }
        flat
    }

    /// Flat weights with their names.
    pub(crate) fn name(&self, flat: &[f32]) -> Weights {
        let tensors = self.slots.iter().map(|slot| NamedTensor {
            name: slot.name.clone(),
            shape: slot.shape.clone(),
            values: flat[slot.start..slot.start + slot.len()].to_vec(),
        });
        Weights {
            tensors: tensors.collect(),
        }
    }

    /// Named weights as one flat vector, once they are known to fit.
    pub(crate) fn flatten(&self, weights: &Weights) -> Result<Vec<f32>, WeightsError> {
        if weights.tensors.len() != self.slots.len() {
            return Err(WeightsError::Count {
                expected: self.slots.len(),
                found: weights.tensors.len(),
            });
        }
        let mut flat = Vec::with_capacity(self.len());
        for (slot, tensor) in self.slots.iter().zip(&weights.tensors) {
            if (&slot.name, &slot.shape, slot.len()) != (&tensor.name, &tensor.shape, tensor.values.len()) {
                let name = tensor.name.escape_debug();
                return Err(WeightsError::Shape {
                    expected: format!("{} {:?} of {} numbers", slot.name, slot.shape, slot.len()),
                    found: format!("{name} {:?} of {} numbers", tensor.shape, tensor.values.len()),
                });
            }
            if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
                return Err(WeightsError::NotFinite {
                    name: slot.name.clone(),
                    index,
                    value: tensor.values[index].to_string(),
                });
            }
            flat.extend_from_slice(&tensor.values);
        }
        Ok(flat)
    }
}
