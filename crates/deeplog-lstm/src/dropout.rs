//! Dropout that depends on its seed alone.

use burn::tensor::{Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Drops outputs between layers and scales the rest up. Its random numbers are its own: those of burn's devices are
/// global, so another training on the same device would change this one, and a resumed one could not go on.
pub(crate) struct Dropout {
    share: f64,
    random: ChaCha8Rng,
}

impl Dropout {
    /// Drops this share of the outputs; `None` for a share of zero.
    pub(crate) fn new(share: f64, random: ChaCha8Rng) -> Option<Self> {
        (share > 0.0).then_some(Self { share, random })
    }

    /// The next so many factors: 0 for what is dropped.
    pub(crate) fn factors(&mut self, count: usize) -> Vec<f32> {
        let dropped_below = (self.share * 2f64.powi(32)) as u32;
        let kept = (1.0 / (1.0 - self.share)) as f32;
        let mut bytes = vec![0; count * 4];
        self.random.fill_bytes(&mut bytes);
        let factor = |&bytes: &[u8; 4]| {
            if u32::from_le_bytes(bytes) < dropped_below {
                0.0
            } else {
                kept
            }
        };
        bytes.as_chunks().0.iter().map(factor).collect()
    }

    pub(crate) fn apply<const D: usize>(&mut self, values: Tensor<D>) -> Tensor<D> {
        let shape = values.shape();
        let factors = TensorData::new(self.factors(shape.num_elements()), shape);
        let factors = Tensor::from_data(factors, &values.device());
        values * factors
    }
}

/// Random numbers that depend on these four alone and are independent of those of all others.
pub(crate) fn random_of(numbers: [u64; 4]) -> ChaCha8Rng {
    let mut seed = [0; 32];
    let (places, _) = seed.as_chunks_mut();
    for (place, number) in places.iter_mut().zip(numbers) {
        *place = number.to_le_bytes();
    }
    ChaCha8Rng::from_seed(seed)
}
