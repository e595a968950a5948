//! What a model is made of, and where each of its weights lies.

use std::ops::Range;

use crate::gradient::BLOCK;

/// The shape of a next-key model: n layers of LSTM over log keys and a linear output layer.
///
/// Its weights are one flat slice. With `s` symbols, input vectors of `w` numbers (`w = s` for one-hot input) and `h`
/// hidden units, one after the other: `[s, w]` embedding (not for one-hot input); for each layer `[4, w or h, h]` from its
/// input, `[4, h, h]` from its previous output and `[4, h]` bias, gates in the order input, forget, cell, output;
/// `[h, s]` output weights and `[s]` output bias.
///
/// Input codes are `0..=s`, of which `s` is the zero vector; target codes are `0..s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Symbols that can be predicted, and input codes with a vector; at least 1.
    pub symbols: usize,
    /// Length of learnt input vectors, at least 1; `None` for one-hot input.
    pub embedding: Option<usize>,
    /// Units of each layer, at least 1.
    pub hidden: usize,
    /// LSTM layers, at least 1.
    pub layers: usize,
    /// Input codes of a window, at least 1.
    pub history: usize,
}

/// Where the weights of one layer lie.
#[derive(Clone, Debug)]
pub(crate) struct LayerWeights {
    /// `[4, input width, h]`.
    pub(crate) input: Range<usize>,
    /// `[4, h, h]`.
    pub(crate) recurrent: Range<usize>,
    /// `[4, h]`.
    pub(crate) bias: Range<usize>,
}

impl Shape {
    /// Number of weights.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.output_bias().end
    }

    /// Floating-point operations for the score of one window, a multiplication and an addition counted as two. The first
    /// layer's input is a look-up, and the first step has no previous output. Activations are not counted.
    #[must_use]
    pub fn flops(&self) -> usize {
        let matrix = 2 * 4 * self.hidden * self.hidden;
        let inputs = (self.layers - 1) * self.history * matrix;
        let recurrent = self.layers * (self.history - 1) * matrix;
        inputs + recurrent + 2 * self.hidden * self.symbols
    }

    /// Bytes that each thread needs at least for a block of windows in training, about; `None` when they overflow.
    #[must_use]
    pub fn training_bytes(&self) -> Option<usize> {
        // Four gates, output, cell and its tanh.
        let step = self.hidden.checked_mul(7 * 4 * BLOCK)?;
        step.checked_mul(self.history)?.checked_mul(self.layers)
    }

    /// Length of the first layer's input vectors.
    pub(crate) fn width(&self) -> usize {
        self.embedding.unwrap_or(self.symbols)
    }

    /// Panics unless this is a model and `weights` are its weights.
    pub(crate) fn check(&self, weights: &[f32]) {
        let sizes = [self.symbols, self.width(), self.hidden, self.layers, self.history];
        assert!(!sizes.contains(&0), "a model needs at least one of each: {self:?}");
        assert_eq!(weights.len(), self.weights(), "these are not the weights of {self:?}");
    }

    /// Panics unless `histories` are histories of this model.
    pub(crate) fn check_histories(&self, histories: &[u32]) {
        let h = self.history;
        assert!(histories.len().is_multiple_of(h), "histories must hold {h} codes each");
        if let Some(code) = histories.iter().find(|&&code| code as usize > self.symbols) {
            panic!("input code {code} is larger than {}", self.symbols);
        }
    }

    /// Panics unless `histories` and `targets` are windows of this model.
    pub(crate) fn check_windows(&self, histories: &[u32], targets: &[u32]) {
        self.check_histories(histories);
        assert_eq!(
            histories.len(),
            targets.len() * self.history,
            "one target for each history"
        );
        if let Some(code) = targets.iter().find(|&&code| code as usize >= self.symbols) {
            panic!("target code {code} is not below {}", self.symbols);
        }
    }

    /// `[s, w]`; empty for one-hot input.
    pub(crate) fn embedding_weights(&self) -> Range<usize> {
        0..self.embedding.map_or(0, |width| self.symbols * width)
    }

    pub(crate) fn layer(&self, layer: usize) -> LayerWeights {
        let h = self.hidden;
        let of_width = |width: usize| 4 * h * (width + h + 1);
        let begin = self.embedding_weights().end;
        let (width, start) = if layer == 0 {
            (self.width(), begin)
        } else {
            (h, begin + of_width(self.width()) + (layer - 1) * of_width(h))
        };
        let recurrent = start + 4 * width * h;
        let bias = recurrent + 4 * h * h;
        LayerWeights {
            input: start..recurrent,
            recurrent: recurrent..bias,
            bias: bias..bias + 4 * h,
        }
    }

    /// `[h, s]`.
    pub(crate) fn output_weights(&self) -> Range<usize> {
        let start = self.layer(self.layers - 1).bias.end;
        start..start + self.hidden * self.symbols
    }

    /// `[s]`.
    pub(crate) fn output_bias(&self) -> Range<usize> {
        let start = self.output_weights().end;
        start..start + self.symbols
    }
}
