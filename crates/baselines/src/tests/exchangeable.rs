//! What p-values promise, on sessions that come from one urn: drawn by lot, or real ones in random order.

use std::fs;
use std::path::Path;

use detection::false_alarms_to_expect;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sequence_windowing::{KeyName, Session, Timestamp, Vocabulary};

use super::{all, encoded, lesson, session};
use crate::{Judging, Rival};

/// Sessions on each side of a split.
const SIDE: usize = 150;
const SPLITS: u64 = 24;
const BUDGETS: [f64; 4] = [0.01, 0.05, 0.1, 0.2];

/// A session of a program with a loop, concurrent writers, delays, and keys so rare that some are new each time.
fn draw(random: &mut ChaCha8Rng) -> Session<KeyName> {
    let mut keys = vec!["open".to_owned()];
    for _ in 0..random.random_range(1..4) {
        let mut block = ["write", "write", "ack", "move"];
        block[..3].shuffle(random);
        keys.extend(block[..random.random_range(3..5)].iter().map(|key| (*key).to_owned()));
        if random.random_bool(0.06) {
            // The k-th with a probability of about 1/k.
            keys.push(format!("rare_{}", 40_f64.powf(random.random()) as u32));
        }
    }
    keys.push("close".to_owned());
    let mut session = session(&keys.join(" "));
    let mut now = 0;
    for event in &mut session.events {
        now += (1e6 * (-random.random::<f64>().ln_1p()).exp() * (1.0 + random.random::<f64>())) as i64;
        event.time = Some(Timestamp(now));
    }
    session
}

/// The p-values of each rival for the second half of the sessions, learnt from the first, and how many it was calibrated on.
fn p_values(rival: &Rival, sessions: &[Session<KeyName>], side: usize) -> (u64, Vec<f64>) {
    let vocabulary = Vocabulary::from_sessions(&sessions[..side]);
    let sessions = encoded(&vocabulary, sessions);
    let normal: Vec<&Session> = sessions[..side].iter().collect();
    let detector: Box<dyn Judging> = rival.fit(&lesson(&normal, &vocabulary)).unwrap();
    let verdicts = detector.judge(&sessions[side..], &mut |_| ());
    let p_values = verdicts.iter().map(|verdict| verdict.p_value.unwrap()).collect();
    (detector.calibrated_on().unwrap(), p_values)
}

/// Splits with more, and with fewer, false alarms than the interval of 95% holds; and the achieved share.
fn outside(splits: &[(u64, Vec<f64>)], budget: f64) -> (usize, usize, f64) {
    let (mut above, mut below, mut alarms, mut tested) = (0, 0, 0, 0);
    for (calibrated_on, p_values) in splits {
        let flagged = p_values.iter().filter(|p| **p <= budget).count() as u64;
        let (low, high) = false_alarms_to_expect(*calibrated_on as usize, budget, p_values.len() as u64, 0.95);
        above += usize::from(flagged > high);
        below += usize::from(flagged < low);
        alarms += flagged;
        tested += p_values.len();
    }
    (above, below, alarms as f64 / tested as f64)
}

/// On some splits an interval of 95% is missed by chance, on so many of 24 hardly ever (1 of 300).
const MISSED: usize = 3;

#[test]
fn every_rival_keeps_to_its_budget_on_exchangeable_sessions() {
    let pools: Vec<Vec<Session<KeyName>>> = (0..SPLITS)
        .map(|seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            (0..2 * SIDE).map(|_| draw(&mut random)).collect()
        })
        .collect();
    for rival in all() {
        // Its scores depend on the number of sessions that it learnt from: see its notes.
        if matches!(rival, Rival::Pca { .. }) {
            continue;
        }
        let splits: Vec<_> = pools.iter().map(|pool| p_values(&rival, pool, SIDE)).collect();
        for budget in BUDGETS {
            let (above, below, achieved) = outside(&splits, budget);
            assert!(
                above <= MISSED,
                "{rival:?} at {budget}: {above} of {SPLITS} splits above"
            );
            assert!(achieved <= 1.1 * budget, "{rival:?} at {budget}: {achieved}");
            // Delays are hardly ever equal, so the budget is also used.
            if rival == Rival::EventTime {
                assert!(
                    below <= MISSED && achieved > 0.4 * budget,
                    "{below} of {SPLITS} below {budget}: {achieved}"
                );
            }
        }
    }
}

#[test]
fn every_cheap_rival_keeps_to_its_budget_on_hdfs_in_random_order() {
    let Some(data) = std::env::var_os("DEEPLOG_DATA") else {
        // Straight to standard error: the test runner hides what a passing test prints.
        let note = "left out: random splits of HDFS need DEEPLOG_DATA\n";
        std::io::Write::write_all(&mut std::io::stderr(), note.as_bytes()).unwrap();
        return;
    };
    let text = fs::read_to_string(Path::new(&data).join("hdfs/normal_train.txt")).unwrap();
    let mut sessions: Vec<Session<KeyName>> = text.lines().map(session).collect();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let pools: Vec<Vec<Session<KeyName>>> = (0..6)
        .map(|_| {
            sessions.shuffle(&mut random);
            sessions.clone()
        })
        .collect();
    for rival in Rival::cheap() {
        if rival == Rival::EventTime {
            continue;
        }
        let splits: Vec<_> = pools
            .iter()
            .map(|pool| p_values(&rival, pool, sessions.len() / 2))
            .collect();
        for budget in [0.001, 0.005, 0.01] {
            let (above, _, achieved) = outside(&splits, budget);
            assert!(
                above <= 1,
                "{rival:?} at {budget}: {above} of 6 splits above, {achieved}"
            );
        }
    }
}
