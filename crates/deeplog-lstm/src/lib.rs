//! The next-key model of DeepLog: an LSTM that reads the last h log keys of an execution and says how probable each
//! next key is.
//!
//! From M. Du, F. Li, G. Zheng, V. Srikumar: *DeepLog: Anomaly Detection and Diagnosis from System Logs through Deep
//! Learning*, CCS 2017, section 3.1.
//!
//! [`Trainer`] learns a model from windows of normal executions, [`LstmModel`] scores windows. Windows go in as plain
//! codes of a [`sequence_windowing::Alphabet`] and results come out as plain numbers.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use deeplog_lstm::{Device, DeviceKind, ModelConfig, TrainConfig, Trainer};
//! use sequence_windowing::{Alphabet, DistinctWindows};
//!
//! // 0 1 2 0 1 2 …, in windows of two keys and the next one.
//! let windows = DistinctWindows {
//!     histories: vec![0, 1, 1, 2, 2, 0],
//!     targets: vec![2, 0, 1],
//!     weights: vec![10, 10, 10],
//! };
//! let model = ModelConfig { hidden: 8, layers: 1, ..ModelConfig::new(Alphabet { keys: 3 }, 2) };
//! let config = TrainConfig { epochs: 100, learning_rate: 0.05, ..TrainConfig::default() };
//! let device = Device::open(DeviceKind::Cpu)?;
//! let mut trainer = Trainer::new(model, config, windows, DistinctWindows::default(), &device)?;
//! while let Some(report) = trainer.epoch(&mut |_| ControlFlow::Continue(()))? {
//!     assert!(report.train_loss.is_finite());
//! }
//! let model = trainer.finish().model;
//!
//! let (key, probability) = model.candidates(&[1, 2], 1)[0][0];
//! assert_eq!(key, 0);
//! assert!(probability > 0.9);
//! assert_eq!(model.score(&[1, 2], &[0])[0].rank, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batches;
mod checkpoint;
mod config;
mod device;
mod dropout;
mod error;
mod fused;
mod memory;
mod model;
mod network;
mod objective;
mod score;
mod state_dict;
mod temperature;
mod train;
mod weights;

#[cfg(test)]
mod tests;

pub use config::{ConfigError, Input, ModelConfig, Problem, Schedule, TrainConfig};
pub use device::{Device, DeviceError, DeviceKind};
pub use error::{CheckpointError, TrainError};
pub use lstm_kernel::Score;
pub use model::LstmModel;
pub use state_dict::{Classes, StateDictError, from_state_dict, to_state_dict};
pub use train::{BatchProgress, EpochReport, Trained, Trainer};
pub use weights::{NamedTensor, Weights, WeightsError};
