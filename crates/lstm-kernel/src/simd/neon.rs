use std::arch::aarch64::*;

use super::{Vector, Work};

#[derive(Clone, Copy)]
pub(super) struct F32x4(float32x4_t);

/// # Safety
/// The processor must have this feature.
#[target_feature(enable = "neon")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.with::<F32x4>()
}

// SAFETY: here and in all blocks below, values of this type are only made under `run`, whose caller answers for the features;
// loads and stores pass on the promise of their own callers.
unsafe impl Vector for F32x4 {
    const LANES: usize = 4;
    const ROWS: usize = 6;
    const SCALES_BY_ANY: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdupq_n_f32(value) })
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vld1q_f32(at) })
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: see above.
        unsafe { vst1q_f32(at, self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmaq_f32(sum.0, self.0, factor.0) })
    }
    #[inline(always)]
    fn fnma(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmsq_f32(sum.0, self.0, factor.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vminq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn fraction(self) -> Self {
        // SAFETY: see above.
        self.sub(Self(unsafe { vrndmq_f32(self.0) }))
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        // SAFETY: see above. Adding to the exponent's bits multiplies by a power of two.
        unsafe {
            let exponent = vshlq_n_s32::<23>(vcvtmq_s32_f32(power.0));
            Self(vreinterpretq_f32_s32(vaddq_s32(
                vreinterpretq_s32_f32(self.0),
                exponent,
            )))
        }
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdivq_f32(vdupq_n_f32(1.0), self.0) })
    }
    #[inline(always)]
    fn where_at_most(self, value: Self, limit: Self) -> Self {
        // SAFETY: see above. A lane that compares true is all ones.
        unsafe {
            let mask = vcleq_f32(value.0, limit.0);
            Self(vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(self.0))))
        }
    }
    #[inline(always)]
    fn count_greater(self, other: Self) -> u32 {
        // SAFETY: see above. A lane that compares true is all ones.
        unsafe { vaddvq_u32(vshrq_n_u32::<31>(vcgtq_f32(self.0, other.0))) }
    }
    #[inline(always)]
    fn count_equal(self, other: Self) -> u32 {
        // SAFETY: see above.
        unsafe { vaddvq_u32(vshrq_n_u32::<31>(vceqq_f32(self.0, other.0))) }
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: see above.
        unsafe { vmaxvq_f32(self.0) }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { vaddvq_f32(self.0) }
    }
}
