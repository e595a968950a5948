use std::arch::x86_64::*;

use super::{Vector, Work};

#[derive(Clone, Copy)]
pub(super) struct F32x8(__m256);

/// # Safety
/// The processor must have these features.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.with::<F32x8>()
}

impl F32x8 {
    #[inline(always)]
    fn lanes(self) -> [f32; 8] {
        let mut lanes = [0.0; 8];
        // SAFETY: there are eight lanes; for the feature see below.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), self.0) };
        lanes
    }
}

// SAFETY: here and in all blocks below, values of this type are only made under `run`, whose caller answers for the features;
// loads and stores pass on the promise of their own callers.
unsafe impl Vector for F32x8 {
    const LANES: usize = 8;
    const ROWS: usize = 3;
    const SCALES_BY_ANY: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_loadu_ps(at) })
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(at, self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, sum.0) })
    }
    #[inline(always)]
    fn fnma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_fnmadd_ps(self.0, factor.0, sum.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The instruction gives its second operand where one is not a number.
        // SAFETY: see above.
        Self(unsafe { _mm256_max_ps(other.0, self.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_min_ps(other.0, self.0) })
    }
    #[inline(always)]
    fn fraction(self) -> Self {
        // SAFETY: see above.
        self.sub(Self(unsafe { _mm256_floor_ps(self.0) }))
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        // SAFETY: see above. Adding to the exponent's bits multiplies by a power of two.
        unsafe {
            let exponent = _mm256_slli_epi32::<23>(_mm256_cvttps_epi32(_mm256_floor_ps(power.0)));
            Self(_mm256_castsi256_ps(_mm256_add_epi32(
                _mm256_castps_si256(self.0),
                exponent,
            )))
        }
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_div_ps(_mm256_set1_ps(1.0), self.0) })
    }
    #[inline(always)]
    fn where_at_most(self, value: Self, limit: Self) -> Self {
        // SAFETY: see above. A lane that compares true is all ones.
        Self(unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(value.0, limit.0), self.0) })
    }
    #[inline(always)]
    fn count_greater(self, other: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0)) }.count_ones()
    }
    #[inline(always)]
    fn count_equal(self, other: Self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0)) }.count_ones()
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        self.lanes().into_iter().fold(f32::MIN, f32::max)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.lanes().into_iter().sum()
    }
}
