//! A state dict to a config and weights of ours.

use std::collections::BTreeMap;

use sequence_windowing::Alphabet;

use super::{Classes, NEVER, StateDictError, class_numbers, exchange_axes, resize_rows};
use crate::{ConfigError, Input, ModelConfig, NamedTensor, Weights};

/// The model behind a state dict, laid out as [`to_state_dict`](super::to_state_dict) says. The names of the layers may be
/// any. A state dict does not know the history, the number of keys that the model was trained to look back on.
///
/// A first layer that takes one number a key, without an embedding, takes the number of the class, from 0. The unseen
/// key, which such models do not have, is the zero vector, as in all models here.
///
/// # Errors
/// When tensors are missing, left over, of shapes that do not go together, or hold a number that is not one; and when
/// the history is 0.
pub fn from_state_dict(
    tensors: Vec<NamedTensor>,
    history: usize,
    classes: Classes,
) -> Result<(ModelConfig, Weights), StateDictError> {
    let mut state = StateDict(
        tensors
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor))
            .collect(),
    );
    let lstm = state.lstm()?;
    let layers = (0..)
        .take_while(|layer| state.0.contains_key(&format!("{lstm}weight_ih_l{layer}")))
        .count();
    let [output, output_bias] = state.output()?;
    let embedding = state.embedding(&output);

    let [count] = state.axes(&output_bias)?;
    let [_, hidden] = state.axes(&format!("{lstm}weight_hh_l0"))?;
    let first = format!("{lstm}weight_ih_l0");
    let [_, width] = state.axes(&first)?;
    let keys = match classes {
        Classes::Keys => count,
        Classes::KeysAndEnd => count.saturating_sub(1),
    };
    let config = ModelConfig {
        alphabet: Alphabet {
            keys: u32::try_from(keys).unwrap_or(u32::MAX),
        },
        history,
        hidden,
        layers,
        input: match embedding {
            Some(_) => Input::Embedding(width),
            None if width == 1 => Input::Embedding(1),
            None if width == count => Input::OneHot,
            None => {
                return Err(StateDictError::Input {
                    name: first,
                    width,
                    classes: count,
                });
            }
        },
        dropout: 0.0,
    };
    ConfigError::check(config.validate())?;

    let symbols = config.alphabet.symbols() as usize;
    let mut weights = Weights { tensors: Vec::new() };
    let mut add = |name: String, shape: &[usize], values: Vec<f32>| {
        let shape = shape.to_vec();
        weights.tensors.push(NamedTensor { name, shape, values });
    };
    if let Input::Embedding(width) = config.input {
        let mut rows = match embedding {
            Some(name) => state.take(&name, &[count, width])?,
            None => class_numbers(count),
        };
        rows.resize(symbols * width, 0.0);
        add("embedding".into(), &[symbols, width], rows);
    }
    for layer in 0..layers {
        let mut take = |name: &str, shape: &[usize]| state.take(&format!("{lstm}{name}_l{layer}"), shape);
        let there = if layer == 0 { width } else { hidden };
        let mut input = take("weight_ih", &[4 * hidden, there])?;
        let mut here = there;
        if layer == 0 && config.input == Input::OneHot {
            input = resize_rows(&input, there, symbols);
            here = symbols;
        }
        let input = exchange_axes(&input, hidden, here);
        add(format!("lstm.{layer}.input"), &[4, here, hidden], input);
        let recurrent = exchange_axes(&take("weight_hh", &[4 * hidden, hidden])?, hidden, hidden);
        add(format!("lstm.{layer}.recurrent"), &[4, hidden, hidden], recurrent);
        let (of_input, of_hidden) = (take("bias_ih", &[4 * hidden])?, take("bias_hh", &[4 * hidden])?);
        let bias = of_input.iter().zip(&of_hidden).map(|(one, other)| one + other);
        add(format!("lstm.{layer}.bias"), &[4, hidden], bias.collect());
    }
    let columns = exchange_axes(&state.take(&output, &[count, hidden])?, count, hidden);
    add(
        "output.weight".into(),
        &[hidden, symbols],
        resize_rows(&columns, count, symbols),
    );
    let mut bias = state.take(&output_bias, &[count])?;
    bias.resize(symbols, NEVER);
    add("output.bias".into(), &[symbols], bias);
    state.finish()?;
    Ok((config, weights))
}

/// Tensors that have not been taken yet, by name.
struct StateDict(BTreeMap<String, NamedTensor>);

impl StateDict {
    /// What the names of the LSTM's tensors begin with.
    fn lstm(&self) -> Result<String, StateDictError> {
        let found: Vec<&str> = self
            .0
            .keys()
            .filter_map(|name| name.strip_suffix("weight_ih_l0"))
            .collect();
        match found[..] {
            [only] => Ok(only.to_owned()),
            [] if self.0.is_empty() => Err(not_one("there is no tensor")),
            [] => Err(not_one(format!("no LSTM is among {}", listed(self.0.keys())))),
            _ => Err(not_one(format!("there are several LSTMs: {}", listed(found)))),
        }
    }

    /// Weight and bias of the linear layer.
    fn output(&self) -> Result<[String; 2], StateDictError> {
        let layers: Vec<&str> = self
            .0
            .keys()
            .filter_map(|name| name.strip_suffix("bias"))
            .filter(|layer| self.0.contains_key(&format!("{layer}weight")))
            .collect();
        match layers[..] {
            [layer] => Ok([format!("{layer}weight"), format!("{layer}bias")]),
            [] => Err(not_one("there is no linear layer, a weight beside a bias")),
            _ => Err(not_one(format!(
                "there are several layers of a weight and a bias: {}",
                listed(layers)
            ))),
        }
    }

    /// The weight that has no bias beside it.
    fn embedding(&self, output: &str) -> Option<String> {
        let mut weights = self.0.keys().filter(|name| name.ends_with("weight") && *name != output);
        weights.next().cloned()
    }

    /// Lengths of the axes of a tensor, if it has that many.
    fn axes<const AXES: usize>(&self, name: &str) -> Result<[usize; AXES], StateDictError> {
        let missing = || StateDictError::Missing { name: shown(name) };
        let shape = &self.0.get(name).ok_or_else(missing)?.shape;
        shape[..].try_into().map_err(|_| StateDictError::Shape {
            name: shown(name),
            found: format!("{shape:?}"),
            expected: format!("{AXES} axes"),
        })
    }

    /// The numbers of a tensor, if it has this shape and all are finite.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, StateDictError> {
        let missing = || StateDictError::Missing { name: shown(name) };
        let tensor = self.0.remove(name).ok_or_else(missing)?;
        if tensor.shape != shape || tensor.values.len() != shape.iter().product::<usize>() {
            return Err(StateDictError::Shape {
                name: shown(name),
                found: format!("{:?}", tensor.shape),
                expected: format!("{shape:?}"),
            });
        }
        match tensor.values.iter().position(|value| !value.is_finite()) {
            None => Ok(tensor.values),
            Some(index) => Err(StateDictError::NotFinite {
                name: shown(name),
                index,
                value: tensor.values[index].to_string(),
            }),
        }
    }

    fn finish(self) -> Result<(), StateDictError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let names = listed(self.0.keys());
        Err(StateDictError::Unexpected { names })
    }
}

fn not_one(found: impl Into<String>) -> StateDictError {
    StateDictError::NotOneModel { found: found.into() }
}

fn shown(name: &str) -> String {
    name.escape_debug().to_string()
}

/// Names for an error: the first few of them.
fn listed<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| shown(name.as_ref())).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    names.join(", ") + &more
}

/// Names that an error lists.
const SHOWN: usize = 6;
