//! Receivers that hang or fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::super::delivery::{Failure, Target};
use super::*;

/// A receiver that counts, and does as it is told.
struct Counting {
    tried: Arc<AtomicU64>,
    answer: fn() -> Result<(), Failure>,
}

impl Target for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn deliver(&self, _: &Told) -> Result<(), Failure> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        (self.answer)()
    }
}

type Answer = fn() -> Result<(), Failure>;

const HASTY: Patience = Patience {
    tries: 3,
    first: Duration::from_millis(1),
    longest: Duration::from_millis(2),
};

/// Receivers with these answers, and how often each was tried.
fn receivers(answers: &[Answer], counters: &Arc<AlertCounters>, stop: &Arc<Stop>) -> (Receivers, Vec<Arc<AtomicU64>>) {
    let tried: Vec<Arc<AtomicU64>> = answers.iter().map(|_| Arc::default()).collect();
    let target = |(answer, tried): (&Answer, &Arc<AtomicU64>)| -> Box<dyn Target> {
        Box::new(Counting {
            tried: tried.clone(),
            answer: *answer,
        })
    };
    let targets = answers.iter().zip(&tried).map(target).collect();
    (Receivers::with(targets, HASTY, counters, stop).unwrap(), tried)
}

#[test]
fn a_receiver_that_hangs_holds_up_nobody() {
    let (counters, stop) = (Arc::<AlertCounters>::default(), Arc::<Stop>::default());
    let hangs: Answer = || {
        thread::sleep(Duration::from_secs(3_600));
        Ok(())
    };
    let (receivers, tried) = receivers(&[hangs, || Ok(())], &counters, &stop);
    for id in 1..=1_000 {
        // As fast as the quick one takes them, or its queue would overflow too.
        wait_for("the alert before", || tried[1].load(Ordering::SeqCst) == id - 1);
        receivers.tell(Told::new(alert(id), None, None));
    }
    wait_for("all alerts", || tried[1].load(Ordering::SeqCst) == 1_000);
    // One hangs, 256 wait, and the others are counted.
    assert_eq!(counters.dropped.load(Ordering::Relaxed), 1_000 - 1 - 256);
    assert_eq!(receivers.oldest(), Some(1));
}

#[test]
fn a_delivery_is_given_up_in_the_end() {
    let (counters, stop) = (Arc::<AlertCounters>::default(), Arc::<Stop>::default());
    let answers: [Answer; 2] = [
        || Err(Failure::Now("busy".into())),
        || Err(Failure::Ever("gone".into())),
    ];
    let (mut receivers, tried) = receivers(&answers, &counters, &stop);
    receivers.tell(Told::new(alert(1), None, None));
    wait_for("the end", || receivers.oldest().is_none());
    assert_eq!(
        tried
            .iter()
            .map(|tried| tried.load(Ordering::SeqCst))
            .collect::<Vec<_>>(),
        [3, 1]
    );
    assert_eq!(counters.given_up.load(Ordering::Relaxed), 2);
    assert_eq!(counters.failed.load(Ordering::Relaxed), 2);
    stop.now();
    receivers.join();
}
