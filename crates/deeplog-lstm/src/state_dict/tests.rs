use proptest::prelude::*;
use sequence_windowing::Alphabet;

use super::*;
use crate::{Device, DeviceKind, LstmModel};

fn model(config: &ModelConfig, seed: u64) -> LstmModel {
    LstmModel::new(config.clone(), &Device::open(DeviceKind::Cpu).unwrap(), seed).unwrap()
}

fn config(keys: u32, hidden: usize, layers: usize, input: Input) -> ModelConfig {
    ModelConfig {
        hidden,
        layers,
        input,
        ..ModelConfig::new(Alphabet { keys }, 4)
    }
}

/// A foreign state dict of two layers of 2, its numbers all different.
fn foreign(classes: usize, width: usize, embedding: bool) -> Vec<NamedTensor> {
    let mut shapes = vec![
        ("net.rnn.weight_ih_l0", vec![8, width]),
        ("net.rnn.weight_hh_l0", vec![8, 2]),
        ("net.rnn.bias_ih_l0", vec![8]),
        ("net.rnn.bias_hh_l0", vec![8]),
        ("net.rnn.weight_ih_l1", vec![8, 2]),
        ("net.rnn.weight_hh_l1", vec![8, 2]),
        ("net.rnn.bias_ih_l1", vec![8]),
        ("net.rnn.bias_hh_l1", vec![8]),
        ("out.weight", vec![classes, 2]),
        ("out.bias", vec![classes]),
    ];
    if embedding {
        shapes.push(("keys.weight", vec![classes, width]));
    }
    let mut next = 0.0;
    let tensor = |(name, shape): (&str, Vec<usize>)| NamedTensor {
        name: name.into(),
        values: (0..shape.iter().product())
            .map(|_| {
                next += 0.125;
                next
            })
            .collect(),
        shape,
    };
    shapes.into_iter().map(tensor).collect()
}

fn values<'s>(state: &'s [NamedTensor], ending: &str) -> &'s [f32] {
    &state
        .iter()
        .find(|tensor| tensor.name.ends_with(ending))
        .unwrap()
        .values
}

#[test]
fn gates_and_axes_are_where_they_belong() {
    let state = foreign(3, 3, false);
    let (config, weights) = from_state_dict(state.clone(), 7, Classes::Keys).unwrap();
    assert_eq!(
        (config.alphabet.keys, config.history, config.layers, config.hidden),
        (3, 7, 2, 2)
    );
    assert_eq!(config.input, Input::OneHot);
    let here = |name: &str| weights.tensors.iter().find(|tensor| tensor.name == name).unwrap();
    let input = here("lstm.0.input");
    assert_eq!(input.shape, [4, 4, 2]);
    for gate in 0..4 {
        for key in 0..4 {
            for unit in 0..2 {
                let there = match key {
                    3 => 0.0,
                    _ => values(&state, "weight_ih_l0")[(gate * 2 + unit) * 3 + key],
                };
                assert_eq!(input.values[(gate * 4 + key) * 2 + unit], there, "{gate} {key} {unit}");
            }
        }
    }
    let (one, other) = (values(&state, "bias_ih_l1"), values(&state, "bias_hh_l1"));
    assert_eq!(here("lstm.1.bias").values[5], one[5] + other[5]);
    let there = values(&state, "out.weight");
    assert_eq!(
        here("output.weight").values,
        [there[0], there[2], there[4], 0.0, there[1], there[3], there[5], 0.0]
    );
    assert_eq!(here("output.bias").values[3], NEVER);
}

#[test]
fn the_added_symbol_has_no_chance_and_changes_nothing() {
    for (width, embedding) in [(5, false), (1, false), (3, true)] {
        let (config, weights) = from_state_dict(foreign(5, width, embedding), 4, Classes::Keys).unwrap();
        let device = Device::open(DeviceKind::Cpu).unwrap();
        let model = LstmModel::from_weights(config, &weights, &device).unwrap();
        let candidates = &model.candidates(&[0, 4, 2, 1], 6)[0];
        assert_eq!(candidates[5], (5, 0.0), "the end is last");
        let sum: f32 = candidates.iter().map(|(_, probability)| probability).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    }
}

#[test]
fn a_foreign_model_comes_back_in_its_own_shape() {
    for (width, embedding) in [(5, false), (1, false), (3, true), (1, true)] {
        let state = foreign(5, width, embedding);
        let (config, weights) = from_state_dict(state.clone(), 4, Classes::Keys).unwrap();
        let back = to_state_dict(&config, &weights).unwrap();
        assert_eq!(back.len(), state.len());
        for ending in ["weight_ih_l0", "weight_hh_l1"] {
            assert_eq!(values(&back, ending), values(&state, ending));
        }
        assert_eq!(values(&back, "fc.weight"), values(&state, "out.weight"));
        assert_eq!(values(&back, "fc.bias"), values(&state, "out.bias"));
        if embedding {
            assert_eq!(values(&back, "embedding.weight"), values(&state, "keys.weight"));
        }
        let again = from_state_dict(back, 4, Classes::Keys).unwrap();
        assert_eq!(again, (config, weights));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn our_models_come_back_as_they_were(
        keys in 1u32..7, hidden in 1usize..6, layers in 1usize..4, width in prop::option::of(1usize..5), seed: u64,
    ) {
        let config = config(keys, hidden, layers, width.map_or(Input::OneHot, Input::Embedding));
        let weights = model(&config, seed).weights();
        prop_assert_eq!(Classes::of(&weights), Classes::KeysAndEnd);
        let state = to_state_dict(&config, &weights).unwrap();
        let symbols = keys as usize + 1;
        prop_assert_eq!(&state.iter().find(|tensor| tensor.name == "fc.weight").unwrap().shape, &[symbols, hidden]);
        let back = from_state_dict(state, config.history, Classes::KeysAndEnd).unwrap();
        prop_assert_eq!(back, (config, weights));
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let refused = |change: &dyn Fn(&mut Vec<NamedTensor>)| {
        let mut state = foreign(5, 5, false);
        change(&mut state);
        from_state_dict(state, 4, Classes::Keys).unwrap_err().to_string()
    };
    let rename = |from: &'static str, to: &'static str| {
        move |state: &mut Vec<NamedTensor>| {
            let tensor = state.iter_mut().find(|tensor| tensor.name == from).unwrap();
            tensor.name = to.into();
        }
    };
    let extra = |name: &'static str, shape: &'static [usize]| {
        move |state: &mut Vec<NamedTensor>| {
            let values = vec![0.5; shape.iter().product()];
            let (name, shape) = (name.into(), shape.to_vec());
            state.push(NamedTensor { name, shape, values });
        }
    };
    let reshape = |name: &'static str, shape: &'static [usize]| {
        move |state: &mut Vec<NamedTensor>| {
            let tensor = state.iter_mut().find(|tensor| tensor.name == name).unwrap();
            tensor.values.resize(shape.iter().product(), 0.0);
            tensor.shape = shape.to_vec();
        }
    };
    type Change<'c> = &'c dyn Fn(&mut Vec<NamedTensor>);
    let table: &[(Change<'_>, &str)] = &[
        (&|state| state.clear(), "there is no tensor"),
        (
            &rename("net.rnn.weight_ih_l0", "net.rnn.w"),
            "no LSTM is among net.rnn.bias_hh_l0, ",
        ),
        (&extra("b.weight_ih_l0", &[8, 5]), "several LSTMs: b., net.rnn."),
        (&rename("net.rnn.bias_hh_l1", "x"), "no tensor net.rnn.bias_hh_l1"),
        (&rename("out.bias", "x"), "no linear layer"),
        (&extra("out2.bias", &[3]), "out2.bias belong to no layer"),
        (
            &extra("net.rnn.weight_ih_l0_reverse", &[8, 5]),
            "net.rnn.weight_ih_l0_reverse belong",
        ),
        (&extra("evil\u{1b}[2J", &[1]), "evil\\u{1b}[2J belong"),
        (
            &reshape("net.rnn.weight_hh_l0", &[6, 2]),
            "net.rnn.weight_hh_l0 is [6, 2] where the other tensors ask for [8, 2]",
        ),
        (
            &reshape("net.rnn.weight_hh_l0", &[16]),
            "net.rnn.weight_hh_l0 is [16] where the other tensors ask for 2 axes",
        ),
        (&reshape("net.rnn.weight_hh_l0", &[0, 0]), "hidden"),
        (&reshape("net.rnn.weight_hh_l0", &[0, usize::MAX]), "more than"),
        (
            &reshape("out.bias", &[]),
            "out.bias is [] where the other tensors ask for 1 axes",
        ),
        (&reshape("out.bias", &[0]), "takes 5 numbers a key for 0 classes"),
        (
            &reshape("out.weight", &[2, 5]),
            "out.weight is [2, 5] where the other tensors ask for [5, 2]",
        ),
        (
            &reshape("net.rnn.weight_ih_l0", &[8, 4]),
            "net.rnn.weight_ih_l0 takes 4 numbers a key for 5 classes",
        ),
        (
            &extra("keys.weight", &[6, 5]),
            "keys.weight is [6, 5] where the other tensors ask for [5, 5]",
        ),
        (
            &|state| state[1].values[3] = f32::NAN,
            "number 3 of net.rnn.weight_hh_l0 is NaN",
        ),
        (
            &|state| state[9].values[0] = f32::INFINITY,
            "number 0 of out.bias is inf",
        ),
    ];
    for (change, wanted) in table {
        let said = refused(change);
        assert!(said.contains(wanted), "{wanted:?} is not in {said:?}");
    }
    let without_history = from_state_dict(foreign(5, 5, false), 0, Classes::Keys).unwrap_err();
    assert!(without_history.to_string().contains("history"), "{without_history}");
}
