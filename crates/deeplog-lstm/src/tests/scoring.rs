use super::*;
use crate::{ConfigError, WeightsError};

#[test]
fn models_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<LstmModel>();
}

#[test]
fn a_window_gets_the_same_bits_alone_and_among_others() {
    for (hidden, keys) in [(64, 28), (9, 6), (256, 40)] {
        let config = ModelConfig {
            hidden,
            ..ModelConfig::new(Alphabet { keys }, 10)
        };
        let unseen = config.alphabet.unseen();
        let model = LstmModel::new(config, &device(), 1).unwrap();
        let histories: Vec<u32> = (0..6000u32).map(|i| (i * 31 + i / 17) % (unseen + 1)).collect();
        let targets: Vec<u32> = (0..600u32).map(|i| i % unseen).collect();
        let together = model.score(&histories, &targets);
        for rows in [1, 2, 3, 15, 16, 17, 100, 511] {
            for start in [0, 40, 600 - rows] {
                let apart = model.score(
                    &histories[start * 10..(start + rows) * 10],
                    &targets[start..start + rows],
                );
                assert_eq!(apart, together[start..start + rows], "{rows} rows from {start}");
            }
        }
        let one = on_threads(1, || model.score(&histories, &targets));
        assert_eq!(one, together);
    }
}

#[test]
fn an_unseen_key_is_the_zero_vector() {
    for input in [Input::OneHot, Input::Embedding(3)] {
        let model = model(input, 2);
        let name = match input {
            Input::OneHot => "lstm.0.input",
            Input::Embedding(_) => "embedding",
        };
        let mut weights = model.weights();
        let table = weights.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap();
        table.values.iter_mut().for_each(|weight| *weight += 0.5);
        let changed = LstmModel::from_weights(small(input), &weights, &device()).unwrap();
        let unseen = [6; 4];
        assert_eq!(model.candidates(&unseen, 6), changed.candidates(&unseen, 6));
        let seen = [6, 6, 6, 0];
        assert_ne!(model.candidates(&seen, 6), changed.candidates(&seen, 6));
    }
}

#[test]
fn one_hot_input_is_an_embedding_by_the_identity() {
    let one_hot = model(Input::OneHot, 3);
    let mut weights = one_hot.weights();
    let identity = (0..36).map(|at| if at % 7 == 0 { 1.0 } else { 0.0 }).collect();
    weights.tensors.insert(
        0,
        crate::NamedTensor {
            name: "embedding".into(),
            shape: vec![6, 6],
            values: identity,
        },
    );
    let embedding = LstmModel::from_weights(small(Input::Embedding(6)), &weights, &device()).unwrap();
    let windows = windows(30);
    assert_eq!(
        one_hot.score(&windows.histories, &windows.targets),
        embedding.score(&windows.histories, &windows.targets)
    );
}

#[test]
fn weights_survive_a_round_trip_through_json() {
    for input in [Input::OneHot, Input::Embedding(3)] {
        let model = model(input, 4);
        let text = serde_json::to_string(&model.weights()).unwrap();
        let weights = serde_json::from_str(&text).unwrap();
        let again = LstmModel::from_weights(small(input), &weights, &device()).unwrap();
        assert_eq!(again.weights(), model.weights());
        let windows = windows(30);
        assert_eq!(
            again.score(&windows.histories, &windows.targets),
            model.score(&windows.histories, &windows.targets)
        );
    }
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let good = model(Input::OneHot, 0).weights();
    let error = |config: ModelConfig, weights: &crate::Weights| {
        LstmModel::from_weights(config, weights, &device()).unwrap_err()
    };
    let config = small(Input::OneHot);

    let wider = ModelConfig {
        hidden: 8,
        ..config.clone()
    };
    assert_eq!(
        error(wider, &good).to_string(),
        "the weights hold lstm.0.input [4, 6, 7] of 168 numbers where lstm.0.input [4, 6, 8] of 192 numbers is \
         expected; use the config they were made with"
    );
    let deeper = ModelConfig {
        layers: 3,
        ..config.clone()
    };
    assert_eq!(error(deeper, &good), WeightsError::Count { expected: 11, found: 8 });
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut weights = good.clone();
        weights.tensors[1].values[3] = bad;
        let shown = error(config.clone(), &weights).to_string();
        assert_eq!(
            shown,
            format!("weight 3 of lstm.0.recurrent is {bad}; the weights are damaged, train again")
        );
    }
    let mut weights = good.clone();
    weights.tensors[0].values.pop();
    assert!(matches!(error(config.clone(), &weights), WeightsError::Shape { .. }));
    let invalid = ModelConfig { layers: 0, ..config };
    assert!(matches!(error(invalid, &good), WeightsError::Config(ConfigError(_))));
}

#[test]
fn no_windows_have_no_scores() {
    let model = model(Input::OneHot, 0);
    assert!(model.score(&[], &[]).is_empty());
    assert!(model.candidates(&[], 3).is_empty());
    assert!(model.candidates(&[0; 4], 0)[0].is_empty());
}

#[test]
#[should_panic(expected = "histories must hold 4 codes for each target")]
fn ragged_histories_panic() {
    let _ = model(Input::OneHot, 0).score(&[0; 5], &[0]);
}

#[test]
#[should_panic(expected = "input code 7 is not of an alphabet whose largest is 6")]
fn foreign_codes_panic() {
    let _ = model(Input::OneHot, 0).candidates(&[0, 0, 0, 7], 1);
}
