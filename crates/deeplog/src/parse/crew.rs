//! Lines made ready for learning on several threads, and handed back in their order.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use drain_parser::{HeaderFormat, Prepared, Preparer};

use crate::error::Result;
use crate::input::{Blocks, lines};
use crate::line_reader::LineCounters;

/// Blocks that wait for each worker or from it. More would only take memory.
const WAITING: usize = 2;

/// A block of lines on its way through a worker, with room that is used again.
#[derive(Default)]
pub(super) struct Batch {
    block: Vec<u8>,
    /// The contents of its messages, ready to be learnt.
    pub(super) prepared: Prepared,
    /// What its lines are, as if it were the beginning of the log.
    pub(super) lines: LineCounters,
}

/// One thread with the way to it and back.
struct Worker {
    to: SyncSender<Batch>,
    from: Receiver<Batch>,
}

/// Reads all blocks, has `threads` workers prepare them, and hands them to `learn` in their order until one fails.
pub(super) fn each_batch(
    blocks: &mut Blocks,
    header: &HeaderFormat,
    preparer: &Preparer,
    threads: usize,
    mut learn: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let workers: Vec<Worker> = (0..threads).map(|_| worker(scope, header.clone(), preparer.clone())).collect();
        let mut spare: Vec<Batch> = Vec::new();
        // The workers that have a block, in the order of the blocks.
        let mut busy: VecDeque<&Worker> = VecDeque::new();
        let mut turns = workers.iter().cycle();
        let mut more = true;
        while more || !busy.is_empty() {
            if more && busy.len() < WAITING * threads {
                let mut batch = spare.pop().unwrap_or_default();
                more = blocks.next_block(&mut batch.block)?;
                if let Some(worker) = turns.next().filter(|_| more)
                    && worker.to.send(batch).is_ok()
                {
                    busy.push_back(worker);
                }
            } else if let Some(batch) = busy.pop_front().and_then(|worker| worker.from.recv().ok()) {
                learn(&batch)?;
                spare.push(batch);
            }
        }
        Ok(())
    })
}

fn worker<'s>(scope: &'s Scope<'s, '_>, header: HeaderFormat, preparer: Preparer) -> Worker {
    let (to, jobs) = sync_channel::<Batch>(WAITING);
    let (done, from) = sync_channel(WAITING);
    scope.spawn(move || {
        for mut batch in jobs {
            batch.prepare(&header, &preparer);
            // Nobody waits for it any more when the reading was stopped.
            if done.send(batch).is_err() {
                return;
            }
        }
    });
    Worker { to, from }
}

impl Batch {
    fn prepare(&mut self, header: &HeaderFormat, preparer: &Preparer) {
        let mut counters = LineCounters::default();
        let contents = lines(&self.block).filter_map(|line| {
            counters.lines += 1;
            let split = header.split(line);
            counters.count_line(line, split.is_some());
            split.map(|split| split.content())
        });
        preparer.prepare(contents, &mut self.prepared);
        self.lines = counters;
    }
}
