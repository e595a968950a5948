//! The one inner product that everything is made of: a few rows times four vectors of columns, summed in registers.

#![allow(
    clippy::needless_range_loop,
    reason = "these loops are over registers; with indices they read as the formulas do"
)]

use crate::simd::Vector;

/// Sums of `R` rows over four vectors of columns.
pub(crate) type Sums<V, const R: usize> = [[V; 4]; R];

/// Adds `Σₖ a[r][k] · b[k]` to the sums, k in order: so a row's result does not depend on the rows beside it.
///
/// # Safety
/// For every `k` below `count`: `a[r] + k × a_step` must be readable, and four vectors from `b + k × b_step`.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Vector, const R: usize>(
    sums: &mut Sums<V, R>,
    a: [*const f32; R],
    a_step: usize,
    b: *const f32,
    b_step: usize,
    count: usize,
) {
    for k in 0..count {
        let b = b.wrapping_add(k * b_step);
        // SAFETY: the caller promises that all of this is readable.
        unsafe {
            if V::ROWS > 3 {
                let columns: [V; 4] = each(|at| V::load(b.add(at * V::LANES)));
                for r in 0..R {
                    let factor = V::splat(*a[r].add(k * a_step));
                    for (sum, column) in sums[r].iter_mut().zip(columns) {
                        *sum = factor.fma(column, *sum);
                    }
                }
            } else {
                // Three factors and one vector at a time are what sixteen registers hold beside the sums.
                let factors: [V; R] = each(|r| V::splat(*a[r].add(k * a_step)));
                for at in 0..4 {
                    let column = V::load(b.add(at * V::LANES));
                    for r in 0..R {
                        sums[r][at] = factors[r].fma(column, sums[r][at]);
                    }
                }
            }
        }
    }
}

/// `of` each number below `R`; unlike the standard function it is always inlined.
#[inline(always)]
pub(crate) fn each<T: Copy, const R: usize>(of: impl Fn(usize) -> T) -> [T; R] {
    let mut all = [of(0); R];
    for (r, own) in all.iter_mut().enumerate().skip(1) {
        *own = of(r);
    }
    all
}

/// # Safety
/// Four vectors must be readable from each pointer.
#[inline(always)]
pub(crate) unsafe fn load<V: Vector, const R: usize>(rows: [*const f32; R]) -> Sums<V, R> {
    let mut sums = [[V::splat(0.0); 4]; R];
    for r in 0..R {
        for at in 0..4 {
            // SAFETY: the caller promises four vectors.
            sums[r][at] = unsafe { V::load(rows[r].add(at * V::LANES)) };
        }
    }
    sums
}

/// # Safety
/// Four vectors must be writable from `to + r × step` for every row `r`.
#[inline(always)]
pub(crate) unsafe fn store<V: Vector, const R: usize>(sums: &Sums<V, R>, to: *mut f32, step: usize) {
    for (r, row) in sums.iter().enumerate() {
        for (at, sum) in row.iter().enumerate() {
            // SAFETY: the caller promises four vectors.
            unsafe { sum.store(to.add(r * step + at * V::LANES)) };
        }
    }
}

/// Rows that are left for tiles of one row: one or two, which cost less alone than in a tile that reaches beyond the end.
#[inline(always)]
pub(crate) fn singles(rows: usize, tile: usize) -> usize {
    let left = rows % tile;
    if left <= 2 { left } else { 0 }
}

/// Rows of a buffer whose last tile may reach beyond the end.
pub(crate) fn padded(rows: usize) -> usize {
    rows.next_multiple_of(LARGEST_TILE)
}

/// The rows of every level's tiles divide this.
pub(crate) const LARGEST_TILE: usize = 6;

/// `to[row] = start(row) + Σ a(row, segment) · b` over four vectors of columns: one part of a matrix product.
///
/// # Safety
/// For every row below `rows` (no other is asked for): `start` must give four vectors and `a` `count` numbers for every segment;
/// `b` must hold four vectors for each number of each segment; `to` must have room for four vectors in [`padded`] rows, `apart`
/// numbers from one to the next.
#[inline(always)]
pub(crate) unsafe fn product<V: Vector>(
    rows: usize,
    (segments, count): (usize, usize),
    start: impl Fn(usize) -> *const f32,
    a: impl Fn(usize, usize) -> *const f32,
    b: *const f32,
    to: *mut f32,
    apart: usize,
) {
    let whole = rows - singles(rows, V::ROWS);
    let mut first = 0;
    // SAFETY: the caller's promises. The number of rows of a tile is known at compile time.
    unsafe {
        while first < whole {
            match V::ROWS {
                6 => rows_of_product::<V, 6>(rows, first, (segments, count), &start, &a, b, to, apart),
                _ => rows_of_product::<V, 3>(rows, first, (segments, count), &start, &a, b, to, apart),
            }
            first += V::ROWS;
        }
        for first in whole..rows {
            rows_of_product::<V, 1>(rows, first, (segments, count), &start, &a, b, to, apart);
        }
    }
}

/// # Safety
/// As for [`product`].
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "it is the body of a loop")]
unsafe fn rows_of_product<V: Vector, const R: usize>(
    rows: usize,
    first: usize,
    (segments, count): (usize, usize),
    start: &impl Fn(usize) -> *const f32,
    a: &impl Fn(usize, usize) -> *const f32,
    b: *const f32,
    to: *mut f32,
    apart: usize,
) {
    // Rows beyond the last take its place; what they give lies beyond the end, where nobody looks.
    let row = |r: usize| (first + r).min(rows - 1);
    // SAFETY: the caller's promises.
    unsafe {
        let mut sums = load::<V, R>(each(|r| start(row(r))));
        for segment in 0..segments {
            let factors = each(|r| a(row(r), segment));
            let b = b.add(segment * count * 4 * V::LANES);
            accumulate::<V, R>(&mut sums, factors, 1, b, 4 * V::LANES, count);
        }
        store(&sums, to.add(first * apart), apart);
    }
}

/// `to[k] += Σ over rows x[row][k] · g[row]` for `k` below `inputs` over four vectors of columns: the gradient of a part of a matrix.
///
/// # Safety
/// `x` must hold `inputs` numbers for every row, rows `x_apart` from each other, and `g` four vectors, `g_apart` from each other;
/// `to` must have room for [`padded`] inputs of four vectors.
#[inline(always)]
pub(crate) unsafe fn add_outer<V: Vector>(
    rows: usize,
    inputs: usize,
    (x, x_apart): (*const f32, usize),
    (g, g_apart): (*const f32, usize),
    to: *mut f32,
) {
    let mut first = 0;
    while first < inputs {
        // SAFETY: the caller's promises.
        unsafe {
            match V::ROWS {
                6 => outer_of_inputs::<V, 6>(rows, inputs, first, (x, x_apart), (g, g_apart), to),
                _ => outer_of_inputs::<V, 3>(rows, inputs, first, (x, x_apart), (g, g_apart), to),
            }
        }
        first += V::ROWS;
    }
}

/// # Safety
/// As for [`add_outer`].
#[inline(always)]
unsafe fn outer_of_inputs<V: Vector, const R: usize>(
    rows: usize,
    inputs: usize,
    first: usize,
    (x, x_apart): (*const f32, usize),
    (g, g_apart): (*const f32, usize),
    to: *mut f32,
) {
    let apart = 4 * V::LANES;
    // SAFETY: the caller's promises; inputs beyond the last take its place.
    unsafe {
        let to = to.add(first * apart);
        let mut sums = load::<V, R>(each(|r| to.add(r * apart).cast_const()));
        let columns = each(|r| x.add((first + r).min(inputs - 1)));
        accumulate::<V, R>(&mut sums, columns, x_apart, g, g_apart, rows);
        store(&sums, to, apart);
    }
}
