//! Weights under PyTorch's names and in PyTorch's layout: `nn.LSTM`, `nn.Linear` and, where there is one, `nn.Embedding`.

mod foreign;
#[cfg(test)]
mod tests;

use crate::weights::Layout;
use crate::{ConfigError, Input, ModelConfig, NamedTensor, Weights, WeightsError};
pub use foreign::from_state_dict;

/// Output bias of a symbol that a model can never predict: its probability is exactly zero.
const NEVER: f32 = -1e9;

/// What the classes of a PyTorch model stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// Log keys, one a class. It knows no begin and no end, so here it gets a symbol that is never predicted, and it
    /// goes with [`Framing::Classic`](sequence_windowing::Framing::Classic) only.
    Keys,
    /// Log keys, then the symbol that is begin as input and end as target: the models of this crate.
    KeysAndEnd,
}

impl Classes {
    /// What the classes of weights stand for once they are a state dict: [`Classes::Keys`] if they came from such a one.
    #[must_use]
    pub fn of(weights: &Weights) -> Self {
        let bias = weights.tensors.iter().find(|tensor| tensor.name == "output.bias");
        match bias.and_then(|bias| bias.values.last()) {
            Some(&last) if last == NEVER => Self::Keys,
            _ => Self::KeysAndEnd,
        }
    }
}

/// Why the tensors of a state dict make no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateDictError {
    /// No LSTM, or several.
    #[error("{found}; give the state dict of one model of an nn.LSTM, an nn.Linear and perhaps an nn.Embedding")]
    NotOneModel {
        /// What there is instead.
        found: String,
    },
    /// A tensor that an LSTM or a linear layer has.
    #[error("there is no tensor {name}; layers with biases, in one direction and without projection are read")]
    Missing {
        /// Its name.
        name: String,
    },
    /// Tensors that belong to no layer that is read.
    #[error("{names} belong to no layer that is read (one nn.LSTM, one nn.Linear with bias, one nn.Embedding)")]
    Unexpected {
        /// Their names.
        names: String,
    },
    /// A tensor of another shape than the others ask for.
    #[error("{name} is {found} where the other tensors ask for {expected}; is it of another model?")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: String,
        /// The shape that fits.
        expected: String,
    },
    /// An input that is no log key.
    #[error(
        "{name} takes {width} numbers a key for {classes} classes; read are {classes} (one-hot), 1 (the class number) \
         and any number behind an nn.Embedding"
    )]
    Input {
        /// The tensor.
        name: String,
        /// Numbers that the first layer takes in.
        width: usize,
        /// Classes of the output.
        classes: usize,
    },
    /// A number that is not one.
    #[error("number {index} of {name} is {value}; the training went astray, take an earlier checkpoint")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Position in its values.
        index: usize,
        /// NaN or an infinity.
        value: String,
    },
    /// A model that cannot be: a history of 0, for instance.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// The state dict of a model: tensors called `lstm.*`, `fc.*` and, with an embedding, `embedding.weight`.
///
/// With `c` classes, input vectors of `w` numbers, `h` hidden units and layers `n` from 0, a state dict holds:
///
/// | name ends in | shape | here |
/// |---|---|---|
/// | `weight`, alone | `[c, w]` | `embedding`, if there is one |
/// | `weight_ih_l{n}` | `[4h, w or h]` | `lstm.{n}.input`, the two axes of each gate exchanged |
/// | `weight_hh_l{n}` | `[4h, h]` | `lstm.{n}.recurrent`, likewise |
/// | `bias_ih_l{n}`, `bias_hh_l{n}` | `[4h]` each | `lstm.{n}.bias` is their sum; written as the first, with zeros for the second |
/// | `weight` beside a `bias` | `[c, h]` | `output.weight`, the axes exchanged |
/// | `bias` beside it | `[c]` | `output.bias` |
///
/// The gates stand in the same order in both: input, forget, cell, output.
///
/// It is [`from_state_dict`] backwards: what reading added to a foreign model (the symbol that is never predicted, an
/// embedding that holds the class numbers) is left out again.
///
/// # Errors
/// When the weights are not those of the config.
pub fn to_state_dict(config: &ModelConfig, weights: &Weights) -> Result<Vec<NamedTensor>, WeightsError> {
    ConfigError::check(config.validate())?;
    Layout::of(config).flatten(weights)?;
    let (hidden, symbols) = (config.hidden, config.alphabet.symbols() as usize);
    let classes = match Classes::of(weights) {
        Classes::Keys => config.alphabet.keys as usize,
        Classes::KeysAndEnd => symbols,
    };
    let mut state = Vec::new();
    let mut add = |name: String, shape: &[usize], values: Vec<f32>| {
        let shape = shape.to_vec();
        state.push(NamedTensor { name, shape, values });
    };
    for NamedTensor { name, shape, values } in &weights.tensors {
        match name.split('.').collect::<Vec<_>>()[..] {
            ["embedding"] => {
                let (width, mut rows) = (shape[1], values.clone());
                rows.truncate(classes * width);
                if rows != class_numbers(classes) {
                    add("embedding.weight".into(), &[classes, width], rows);
                }
            }
            ["lstm", "0", "input"] if config.input == Input::OneHot => {
                let weights = resize_rows(&exchange_axes(values, symbols, hidden), symbols, classes);
                add("lstm.weight_ih_l0".into(), &[4 * hidden, classes], weights);
            }
            ["lstm", layer, "input"] => {
                let weights = exchange_axes(values, shape[1], hidden);
                add(format!("lstm.weight_ih_l{layer}"), &[4 * hidden, shape[1]], weights);
            }
            ["lstm", layer, "recurrent"] => {
                let weights = exchange_axes(values, hidden, hidden);
                add(format!("lstm.weight_hh_l{layer}"), &[4 * hidden, hidden], weights);
            }
            ["lstm", layer, _] => {
                let zeros = vec![0.0; values.len()];
                add(format!("lstm.bias_ih_l{layer}"), &[4 * hidden], values.clone());
                add(format!("lstm.bias_hh_l{layer}"), &[4 * hidden], zeros);
            }
            ["output", "weight"] => {
                let weights = exchange_axes(&resize_rows(values, symbols, classes), hidden, classes);
                add("fc.weight".into(), &[classes, hidden], weights);
            }
            _ => add("fc.bias".into(), &[classes], values[..classes].to_vec()),
        }
    }
    Ok(state)
}

/// What a column of class numbers holds: the input of a model that takes a key as a plain number.
fn class_numbers(classes: usize) -> Vec<f32> {
    (0..classes).map(|class| class as f32).collect()
}

/// Blocks of `[rows, columns]` to blocks of `[columns, rows]`.
fn exchange_axes(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let exchanged = |block: &'_ [f32]| -> Vec<f32> {
        let at = |place: usize| block[place % rows * columns + place / rows];
        (0..block.len()).map(at).collect()
    };
    values.chunks(rows * columns).flat_map(exchanged).collect()
}

/// Rows of another length: cut, or zeros behind.
fn resize_rows(values: &[f32], from: usize, to: usize) -> Vec<f32> {
    let resized = |row: &[f32]| {
        let mut row = row.to_vec();
        row.resize(to, 0.0);
        row
    };
    values.chunks(from).flat_map(resized).collect()
}
