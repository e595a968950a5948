//! The forward pass written out a second time in plain numbers. It pins names, shapes and gate order of [`Weights`].

use super::*;
use crate::{NamedTensor, Weights};

fn find<'w>(weights: &'w Weights, name: &str) -> &'w NamedTensor {
    weights.tensors.iter().find(|tensor| tensor.name == name).unwrap()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn input_vector(config: &ModelConfig, weights: &Weights, code: u32) -> Vec<f64> {
    let (width, symbols) = (config.input_width(), config.alphabet.symbols());
    let mut vector = vec![0.0; width];
    if code < symbols {
        match config.input {
            Input::OneHot => vector[code as usize] = 1.0,
            Input::Embedding(_) => {
                let row = &find(weights, "embedding").values[code as usize * width..][..width];
                vector = row.iter().map(|&value| f64::from(value)).collect();
            }
        }
    }
    vector
}

/// Output after the last of a sequence of inputs.
fn layer(weights: &Weights, index: usize, hidden: usize, sequence: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let part = |name: &str| &find(weights, &format!("lstm.{index}.{name}")).values;
    let (input, recurrent, bias) = (part("input"), part("recurrent"), part("bias"));
    let (mut cell, mut output, mut outputs) = (vec![0.0; hidden], vec![0.0; hidden], Vec::new());
    for vector in sequence {
        let gate = |gate: usize, unit: usize| {
            let from = |matrix: &[f32], values: &[f64]| -> f64 {
                let at = |row: usize| f64::from(matrix[(gate * values.len() + row) * hidden + unit]);
                values.iter().enumerate().map(|(row, value)| value * at(row)).sum()
            };
            from(input, vector) + from(recurrent, &output) + f64::from(bias[gate * hidden + unit])
        };
        let mut next = vec![0.0; hidden];
        for unit in 0..hidden {
            cell[unit] = sigmoid(gate(1, unit)) * cell[unit] + sigmoid(gate(0, unit)) * gate(2, unit).tanh();
            next[unit] = sigmoid(gate(3, unit)) * cell[unit].tanh();
        }
        output = next;
        outputs.push(output.clone());
    }
    outputs
}

fn logits(config: &ModelConfig, weights: &Weights, history: &[u32]) -> Vec<f64> {
    let mut sequence: Vec<Vec<f64>> = history
        .iter()
        .map(|&code| input_vector(config, weights, code))
        .collect();
    for index in 0..config.layers {
        sequence = layer(weights, index, config.hidden, &sequence);
    }
    let (matrix, bias) = (
        &find(weights, "output.weight").values,
        &find(weights, "output.bias").values,
    );
    let symbols = bias.len();
    let last = sequence.last().unwrap();
    let column = |code: usize| {
        last.iter()
            .enumerate()
            .map(move |(row, value)| value * f64::from(matrix[row * symbols + code]))
    };
    (0..symbols)
        .map(|code| column(code).sum::<f64>() + f64::from(bias[code]))
        .collect()
}

#[test]
fn scores_and_candidates_are_those_of_the_formulas() {
    for input in [Input::OneHot, Input::Embedding(3)] {
        for layers in [1, 3] {
            let config = ModelConfig { layers, ..small(input) };
            let model = LstmModel::new(config.clone(), &device(), 5).unwrap();
            let weights = model.weights();
            let windows = windows(40);
            let scores = model.score(&windows.histories, &windows.targets);
            let candidates = model.candidates(&windows.histories, 6);
            for (row, history) in windows.histories.chunks(4).enumerate() {
                let logits = logits(&config, &weights, history);
                let total = logits.iter().map(|logit| logit.exp()).sum::<f64>().ln();
                let own = logits[windows.targets[row] as usize];
                let rank = 1 + logits.iter().filter(|&&logit| logit > own).count();
                assert_eq!(scores[row].rank as usize, rank);
                assert!((f64::from(scores[row].log_probability) - (own - total)).abs() < 1e-5);
                for &(code, probability) in &candidates[row] {
                    let expected = (logits[code as usize] - total).exp();
                    assert!((f64::from(probability) - expected).abs() < 1e-6);
                }
            }
        }
    }
}
