//! The most f32 operations a second that this machine does, as measured by fused multiply-adds that never leave the
//! registers. Arguments: threads, least seconds of a measurement. Each line of standard input asks for one
//! measurement; each answer is a line of JSON, operations a second over all threads, two for a fused multiply-add.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Write};
use std::thread;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

/// Independent sums: enough to fill two units with a latency of four or five cycles each, few enough for 16 registers.
const SUMS: usize = 12;
/// Rounds between two looks at the clock.
const ROUNDS: usize = 1 << 20;

/// Adds to [`SUMS`] vectors [`ROUNDS`] times; returns how many operations that was.
struct Sums;

impl WithSimd for Sums {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let factor = simd.splat_f32s(black_box(0.999));
        let term = simd.splat_f32s(black_box(0.001));
        let mut sums = [simd.splat_f32s(black_box(1.0)); SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, term);
            }
        }
        for sum in sums {
            black_box(simd.reduce_sum_f32s(sum));
        }
        2.0 * (S::F32_LANES * SUMS * ROUNDS) as f64
    }
}

fn rate(seconds: f64) -> f64 {
    let (arch, start, mut operations) = (Arch::new(), Instant::now(), 0.0);
    while start.elapsed().as_secs_f64() < seconds {
        operations += arch.dispatch(Sums);
    }
    operations / start.elapsed().as_secs_f64()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [threads, seconds] = arguments.as_slice() else {
        return Err("usage: peak THREADS SECONDS".into());
    };
    let (threads, seconds): (usize, f64) = (threads.parse()?, seconds.parse()?);
    for line in io::stdin().lines() {
        line?;
        let rate: f64 = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| rate(seconds))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).sum()
        });
        writeln!(io::stdout(), "{{\"rate\": {rate}}}")?;
    }
    Ok(())
}
