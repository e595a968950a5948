use std::ops::ControlFlow::Continue;

use super::*;

fn loss(model: &LstmModel, windows: &DistinctWindows) -> f64 {
    let scores = model.score(&windows.histories, &windows.targets);
    let weighted = scores.iter().zip(&windows.weights);
    weighted
        .map(|(score, &weight)| -f64::from(score.log_probability) * f64::from(weight))
        .sum::<f64>()
        / windows.total() as f64
}

/// Windows that a model foresees rightly three times out of four.
fn foreseen(model: &LstmModel) -> DistinctWindows {
    let windows = windows(40);
    let candidates = model.candidates(&windows.histories, 2);
    let true_keys = candidates.iter().enumerate();
    DistinctWindows {
        targets: true_keys.map(|(row, best)| best[usize::from(row % 4 == 0)].0).collect(),
        ..windows
    }
}

#[test]
fn no_other_temperature_has_a_lower_loss() {
    let model = model(Input::OneHot, 3);
    let windows = foreseen(&model);
    for sure in [0.05, 1.0, 3.0] {
        let model = model.cooled_by(sure, &device());
        let best = model.temperature(&windows);
        assert!((0.011..90.0).contains(&best), "{best}");
        let lowest = loss(&model.cooled_by(best, &device()), &windows);
        for other in [0.3, 0.9, 0.97, 1.03, 1.1, 3.0] {
            let other = loss(&model.cooled_by(best * other, &device()), &windows);
            assert!(lowest < other + 1e-9, "{lowest} at {best}, {other}");
        }
    }
}

#[test]
fn a_model_at_its_temperature_stays_as_it_is_and_keeps_its_ranks() {
    let model = model(Input::Embedding(3), 5);
    let windows = foreseen(&model);
    let best = model.temperature(&windows);
    let cooled = model.cooled_by(best, &device());
    let again = cooled.temperature(&windows);
    assert!((again - 1.0).abs() < 1e-4, "{best}, then {again}");
    let ranks = |model: &LstmModel| -> Vec<u32> {
        let scores = model.score(&windows.histories, &windows.targets);
        scores.iter().map(|score| score.rank).collect()
    };
    assert_eq!(ranks(&cooled), ranks(&model));
}

#[test]
fn training_ends_with_the_temperature_if_asked() {
    let finished = |temperature: bool, validation: DistinctWindows| {
        let config = TrainConfig {
            epochs: 30,
            temperature,
            ..TrainConfig::default()
        };
        let mut trainer = Trainer::new(small(Input::OneHot), config, windows(60), validation, &device()).unwrap();
        while trainer.epoch(&mut |_| Continue(())).unwrap().is_some() {}
        trainer.finish()
    };
    let held_out = windows(9);
    let (plain, scaled) = (finished(false, held_out.clone()), finished(true, held_out.clone()));
    assert_eq!((plain.temperature, &plain.history), (None, &scaled.history));
    let temperature = scaled.temperature.unwrap();
    assert_eq!(temperature, plain.model.temperature(&held_out));
    assert!(loss(&scaled.model, &held_out) < loss(&plain.model, &held_out));
    let (plain, scaled) = (plain.model.weights(), scaled.model.weights());
    for (plain, scaled) in plain.tensors.iter().zip(&scaled.tensors) {
        assert_eq!(
            plain.values == scaled.values,
            !plain.name.starts_with("output."),
            "{}",
            plain.name
        );
    }
    assert_eq!(finished(true, DistinctWindows::default()).temperature, None);
}
