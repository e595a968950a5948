//! Windows a second of the parts: gradient, score with and without shared prefixes, on every level. The arguments are names of
//! levels; without any, all.

use std::time::{Duration, Instant};

use lstm_kernel::{Batch, Gradient, Level, Scorer, Shape};
use rayon::prelude::*;

/// Median windows a second of several rounds.
fn rate(windows: usize, mut round: impl FnMut()) -> f64 {
    round();
    let mut seconds: Vec<f64> = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1500) || seconds.len() < 3 {
        let start = Instant::now();
        round();
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    windows as f64 / seconds[seconds.len() / 2]
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let threads = rayon::current_num_threads();
    println!("| keys | hidden | level | threads | gradient/s | score/s | GFLOP/s scoring | one window, µs |");
    println!("|---|---|---|---|---|---|---|---|");
    for (keys, hidden) in [(28, 64), (500, 64), (5000, 64), (28, 128), (28, 256)] {
        let shape = Shape {
            symbols: keys + 1,
            embedding: None,
            hidden,
            layers: 2,
            history: 10,
        };
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        let weights: Vec<f32> = (0..shape.weights())
            .map(|_| (random() % 2001) as f32 / 8000.0 - 0.125)
            .collect();
        let windows = 16_384;
        let histories: Vec<u32> = (0..windows * 10).map(|_| random() % keys as u32).collect();
        let targets: Vec<u32> = (0..windows).map(|_| random() % keys as u32).collect();
        let batch = Batch {
            histories: histories[..20_480].to_vec(),
            targets: targets[..2048].to_vec(),
            weights: vec![1.0; 2048],
            dropout: Vec::new(),
        };
        for level in Level::available() {
            if !asked.is_empty()
                && !asked
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(&format!("{level:?}")))
            {
                continue;
            }
            let gradient = Gradient::on(level, shape);
            let training = rate(2048, || drop(gradient.of(&weights, &batch)));
            let scorer = Scorer::on(level, shape, &weights);
            let scoring = rate(windows, || {
                let chunks = histories.par_chunks(40_960).zip(targets.par_chunks(4096));
                chunks.for_each(|(histories, targets)| drop(scorer.scores(histories, targets)));
            });
            let one = rate(1000, || {
                for at in 0..1000 {
                    drop(scorer.scores(&histories[at * 10..(at + 1) * 10], &targets[at..=at]));
                }
            });
            let gflops = scoring * shape.flops() as f64 * 1e-9;
            println!(
                "| {keys} | {hidden} | {level:?} | {threads} | {training:.0} | {scoring:.0} | {gflops:.0} | {:.1} |",
                1e6 / one
            );
        }
    }
}
