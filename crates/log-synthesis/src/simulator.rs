//! The run: many lives at once, merged into one log.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::config::{HdfsConfig, InvalidConfig};
use crate::label::{Kind, Label};
use crate::life::{Life, first_threads, pick};
use crate::step::Step;
use crate::wording::{Facts, put_line};

/// About the mean length of a life in seconds: the first lives start evenly over it, so that the load is even.
const MEAN_LIFE: u64 = 60;
/// Bytes gathered before they go to the sink.
const CHUNK: usize = 1 << 16;

/// What was written with one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The block that the line names.
    pub block: i64,
    /// Number N of its event `E<N>`: a row of the published HDFS templates (1 to 29), or 31 and 32 for the steps that a
    /// drift adds. The events of one block, in the order of its lines, are its session.
    pub event: u8,
    /// The block's label, when this is its last line.
    pub label: Option<Label>,
}

/// Simulates block lives and writes their lines in time order. Memory is bounded by the blocks open at once.
///
/// Between two lines of one block lie at most [`LARGEST_GAP_SECONDS`](crate::LARGEST_GAP_SECONDS) of simulated time.
pub struct HdfsSimulator {
    config: HdfsConfig,
    random: ChaCha8Rng,
    cluster: Cluster,
    clock: Clock,
    /// The open blocks; the next block takes the place of one that is done.
    open: Vec<OpenBlock>,
    pending: BinaryHeap<Reverse<Pending>>,
    /// The life being planned; kept for its memory.
    plan: Vec<Step>,
    started: u64,
    planned_lines: u64,
}

struct OpenBlock {
    facts: Facts,
    kind: Kind,
    lines_left: usize,
}

/// A step in its place in the log: the earliest second first, then the order of text. The comparison follows the
/// fields; slot and index make it total, so that nothing depends on how the heap breaks ties.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    second: u64,
    place: u32,
    slot: u32,
    index: u32,
    step: Step,
}

impl HdfsSimulator {
    /// A run that has not begun.
    ///
    /// # Errors
    /// [`InvalidConfig`] with every mistake in the settings.
    pub fn new(config: HdfsConfig) -> Result<Self, InvalidConfig> {
        config.validate()?;
        let mut random = ChaCha8Rng::seed_from_u64(config.seed);
        let cluster = Cluster::new(config.nodes, &mut random);
        let mut simulator = Self {
            random,
            cluster,
            clock: Clock::new(),
            open: Vec::new(),
            pending: BinaryHeap::new(),
            plan: Vec::new(),
            started: 0,
            planned_lines: 0,
            config,
        };
        for slot in 0..simulator.config.concurrent {
            let second = u64::from(slot) * MEAN_LIFE / u64::from(simulator.config.concurrent);
            simulator.start(slot, second);
        }
        Ok(simulator)
    }

    /// Appends the next line, with its newline, to the buffer; `None` when the run is over.
    pub fn next_line(&mut self, buffer: &mut Vec<u8>) -> Option<Line> {
        let Reverse(Pending { second, slot, step, .. }) = self.pending.pop()?;
        let block = &mut self.open[slot as usize];
        buffer.extend_from_slice(self.clock.stamp(second).as_bytes());
        put_line(buffer, &step, &block.facts, &self.cluster);
        block.lines_left -= 1;
        let (id, kind) = (block.facts.id, block.kind);
        let label = (block.lines_left == 0).then(|| Label {
            block: id,
            anomalous: kind != Kind::Normal,
            kind,
        });
        if label.is_some() {
            self.start(slot, second + 1);
        }
        Some(Line {
            block: id,
            event: step.event,
            label,
        })
    }

    /// Writes what is left of the run: the lines to `out`, each block's label to `labels` when the block is done.
    /// Returns the number of lines written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&mut self, out: &mut impl Write, labels: &mut impl FnMut(Label)) -> io::Result<u64> {
        let mut chunk = Vec::with_capacity(CHUNK + 1024);
        let mut lines = 0;
        while let Some(line) = self.next_line(&mut chunk) {
            lines += 1;
            line.label.into_iter().for_each(&mut *labels);
            if chunk.len() >= CHUNK {
                out.write_all(&chunk)?;
                chunk.clear();
            }
        }
        out.write_all(&chunk)?;
        out.flush()?;
        Ok(lines)
    }

    /// Plans the next block's life from this second on, unless the run has had all its blocks.
    fn start(&mut self, slot: u32, second: u64) {
        let lines = self.config.lines.unwrap_or(u64::MAX);
        if self.started >= self.config.sessions.unwrap_or(u64::MAX) || self.planned_lines >= lines {
            return;
        }
        let upgraded = self.config.drift.is_some_and(|drift| self.share_started() >= drift.at);
        let mut attempts_left = 1000;
        let kind = loop {
            let kind = self.plan_life(upgraded);
            attempts_left -= 1;
            if fits(self.plan.len() as u64, lines - self.planned_lines) || attempts_left == 0 {
                break kind;
            }
        };
        let facts = Facts {
            id: block_id(self.config.seed, self.started),
            size: if self.random.random_bool(0.9) {
                67_108_864
            } else {
                self.random.random_range(1_000..67_108_864)
            },
            file: (self.started % 10_000_000) as u32,
            upgraded,
        };
        let block = OpenBlock {
            facts,
            kind,
            lines_left: self.plan.len(),
        };
        match self.open.get_mut(slot as usize) {
            Some(done) => *done = block,
            None => self.open.push(block),
        }
        self.started += 1;
        self.planned_lines += self.plan.len() as u64;
        self.pending.extend(self.plan.iter().zip(0..).map(|(&step, index)| {
            Reverse(Pending {
                second: second + u64::from(step.second()),
                place: step.place(),
                slot,
                index,
                step,
            })
        }));
    }

    /// Draws a life into the plan.
    fn plan_life(&mut self, upgraded: bool) -> Kind {
        let kind = if self.random.random_bool(self.config.anomalous) {
            let weights = Kind::ANOMALIES.iter().map(|&(_, weight)| weight);
            Kind::ANOMALIES[pick(&mut self.random, weights)].0
        } else {
            Kind::Normal
        };
        self.plan.clear();
        let nodes = self.cluster.choose(&mut self.random);
        let first_threads = first_threads(&mut self.random);
        let now = self.random.random_range(0..1000);
        let cluster = 0..self.cluster.size();
        let (random, steps) = (&mut self.random, &mut self.plan);
        Life {
            random,
            steps,
            nodes,
            cluster,
            first_threads,
            now,
            upgraded,
        }
        .of_kind(kind);
        kind
    }

    /// How far the run is, by what has been started.
    fn share_started(&self) -> f64 {
        match (self.config.sessions, self.config.lines) {
            (Some(sessions), _) => self.started as f64 / sessions as f64,
            (None, Some(lines)) => self.planned_lines as f64 / lines as f64,
            (None, None) => 0.0,
        }
    }
}

/// Whether a life of this many lines leaves a rest that other lives can fill exactly. Lives of 13 and 14 lines are
/// common, and from 22 lines on there is one of every length, or two that add up to it.
fn fits(length: u64, lines_left: u64) -> bool {
    lines_left
        .checked_sub(length)
        .is_some_and(|rest| matches!(rest, 0 | 13 | 14 | 22..))
}

/// The number of the n-th block: SplitMix64 (Steele et al., OOPSLA 2014), which is a bijection, so no two blocks of a
/// run share a number and none has to be remembered.
fn block_id(seed: u64, ordinal: u64) -> i64 {
    let mut mixed = seed.wrapping_add(ordinal.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).cast_signed()
}
