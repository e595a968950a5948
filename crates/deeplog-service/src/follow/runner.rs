//! Files to the entrance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::Follower;
use crate::{Batch, Entrance, FilePosition, Origin, Refused, now};

/// Between two looks when nothing is new.
const PAUSE: Duration = Duration::from_millis(100);
/// Before lines are given again that could not be kept, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The service ends.
struct Stopped;

/// Gives what is new in the files to the entrance, until `stop` is set or the entrance is closed. For a thread of its own.
pub fn follow(mut follower: Follower, source: &Arc<str>, entrance: &Entrance, stop: &AtomicBool) {
    let mut take = |block: Vec<u8>, position: FilePosition| {
        let batch = Batch {
            source: source.clone(),
            origin: Origin::File(position),
            received: now(),
            block,
        };
        give(batch, entrance, stop)
    };
    loop {
        match follower.poll(&mut take) {
            Ok(true) => {}
            Ok(false) => sleep(PAUSE),
            Err(Stopped) => return,
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Gives a batch until it is kept.
fn give(batch: Batch, entrance: &Entrance, stop: &AtomicBool) -> Result<(), Stopped> {
    let mut pause = PAUSE;
    while !stop.load(Ordering::Relaxed) {
        match entrance.give(batch.clone()) {
            Ok(_) => return Ok(()),
            Err(Refused::Full | Refused::Unwritable(_)) => {
                sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(Refused::Stopping | Refused::KeyUsedBefore) => return Err(Stopped),
        }
    }
    Err(Stopped)
}
