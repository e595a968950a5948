//! One lane of a batch: its blocks forward and backward, and the gradient that they add up to.

use std::ops::Range;

use crate::cell::unit_backward;
use crate::forward::{Out, logits, step};
use crate::gradient::{BLOCK, Batch};
use crate::packed::{Backward, Forward, Sizes};
use crate::simd::Vector;
use crate::softmax::exponentials;
use crate::tile::{add_outer, padded, product};
use crate::unpack::Places;

/// The weights of a step, packed once for all lanes.
pub(crate) struct Packed {
    pub(crate) forward: Forward,
    pub(crate) backward: Backward,
    /// The row of each input code in the table.
    pub(crate) slots: Vec<u32>,
    pub(crate) places: Places,
}

/// Everything that a block keeps between forward and backward, and the sum of gradients of a part of a batch.
#[derive(Debug)]
pub(crate) struct Lane {
    layers: Vec<LayerStates>,
    logits: Vec<f32>,
    /// What goes down to the layer below, where dropout has to be applied to it.
    below: Vec<f32>,
    zeros: Vec<f32>,
    /// Packed gradient, see [`Places`].
    pub(crate) gradient: Vec<f32>,
}

#[derive(Debug)]
struct LayerStates {
    /// `[history, rows, hidden]`.
    outputs: Vec<f32>,
    /// Outputs after dropout, what the layer above sees.
    dropped: Vec<f32>,
    cells: Vec<f32>,
    /// tanh of the cells.
    squashed: Vec<f32>,
    /// `[history, blocks, rows, 4, lanes]`, first activated gates, then their gradients.
    gates: Vec<f32>,
    /// `[rows, columns over h]` gradient of the outputs of the step at hand.
    output_gradient: Vec<f32>,
    /// `[rows, hidden]` gradient of the cells.
    cell_gradient: Vec<f32>,
}

/// Rows that every buffer has room for.
const ROWS: usize = BLOCK;

impl Lane {
    pub(crate) fn new(sizes: &Sizes) -> Self {
        debug_assert_eq!(padded(ROWS), ROWS);
        let steps = sizes.shape.history;
        let zeros = |numbers: usize| vec![0.0; numbers];
        let states = || LayerStates {
            outputs: zeros(steps * ROWS * sizes.hidden),
            dropped: Vec::new(),
            cells: zeros(steps * ROWS * sizes.hidden),
            squashed: zeros(steps * ROWS * sizes.hidden),
            gates: zeros(steps * ROWS * sizes.gates()),
            output_gradient: zeros(ROWS * sizes.columns(sizes.shape.hidden)),
            cell_gradient: zeros(ROWS * sizes.hidden),
        };
        Self {
            layers: (0..sizes.shape.layers).map(|_| states()).collect(),
            logits: zeros(ROWS * sizes.logits()),
            below: zeros(ROWS * sizes.columns(sizes.shape.hidden)),
            zeros: zeros(sizes.hidden.max(sizes.wide)),
            gradient: Vec::new(),
        }
    }

    /// Begins a part of a batch whose gradient has these places, in memory that was used for another.
    pub(crate) fn begin(&mut self, places: &Places, gradient: Vec<f32>) {
        self.gradient = gradient;
        self.gradient.clear();
        self.gradient.resize(places.end, 0.0);
    }

    /// Adds the gradient of some rows of a batch, at most [`BLOCK`]; returns their loss.
    #[inline(always)]
    pub(crate) fn block<V: Vector>(&mut self, packed: &Packed, batch: &Batch, rows: Range<usize>) -> f64 {
        self.forward::<V>(packed, batch, rows.clone());
        let loss = self.loss::<V>(&packed.forward.sizes, batch, rows.clone());
        self.output_backward::<V>(packed, rows.len());
        for time in (0..packed.forward.sizes.shape.history).rev() {
            for layer in (0..packed.forward.sizes.shape.layers).rev() {
                self.layer_backward::<V>(packed, batch, rows.clone(), layer, time);
            }
        }
        loss
    }

    #[inline(always)]
    fn forward<V: Vector>(&mut self, packed: &Packed, batch: &Batch, rows: Range<usize>) {
        let Packed { forward, slots, .. } = packed;
        let sizes = &forward.sizes;
        let (steps, hidden, gates, n) = (sizes.shape.history, sizes.hidden, sizes.gates(), rows.len());
        let frame = ROWS * hidden;
        let histories = &batch.histories[rows.start * steps..rows.end * steps];
        for time in 0..steps {
            for layer in 0..sizes.shape.layers {
                let (under, own) = self.layers.split_at_mut(layer);
                let own = &mut own[0];
                let start = |row: usize| match layer {
                    0 => forward.table[slots[histories[row * steps + time] as usize] as usize * gates..].as_ptr(),
                    _ => forward.layers[layer].bias.as_ptr(),
                };
                let under = under.last().map(|under| &under.seen_above(batch)[time * frame..]);
                let below = |row: usize| under.map_or(std::ptr::null(), |under| under[row * hidden..].as_ptr());
                let (outputs_before, outputs) = own.outputs.split_at_mut(time * frame);
                let (cells_before, cells) = own.cells.split_at_mut(time * frame);
                let previous = |row: usize| {
                    let at = time.saturating_sub(1) * frame + row * hidden;
                    (outputs_before[at..].as_ptr(), cells_before[at..].as_ptr())
                };
                let out = Out {
                    output: outputs[..frame].as_mut_ptr(),
                    cell: cells[..frame].as_mut_ptr(),
                    saved: Some((
                        own.gates[time * ROWS * gates..][..ROWS * gates].as_mut_ptr(),
                        ROWS,
                        own.squashed[time * frame..][..frame].as_mut_ptr(),
                    )),
                };
                // SAFETY: every row of a frame has `hidden` numbers, a row of the table and a bias have `gates`; a frame has
                // room for all rows, and `ROWS` is a multiple of every tile.
                unsafe {
                    step::<V>(
                        sizes,
                        &forward.layers[layer],
                        n,
                        start,
                        under.is_some().then_some(&below),
                        (time > 0).then_some(&previous),
                        out,
                    );
                }
                if !batch.dropout.is_empty() && layer + 1 < sizes.shape.layers {
                    own.drop_out(sizes, batch, &rows, layer, time);
                }
            }
        }
        let last = &self.layers[sizes.shape.layers - 1].outputs[(steps - 1) * frame..];
        // SAFETY: as above; there are logits for `ROWS` rows.
        unsafe {
            logits::<V>(
                forward,
                n,
                |row| last[row * hidden..].as_ptr(),
                self.logits.as_mut_ptr(),
            );
        }
    }

    /// Turns logits into their gradients.
    #[inline(always)]
    fn loss<V: Vector>(&mut self, sizes: &Sizes, batch: &Batch, rows: Range<usize>) -> f64 {
        let symbols = sizes.shape.symbols;
        let mut loss = 0.0;
        for (logits, row) in self.logits.chunks_exact_mut(sizes.logits()).zip(rows) {
            let (target, weight) = (batch.targets[row] as usize, batch.weights[row]);
            let own = logits[target];
            let (largest, sum) = exponentials::<V>(logits);
            loss -= f64::from(weight) * (f64::from(own - largest) - f64::from(sum).ln());
            let factor = V::splat(weight / sum);
            for chunk in logits.chunks_exact_mut(V::LANES) {
                // SAFETY: a chunk is one vector.
                unsafe { V::load(chunk.as_ptr()).mul(factor).store(chunk.as_mut_ptr()) };
            }
            logits[target] -= weight;
            logits[symbols..].fill(0.0);
        }
        loss
    }

    #[inline(always)]
    fn output_backward<V: Vector>(&mut self, packed: &Packed, n: usize) {
        let sizes = &packed.forward.sizes;
        let (h, wide, columns) = (sizes.shape.hidden, sizes.wide, sizes.logits());
        let places = &packed.places;
        let frame = ROWS * sizes.hidden;
        for states in &mut self.layers {
            states.output_gradient.fill(0.0);
            states.cell_gradient.fill(0.0);
        }
        let Some(last) = self.layers.last_mut() else { return };
        let outputs = &last.outputs[(sizes.shape.history - 1) * frame..];
        let bias = &mut self.gradient[places.output_bias.clone()];
        for row in self.logits.chunks_exact(columns).take(n) {
            bias.iter_mut().zip(row).for_each(|(sum, part)| *sum += part);
        }
        let matrix = &mut self.gradient[places.output.clone()];
        for (group, matrix) in matrix.chunks_exact_mut(padded(h) * wide).enumerate() {
            let part = self.logits[group * wide..].as_ptr();
            // SAFETY: `n` rows of outputs and of logits lie `hidden` and `columns` apart; the matrix has `padded(h)` rows.
            unsafe {
                add_outer::<V>(
                    n,
                    h,
                    (outputs.as_ptr(), sizes.hidden),
                    (part, columns),
                    matrix.as_mut_ptr(),
                );
            };
        }
        let half = sizes.columns(h);
        for group in 0..sizes.groups(h) {
            let transposed = packed.backward.output[group * columns * wide..].as_ptr();
            let to = last.output_gradient[group * wide..].as_mut_ptr();
            let (zeros, logits) = (self.zeros.as_ptr(), &self.logits);
            // SAFETY: `n` rows of logits; the transposed matrix has a row of four vectors for each column; there are `ROWS` rows of
            // gradients, `half` apart.
            unsafe {
                product::<V>(
                    n,
                    (1, columns),
                    |_| zeros,
                    |row, _| logits[row * columns..].as_ptr(),
                    transposed,
                    to,
                    half,
                );
            }
        }
    }

    #[inline(always)]
    fn layer_backward<V: Vector>(
        &mut self,
        packed: &Packed,
        batch: &Batch,
        rows: Range<usize>,
        layer: usize,
        time: usize,
    ) {
        let Packed {
            forward,
            backward,
            slots,
            places,
        } = packed;
        let sizes = &forward.sizes;
        let (steps, h, hidden, gates, wide) = (
            sizes.shape.history,
            sizes.shape.hidden,
            sizes.hidden,
            sizes.gates(),
            sizes.wide,
        );
        let (n, frame, half) = (rows.len(), ROWS * hidden, sizes.columns(h));
        let (under, own) = self.layers.split_at_mut(layer);
        let (under, own) = (under.last_mut(), &mut own[0]);
        let own_gates = &mut own.gates[time * ROWS * gates..][..ROWS * gates];
        let histories = &batch.histories[rows.start * steps..];
        let sums = match layer {
            0 => &mut self.gradient[places.table.clone()],
            _ => &mut self.gradient[places.layers[layer].bias.clone()],
        };
        let sum = |row: usize| match layer {
            0 => slots[histories[row * steps + time] as usize] as usize * gates,
            _ => 0,
        };
        for row in 0..n {
            let to = &mut sums[sum(row)..][..gates];
            for block in 0..sizes.blocks {
                let at = time * frame + row * hidden + block * sizes.lanes;
                let here = row * hidden + block * sizes.lanes;
                let cell_before = if time > 0 {
                    own.cells[at - frame..].as_ptr()
                } else {
                    self.zeros.as_ptr()
                };
                // SAFETY: all point to whole vectors of this block's units: rows are `hidden` apart (`half` for the gradients of outputs),
                // which is a multiple of the lanes; four vectors of gates make a cell block.
                unsafe {
                    unit_backward::<V>(
                        own_gates[(block * ROWS + row) * wide..][..wide].as_mut_ptr(),
                        V::load(own.squashed[at..].as_ptr()),
                        V::load(cell_before),
                        V::load(own.output_gradient[row * half + block * sizes.lanes..].as_ptr()),
                        own.cell_gradient[here..].as_mut_ptr(),
                        to[block * wide..][..wide].as_mut_ptr(),
                    );
                }
            }
        }
        let part = padded(h) * wide;
        let place = &places.layers[layer];
        for block in 0..sizes.blocks {
            let gates = (own_gates[block * ROWS * wide..].as_ptr(), wide);
            // SAFETY: `n` rows of outputs, `hidden` apart, and of a block's gates, `wide` apart; each part of the gradient has
            // `padded(h)` rows of four vectors a block.
            unsafe {
                if let Some(under) = &under {
                    let seen = under.seen_above(batch)[time * frame..].as_ptr();
                    let to = self.gradient[place.below.start + block * part..][..part].as_mut_ptr();
                    add_outer::<V>(n, h, (seen, hidden), gates, to);
                }
                if time > 0 {
                    let before = own.outputs[(time - 1) * frame..].as_ptr();
                    let to = self.gradient[place.recurrent.start + block * part..][..part].as_mut_ptr();
                    add_outer::<V>(n, h, (before, hidden), gates, to);
                }
            }
        }
        let matrix = &backward.layers[layer];
        let own_gates = &own_gates[..];
        let gates_of = |row: usize, block: usize| own_gates[(block * ROWS + row) * wide..].as_ptr();
        let zeros = self.zeros.as_ptr();
        let (blocks, no_dropout) = ((sizes.blocks, wide), batch.dropout.is_empty());
        let mut under = under;
        for group in 0..sizes.groups(h) {
            let column = group * wide;
            let to_below = &matrix[group * gates * wide..];
            // SAFETY: a block of a row's gates has `wide` numbers; the transposed matrix has as many rows of four vectors a group as
            // there are gates, those of the own outputs behind those of the layer below; there are `ROWS` rows of gradients,
            // `half` apart.
            unsafe {
                if let Some(under) = &mut under {
                    if no_dropout {
                        let to = under.output_gradient.as_mut_ptr();
                        let so_far = |row: usize| to.wrapping_add(row * half + column).cast_const();
                        product::<V>(n, blocks, so_far, gates_of, to_below.as_ptr(), to.add(column), half);
                    } else {
                        let to = self.below[column..].as_mut_ptr();
                        product::<V>(n, blocks, |_| zeros, gates_of, to_below.as_ptr(), to, half);
                    }
                }
                if time > 0 {
                    let to_own = if layer == 0 {
                        to_below
                    } else {
                        &to_below[half * gates..]
                    };
                    let to = own.output_gradient[column..].as_mut_ptr();
                    product::<V>(n, blocks, |_| zeros, gates_of, to_own.as_ptr(), to, half);
                }
            }
        }
        if let Some(under) = under.filter(|_| !no_dropout) {
            for (at, row) in rows.enumerate() {
                let factors = dropout_of(sizes, batch, layer - 1, time, row);
                let sums = &mut under.output_gradient[at * half..];
                let parts = &self.below[at * half..];
                for ((sum, part), factor) in sums.iter_mut().zip(parts).zip(factors) {
                    *sum += part * factor;
                }
            }
        }
    }
}

impl LayerStates {
    /// What the layer above sees of the outputs.
    fn seen_above(&self, batch: &Batch) -> &[f32] {
        if batch.dropout.is_empty() {
            &self.outputs
        } else {
            &self.dropped
        }
    }

    fn drop_out(&mut self, sizes: &Sizes, batch: &Batch, rows: &Range<usize>, layer: usize, time: usize) {
        self.dropped.resize(self.outputs.len(), 0.0);
        for (at, row) in rows.clone().enumerate() {
            let place = (time * ROWS + at) * sizes.hidden;
            let factors = dropout_of(sizes, batch, layer, time, row);
            for ((dropped, output), factor) in self.dropped[place..]
                .iter_mut()
                .zip(&self.outputs[place..])
                .zip(factors)
            {
                *dropped = output * factor;
            }
        }
    }
}

/// The factors of one row's outputs of a layer at a step.
fn dropout_of<'b>(sizes: &Sizes, batch: &'b Batch, layer: usize, time: usize, row: usize) -> &'b [f32] {
    let h = sizes.shape.hidden;
    let place = (layer * sizes.shape.history + time) * batch.targets.len() + row;
    &batch.dropout[place * h..(place + 1) * h]
}
