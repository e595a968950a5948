use std::arch::x86_64::*;

use super::{Vector, Work};

#[derive(Clone, Copy)]
pub(super) struct F32x16(__m512);

/// # Safety
/// The processor must have these features.
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.with::<F32x16>()
}

// SAFETY: here and in all blocks below, values of this type are only made under `run`, whose caller answers for the features;
// loads and stores pass on the promise of their own callers.
unsafe impl Vector for F32x16 {
    const LANES: usize = 16;
    const ROWS: usize = 6;
    const SCALES_BY_ANY: bool = true;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_loadu_ps(at) })
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(at, self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
    }
    #[inline(always)]
    fn fnma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fnmadd_ps(self.0, factor.0, sum.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The instruction gives its second operand where one is not a number.
        // SAFETY: see above.
        Self(unsafe { _mm512_max_ps(other.0, self.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_min_ps(other.0, self.0) })
    }
    #[inline(always)]
    fn fraction(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_reduce_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_scalef_ps(self.0, power.0) })
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        // The estimate has 14 bits; one step of Newton's method doubles them. A division takes several times as long.
        // SAFETY: see above.
        let estimate = Self(unsafe { _mm512_rcp14_ps(self.0) });
        estimate.mul(self.fnma(estimate, Self::splat(2.0)))
    }
    #[inline(always)]
    fn where_at_most(self, value: Self, limit: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(value.0, limit.0), self.0) })
    }
    #[inline(always)]
    fn count_greater(self, other: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0) }.count_ones()
    }
    #[inline(always)]
    fn count_equal(self, other: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) }.count_ones()
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
}
