use super::Vector;

/// Four numbers that the compiler makes a vector of where it can.
#[derive(Clone, Copy)]
pub(super) struct F32x4([f32; 4]);

/// Without an instruction for it, the standard one is a call.
#[inline(always)]
fn floor(a: f32) -> f32 {
    // From here on, neighbouring numbers are 1 apart.
    const WHOLE: f32 = 12_582_912.0;
    let nearest = (a + WHOLE) - WHOLE;
    if nearest > a { nearest - 1.0 } else { nearest }
}

impl F32x4 {
    #[inline(always)]
    fn with(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let (a, b) = (self.0, other.0);
        Self([of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2]), of(a[3], b[3])])
    }
}

// SAFETY: nothing here needs a feature; loads and stores pass on the promise of their callers.
unsafe impl Vector for F32x4 {
    const LANES: usize = 4;
    const ROWS: usize = 3;
    const SCALES_BY_ANY: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: the caller promises four numbers, and an array needs no more alignment than they.
        Self(unsafe { at.cast::<[f32; 4]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: as for `load`.
        unsafe { at.cast::<[f32; 4]>().write(self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }
    #[inline(always)]
    fn fma(self, factor: Self, sum: Self) -> Self {
        // Fused by software it would take a hundred times as long.
        self.mul(factor).add(sum)
    }
    #[inline(always)]
    fn fnma(self, factor: Self, sum: Self) -> Self {
        sum.sub(self.mul(factor))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.with(other, |a, b| if b > a { b } else { a })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.with(other, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    fn fraction(self) -> Self {
        self.with(self, |a, _| a - floor(a))
    }
    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        self.with(power, |a, power| {
            f32::from_bits(a.to_bits().wrapping_add((floor(power) as i32 as u32) << 23))
        })
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        self.with(self, |a, _| 1.0 / a)
    }
    #[inline(always)]
    fn where_at_most(self, value: Self, limit: Self) -> Self {
        let mut lanes = self.0;
        for (lane, (value, limit)) in lanes.iter_mut().zip(value.0.into_iter().zip(limit.0)) {
            *lane = if value <= limit { *lane } else { 0.0 };
        }
        Self(lanes)
    }
    #[inline(always)]
    fn count_greater(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(&a, b)| u32::from(a > b)).sum()
    }
    #[inline(always)]
    fn count_equal(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(&a, b)| u32::from(a == b)).sum()
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        self.0.into_iter().fold(f32::MIN, f32::max)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.0.into_iter().sum()
    }
}
