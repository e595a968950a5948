use std::ops::ControlFlow::{Break, Continue};

use super::*;
use crate::{CheckpointError, TrainError};

fn config() -> TrainConfig {
    TrainConfig {
        epochs: 4,
        batch: 16,
        seed: 9,
        ..TrainConfig::default()
    }
}

fn model_config() -> ModelConfig {
    ModelConfig {
        dropout: 0.3,
        ..small(Input::Embedding(3))
    }
}

fn resume(bytes: &[u8]) -> Result<Trainer, TrainError> {
    Trainer::resume(bytes, model_config(), config(), windows(60), windows(9), &device())
}

fn rest(mut trainer: Trainer) -> Trainer {
    while trainer.epoch(&mut |_| Continue(())).unwrap().is_some() {}
    trainer
}

#[test]
fn resumed_training_gives_the_same_bits() {
    let whole = rest(trainer(model_config(), config()));
    for epochs in 0..=4 {
        let mut first = trainer(model_config(), config());
        for _ in 0..epochs {
            first.epoch(&mut |_| Continue(())).unwrap();
        }
        let resumed = rest(resume(&first.checkpoint()).unwrap());
        assert_eq!(resumed.checkpoint(), whole.checkpoint(), "after {epochs} epochs");
        assert_eq!(resumed.finish().model.weights(), whole.state_weights());
    }
}

#[test]
fn an_epoch_that_is_stopped_leaves_no_trace() {
    let whole = rest(trainer(model_config(), config()));
    let mut stopped = trainer(model_config(), config());
    stopped.epoch(&mut |_| Continue(())).unwrap();
    let before = stopped.checkpoint();
    let result = stopped.epoch(&mut |progress| if progress.batch < 2 { Continue(()) } else { Break(()) });
    assert_eq!(result, Err(TrainError::Stopped { epoch: 2 }));
    assert_eq!(stopped.checkpoint(), before);
    assert_eq!(rest(stopped).checkpoint(), whole.checkpoint());
}

impl Trainer {
    fn state_weights(&self) -> crate::Weights {
        self.layout.name(&self.state.best)
    }
}

#[test]
fn another_training_is_refused() {
    let bytes = trainer(model_config(), config()).checkpoint();
    let error = |model, config, train| {
        let trainer = Trainer::resume(&bytes, model, config, train, windows(9), &device());
        trainer.err().unwrap()
    };
    let mismatch = |what| TrainError::Checkpoint(CheckpointError::Mismatch(what));
    let other = ModelConfig {
        hidden: 8,
        ..model_config()
    };
    assert_eq!(error(other, config(), windows(60)), mismatch("model config"));
    let other = TrainConfig { seed: 10, ..config() };
    assert_eq!(error(model_config(), other, windows(60)), mismatch("training config"));
    assert_eq!(error(model_config(), config(), windows(59)), mismatch("set of windows"));
}

#[test]
fn damage_is_found_wherever_it_is() {
    let mut trainer = trainer(model_config(), config());
    trainer.epoch(&mut |_| Continue(())).unwrap();
    let bytes = trainer.checkpoint();
    for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let mut turned = bytes.clone();
        turned[at] ^= 0x10;
        assert!(
            matches!(resume(&turned).err(), Some(TrainError::Checkpoint(_))),
            "byte {at}"
        );
        assert!(
            matches!(resume(&bytes[..at]).err(), Some(TrainError::Checkpoint(_))),
            "cut at {at}"
        );
    }
    let error = |bytes: &[u8]| resume(bytes).err().unwrap().to_string();
    assert!(error(b"").contains("not a training checkpoint"));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(error(&newer).contains("has format 2, this program reads format 1"));
}
