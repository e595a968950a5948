//! This crate through its public names.

use std::ops::ControlFlow;

use deeplog_lstm::{Device, DeviceKind, LstmModel, ModelConfig, Schedule, TrainConfig, Trainer};
use sequence_windowing::{Alphabet, DistinctWindows};

use crate::{BATCH, HISTORY, LAYERS, Result, Windows, Work};

fn config(alphabet: Alphabet, hidden: usize) -> ModelConfig {
    ModelConfig {
        hidden,
        layers: LAYERS,
        ..ModelConfig::new(alphabet, HISTORY)
    }
}

/// An epoch a call, without what the other engines do not have: clipping, schedule, validation.
pub(crate) fn training(alphabet: Alphabet, hidden: usize, windows: Windows) -> Result<Work> {
    let windows = DistinctWindows {
        weights: vec![1; windows.targets.len()],
        histories: windows.histories,
        targets: windows.targets,
    };
    let train = TrainConfig {
        epochs: usize::MAX,
        batch: BATCH,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        clip: None,
        ..TrainConfig::default()
    };
    let (model, device) = (config(alphabet, hidden), Device::open(DeviceKind::Cpu)?);
    let mut trainer = Trainer::new(model, train, windows, DistinctWindows::default(), &device)?;
    Ok(Box::new(move || {
        let report = trainer.epoch(&mut |_| ControlFlow::Continue(()))?;
        Ok(report.map_or(0, |report| report.windows))
    }))
}

/// A batch a call. A model remembers the windows that it scored, so a new one takes over when all of them were.
pub(crate) fn scoring(alphabet: Alphabet, hidden: usize, windows: Windows) -> Result<Work> {
    let (config, device) = (config(alphabet, hidden), Device::open(DeviceKind::Cpu)?);
    let mut model = LstmModel::new(config.clone(), &device, 0)?;
    let weights = model.weights();
    let mut batch = 0;
    Ok(Box::new(move || {
        if batch == windows.targets.len() / BATCH {
            (batch, model) = (0, LstmModel::from_weights(config.clone(), &weights, &device)?);
        }
        let histories = &windows.histories[batch * BATCH * HISTORY..][..BATCH * HISTORY];
        let targets = &windows.targets[batch * BATCH..][..BATCH];
        batch += 1;
        Ok(model.score(histories, targets).len() as u64)
    }))
}
