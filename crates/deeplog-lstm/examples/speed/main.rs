//! Windows a second of this crate, or of burn's own layers at the same work. `scripts/bench-model` drives it beside
//! others; by hand, and for one measurement:
//!
//! ```sh
//! echo | cargo run --release -p deeplog-lstm --example speed -- ours train 28 64 2
//! ```
//!
//! Arguments: engine (`ours`, `burn`), task (`train`: forward, backward and Adam over batches of [`BATCH`] windows;
//! `score`: rank and probability of the true key), log keys, hidden units, least seconds of a measurement. Each line
//! of standard input asks for one measurement, so that several programs can be measured in turn; each answer is a line
//! of JSON. The windows are drawn at random from all keys and the begin symbol, hence distinct.

mod burn_layers;
mod ours;

use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sequence_windowing::Alphabet;

/// Windows of a step in training and of a call in scoring.
const BATCH: usize = 2048;
/// Batches that are gone through in turn.
const BATCHES: usize = 16;
/// Keys of a history, as in the paper.
const HISTORY: usize = 10;
/// LSTM layers, as in the paper.
const LAYERS: usize = 2;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// A piece of the work; returns how many windows it was.
type Work = Box<dyn FnMut() -> Result<u64>>;

/// `[n × HISTORY]` input codes and `[n]` target codes.
struct Windows {
    histories: Vec<u32>,
    targets: Vec<u32>,
}

impl Windows {
    fn random(alphabet: Alphabet, count: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let mut codes = |count| (0..count).map(|_| random.random_range(0..alphabet.symbols())).collect();
        Self {
            histories: codes(count * HISTORY),
            targets: codes(count),
        }
    }

    fn batches(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        self.histories.chunks(BATCH * HISTORY).zip(self.targets.chunks(BATCH))
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, task, keys, hidden, seconds] = arguments.as_slice() else {
        return Err("usage: speed ours|burn train|score KEYS HIDDEN SECONDS".into());
    };
    let alphabet = Alphabet { keys: keys.parse()? };
    let (hidden, seconds): (usize, f64) = (hidden.parse()?, seconds.parse()?);
    let windows = Windows::random(alphabet, BATCH * BATCHES);
    let mut work = match (engine.as_str(), task.as_str()) {
        ("ours", "train") => ours::training(alphabet, hidden, windows)?,
        ("ours", "score") => ours::scoring(alphabet, hidden, windows)?,
        ("burn", "train") => burn_layers::training(alphabet, hidden, &windows),
        ("burn", "score") => burn_layers::scoring(alphabet, hidden, &windows),
        _ => return Err(format!("there is no {engine} {task}, use ours or burn with train or score").into()),
    };
    for line in io::stdin().lines() {
        line?;
        let (start, mut windows) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < seconds {
            windows += work()?;
        }
        let rate = windows as f64 / start.elapsed().as_secs_f64();
        writeln!(io::stdout(), "{{\"rate\": {rate}}}")?;
    }
    Ok(())
}
