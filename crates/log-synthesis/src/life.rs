//! The normal life of a block: written, read or verified, replicated again, deleted.
//!
//! Only times and threads are drawn; the order of the lines follows from them (see [`Step::place`]).
//! The shares and delays were set by hand so that 4,855 normal lives look like the normal training sessions of HDFS_v1.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::step::{CHECK_PROGRESS, SCHEDULE_DELETION, Step};

/// Nodes that hold or are to hold the block: the write pipeline, then two targets of a re-replication.
pub(crate) const PLACES: usize = 5;
/// Mean delays until the first, second and third node of the pipeline begin to receive, in milliseconds.
const RECEIVE_DELAYS: [f64; 3] = [85.0, 240.0, 280.0];
/// Mean delays until the first, second and third node of the pipeline end, each after the one behind it, in
/// milliseconds: acknowledgements come from the end of the pipeline.
const END_DELAYS: [f64; 3] = [130.0, 70.0, 10.0];
/// Mean delay until the name node hears of a stored replica, in milliseconds, and for the few slow reports.
const REPORT_DELAY: f64 = 30.0;
const SLOW_REPORT_DELAY: f64 = 700.0;
/// Thread that checks replication on the name node and takes orders on a data node.
pub(crate) const ORDER_THREAD: u16 = 19;

/// A life being planned: a clock that moves on, and the steps so far.
pub(crate) struct Life<'a> {
    pub(crate) random: &'a mut ChaCha8Rng,
    pub(crate) steps: &'a mut Vec<Step>,
    /// Indices of the nodes that take part.
    pub(crate) nodes: [u16; PLACES],
    /// Indices of all nodes: readers come from anywhere.
    pub(crate) cluster: Range<u16>,
    /// The smallest thread number of each node, which grows as the node ages.
    pub(crate) first_threads: [u16; PLACES],
    /// Milliseconds since the second in which the life starts.
    pub(crate) now: u32,
    /// Whether the block lives under the new software version, which adds steps.
    pub(crate) upgraded: bool,
}

/// The smallest thread number on each of a block's nodes. Nodes count their threads from their start, and most were
/// started together. As text, most numbers sort before those of the name node (26 to 35), some behind, a few among them.
pub(crate) fn first_threads(random: &mut ChaCha8Rng) -> [u16; PLACES] {
    let mut first_thread = || match random.random_range(0..1000) {
        0..780 => random.random_range(1000..2250),
        780..820 => random.random_range(2600..3300),
        _ => random.random_range(3600..9600),
    };
    let together = [first_thread(); PLACES];
    let apart = std::array::from_fn(|_| first_thread());
    if random.random_bool(0.93) { together } else { apart }
}

impl Life<'_> {
    /// A whole normal life.
    pub(crate) fn normal(&mut self) {
        self.write(3);
        if self.chance(0.0035) {
            return self.replicated_life();
        }
        let deleted = self.chance(0.818);
        if deleted && self.chance(0.31) {
            self.serve();
        } else if self.chance(0.06) {
            self.verify(1);
        }
        if deleted {
            self.delete(3);
        }
    }

    /// Allocation, three receivers, and their ends.
    pub(crate) fn write(&mut self, replicas: usize) {
        self.receive(replicas);
        self.pass(1_000..45_000);
        self.end(0..replicas);
    }

    /// The name node allocates the block and the pipeline begins to receive.
    pub(crate) fn receive(&mut self, replicas: usize) {
        self.name_node(22, 0);
        for (place, delay) in RECEIVE_DELAYS.into_iter().enumerate().take(replicas) {
            self.now += self.delay(delay);
            // The first node hears from the client, the others from the node before them.
            let source = self.nodes[place.saturating_sub(1)];
            self.data_node(5, place, source);
        }
    }

    /// The replicas of these places are complete: each node ends its packet responder and reports to the name node.
    pub(crate) fn end(&mut self, places: Range<usize>) {
        let mut latest = self.now;
        for place in places.rev() {
            self.now += self.delay(END_DELAYS[place]);
            let (ended, thread) = (self.now, self.thread(place));
            let source = self.nodes[place.saturating_sub(1)];
            self.push(9, place, thread, source);
            self.pass(0..15);
            self.push(11, place, thread, source);
            let report_delay = if self.chance(0.03) {
                SLOW_REPORT_DELAY
            } else {
                REPORT_DELAY
            };
            self.now = ended + self.delay(report_delay);
            self.name_node(26, place);
            latest = latest.max(self.now);
            self.now = ended;
        }
        self.now = latest;
        if self.upgraded && self.chance(0.3) {
            self.name_node(CHECK_PROGRESS, 0);
        }
    }

    /// A file that many machines will want: replicated to more nodes, the surplus deleted later.
    fn replicated_life(&mut self) {
        let rounds = if self.chance(0.35) { 3 } else { 1 };
        for round in 1..=rounds {
            self.replicate();
            if round == rounds && self.chance(0.08) {
                return;
            }
            self.pass(1_000..30_000);
            self.delete_replica(0);
        }
        if self.chance(0.1) {
            self.verify(1);
        }
    }

    /// The name node orders further replicas, and two nodes get them.
    pub(crate) fn replicate(&mut self) {
        self.order_transfer();
        self.pass(500..3_000);
        self.data_node(5, 3, self.nodes[0]);
        let start = self.now;
        self.pass(200..4_000);
        self.data_node(16, 0, self.nodes[3]);
        self.now = start;
        self.pass(200..4_000);
        self.data_node(6, 3, self.nodes[0]);
        self.pass(3_000..6_000);
        self.name_node(26, 3);
        self.pass(10..900);
        self.name_node(26, 4);
    }

    /// The name node asks a data node to replicate, and it starts a thread for it.
    pub(crate) fn order_transfer(&mut self) {
        self.pass(1_000..20_000);
        self.push(25, 0, ORDER_THREAD, self.nodes[3]);
        self.pass(50..2_500);
        self.push(18, 0, ORDER_THREAD, self.nodes[3]);
    }

    /// The name node deletes the block, and the data nodes follow when they are told.
    pub(crate) fn delete(&mut self, replicas: usize) {
        self.pass(2_000..20_000);
        self.invalidate(replicas);
        for place in 0..replicas {
            self.pass(1_000..12_000);
            self.delete_replica(place);
        }
    }

    /// The name node marks the replicas for deletion, all in one go.
    pub(crate) fn invalidate(&mut self, replicas: usize) {
        let thread = self.random.random_range(26..36);
        for place in 0..replicas {
            self.push(23, place, thread, 0);
        }
    }

    /// A data node removes its file.
    pub(crate) fn delete_replica(&mut self, place: usize) {
        if self.upgraded {
            self.push(SCHEDULE_DELETION, place, ORDER_THREAD, 0);
            self.pass(1_000..2_000);
        }
        self.push(21, place, ORDER_THREAD, 0);
    }

    /// Adds a step now, on one of the name node's handler threads.
    pub(crate) fn name_node(&mut self, event: u8, place: usize) {
        let thread = self.random.random_range(26..36);
        self.push(event, place, thread, 0);
    }

    /// Adds a step now, on any thread of the data node at this place.
    pub(crate) fn data_node(&mut self, event: u8, place: usize, peer: u16) {
        let thread = self.thread(place);
        self.push(event, place, thread, peer);
    }

    pub(crate) fn push(&mut self, event: u8, place: usize, thread: u16, peer: u16) {
        let port = self.random.random_range(32_768..61_000);
        let step = Step {
            at: self.now,
            event,
            replica: place as u8,
            thread,
            node: self.nodes[place],
            peer,
            port,
        };
        self.steps.push(step);
    }

    fn thread(&mut self, place: usize) -> u16 {
        self.first_threads[place] + self.random.random_range(0..300)
    }

    /// Lets time go by: a number of milliseconds from the range.
    pub(crate) fn pass(&mut self, range: Range<u32>) {
        self.now += self.random.random_range(range);
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share)
    }

    /// An index, drawn by its weight.
    pub(crate) fn pick(&mut self, weights: &[u32]) -> usize {
        pick(self.random, weights.iter().copied())
    }

    /// An exponential delay in milliseconds, cut at eight times its mean so that every life stays short.
    fn delay(&mut self, mean: f64) -> u32 {
        let uniform: f64 = self.random.random();
        (mean * -(1.0 - uniform).ln()).min(8.0 * mean) as u32
    }
}

/// An index, drawn by its weight.
pub(crate) fn pick(random: &mut ChaCha8Rng, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let mut rest = random.random_range(0..weights.clone().sum::<u32>());
    for (index, weight) in weights.enumerate() {
        if rest < weight {
            return index;
        }
        rest -= weight;
    }
    0
}
