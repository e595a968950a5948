//! Lines made ready for learning on several threads, and handed back in their order.

use std::thread;

use drain_parser::{LineFormat, Prepared, Preparer, Unescaped};

use crate::crew::Crew;
use crate::error::Result;
use crate::input::{Blocks, lines};
use crate::line_reader::LineCounters;

/// A block of lines on its way through a worker, with room that is used again.
#[derive(Default)]
pub(super) struct Batch {
    block: Vec<u8>,
    /// The contents of its messages, ready to be learnt.
    pub(super) prepared: Prepared,
    /// What its lines are, as if it were the beginning of the log.
    pub(super) lines: LineCounters,
    unescaped: Unescaped,
}

/// Reads all blocks, has `threads` workers prepare them, and hands them to `learn` in their order until one fails.
pub(super) fn each_batch(
    blocks: &mut Blocks,
    format: &LineFormat,
    preparer: &Preparer,
    threads: usize,
    mut learn: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let workers = (0..threads).map(|_| {
            let (format, preparer) = (format.clone(), preparer.clone());
            move |batch: &mut Batch| batch.prepare(&format, &preparer)
        });
        let mut crew = Crew::new(scope, workers);
        let mut spare: Vec<Batch> = Vec::new();
        let mut more = true;
        loop {
            while more && crew.has_room() {
                let mut batch = spare.pop().unwrap_or_default();
                more = blocks.next_block(&mut batch.block)?;
                if more {
                    crew.give(batch);
                }
            }
            let Some(batch) = crew.take() else { return Ok(()) };
            learn(&batch)?;
            spare.push(batch);
        }
    })
}

impl Batch {
    fn prepare(&mut self, format: &LineFormat, preparer: &Preparer) {
        self.prepared.clear();
        self.lines = LineCounters::default();
        for line in lines(&self.block) {
            let split = format.split(line, &mut self.unescaped);
            self.lines.lines += 1;
            self.lines.count_line(line, split.is_some());
            if let Some(header) = split {
                preparer.prepare(header.content(), &mut self.prepared);
            }
        }
    }
}
