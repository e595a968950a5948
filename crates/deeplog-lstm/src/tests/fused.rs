//! The fused loss and its gradient beside burn's own layers and its automatic derivatives.

use burn::tensor::{Tensor, TensorData};
use proptest::prelude::*;

use super::*;
use crate::batches::Batch;
use crate::dropout::{Dropout, random_of};

fn numbers(tensor: &Tensor<1>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

/// A trainer on the cpu device whatever device the other tests run on.
fn on_cpu(model: ModelConfig, rows: u32) -> Trainer {
    let unseen = model.alphabet.unseen();
    let code = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 7;
    let windows = DistinctWindows {
        histories: (0..rows as usize * model.history)
            .map(|i| code(i) % (unseen + 1))
            .collect(),
        targets: (0..rows as usize).map(|i| code(i + 9_999) % unseen).collect(),
        weights: vec![1; rows as usize],
    };
    let device = Device::open(DeviceKind::Cpu).unwrap();
    Trainer::new(
        model,
        TrainConfig::default(),
        windows,
        DistinctWindows::default(),
        &device,
    )
    .unwrap()
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
        let trainer = on_cpu(model, rows);
        let batch = Batch {
            rows: (0..rows).collect(),
            weights: (0..rows).map(|row| 0.1 + row as f32 * 0.01).collect(),
        };
        let dropout = || Dropout::new(share, random_of([1, 2, 3, 4]));
        let weights = &trainer.state.weights;
        let (fused, by_kernel) = trainer.by_kernel(weights, &batch, dropout());
        let (generic, by_burn) = crate::train::derive(weights, |weights| trainer.loss(&weights, &batch, dropout()));
        prop_assert!((fused - generic).abs() < 1e-5 * generic, "{fused}, not {generic}");
        let (by_kernel, by_burn) = (numbers(&by_kernel.unwrap()), numbers(&by_burn.unwrap()));
        let largest = by_burn.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for (at, (kernel, burn)) in by_kernel.iter().zip(&by_burn).enumerate() {
            prop_assert!((kernel - burn).abs() < 1e-5 * largest, "weight {at}: {kernel}, not {burn}");
        }
    }
}

#[test]
fn the_gradient_of_a_multiple_of_the_loss_is_that_multiple() {
    let trainer = on_cpu(ModelConfig::new(Alphabet { keys: 4 }, 3), 5);
    let batch = Batch {
        rows: (0..5).collect(),
        weights: vec![1.0; 5],
    };
    let (loss, once) = trainer.by_kernel(&trainer.state.weights, &batch, None);
    let windows = std::sync::Arc::new(trainer.windows(&batch, None));
    let (triple, thrice) = crate::train::derive(&trainer.state.weights, |weights| {
        crate::fused::next_key_loss(weights, windows, trainer.kernel.clone()) * 3.0
    });
    assert!((triple - 3.0 * loss).abs() < 1e-5);
    for (once, thrice) in numbers(&once.unwrap()).into_iter().zip(numbers(&thrice.unwrap())) {
        assert_eq!(once * 3.0, thrice);
    }
}

#[test]
fn weights_that_are_not_derived_by_give_the_loss_alone() {
    let trainer = on_cpu(ModelConfig::new(Alphabet { keys: 4 }, 3), 5);
    let batch = Batch {
        rows: (0..5).collect(),
        weights: vec![1.0; 5],
    };
    let windows = std::sync::Arc::new(trainer.windows(&batch, None));
    let plain: Tensor<1> = Tensor::from_data(
        TensorData::from(numbers(&trainer.state.weights).as_slice()),
        trainer.device.tensors(),
    );
    let loss = crate::fused::next_key_loss(plain, windows, trainer.kernel.clone()).into_scalar::<f32>();
    assert_eq!(
        f64::from(loss),
        trainer.by_kernel(&trainer.state.weights, &batch, None).0
    );
}
