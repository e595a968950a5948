//! Against a model written as the formulas are, in f64, and its gradient by finite differences.

mod model;

use proptest::prelude::*;

use crate::{Batch, Gradient, Level, Score, Scorer, Shape};
use model::{loss, loss_gradient, naive_logits};

/// Numbers that look random and depend on `i` alone, between −1 and 1.
fn noise(i: usize) -> f32 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Two layers over histories of ten.
fn two_layers(symbols: usize, hidden: usize) -> Shape {
    Shape {
        symbols,
        embedding: None,
        hidden,
        layers: 2,
        history: 10,
    }
}

const SMALL: Shape = Shape {
    symbols: 3,
    embedding: None,
    hidden: 2,
    layers: 1,
    history: 2,
};

fn weights_of(shape: &Shape, scale: f32) -> Vec<f32> {
    (0..shape.weights()).map(|i| scale * noise(i)).collect()
}

fn batch_of(shape: &Shape, rows: usize, dropout: bool) -> Batch {
    let code = |i: usize, codes: usize| (noise(i * 7 + 3).abs() * codes as f32) as u32 % codes as u32;
    let factors = (shape.layers - 1) * shape.history * rows * shape.hidden;
    Batch {
        histories: (0..rows * shape.history).map(|i| code(i, shape.symbols + 1)).collect(),
        targets: (0..rows).map(|i| code(i + 100_000, shape.symbols)).collect(),
        weights: (0..rows).map(|i| 0.5 + noise(i).abs()).collect(),
        dropout: if dropout {
            (0..factors).map(|i| if noise(i) < -0.4 { 0.0 } else { 1.3 }).collect()
        } else {
            Vec::new()
        },
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    (
        1usize..40,
        prop::option::of(1usize..6),
        1usize..40,
        1usize..4,
        1usize..6,
    )
        .prop_map(|(symbols, embedding, hidden, layers, history)| Shape {
            symbols,
            embedding,
            hidden,
            layers,
            history,
        })
}

/// Largest difference, in parts of the largest number.
fn difference(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(1e-3, |largest: f64, b| largest.max(b.abs()));
    let differences = a.iter().zip(b).map(|(&a, b)| (f64::from(a) - b).abs());
    differences.fold(0.0, f64::max) / largest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn logits_are_those_of_the_formulas(shape in shape(), rows in 1usize..70) {
        let (weights, batch) = (weights_of(&shape, 0.7), batch_of(&shape, rows, false));
        let expected = naive_logits(&shape, &weights, &batch);
        for level in Level::available() {
            let logits = Scorer::on(level, shape, &weights).logits(&batch.histories);
            prop_assert!(difference(&logits, &expected) < 1e-5, "{level:?}");
        }
    }

    #[test]
    fn gradients_are_those_of_the_formulas(shape in shape(), rows in 1usize..60, dropout: bool) {
        let (weights, batch) = (weights_of(&shape, 0.7), batch_of(&shape, rows, dropout));
        let (expected_loss, expected) = loss_gradient(&shape, &weights, &batch);
        for level in Level::available() {
            let (loss, gradient) = Gradient::on(level, shape).of(&weights, &batch);
            prop_assert!((loss - expected_loss).abs() <= 1e-5 * (0.2 * rows as f64 + expected_loss), "loss {loss} on {level:?}, not {expected_loss}");
            prop_assert!(difference(&gradient, &expected) < 1e-5, "{level:?}");
        }
    }

    #[test]
    fn scores_follow_from_the_logits(shape in shape(), rows in 1usize..700) {
        let (weights, batch) = (weights_of(&shape, 2.0), batch_of(&shape, rows, false));
        for level in Level::available() {
            let scorer = Scorer::on(level, shape, &weights);
            let logits = scorer.logits(&batch.histories);
            let scores = scorer.scores(&batch.histories, &batch.targets);
            for ((logits, &target), score) in logits.chunks(shape.symbols).zip(&batch.targets).zip(scores) {
                let expected = Score::of(logits, target);
                prop_assert_eq!(score.rank, expected.rank);
                for (found, expected) in [
                    (score.log_probability, expected.log_probability),
                    (score.log_tail, expected.log_tail),
                ] {
                    prop_assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found}, not {expected}");
                }
            }
        }
    }
}

#[test]
fn the_tail_keeps_its_digits_where_next_to_nothing_is_left() {
    let tail = |target| Score::of(&[40.0, 1.0, 39.0, 0.0, 1.0], target).log_tail;
    let total = 1.0 + (-1f64).exp();
    let left = |above: f64, logits: &[f64]| {
        let sum: f64 = logits.iter().map(|logit| (logit - 40.0).exp()).sum();
        (sum / (total + above)).ln() as f32
    };
    let rest = 2.0 * (-39f64).exp() + (-40f64).exp();
    for (target, expected) in [
        (0, 0.0),
        (2, left(rest, &[39.0, 1.0, 1.0, 0.0])),
        // Symbols that are as probable are not more probable, whatever their rank.
        (1, left(rest, &[1.0, 1.0, 0.0])),
        (4, left(rest, &[1.0, 1.0, 0.0])),
        (3, left(rest, &[0.0])),
    ] {
        assert!(
            (tail(target) - expected).abs() <= 1e-6 * expected.abs(),
            "{target}: {}, not {expected}",
            tail(target)
        );
    }
}

/// What the gradients of the formulas rest on.
#[test]
fn the_formulas_gradient_is_that_of_finite_differences() {
    for (embedding, dropout) in [(None, false), (Some(3), false), (None, true)] {
        let shape = Shape {
            symbols: 4,
            embedding,
            hidden: 5,
            layers: 2,
            history: 3,
        };
        let (mut weights, batch) = (weights_of(&shape, 0.7), batch_of(&shape, 7, dropout));
        let (_, gradient) = loss_gradient(&shape, &weights, &batch);
        for at in 0..weights.len() {
            let (own, step) = (weights[at], 1.0 / 1024.0);
            weights[at] = own + step;
            let above = loss(&shape, &weights, &batch);
            weights[at] = own - step;
            let below = loss(&shape, &weights, &batch);
            let exact = (f64::from(own + step) - f64::from(own - step)).abs();
            weights[at] = own;
            let slope = (above - below) / exact;
            assert!(
                (slope - gradient[at]).abs() < 1e-5,
                "weight {at}: {slope}, not {}",
                gradient[at]
            );
        }
    }
}

fn on_threads<T: Send>(threads: usize, of: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(of)
}

#[test]
fn gradients_are_the_same_bits_on_any_number_of_threads() {
    for (symbols, hidden, rows) in [(29, 64, 1000), (501, 20, 333), (3, 7, 1)] {
        let shape = two_layers(symbols, hidden);
        let (weights, batch) = (weights_of(&shape, 0.3), batch_of(&shape, rows, false));
        for level in Level::available() {
            let gradient = Gradient::on(level, shape);
            let first = on_threads(1, || gradient.of(&weights, &batch));
            for threads in [2, 3, 8] {
                assert!(
                    on_threads(threads, || gradient.of(&weights, &batch)) == first,
                    "{threads} threads on {level:?}"
                );
            }
        }
    }
}

#[test]
fn a_window_has_the_same_bits_alone_and_among_others() {
    for (symbols, hidden) in [(29, 64), (7, 9), (41, 100)] {
        let shape = two_layers(symbols, hidden);
        let (weights, batch) = (weights_of(&shape, 0.5), batch_of(&shape, 1000, false));
        for level in Level::available() {
            let scorer = Scorer::on(level, shape, &weights);
            let together = scorer.logits(&batch.histories);
            for at in [0, 1, 499, 999] {
                let alone = scorer.logits(&batch.histories[at * 10..(at + 1) * 10]);
                assert_eq!(
                    alone,
                    together[at * symbols..(at + 1) * symbols],
                    "window {at} on {level:?}"
                );
            }
            let some = scorer.logits(&batch.histories[3000..3050]);
            assert_eq!(some, together[300 * symbols..305 * symbols], "{level:?}");
        }
    }
}

#[test]
fn weights_too_large_for_f32_give_finite_scores() {
    let shape = Shape {
        symbols: 5,
        embedding: None,
        hidden: 4,
        layers: 1,
        history: 2,
    };
    let weights = vec![3e38; shape.weights()];
    for level in Level::available() {
        for score in Scorer::on(level, shape, &weights).scores(&[0, 1, 2, 3], &[0, 4]) {
            assert!(
                (1..=5).contains(&score.rank) && score.log_probability.is_finite() && score.log_tail.is_finite(),
                "{score:?}"
            );
        }
    }
}

#[test]
fn a_weight_that_is_no_number_makes_the_loss_none() {
    let shape = two_layers(7, 9);
    let batch = batch_of(&shape, 20, false);
    let layer = shape.layer(1);
    for at in [
        layer.input.start,
        layer.recurrent.start,
        layer.bias.start,
        shape.output_weights().start,
        shape.output_bias().end - 1,
    ] {
        let mut weights = weights_of(&shape, 0.5);
        weights[at] = f32::NAN;
        for level in Level::available() {
            let (loss, _) = Gradient::on(level, shape).of(&weights, &batch);
            assert!(loss.is_nan(), "weight {at}, {loss} on {level:?}");
        }
    }
}

#[test]
fn an_empty_batch_has_no_loss_and_no_gradient() {
    let shape = SMALL;
    let weights = weights_of(&shape, 1.0);
    let (loss, gradient) = Gradient::new(shape).of(&weights, &Batch::default());
    assert_eq!((loss, gradient), (0.0, vec![0.0; weights.len()]));
    assert!(Scorer::new(shape, &weights).scores(&[], &[]).is_empty());
}

#[test]
#[should_panic(expected = "input code 4 is larger than 3")]
fn foreign_codes_are_refused() {
    let shape = SMALL;
    let _ = Scorer::new(shape, &weights_of(&shape, 1.0)).logits(&[0, 4]);
}
