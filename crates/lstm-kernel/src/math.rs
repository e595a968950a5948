//! Activations over vectors.

use crate::simd::Vector;

/// A sigmoid is 1 / (1 + 2^y) of its argument times this.
pub(crate) const SIGMOID_SCALE: f32 = -std::f32::consts::LOG2_E;

/// A tanh is 2 / (1 + 2^y) − 1 of its argument times this.
pub(crate) const TANH_SCALE: f32 = 2.0 * SIGMOID_SCALE;

/// 2^y, relatively to within 3e-7; exponents beyond ±125 count as ±125.
///
/// The whole part of y goes into the exponent. For the rest, from 0 to 1, stands the polynomial of degree 5 whose largest relative
/// error is the smallest, 7.5e-8 (by Remez' algorithm).
#[inline(always)]
fn exp2<V: Vector>(y: V) -> V {
    let y = y.min(V::splat(125.0));
    let y = if V::SCALES_BY_ANY { y } else { y.max(V::splat(-125.0)) };
    let rest = y.fraction();
    let mut sum = V::splat(0.001_877_576_7);
    for coefficient in [0.008_989_34, 0.055_826_317, 0.240_153_61, 0.693_153_1, 0.999_999_94] {
        sum = sum.fma(rest, V::splat(coefficient));
    }
    sum.scale(y)
}

/// eˣ, relatively to within 3e-7 near 0 and (3 + |x|)·1e-7 elsewhere; arguments beyond ±86 count as ±86.
#[inline(always)]
pub(crate) fn exp<V: Vector>(x: V) -> V {
    exp2(x.mul(V::splat(std::f32::consts::LOG2_E)))
}

/// The sigmoid of an argument that was scaled by [`SIGMOID_SCALE`].
#[inline(always)]
pub(crate) fn sigmoid_of_scaled<V: Vector>(y: V) -> V {
    exp2(y).add(V::splat(1.0)).reciprocal()
}

/// The hyperbolic tangent of an argument that was scaled by [`TANH_SCALE`], to within 4e-7 absolutely.
#[inline(always)]
pub(crate) fn tanh_of_scaled<V: Vector>(y: V) -> V {
    sigmoid_of_scaled(y).fma(V::splat(2.0), V::splat(-1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::simd::Work;

    struct Apply<'a>(&'a [f32], fn(f32) -> f64, u8);

    impl Work for Apply<'_> {
        type Output = f64;
        #[inline(always)]
        fn with<V: Vector>(self) -> f64 {
            let Self(values, exact, which) = self;
            let mut worst: f64 = 0.0;
            for &value in values {
                let x = V::splat(value);
                let y = match which {
                    0 => exp(x),
                    1 => sigmoid_of_scaled(x.mul(V::splat(SIGMOID_SCALE))),
                    _ => tanh_of_scaled(x.mul(V::splat(TANH_SCALE))),
                };
                let expected = exact(value);
                let scale = if which == 0 {
                    expected * (3.0 + f64::from(value.abs()))
                } else {
                    1.0
                };
                worst = worst.max(((f64::from(y.largest()) - expected) / scale).abs());
            }
            worst
        }
    }

    #[test]
    fn activations_are_as_exact_as_they_say_on_every_level() {
        let values: Vec<f32> = (-8_600..=8_600).map(|step| step as f32 * 0.01).collect();
        for level in Level::available() {
            let worst = |exact, which| level.run(Apply(&values, exact, which));
            assert!(worst(|x| f64::from(x).exp(), 0) < 1e-7, "exp on {level:?}");
            assert!(
                worst(|x| 1.0 / (1.0 + (-f64::from(x)).exp()), 1) < 2e-7,
                "sigmoid on {level:?}"
            );
            assert!(worst(|x| f64::from(x).tanh(), 2) < 4e-7, "tanh on {level:?}");
        }
    }

    #[test]
    fn beyond_the_range_of_f32_activations_stay_at_their_limits() {
        for level in Level::available() {
            let worst = |exact, which| level.run(Apply(&[-1e30, -500.0, 500.0, 1e30], exact, which));
            assert!(
                worst(|x| if x > 0.0 { 1.0 } else { 0.0 }, 1) < 1e-7,
                "sigmoid on {level:?}"
            );
            assert!(
                worst(|x| if x > 0.0 { 1.0 } else { -1.0 }, 2) < 1e-7,
                "tanh on {level:?}"
            );
        }
    }
}
