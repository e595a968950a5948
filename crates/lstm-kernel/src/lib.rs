//! The LSTM of DeepLog on plain slices: gradients and scores of next-key windows, as fast as a processor allows.
//!
//! The model is that of M. Du, F. Li, G. Zheng, V. Srikumar: *DeepLog*, CCS 2017: h log keys go through n layers of LSTM
//! (Hochreiter, Schmidhuber 1997, with the forget gate of Gers et al. 2000) and a linear layer to one logit a symbol. Weights are one
//! flat slice, see [`Shape`].
//!
//! What makes it fast: an input is a key, so the first layer's input projection is a row of a table; the recurrent terms of the
//! first step, whose previous output is zero, are left out; a few rows times four vectors of columns stay in registers; a block
//! of windows stays in the cache from its first step to its gradient.
//!
//! Results depend on the instructions ([`Level`]) in the last bits, never on threads or on what else is in a batch.
//!
//! ```
//! use lstm_kernel::{Batch, Gradient, Scorer, Shape};
//!
//! let shape = Shape { symbols: 3, embedding: None, hidden: 4, layers: 2, history: 2 };
//! let weights: Vec<f32> = (0..shape.weights()).map(|i| (i as f32 * 0.7).sin()).collect();
//! let batch = Batch {
//!     histories: vec![0, 1, 1, 2],
//!     targets: vec![2, 0],
//!     weights: vec![1.0, 1.0],
//!     dropout: Vec::new(),
//! };
//! let (loss, gradient) = Gradient::new(shape).of(&weights, &batch);
//! assert_eq!(gradient.len(), weights.len());
//!
//! let scores = Scorer::new(shape, &weights).scores(&batch.histories, &batch.targets);
//! let surprise: f32 = scores.iter().map(|score| -score.log_probability).sum();
//! assert!((f64::from(surprise) - loss).abs() < 1e-5);
//! ```

mod backward;
mod cell;
mod forward;
mod gradient;
mod math;
mod packed;
mod prefixes;
mod score;
mod shape;
mod simd;
mod softmax;
mod spare;
mod tile;
mod unpack;

#[cfg(test)]
mod tests;

pub use gradient::{Batch, Gradient};
pub use score::{Score, Scorer, log_sum_exp};
pub use shape::Shape;
pub use simd::Level;
