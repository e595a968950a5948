//! The parts of a softmax over logits, which are whole vectors.

use crate::math::exp;
use crate::simd::Vector;

/// The largest logit, and the sum of e to the power of their distances from it.
#[inline(always)]
pub(crate) fn largest_and_sum<V: Vector>(logits: &[f32]) -> (f32, f32) {
    let largest = largest::<V>(logits);
    let mut sum = V::splat(0.0);
    for chunk in logits.chunks_exact(V::LANES) {
        // SAFETY: a chunk is one vector.
        let logit = unsafe { V::load(chunk.as_ptr()) };
        sum = sum.add(exp(logit.sub(V::splat(largest))));
    }
    (largest, sum.sum())
}

/// The sum of e to the power of their distances from `own`, over the logits that are not above it.
#[inline(always)]
pub(crate) fn sum_of_lower<V: Vector>(logits: &[f32], own: f32) -> f32 {
    let own = V::splat(own);
    let mut sum = V::splat(0.0);
    for chunk in logits.chunks_exact(V::LANES) {
        // SAFETY: a chunk is one vector.
        let logit = unsafe { V::load(chunk.as_ptr()) };
        sum = sum.add(exp(logit.sub(own)).where_at_most(logit, own));
    }
    sum.sum()
}

/// The same as [`largest_and_sum`], and e to the power of its distance in the place of each logit.
#[inline(always)]
pub(crate) fn exponentials<V: Vector>(logits: &mut [f32]) -> (f32, f32) {
    let largest = largest::<V>(logits);
    let mut sum = V::splat(0.0);
    for chunk in logits.chunks_exact_mut(V::LANES) {
        // SAFETY: a chunk is one vector.
        unsafe {
            let part = exp(V::load(chunk.as_ptr()).sub(V::splat(largest)));
            sum = sum.add(part);
            part.store(chunk.as_mut_ptr());
        }
    }
    (largest, sum.sum())
}

#[inline(always)]
fn largest<V: Vector>(logits: &[f32]) -> f32 {
    let mut largest = V::splat(f32::MIN);
    for chunk in logits.chunks_exact(V::LANES) {
        // SAFETY: a chunk is one vector.
        largest = largest.max(unsafe { V::load(chunk.as_ptr()) });
    }
    largest.largest()
}
