//! The fused loss and its gradient beside burn's own layers and its automatic derivatives.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use lstm_kernel::Gradient;
use proptest::prelude::*;

use super::*;
use crate::batches::Batch;
use crate::dropout::{Dropout, random_of};
use crate::fused::next_key_loss;
use crate::network::{Network, codes};
use crate::objective::{Objective, derive};
use crate::weights::Layout;

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn number(tensor: Tensor<1>) -> f32 {
    numbers(tensor)[0]
}

/// A step of training, on the cpu device whatever device the other tests run on.
struct Setting {
    objective: Objective,
    weights: Tensor<1>,
    windows: DistinctWindows,
    batch: Batch,
    device: Device,
}

impl Setting {
    fn new(model: &ModelConfig, rows: u32) -> Self {
        let unseen = model.alphabet.unseen();
        let code = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 7;
        let codes = 0..rows as usize * model.history;
        let windows = DistinctWindows {
            histories: codes.map(|i| code(i) % (unseen + 1)).collect(),
            targets: (0..rows as usize).map(|i| code(i + 9_999) % unseen).collect(),
            weights: vec![1; rows as usize],
        };
        let device = Device::open(DeviceKind::Cpu).unwrap();
        let flat = Layout::of(model).initial(model, 1);
        Self {
            objective: Objective::new(model, &windows, &device),
            weights: Tensor::from_data(TensorData::from(flat.as_slice()), device.tensors()),
            batch: Batch {
                rows: (0..rows).collect(),
                weights: (0..rows).map(|row| 0.1 + row as f32 * 0.01).collect(),
            },
            windows,
            device,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn loss_and_gradient_are_those_of_burns_layers(
        (keys, history, hidden, layers) in (1u32..30, 1usize..7, 1usize..40, 1usize..4),
        embedding in prop::option::of(1usize..5),
        share in prop::sample::select(vec![0.0, 0.4]),
        rows in 1u32..130,
    ) {
        let model = ModelConfig {
            hidden,
            layers,
            input: embedding.map_or(Input::OneHot, Input::Embedding),
            dropout: share,
            ..ModelConfig::new(Alphabet { keys }, history)
        };
        let Setting { objective, weights, windows, batch, device } = Setting::new(&model, rows);
        let dropout = || Dropout::new(share, random_of([1, 2, 3, 4]));
        let (fused, by_kernel) = objective.of(&weights, &windows, &batch, |_| dropout());
        let (generic, by_burn) = derive(&weights, |weights| {
            let histories = codes(&windows.histories, history, device.tensors());
            let targets = codes(&windows.targets, 1, device.tensors());
            objective.by_layers(&weights, histories, targets, &batch.weights, dropout())
        });
        let (fused, generic) = (number(fused), number(generic));
        prop_assert!((fused - generic).abs() < 1e-5 * generic, "{fused}, not {generic}");
        let (by_kernel, by_burn) = (numbers(by_kernel.unwrap()), numbers(by_burn.unwrap()));
        let largest = by_burn.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for (at, (kernel, burn)) in by_kernel.iter().zip(&by_burn).enumerate() {
            prop_assert!((kernel - burn).abs() < 1e-5 * largest, "weight {at}: {kernel}, not {burn}");
        }
    }
}

#[test]
fn the_gradient_of_a_multiple_of_the_loss_is_that_multiple() {
    let model = ModelConfig::new(Alphabet { keys: 4 }, 3);
    let setting = Setting::new(&model, 5);
    let (objective, weights) = (&setting.objective, &setting.weights);
    let (loss, once) = objective.of(weights, &setting.windows, &setting.batch, |_| None);
    let gathered = Arc::new(objective.gathered(&setting.windows, &setting.batch, None));
    let kernel = Arc::new(Gradient::new(model.shape()));
    let (triple, thrice) = derive(weights, |weights| next_key_loss(weights, gathered, kernel) * 3.0);
    assert!((number(triple) - 3.0 * number(loss)).abs() < 1e-5);
    let thrice = numbers(thrice.unwrap());
    for (once, thrice) in numbers(once.unwrap()).into_iter().zip(thrice) {
        assert_eq!(once * 3.0, thrice);
    }
}

#[test]
fn weights_that_are_not_derived_by_give_the_loss_alone() {
    let model = ModelConfig::new(Alphabet { keys: 4 }, 3);
    let setting = Setting::new(&model, 5);
    let (objective, weights) = (&setting.objective, &setting.weights);
    let gathered = Arc::new(objective.gathered(&setting.windows, &setting.batch, None));
    let kernel = Arc::new(Gradient::new(model.shape()));
    let alone = number(next_key_loss(weights.clone(), gathered, kernel));
    let (derived, _) = objective.of(weights, &setting.windows, &setting.batch, |_| None);
    assert_eq!(alone, number(derived));
}

#[test]
fn ranks_and_probabilities_by_burns_layers_are_those_of_the_kernel() {
    let config = ModelConfig::new(Alphabet { keys: 9 }, 4);
    let (device, layout) = (Device::open(DeviceKind::Cpu).unwrap(), Layout::of(&config));
    let model = LstmModel::new(config.clone(), &device, 3).unwrap();
    let flat = layout.initial(&config, 3);
    let flat = Tensor::from_data(TensorData::from(flat.as_slice()), device.tensors());
    let network = Network::new(&config, &layout, &flat);
    let histories: Vec<u32> = (0..400u32).map(|i| (i * 31 + i / 17) % 11).collect();
    let targets: Vec<u32> = (0..100).map(|i| i % 10).collect();
    let on_device = |numbers: &[u32], columns| codes(numbers, columns, device.tensors());
    let generic = network.scores(on_device(&histories, 4), on_device(&targets, 1));
    let fused = model.score(&histories, &targets);
    assert_eq!(fused.len(), generic.len());
    for (fused, generic) in fused.into_iter().zip(generic) {
        assert_eq!(fused.rank, generic.rank);
        assert!((fused.log_probability - generic.log_probability).abs() < 1e-5);
        assert!((fused.log_tail - generic.log_tail).abs() < 1e-5);
    }
}
