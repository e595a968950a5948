//! Vectors of f32 behind one small trait, and the choice of instructions at run time.
//!
//! Everything generic over [`Vector`] is `#[inline(always)]` down to the intrinsics, and is entered through
//! [`Level::run`] alone, whose functions carry the target features: so the compiler sees one function with all of it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

/// A vector of f32 lanes.
///
/// # Safety
/// The intrinsics behind an implementation exist only on processors that have them: values may only be made by code
/// that [`Level::run`] entered.
pub(crate) unsafe trait Vector: Copy {
    /// Numbers in a vector.
    const LANES: usize;
    /// Rows whose four vectors of sums fit the registers, with room for the factors.
    const ROWS: usize;
    /// Whether [`scale`](Vector::scale) takes any power below 128.
    const SCALES_BY_ANY: bool;

    fn splat(value: f32) -> Self;
    /// # Safety
    /// `LANES` numbers must be readable from `at`.
    unsafe fn load(at: *const f32) -> Self;
    /// # Safety
    /// `LANES` numbers must be writable at `at`.
    unsafe fn store(self, at: *mut f32);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self × factor + sum`, rounded once where the processor can.
    fn fma(self, factor: Self, sum: Self) -> Self;
    /// `sum − self × factor`.
    fn fnma(self, factor: Self, sum: Self) -> Self;
    /// What is not a number in `self` stays so.
    fn max(self, other: Self) -> Self;
    /// As for `max`.
    fn min(self, other: Self) -> Self;
    /// `self` less the largest whole number that is not above it, for magnitudes below 2²².
    fn fraction(self) -> Self;
    /// `self × 2^⌊power⌋` for a power from −126 to 127, where the result is a normal number.
    fn scale(self, power: Self) -> Self;
    /// `1 / self` for numbers from 1 to 2^127, to within two units in the last place.
    fn reciprocal(self) -> Self;
    /// Zero in the lanes in which `value` is greater than `limit`.
    fn where_at_most(self, value: Self, limit: Self) -> Self;
    /// How many lanes are greater than those of `other`.
    fn count_greater(self, other: Self) -> u32;
    /// How many lanes are equal.
    fn count_equal(self, other: Self) -> u32;
    /// Largest lane.
    fn largest(self) -> f32;
    /// Sum of the lanes, in the same order every time.
    fn sum(self) -> f32;
}

/// Work that is generic over the vectors it is done with.
pub(crate) trait Work {
    type Output;
    /// Must be `#[inline(always)]`, as all that it calls with `V`.
    fn with<V: Vector>(self) -> Self::Output;
}

/// The instructions that are used.
///
/// Results differ in the last bits between levels, never between threads, batches or runs on the same level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 16 lanes, x86-64.
    Avx512,
    /// 8 lanes with fused multiply-add, x86-64.
    Avx2,
    /// 4 lanes, 64-bit Arm.
    Neon,
    /// Plain Rust for every processor.
    Portable,
}

impl Level {
    /// The levels that this processor has, the fastest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Neon, Self::Portable]
            .into_iter()
            .filter(|level| level.is_available())
            .collect()
    }

    /// The fastest one that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && Self::Avx2.is_available()
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Self::Portable => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// Lanes of its vectors.
    #[must_use]
    pub fn lanes(self) -> usize {
        match self {
            Self::Avx512 => 16,
            Self::Avx2 => 8,
            Self::Neon | Self::Portable => 4,
        }
    }

    /// Does some work with the vectors of this level.
    ///
    /// # Panics
    /// When the processor does not have it.
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        assert!(self.is_available(), "this processor has no {self:?}");
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has the features, as was just asserted.
            Self::Avx512 => unsafe { avx512::run(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2::run(work) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Self::Neon => unsafe { neon::run(work) },
            _ => work.with::<portable::F32x4>(),
        }
    }
}
