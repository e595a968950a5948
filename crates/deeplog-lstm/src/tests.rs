//! What the crate promises as a whole, through its public names.

mod fused;
mod reference;
mod resume;
mod scoring;
mod temperature;
mod training;

use sequence_windowing::{Alphabet, DistinctWindows};

use crate::{Device, DeviceKind, Input, LstmModel, ModelConfig, TrainConfig, Trainer};

/// The device of all tests here, `cpu` unless `DEEPLOG_TEST_DEVICE` names another that is built in.
fn device() -> Device {
    let kind = std::env::var("DEEPLOG_TEST_DEVICE").map_or(DeviceKind::Cpu, |name| name.parse().unwrap());
    Device::open(kind).unwrap()
}

/// Two small layers over five keys, windows of four.
fn small(input: Input) -> ModelConfig {
    ModelConfig {
        hidden: 7,
        input,
        ..ModelConfig::new(Alphabet { keys: 5 }, 4)
    }
}

fn model(input: Input, seed: u64) -> LstmModel {
    LstmModel::new(small(input), &device(), seed).unwrap()
}

/// Windows of four over five keys, the begin and the unseen symbol, with targets that are not constant.
fn windows(count: u32) -> DistinctWindows {
    let histories = (0..count).flat_map(|row| (0..4).map(move |step| (row * 7 + step * (row % 3 + 1)) % 7));
    DistinctWindows {
        histories: histories.collect(),
        targets: (0..count).map(|row| row * 5 % 6).collect(),
        weights: (0..count).map(|row| 1 + row * row % 11).collect(),
    }
}

fn trainer(model: ModelConfig, config: TrainConfig) -> Trainer {
    Trainer::new(model, config, windows(60), windows(9), &device()).unwrap()
}

/// Runs on a pool of this many threads.
fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(run)
}
