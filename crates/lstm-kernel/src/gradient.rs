//! Loss and gradient of a batch: forward and backward, block by block, so that all in between stays in the cache.

use rayon::prelude::*;

use crate::backward::{Lane, Packed};
use crate::packed::{Backward, Forward, Sizes};
use crate::simd::{Vector, Work};
use crate::spare::Spare;
use crate::unpack::{Places, unpack};
use crate::{Level, Shape};

/// Windows of a training step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// `[n × history]` input codes.
    pub histories: Vec<u32>,
    /// `[n]` target codes.
    pub targets: Vec<u32>,
    /// `[n]` weight of each window in the loss.
    pub weights: Vec<f32>,
    /// `[layers − 1, history, n, hidden]` factors of what each layer but the last hands up: 0 where dropout drops it. Empty
    /// for no dropout.
    pub dropout: Vec<f32>,
}

/// Computes losses and gradients of a model, with memory that is used again from batch to batch.
#[derive(Debug)]
pub struct Gradient {
    level: Level,
    sizes: Sizes,
    /// As many as threads have worked at once.
    spare: Spare<Lane>,
    /// As many gradients as a batch has parts.
    sums: Spare<Vec<f32>>,
}

/// Parts of a batch, at most: what threads can share. Each sums its own gradient, and the sums are added in order; there are
/// as many whatever the number of threads, so the result is always the same.
const LANES: usize = 16;

/// Rows that go through the model at once. Their states, gates and gradients fill a core's second-level cache about once.
pub(crate) const BLOCK: usize = 48;

impl Gradient {
    /// For models of this shape, on the best level of this processor.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self::on(Level::best(), shape)
    }

    /// For models of this shape, on a given level.
    #[must_use]
    pub fn on(level: Level, shape: Shape) -> Self {
        Self {
            level,
            sizes: Sizes::new(shape, level.lanes()),
            spare: Spare::default(),
            sums: Spare::default(),
        }
    }

    /// The loss of a batch, `Σ weight × −ln p(target)`, and its gradient in all weights, laid out as they are (see
    /// [`Shape`]).
    ///
    /// # Panics
    /// When weights or batch are not of this shape.
    #[must_use]
    pub fn of(&self, weights: &[f32], batch: &Batch) -> (f64, Vec<f32>) {
        let shape = &self.sizes.shape;
        shape.check(weights);
        shape.check_windows(&batch.histories, &batch.targets);
        let rows = batch.targets.len();
        assert_eq!(batch.weights.len(), rows, "one weight for each window");
        let factors = (shape.layers - 1) * shape.history * rows * shape.hidden;
        assert!(
            batch.dropout.is_empty() || batch.dropout.len() == factors,
            "dropout needs {factors} factors"
        );
        if rows == 0 {
            return (0.0, vec![0.0; weights.len()]);
        }
        let (codes, slots) = distinct(&batch.histories, shape.symbols);
        let packed = Packed {
            forward: Forward::new(self.sizes, weights, &codes),
            backward: Backward::new(self.sizes, weights),
            slots,
            places: Places::new(&self.sizes, codes.len()),
        };
        let size = rows.div_ceil(rows.div_ceil(BLOCK).min(LANES));
        let lanes: Vec<usize> = (0..rows).step_by(size).collect();
        let parts: Vec<(f64, Vec<f32>)> = lanes
            .into_par_iter()
            .map(|first| {
                let mut lane = self.spare.take(|| Lane::new(&self.sizes));
                lane.begin(&packed.places, self.sums.take(Vec::new));
                let rows = first..(first + size).min(rows);
                let loss = self.level.run(Part(&packed, batch, rows, &mut lane));
                let gradient = std::mem::take(&mut lane.gradient);
                self.spare.give([lane]);
                (loss, gradient)
            })
            .collect();
        let loss = parts.iter().map(|(loss, _)| loss).sum();
        let mut sum = vec![0.0; packed.places.end];
        sum.par_chunks_mut(1 << 14).enumerate().for_each(|(at, sum)| {
            for (_, part) in &parts {
                let part = &part[at << 14..][..sum.len()];
                sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        });
        self.sums.give(parts.into_iter().map(|(_, gradient)| gradient));
        let gradient = unpack(&self.sizes, &packed.places, weights, &codes, &sum);
        (loss, gradient)
    }
}

struct Part<'p>(&'p Packed, &'p Batch, std::ops::Range<usize>, &'p mut Lane);

impl Work for Part<'_> {
    type Output = f64;

    #[inline(always)]
    fn with<V: Vector>(self) -> f64 {
        let Self(packed, batch, rows, lane) = self;
        let mut loss = 0.0;
        for first in rows.clone().step_by(BLOCK) {
            loss += lane.block::<V>(packed, batch, first..(first + BLOCK).min(rows.end));
        }
        loss
    }
}

/// The distinct codes in order, and for each code its place among them: a large vocabulary needs few rows of its table.
fn distinct(histories: &[u32], symbols: usize) -> (Vec<u32>, Vec<u32>) {
    let mut slots = vec![u32::MAX; symbols + 1];
    for &code in histories {
        slots[code as usize] = 0;
    }
    let codes: Vec<u32> = (0..=symbols as u32).filter(|&code| slots[code as usize] == 0).collect();
    for (slot, &code) in codes.iter().enumerate() {
        slots[code as usize] = slot as u32;
    }
    (codes, slots)
}
