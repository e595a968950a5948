//! What p-values promise, on sessions drawn by lot from one urn.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{Detector, false_alarms_to_expect};

const CALIBRATED: usize = 99;
const FRESH: usize = 30;
const SPLITS: u64 = 40;
const BUDGETS: [f64; 3] = [0.02, 0.05, 0.1];

/// A session of a program with a loop, two writers that interleave, and delays.
fn draw(random: &mut ChaCha8Rng) -> Session {
    let mut keys = vec![0];
    for _ in 0..random.random_range(1..4) {
        let mut block = [1, 1, 2, 3];
        block.shuffle(random);
        keys.extend(&block[..random.random_range(2..5)]);
    }
    keys.push(4);
    // Exponential, of a second on average.
    let mut after = || (-1_000.0 * (1.0 - random.random::<f64>()).ln()) as u32;
    let events: Vec<_> = keys.into_iter().map(|key| (key, Some(after()))).collect();
    session(&events, SessionEnd::Explicit)
}

/// Splits with more false alarms than the interval of 95% holds, and the false alarms of all splits together, for each budget.
fn alarms(parts: &[Part]) -> [(u64, u64); BUDGETS.len()] {
    let models: Vec<LstmModel> = (0..FOLDS as u64).map(model).collect();
    let mut found = [(0, 0); BUDGETS.len()];
    for split in 0..SPLITS {
        let mut random = ChaCha8Rng::seed_from_u64(split);
        let known: Vec<Session> = (0..CALIBRATED).map(|_| draw(&mut random)).collect();
        let fresh: Vec<Session> = (0..FRESH).map(|_| draw(&mut random)).collect();
        let fitted = fitted(&known, &models, parts);
        let detector = Calibrated::new(models.clone(), vocabulary(), windowing(), fitted, 0.1).unwrap();
        for (budget, (above, all)) in BUDGETS.into_iter().zip(&mut found) {
            let verdicts = detector.with_budget(budget).unwrap().judge(&fresh, &mut |_| ());
            let flagged = verdicts.iter().filter(|verdict| verdict.is_anomalous()).count() as u64;
            let (_, high) = false_alarms_to_expect(CALIBRATED, budget, FRESH as u64, 0.95);
            *above += u64::from(flagged > high);
            *all += flagged;
        }
    }
    found
}

/// The mean of the false alarms of all splits if nothing ties, and their standard deviation: on each split they are beta-binomial.
fn expected(budget: f64) -> (f64, f64) {
    let (splits, fresh, all) = (SPLITS as f64, FRESH as f64, (CALIBRATED + 1) as f64);
    let variance = fresh * budget * (1.0 - budget) * (all + fresh) / (all + 1.0);
    (splits * fresh * budget, (splits * variance).sqrt())
}

/// On a split the interval of 95% is exceeded with a probability of 2.5%; on more than 5 of 40 with one of 1 in 2,000.
const ABOVE: u64 = 5;

#[test]
fn fresh_sessions_raise_no_more_alarms_than_the_budget() {
    for parts in [
        &[Part::NextKey][..],
        &[Part::Order],
        &[Part::Counts],
        &[Part::Delays],
        &[Part::NextKey, Part::Order, Part::Counts],
        &Part::ALL,
    ] {
        for (budget, (above, all)) in BUDGETS.into_iter().zip(alarms(parts)) {
            let (mean, deviation) = expected(budget);
            let all = all as f64;
            // Delays hardly ever tie, so their budget is also used.
            if parts == [Part::Delays] {
                assert!(all >= mean - 3.0 * deviation, "{parts:?} at {budget}: {all} of {mean}");
            }
            assert!(
                above <= ABOVE,
                "{parts:?} at {budget}: {above} of {SPLITS} splits above"
            );
            assert!(all <= mean + 3.0 * deviation, "{parts:?} at {budget}: {all} of {mean}");
        }
    }
}
