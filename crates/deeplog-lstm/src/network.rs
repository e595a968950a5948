//! Keys to logits, on burn's own layers. The one place that knows how the model computes.

use burn::module::{Param, ParamId};
use burn::nn::activation::ActivationConfig;
use burn::nn::{GateController, Linear, Lstm};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use lstm_kernel::Score;

use crate::dropout::Dropout;
use crate::weights::{Layout, Slot};
use crate::{Input, ModelConfig};

/// e to the power of it is zero.
const NOTHING: f32 = -1e4;

/// The layers of a model over one flat tensor of weights.
///
/// All weights are one leaf of the autodiff graph and each layer's are slices of it. So the optimiser has one tensor
/// with one state, the norm of the gradient is that of the whole model, and a checkpoint is a few flat vectors.
#[derive(Debug)]
pub(crate) struct Network {
    /// `[symbols + 1, width]`; the last row, that of the unseen key, is zero.
    inputs: Tensor<2>,
    layers: Vec<Lstm>,
    output: Linear,
}

impl Network {
    pub(crate) fn new(config: &ModelConfig, layout: &Layout, flat: &Tensor<1>) -> Self {
        let device = flat.device();
        let mut place = 0;
        let mut next = || {
            place += 1;
            slice(flat, &layout.slots[place - 1])
        };
        let width = config.input_width();
        let symbols = config.alphabet.symbols() as usize;
        let inputs = match config.input {
            Input::OneHot => Tensor::eye(symbols, &device),
            Input::Embedding(_) => next().reshape([symbols, width]),
        };
        let inputs = Tensor::cat(vec![inputs, Tensor::zeros([1, width], &device)], 0);
        let layers = (0..config.layers)
            .map(|layer| {
                let width = if layer == 0 { width } else { config.hidden };
                lstm(width, config.hidden, [next(), next(), next()], &device)
            })
            .collect();
        let output = linear(next().reshape([config.hidden, symbols]), Some(next()));
        Self { inputs, layers, output }
    }

    /// Logits `[n, symbols]` of histories `[n, h]`. Dropout is for training only.
    pub(crate) fn logits(&self, histories: Tensor<2, Int>, mut dropout: Option<Dropout>) -> Tensor<2> {
        let ([rows, steps], [_, width]) = (histories.dims(), self.inputs.dims());
        // Time comes first, so that each step of the LSTM reads one contiguous block.
        let codes: Tensor<1, Int> = histories.swap_dims(0, 1).reshape([steps * rows]);
        let mut sequence: Tensor<3> = self.inputs.clone().select(0, codes).reshape([steps, rows, width]);
        let mut last = Tensor::zeros([rows, width], &self.inputs.device());
        for (index, layer) in self.layers.iter().enumerate() {
            if let (Some(dropout), true) = (dropout.as_mut(), index > 0) {
                sequence = dropout.apply(sequence);
            }
            let (outputs, state) = layer.forward(sequence, None);
            sequence = outputs;
            last = state.hidden;
        }
        self.output.forward(last)
    }

    /// Scores of targets `[n, 1]` after histories `[n, h]`, computed where the tensors are: three numbers a window come back.
    pub(crate) fn scores(&self, histories: Tensor<2, Int>, targets: Tensor<2, Int>) -> Vec<Score> {
        let logits = self.logits(histories, None);
        let [_, symbols] = logits.dims();
        let own = logits.clone().gather(1, targets.clone());
        // Not "greater": a logit that is not a number counts against the target.
        let before = logits.clone().lower_equal(own.clone()).bool_not();
        let codes = Tensor::<1, Int>::arange(0..symbols as i64, &logits.device()).reshape([1, symbols]);
        let ties = logits.clone().equal(own.clone()).int() * codes.lower(targets.clone()).int();
        let ranks = before.clone().int().sum_dim(1) + ties.sum_dim(1) + 1;
        let distances = (logits.clone() - own).mask_fill(before, NOTHING);
        let log_probabilities = log_softmax(logits, 1).gather(1, targets);
        let log_tails = (distances.exp().sum_dim(1).log() + log_probabilities.clone()).into_data();
        let log_probabilities = log_probabilities.into_data();
        let ranks = ranks.into_data();
        let scores = ranks.iter::<i64>().zip(log_probabilities.iter::<f32>());
        scores
            .zip(log_tails.iter::<f32>())
            .map(|((rank, log_probability), log_tail)| {
                let rank = rank.clamp(1, symbols as i64) as u32;
                // `max` also turns a NaN into the smallest number.
                let [log_probability, log_tail] = [log_probability, log_tail].map(|log| log.max(f32::MIN));
                Score {
                    rank,
                    log_probability,
                    log_tail: if rank == 1 { 0.0 } else { log_tail.min(0.0) },
                }
            })
            .collect()
    }
}

/// Codes as a tensor with this many columns.
pub(crate) fn codes(codes: &[u32], columns: usize, device: &Device) -> Tensor<2, Int> {
    let numbers: Vec<i32> = codes.iter().map(|&code| code as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [codes.len() / columns, columns]), device)
}

fn slice(flat: &Tensor<1>, slot: &Slot) -> Tensor<1> {
    let range = slot.start..slot.start + slot.len();
    flat.clone().slice([range])
}

/// One LSTM layer from its `input`, `recurrent` and `bias` tensors (see [`Weights`](crate::Weights)). burn has a
/// second bias a gate, which adds nothing to the first and is left out.
fn lstm(width: usize, hidden: usize, [input, recurrent, bias]: [Tensor<1>; 3], device: &Device) -> Lstm {
    let input: Tensor<3> = input.reshape([4, width, hidden]);
    let recurrent: Tensor<3> = recurrent.reshape([4, hidden, hidden]);
    let bias: Tensor<2> = bias.reshape([4, hidden]);
    let gate = |gate: usize| GateController {
        input_transform: linear(
            input.clone().narrow(0, gate, 1).reshape([width, hidden]),
            Some(bias.clone().narrow(0, gate, 1).reshape([hidden])),
        ),
        hidden_transform: linear(recurrent.clone().narrow(0, gate, 1).reshape([hidden, hidden]), None),
    };
    Lstm {
        input_gate: gate(0),
        forget_gate: Some(gate(1)),
        cell_gate: gate(2),
        output_gate: gate(3),
        d_hidden: hidden,
        batch_first: false,
        reverse: false,
        clip: None,
        input_forget: false,
        gate_activation: ActivationConfig::Sigmoid.init(device),
        cell_activation: ActivationConfig::Tanh.init(device),
        hidden_activation: ActivationConfig::Tanh.init(device),
    }
}

fn linear(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Linear {
    Linear {
        weight: Param::initialized(ParamId::new(), weight),
        bias: bias.map(|bias| Param::initialized(ParamId::new(), bias)),
    }
}
