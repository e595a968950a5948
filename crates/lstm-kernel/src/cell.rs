//! The units of an LSTM, back through one step.

use crate::simd::Vector;
use crate::tile::{load, store};

/// One step back through the units of a cell block. `gates` are the activated gates and become the gradients of what went into
/// them, which are added to `sums`; `cell_gradient` moves on to the step before.
///
/// # Safety
/// `gates` and `sums` must point to four vectors, `cell_gradient` to one.
#[inline(always)]
pub(crate) unsafe fn unit_backward<V: Vector>(
    gates: *mut f32,
    squashed: V,
    cell_before: V,
    output_gradient: V,
    cell_gradient: *mut f32,
    sums: *mut f32,
) {
    let one = V::splat(1.0);
    // SAFETY: the caller's promises.
    unsafe {
        let [[input, forget, cell, output]] = load::<V, 1>([gates.cast_const()]);
        let to_output = output_gradient.mul(squashed).mul(output.mul(one.sub(output)));
        let to_squashed = output_gradient.mul(output);
        let to_cell = to_squashed.fma(squashed.fnma(squashed, one), V::load(cell_gradient));
        let to_input = to_cell.mul(cell).mul(input.mul(one.sub(input)));
        let to_candidate = to_cell.mul(input).mul(cell.fnma(cell, one));
        let to_forget = to_cell.mul(cell_before).mul(forget.mul(one.sub(forget)));
        to_cell.mul(forget).store(cell_gradient);
        let gradients = [[to_input, to_forget, to_candidate, to_output]];
        store(&gradients, gates, 0);
        let [mut total] = load::<V, 1>([sums.cast_const()]);
        for at in 0..4 {
            total[at] = total[at].add(gradients[0][at]);
        }
        store(&[total], sums, 0);
    }
}
