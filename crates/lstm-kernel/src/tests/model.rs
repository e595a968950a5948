//! The model as its formulas stand, one window and one number at a time, in f64.

#![allow(clippy::needless_range_loop, reason = "with indices they read as the formulas do")]

use crate::{Batch, Shape};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Everything that a step of a layer makes.
#[derive(Clone, Default)]
struct Step {
    input: Vec<f64>,
    before: Vec<f64>,
    cell_before: Vec<f64>,
    /// Activated, `[4, h]`.
    gates: Vec<f64>,
    cell: Vec<f64>,
    output: Vec<f64>,
}

struct Window {
    /// By layer and time.
    steps: Vec<Vec<Step>>,
    logits: Vec<f64>,
}

fn get(weights: &[f32], at: usize) -> f64 {
    f64::from(weights[at])
}

fn input_vector(shape: &Shape, weights: &[f32], code: u32) -> Vec<f64> {
    let (code, width) = (code as usize, shape.width());
    match shape.embedding {
        _ if code == shape.symbols => vec![0.0; width],
        None => (0..width).map(|at| f64::from(u8::from(at == code))).collect(),
        Some(_) => (0..width).map(|at| get(weights, code * width + at)).collect(),
    }
}

fn factor(shape: &Shape, batch: &Batch, layer: usize, time: usize, row: usize, unit: usize) -> f64 {
    if batch.dropout.is_empty() {
        return 1.0;
    }
    let rows = batch.targets.len();
    f64::from(batch.dropout[((layer * shape.history + time) * rows + row) * shape.hidden + unit])
}

fn forward(shape: &Shape, weights: &[f32], batch: &Batch, row: usize) -> Window {
    let h = shape.hidden;
    let codes = &batch.histories[row * shape.history..(row + 1) * shape.history];
    let mut sequence: Vec<Vec<f64>> = codes.iter().map(|&code| input_vector(shape, weights, code)).collect();
    let mut steps = Vec::new();
    for layer in 0..shape.layers {
        let places = shape.layer(layer);
        let (mut output, mut cell) = (vec![0.0; h], vec![0.0; h]);
        let mut own = Vec::new();
        for (time, input) in sequence.iter_mut().enumerate() {
            let width = input.len();
            let mut gates = vec![0.0; 4 * h];
            for gate in 0..4 {
                for unit in 0..h {
                    let mut sum = get(weights, places.bias.start + gate * h + unit);
                    for (at, x) in input.iter().enumerate() {
                        sum += x * get(weights, places.input.start + (gate * width + at) * h + unit);
                    }
                    for (at, y) in output.iter().enumerate() {
                        sum += y * get(weights, places.recurrent.start + (gate * h + at) * h + unit);
                    }
                    gates[gate * h + unit] = if gate == 2 { sum.tanh() } else { sigmoid(sum) };
                }
            }
            let (before, cell_before) = (output.clone(), cell.clone());
            for unit in 0..h {
                cell[unit] = gates[h + unit] * cell[unit] + gates[unit] * gates[2 * h + unit];
                output[unit] = gates[3 * h + unit] * cell[unit].tanh();
            }
            let next = if layer + 1 < shape.layers {
                (0..h)
                    .map(|unit| output[unit] * factor(shape, batch, layer, time, row, unit))
                    .collect()
            } else {
                output.clone()
            };
            own.push(Step {
                input: std::mem::replace(input, next),
                before,
                cell_before,
                gates,
                cell: cell.clone(),
                output: output.clone(),
            });
        }
        steps.push(own);
    }
    let last = &steps[shape.layers - 1][shape.history - 1].output;
    let logits = (0..shape.symbols).map(|symbol| {
        let products = last
            .iter()
            .enumerate()
            .map(|(unit, y)| y * get(weights, shape.output_weights().start + unit * shape.symbols + symbol));
        get(weights, shape.output_bias().start + symbol) + products.sum::<f64>()
    });
    Window {
        logits: logits.collect(),
        steps,
    }
}

pub(super) fn naive_logits(shape: &Shape, weights: &[f32], batch: &Batch) -> Vec<f64> {
    (0..batch.targets.len())
        .flat_map(|row| forward(shape, weights, batch, row).logits)
        .collect()
}

fn probabilities(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    logits.iter().map(|logit| (logit - largest).exp() / sum).collect()
}

pub(super) fn loss(shape: &Shape, weights: &[f32], batch: &Batch) -> f64 {
    let of_row = |row: usize| {
        let logits = forward(shape, weights, batch, row).logits;
        -f64::from(batch.weights[row]) * probabilities(&logits)[batch.targets[row] as usize].ln()
    };
    (0..batch.targets.len()).map(of_row).sum()
}

pub(super) fn loss_gradient(shape: &Shape, weights: &[f32], batch: &Batch) -> (f64, Vec<f64>) {
    let h = shape.hidden;
    let mut gradient = vec![0.0; weights.len()];
    for row in 0..batch.targets.len() {
        let window = forward(shape, weights, batch, row);
        let mut to_logits = probabilities(&window.logits);
        to_logits[batch.targets[row] as usize] -= 1.0;
        to_logits.iter_mut().for_each(|to| *to *= f64::from(batch.weights[row]));
        // By time, the gradient of the outputs of the layer at hand.
        let mut to_outputs = vec![vec![0.0; h]; shape.history];
        let last = &window.steps[shape.layers - 1][shape.history - 1].output;
        for (symbol, to) in to_logits.iter().enumerate() {
            gradient[shape.output_bias().start + symbol] += to;
            for unit in 0..h {
                let at = shape.output_weights().start + unit * shape.symbols + symbol;
                gradient[at] += to * last[unit];
                to_outputs[shape.history - 1][unit] += to * get(weights, at);
            }
        }
        for layer in (0..shape.layers).rev() {
            let places = shape.layer(layer);
            let (mut to_cell, mut to_before) = (vec![0.0; h], vec![0.0; h]);
            let mut to_inputs = Vec::new();
            for time in (0..shape.history).rev() {
                let step = &window.steps[layer][time];
                let width = step.input.len();
                let mut to_gates = vec![0.0; 4 * h];
                for unit in 0..h {
                    let [i, f, g, o] = std::array::from_fn(|gate| step.gates[gate * h + unit]);
                    let to_output = to_outputs[time][unit] + to_before[unit];
                    let squashed = step.cell[unit].tanh();
                    let to = to_output * o * (1.0 - squashed * squashed) + to_cell[unit];
                    to_gates[unit] = to * g * i * (1.0 - i);
                    to_gates[h + unit] = to * step.cell_before[unit] * f * (1.0 - f);
                    to_gates[2 * h + unit] = to * i * (1.0 - g * g);
                    to_gates[3 * h + unit] = to_output * squashed * o * (1.0 - o);
                    to_cell[unit] = to * f;
                }
                let mut to_input = vec![0.0; width];
                to_before = vec![0.0; h];
                for gate in 0..4 {
                    for unit in 0..h {
                        let to = to_gates[gate * h + unit];
                        gradient[places.bias.start + gate * h + unit] += to;
                        for at in 0..width {
                            let weight = places.input.start + (gate * width + at) * h + unit;
                            gradient[weight] += to * step.input[at];
                            to_input[at] += to * get(weights, weight);
                        }
                        for at in 0..h {
                            let weight = places.recurrent.start + (gate * h + at) * h + unit;
                            gradient[weight] += to * step.before[at];
                            to_before[at] += to * get(weights, weight);
                        }
                    }
                }
                to_inputs.push(to_input);
            }
            to_inputs.reverse();
            if layer == 0 {
                for (time, to_input) in to_inputs.iter().enumerate() {
                    let code = batch.histories[row * shape.history + time] as usize;
                    if let (Some(width), true) = (shape.embedding, code < shape.symbols) {
                        for at in 0..width {
                            gradient[code * width + at] += to_input[at];
                        }
                    }
                }
            } else {
                to_outputs = to_inputs;
                for (time, to) in to_outputs.iter_mut().enumerate() {
                    for (unit, to) in to.iter_mut().enumerate() {
                        *to *= factor(shape, batch, layer - 1, time, row, unit);
                    }
                }
            }
        }
    }
    (loss(shape, weights, batch), gradient)
}
