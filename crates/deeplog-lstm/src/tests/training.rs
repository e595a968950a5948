use std::ops::ControlFlow::Continue;

use super::*;
use crate::{Schedule, TrainError};

fn train(mut trainer: Trainer) -> crate::Trained {
    while trainer.epoch(&mut |_| Continue(())).unwrap().is_some() {}
    trainer.finish()
}

#[test]
fn learns_a_cycle() {
    for input in [Input::OneHot, Input::Embedding(4)] {
        for dropout in [0.0, 0.2] {
            let histories = (0..5).flat_map(|first| (first..first + 4).map(|key| key % 5));
            let cycle = DistinctWindows {
                histories: histories.collect(),
                targets: (0..5).map(|first| (first + 4) % 5).collect(),
                weights: vec![3; 5],
            };
            let config = TrainConfig {
                epochs: 150,
                learning_rate: 0.03,
                ..TrainConfig::default()
            };
            let model = ModelConfig {
                hidden: 16,
                dropout,
                ..small(input)
            };
            let model = train(Trainer::new(model, config, cycle.clone(), cycle.clone(), &device()).unwrap()).model;
            for score in model.score(&cycle.histories, &cycle.targets) {
                assert_eq!(score.rank, 1);
                assert!(score.log_probability.exp() > 0.9, "{score:?}");
            }
        }
    }
}

#[test]
fn merged_windows_train_as_the_unmerged_ones() {
    let merged = windows(20);
    let mut unmerged = DistinctWindows::default();
    for row in 0..merged.len() {
        for _ in 0..merged.weights[row] {
            unmerged.histories.extend_from_slice(&merged.histories[row * 4..][..4]);
            unmerged.targets.push(merged.targets[row]);
            unmerged.weights.push(1);
        }
    }
    // One step over everything: the loss is that of the first weights, and the step that of the gradient.
    let config = TrainConfig {
        epochs: 1,
        batch: 1000,
        learning_rate: 1e-3,
        ..TrainConfig::default()
    };
    let run = |windows| {
        train(Trainer::new(small(Input::OneHot), config.clone(), windows, merged.clone(), &device()).unwrap())
    };
    let (a, b) = (run(merged.clone()), run(unmerged));
    assert!((a.history[0].train_loss - b.history[0].train_loss).abs() < 1e-5);
    let difference = a.history[0].validation_loss.unwrap() - b.history[0].validation_loss.unwrap();
    assert!(difference.abs() < 1e-5, "{difference}");
}

#[test]
fn a_seed_decides_everything() {
    let run = |seed| {
        let config = TrainConfig {
            epochs: 2,
            batch: 16,
            seed,
            ..TrainConfig::default()
        };
        let model = ModelConfig {
            dropout: 0.3,
            ..small(Input::Embedding(3))
        };
        train(trainer(model, config)).model.weights()
    };
    let one = on_threads(1, || run(1));
    for threads in [1, 2, 5] {
        assert_eq!(on_threads(threads, || run(1)), one);
    }
    assert_ne!(run(2), one);
}

#[test]
fn dropout_changes_training_and_not_scoring() {
    let run = |dropout| {
        let config = TrainConfig {
            epochs: 1,
            ..TrainConfig::default()
        };
        let model = ModelConfig {
            dropout,
            ..small(Input::OneHot)
        };
        train(trainer(model, config)).model
    };
    assert_ne!(run(0.5).weights(), run(0.0).weights());
    let model = run(0.5);
    let windows = windows(20);
    assert_eq!(
        model.candidates(&windows.histories, 6),
        model.candidates(&windows.histories, 6)
    );
}

#[test]
fn the_best_epoch_is_kept_and_patience_ends_training() {
    let config = TrainConfig {
        epochs: 200,
        batch: 8,
        learning_rate: 0.05,
        schedule: Schedule::Constant,
        patience: Some(3),
        ..TrainConfig::default()
    };
    let validation = DistinctWindows {
        targets: vec![5; 9],
        ..windows(9)
    };
    let trainer = Trainer::new(small(Input::OneHot), config, windows(60), validation.clone(), &device()).unwrap();
    let trained = train(trainer);
    let losses: Vec<f64> = trained
        .history
        .iter()
        .filter_map(|report| report.validation_loss)
        .collect();
    assert_eq!(losses.len(), trained.history.len());
    let best = trained.history.iter().rposition(|report| report.best).unwrap();
    assert_eq!(losses.len(), best + 1 + 3, "{losses:?}");
    let scores = trained.model.score(&validation.histories, &validation.targets);
    let sum: f64 = scores
        .iter()
        .zip(&validation.weights)
        .map(|(score, &weight)| -f64::from(score.log_probability) * f64::from(weight))
        .sum();
    assert_eq!(sum / validation.total() as f64, losses[best]);
    assert!(losses.iter().all(|&loss| loss >= losses[best]));
}

#[test]
fn without_validation_the_newest_weights_are_the_best() {
    let config = TrainConfig {
        epochs: 3,
        patience: Some(1),
        ..TrainConfig::default()
    };
    let none = DistinctWindows::default();
    let mut trainer = Trainer::new(small(Input::OneHot), config, windows(60), none, &device()).unwrap();
    for epoch in 1..=3 {
        let report = trainer.epoch(&mut |_| Continue(())).unwrap().unwrap();
        assert_eq!((report.epoch, report.validation_loss, report.best), (epoch, None, true));
    }
    assert_eq!(trainer.epoch(&mut |_| Continue(())), Ok(None));
}

#[test]
fn progress_counts_every_batch() {
    let config = TrainConfig {
        epochs: 1,
        batch: 16,
        ..TrainConfig::default()
    };
    let mut seen = Vec::new();
    let mut trainer = trainer(small(Input::OneHot), config);
    let report = trainer
        .epoch(&mut |progress| {
            seen.push(progress);
            Continue(())
        })
        .unwrap()
        .unwrap();
    let batches: Vec<usize> = seen.iter().map(|progress| progress.batch).collect();
    assert_eq!(batches, [1, 2, 3, 4]);
    let last = seen.last().unwrap();
    assert_eq!(
        (last.batches, last.windows, last.loss),
        (4, report.windows, report.train_loss)
    );
}

#[test]
fn a_loss_that_is_no_number_stops_training_and_keeps_the_last_good_state() {
    let config = TrainConfig {
        batch: 16,
        learning_rate: 1e300,
        clip: None,
        schedule: Schedule::Constant,
        ..TrainConfig::default()
    };
    let mut trainer = trainer(small(Input::OneHot), config);
    let before = trainer.checkpoint();
    let error = trainer.epoch(&mut |_| Continue(())).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, .. }), "{error}");
    assert_eq!(trainer.checkpoint(), before);
    assert_eq!(
        trainer.finish().model.weights(),
        LstmModel::new(small(Input::OneHot), &device(), 0).unwrap().weights()
    );
}

#[test]
fn windows_that_cannot_be_trained_on_are_refused() {
    let error = |windows: DistinctWindows| {
        let none = DistinctWindows::default();
        Trainer::new(small(Input::OneHot), TrainConfig::default(), windows, none, &device())
            .err()
            .unwrap()
    };
    assert_eq!(error(DistinctWindows::default()), TrainError::NoWindows);
    let mut ragged = windows(3);
    ragged.histories.pop();
    assert!(matches!(
        error(ragged),
        TrainError::Ragged {
            which: "training",
            codes: 11,
            ..
        }
    ));
    let mut foreign = windows(3);
    foreign.targets[1] = 6;
    assert!(matches!(error(foreign), TrainError::Code { code: 6, .. }));
    let mut foreign = windows(3);
    foreign.histories[1] = 7;
    assert!(matches!(error(foreign), TrainError::Code { code: 7, .. }));
}
