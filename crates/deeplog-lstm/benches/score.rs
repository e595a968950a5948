//! What remembering and sharing cost where there is nothing to share, and what they bring where there is: windows a second of the
//! bare kernel and of a model, on distinct windows and on repeated ones, in turn. `RAYON_NUM_THREADS` says on how many threads.

use std::time::Instant;

use deeplog_lstm::{Device, DeviceKind, LstmModel, ModelConfig};
use lstm_kernel::{Scorer, Shape};
use rayon::prelude::*;
use sequence_windowing::Alphabet;

const WINDOWS: usize = 400_000;
const CHUNK: usize = 4096;

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{} threads, windows of 10, two layers of 64",
        rayon::current_num_threads()
    );
    println!(
        "| keys | kernel, distinct, windows/s | model ÷ kernel, distinct | model ÷ kernel, again | one known window, ns | one new window, µs |"
    );
    println!("|---|---|---|---|---|---|");
    for keys in [28, 5000] {
        let config = ModelConfig::new(Alphabet { keys }, 10);
        let shape = Shape {
            symbols: keys as usize + 1,
            embedding: None,
            hidden: config.hidden,
            layers: config.layers,
            history: config.history,
        };
        let device = Device::open(DeviceKind::Cpu)?;
        let weights: Vec<f32> = LstmModel::new(config.clone(), &device, 1)?
            .weights()
            .tensors
            .into_iter()
            .flat_map(|tensor| tensor.values)
            .collect();
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32 % keys
        };
        let histories: Vec<u32> = (0..WINDOWS * 10).map(|_| random()).collect();
        let targets: Vec<u32> = (0..WINDOWS).map(|_| random()).collect();
        let (mut bare, mut new, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..5 {
            let scorer = Scorer::new(shape, &weights);
            let chunks = || histories.par_chunks(CHUNK * 10).zip(targets.par_chunks(CHUNK));
            bare.push(seconds(|| {
                chunks().for_each(|(histories, targets)| drop(scorer.scores(histories, targets)));
            }));
            let model = LstmModel::new(config.clone(), &device, 1)?;
            new.push(seconds(|| drop(model.score(&histories, &targets))));
            again.push(seconds(|| drop(model.score(&histories, &targets))));
        }
        let ratios = |of: &[f64]| median(bare.iter().zip(of).map(|(bare, of)| bare / of).collect());
        let model = LstmModel::new(config, &device, 1)?;
        let one = |at: usize| seconds(|| drop(model.score(&histories[at * 10..(at + 1) * 10], &targets[at..=at])));
        let first = median((0..2000).map(one).collect());
        let second = median((0..2000).map(one).collect());
        println!(
            "| {keys} | {:.0} | {:.2} | {:.1} | {:.0} | {:.1} |",
            WINDOWS as f64 / median(bare.clone()),
            ratios(&new),
            ratios(&again),
            second * 1e9,
            first * 1e6
        );
    }
    Ok(())
}
