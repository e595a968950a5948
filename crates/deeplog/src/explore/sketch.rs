//! The distribution of numbers in little room.

/// Values below are told apart exactly; above, [`PARTS`] of each doubling are.
const EXACT: u64 = 64;
const PARTS: u64 = 32;

/// Counts of numbers in slots that grow with the numbers: quantiles are exact below 64, and within 3% above.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    slots: Vec<u64>,
    pub(super) count: u64,
    sum: f64,
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Sketch {
    pub(super) fn add(&mut self, value: u64) {
        let slot = slot(value);
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, 0);
        }
        self.slots[slot] += 1;
        self.low = if self.count == 0 { value } else { self.low.min(value) };
        self.high = self.high.max(value);
        self.count += 1;
        self.sum += value as f64;
    }

    /// The value that this share of the values does not exceed; 0 without any.
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let wanted = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (slot, count) in self.slots.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return start(slot).clamp(self.low, self.high);
            }
        }
        self.high
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// How many values lie from `from` up to and without `to`, as far as slots tell; exact at powers of two.
    pub(super) fn between(&self, from: u64, to: u64) -> u64 {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(slot, _)| (from..to).contains(&start(*slot)))
            .map(|(_, count)| count)
            .sum()
    }
}

fn slot(value: u64) -> usize {
    if value < EXACT {
        return value as usize;
    }
    let shift = u64::from(value.ilog2()) - 5;
    (EXACT + (shift - 1) * PARTS + (value >> shift) - PARTS) as usize
}

/// The smallest value of a slot.
fn start(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < EXACT {
        return slot;
    }
    let (shift, part) = ((slot - EXACT) / PARTS + 1, (slot - EXACT) % PARTS + PARTS);
    part << shift
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_are_exact() {
        let mut sketch = Sketch::default();
        (1..=60).for_each(|value| sketch.add(value));
        assert_eq!(
            [0.0, 0.5, 0.9, 1.0].map(|share| sketch.quantile(share)),
            [1, 30, 54, 60]
        );
        assert_eq!((sketch.between(1, 11), sketch.mean()), (10, 30.5));
        assert_eq!(Sketch::default().quantile(0.5), 0);
    }

    proptest! {
        #[test]
        fn a_slot_begins_at_or_just_below_its_values(value in any::<u64>()) {
            let low = start(slot(value));
            prop_assert!(low <= value && (value - low) as f64 <= value as f64 / 32.0, "{} {}", low, value);
            prop_assert_eq!(slot(low), slot(value));
        }

        #[test]
        fn quantiles_are_near_the_sorted_values(
            mut values in prop::collection::vec(0..1_000_000_u64, 1..200),
            share in 0.0..1.0_f64,
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            values.sort_unstable();
            let exact = values[((values.len() as f64 * share).ceil() as usize).max(1) - 1];
            let found = sketch.quantile(share);
            prop_assert!(found.abs_diff(exact) as f64 <= exact as f64 / 32.0, "{} for {}", found, exact);
        }
    }
}
