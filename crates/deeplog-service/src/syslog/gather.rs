//! Messages on their way to the entrance, some at a time.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Counters, Shape, Standard, parse};
use crate::{Batch, Entrance, Origin, Refused, now};

/// How long messages wait for others to join them.
const WAIT: Duration = Duration::from_millis(20);
/// Bytes at which they go at once.
pub(super) const ENOUGH: usize = 256 << 10;
/// How long to wait before asking again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// Where messages go.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) source: Arc<str>,
    pub(super) shape: Shape,
    pub(super) entrance: Entrance,
    pub(super) counters: Arc<Counters>,
}

/// Messages that wait.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) block: Vec<u8>,
    messages: u64,
    /// When they go at the latest.
    deadline: Option<Instant>,
}

impl Gathered {
    pub(super) fn add(&mut self, message: &[u8], way: &Way) {
        let parsed = parse(message);
        let is_malformed = parsed.standard == Standard::Neither;
        count(&way.counters, message, is_malformed);
        way.shape.write(&parsed, &mut self.block);
        self.messages += 1;
        self.deadline.get_or_insert_with(|| Instant::now() + WAIT);
    }

    /// When the messages go, if there are any.
    pub(super) fn due(&self) -> Option<Instant> {
        let is_enough = self.block.len() >= ENOUGH;
        self.deadline
            .map(|deadline| if is_enough { Instant::now() } else { deadline })
    }
}

fn count(counters: &Counters, message: &[u8], is_malformed: bool) {
    let add = |counter: &AtomicU64, count| Counters::add(counter, count);
    add(&counters.messages, 1);
    add(&counters.bytes, message.len() as u64);
    add(&counters.malformed, u64::from(is_malformed));
}

impl Way {
    /// Hands them in, and waits for as long as there is no room; `false` when the service is ending.
    pub(super) async fn hand_in(&self, gathered: Gathered) -> bool {
        let batch = Batch {
            source: self.source.clone(),
            origin: Origin::Stream,
            received: now(),
            block: gathered.block,
        };
        let mut pause = RETRY.0;
        loop {
            match self.entrance.offer(batch.clone()).await {
                Ok(_) => return true,
                Err(Refused::Full | Refused::Unwritable(_)) => {
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY.1);
                }
                Err(Refused::Stopping | Refused::KeyUsedBefore) => {
                    Counters::add(&self.counters.dropped, gathered.messages);
                    return false;
                }
            }
        }
    }
}

/// Ends when the service does.
pub(super) async fn end(shutdown: &mut watch::Receiver<bool>) {
    // What it holds is locked for as long as it is looked at: it is let go before anything else is waited for.
    drop(shutdown.wait_for(|&is_over| is_over).await);
}
