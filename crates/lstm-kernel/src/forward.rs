//! Keys to the output of the last layer, and from there to logits.

use crate::math::{TANH_SCALE, sigmoid_of_scaled as sigmoid, tanh_of_scaled as tanh};
use crate::packed::{Forward, PackedLayer, Sizes};
use crate::simd::Vector;
use crate::tile::{accumulate, each, load, product, singles, store};

/// Where a step of a layer writes. Rows are `hidden` numbers apart, padding included.
#[derive(Clone, Copy)]
pub(crate) struct Out {
    pub(crate) output: *mut f32,
    pub(crate) cell: *mut f32,
    /// Activated gates as `[blocks, rows, 4, lanes]` with this many rows a block, and tanh of the cells.
    pub(crate) saved: Option<(*mut f32, usize, *mut f32)>,
}

/// One step of one layer over some rows.
///
/// `start` is where a row's gates begin (bias, and the first layer's input), `below` the output of the layer below at this
/// step, `previous` the layer's own output and cell of the step before.
///
/// # Safety
/// For every row below `rows` (rows beyond it are never asked for): `start` must point to `gates` numbers; `below`, where there
/// is one, and `previous`, where there is one, to `hidden` numbers each. `out` must have room for [`padded`](crate::tile::padded)
/// rows.
#[inline(always)]
pub(crate) unsafe fn step<V: Vector>(
    sizes: &Sizes,
    layer: &PackedLayer,
    rows: usize,
    start: impl Fn(usize) -> *const f32,
    below: Option<&impl Fn(usize) -> *const f32>,
    previous: Option<&impl Fn(usize) -> (*const f32, *const f32)>,
    out: Out,
) {
    let whole = rows - singles(rows, V::ROWS);
    for block in 0..sizes.blocks {
        let mut tile = Tile {
            sizes,
            rows,
            block,
            matrix: layer.matrix[block * sizes.inputs(usize::from(below.is_some())) * sizes.wide..].as_ptr(),
            start: &start,
            below,
            previous,
            out,
        };
        let mut first = 0;
        // SAFETY: the caller's promises. The number of rows of a tile is known at compile time.
        unsafe {
            while first < whole {
                match V::ROWS {
                    6 => tile.compute::<V, 6>(first),
                    _ => tile.compute::<V, 3>(first),
                }
                first += V::ROWS;
            }
            for first in whole..rows {
                tile.compute::<V, 1>(first);
            }
        }
    }
}

struct Tile<'t, S, B, P> {
    sizes: &'t Sizes,
    rows: usize,
    block: usize,
    matrix: *const f32,
    start: &'t S,
    below: Option<&'t B>,
    previous: Option<&'t P>,
    out: Out,
}

impl<S, B, P> Tile<'_, S, B, P>
where
    S: Fn(usize) -> *const f32,
    B: Fn(usize) -> *const f32,
    P: Fn(usize) -> (*const f32, *const f32),
{
    /// # Safety
    /// As for [`step`].
    #[inline(always)]
    unsafe fn compute<V: Vector, const R: usize>(&mut self, first: usize) {
        let Sizes {
            wide, hidden, lanes, ..
        } = *self.sizes;
        let units = self.sizes.shape.hidden;
        let last = self.rows - 1;
        let at = self.block * lanes;
        let mut cells = [V::splat(0.0); R];
        // SAFETY: rows beyond the last take the last one's place, so all pointers are the caller's; a matrix has `wide` numbers
        // for each of its inputs in a block.
        let sums = unsafe {
            let mut sums = load::<V, R>(each(|r| (self.start)((first + r).min(last)).add(self.block * wide)));
            let mut matrix = self.matrix;
            if let Some(below) = self.below {
                let rows = each(|r| below((first + r).min(last)));
                accumulate::<V, R>(&mut sums, rows, 1, matrix, wide, units);
                matrix = matrix.add(units * wide);
            }
            if let Some(previous) = self.previous {
                let rows: [_; R] = each(|r| previous((first + r).min(last)));
                accumulate::<V, R>(&mut sums, rows.map(|(output, _)| output), 1, matrix, wide, units);
                for r in 0..R {
                    cells[r] = V::load(rows[r].1.add(at));
                }
            }
            sums
        };
        for r in 0..R {
            let [input, forget, cell, output] = sums[r];
            let (input, forget, cell, output) = (sigmoid(input), sigmoid(forget), tanh(cell), sigmoid(output));
            let next = forget.fma(cells[r], input.mul(cell));
            let squashed = tanh(next.mul(V::splat(TANH_SCALE)));
            let place = (first + r) * hidden + at;
            // SAFETY: `out` has room for a tile beyond the last row.
            unsafe {
                next.store(self.out.cell.add(place));
                output.mul(squashed).store(self.out.output.add(place));
                if let Some((gates, rows, tanhs)) = self.out.saved {
                    let row = (self.block * rows + first + r) * wide;
                    store::<V, 1>(&[[input, forget, cell, output]], gates.add(row), 0);
                    squashed.store(tanhs.add(place));
                }
            }
        }
    }
}

/// Logits `[rows, padded symbols]` from the last layer's outputs.
///
/// # Safety
/// `outputs` must point to `hidden` numbers for every row below `rows`; `logits` must have room for
/// [`padded`](crate::tile::padded) rows.
#[inline(always)]
pub(crate) unsafe fn logits<V: Vector>(
    forward: &Forward,
    rows: usize,
    outputs: impl Fn(usize) -> *const f32,
    logits: *mut f32,
) {
    let (sizes, h) = (&forward.sizes, forward.sizes.shape.hidden);
    for group in 0..sizes.logits() / sizes.wide {
        let matrix = forward.output[group * h * sizes.wide..].as_ptr();
        let bias = forward.output_bias[group * sizes.wide..].as_ptr();
        // SAFETY: the caller's promises; the output layer has `h` rows of four vectors a group.
        unsafe {
            let to = logits.add(group * sizes.wide);
            product::<V>(
                rows,
                (1, h),
                |_| bias,
                |row, _| outputs(row),
                matrix,
                to,
                sizes.logits(),
            );
        }
    }
}
