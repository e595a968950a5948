//! Distinct windows into the batches of an epoch.
//!
//! A few windows occur thousands of times and most of them once. Were each to stand in one batch, weighted by its
//! occurrences, a batch with a frequent window would be that window alone, and the others nearly empty. So a window
//! is spread over as many batches as its occurrences call for: all batches then weigh about the same, every one shows
//! the frequent windows in their proportion, and the epoch as a whole still holds each window by its occurrences.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Rows of the training set that make one step, with the weight of each in the loss of the step. The weights of all
/// batches of an epoch add up to the number of batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<u32>,
    pub(crate) weights: Vec<f32>,
}

impl Batch {
    /// The same in at most this many parts.
    pub(crate) fn parts(&self, most: usize) -> Vec<Self> {
        let size = self.rows.len().div_ceil(most).max(1);
        let parts = self.rows.chunks(size).zip(self.weights.chunks(size));
        parts
            .map(|(rows, weights)| Self {
                rows: rows.to_vec(),
                weights: weights.to_vec(),
            })
            .collect()
    }
}

/// The batches of an epoch over windows that occur `occurrences` times: one for each `batch` distinct windows. A window
/// is in as many of them as its occurrences are multiples of the mean occurrences, rounded up.
pub(crate) fn of_epoch(occurrences: &[u32], batch: usize, random: &mut ChaCha8Rng) -> Vec<Batch> {
    let count = occurrences.len().div_ceil(batch);
    let total: f64 = occurrences.iter().map(|&times| f64::from(times)).sum();
    let (of_window, of_batch) = (total / occurrences.len() as f64, total / count as f64);
    let mut order: Vec<u32> = (0..occurrences.len() as u32)
        .filter(|&row| occurrences[row as usize] > 0)
        .collect();
    order.shuffle(random);
    let mut batches = vec![Batch::default(); count];
    for (place, row) in order.into_iter().enumerate() {
        let times = f64::from(occurrences[row as usize]);
        let pieces = ((times / of_window).ceil() as usize).min(count);
        // Windows in one piece are dealt out in turn, so that no batch is much larger than another.
        let first = if pieces == 1 {
            place
        } else {
            random.random_range(0..count)
        };
        for piece in 0..pieces {
            let batch = &mut batches[(first + piece * count / pieces) % count];
            batch.rows.push(row);
            batch.weights.push((times / pieces as f64 / of_batch) as f32);
        }
    }
    batches.retain(|batch| !batch.rows.is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    proptest! {
        #[test]
        fn each_window_counts_by_its_occurrences(
            occurrences in prop::collection::vec(prop_oneof![Just(1u32), 0u32..9, Just(5000)], 1..80),
            batch in 1usize..20,
            seed: u64,
        ) {
            let total: u32 = occurrences.iter().sum();
            prop_assume!(total > 0);
            let count = occurrences.len().div_ceil(batch);
            let batches = of_epoch(&occurrences, batch, &mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert!(batches.len() <= count);
            let mut seen = vec![0.0; occurrences.len()];
            for batch in &batches {
                prop_assert!(!batch.rows.is_empty());
                let mut rows = batch.rows.clone();
                rows.sort_unstable();
                prop_assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "a window twice in a batch");
                for (&row, &weight) in batch.rows.iter().zip(&batch.weights) {
                    seen[row as usize] += f64::from(weight);
                }
            }
            for (seen, &times) in seen.iter().zip(&occurrences) {
                let expected = f64::from(times) / f64::from(total) * count as f64;
                prop_assert!((seen - expected).abs() <= 1e-5 * expected, "{} is not {}", seen, expected);
            }
        }
    }

    #[test]
    fn frequent_windows_are_in_every_batch() {
        let mut occurrences = vec![1; 64];
        occurrences[7] = 1000;
        let batches = of_epoch(&occurrences, 8, &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(batches.len(), 8);
        for batch in batches {
            assert!(batch.rows.contains(&7));
            let weight: f32 = batch.weights.iter().sum();
            assert!((weight - 1.0).abs() < 0.05, "{weight}");
        }
    }
}
