//! The thread that writes down what comes in and acknowledges it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::engine::RecentKeys;
use crate::entrance::{Entrance, Receipt, Refused, Submission};
use crate::runner::Health;
use crate::runner::judging::Work;
use crate::wal::{Entry, Record, Wal};
use crate::{Batch, Origin};

/// Bytes that are written down together, with one wait for the disk.
const AT_ONCE: usize = 8 << 20;
/// An idle journal looks so often whether the entrance was closed.
const TICK: Duration = Duration::from_millis(20);

/// Writes submissions down, in the order in which they come, and passes them on to be judged.
pub(super) struct Journal {
    /// `None` where nothing is to survive.
    pub(super) wal: Option<Wal>,
    /// Number of the next record where there is no log.
    pub(super) next: u64,
    pub(super) keys: RecentKeys,
    pub(super) health: Health,
}

impl Journal {
    /// Ends when the entrance is closed and what was submitted before is written down.
    pub(super) fn run(mut self, submissions: &Receiver<Submission>, entrance: &Entrance, work: &Sender<Work>) {
        loop {
            let first = match submissions.recv_timeout(TICK) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) if !entrance.is_closed() => continue,
                Err(_) => return,
            };
            let mut bytes = size(&first);
            let mut group = vec![first];
            while bytes < AT_ONCE
                && let Ok(next) = submissions.try_recv()
            {
                bytes += size(&next);
                group.push(next);
            }
            if !self.write(group, work) {
                return;
            }
        }
    }

    /// Whether there is still somebody who judges.
    fn write(&mut self, group: Vec<Submission>, work: &Sender<Work>) -> bool {
        let mut named = 0;
        let answers: Vec<Result<Receipt, Refused>> = group
            .iter()
            .map(|submission| {
                let answer = self.look_up(&submission.entry);
                let is_new = answer.as_ref().is_ok_and(|receipt| !receipt.is_duplicate);
                if is_new && let Some((key, hash)) = key_of(&submission.entry) {
                    self.keys.add(key, hash);
                    named += 1;
                }
                answer
            })
            .collect();
        let is_new = |answer: &Result<Receipt, Refused>| answer.as_ref().is_ok_and(|receipt| !receipt.is_duplicate);
        let entries = group.iter().zip(&answers);
        let entries = entries.filter(|(_, answer)| is_new(answer));
        let written = self.append(entries.map(|(submission, _)| &submission.entry));
        let first = match written {
            Ok(first) => first,
            Err(error) => {
                (0..named).for_each(|_| self.keys.take_back());
                let refused = Refused::Unwritable(error.to_string());
                self.health.set("journal", Some(refused.to_string()));
                for submission in group {
                    let _ = submission.reply.send(Err(refused.clone()));
                }
                return true;
            }
        };
        self.health.set("journal", None);
        let mut number = first;
        for (submission, answer) in group.into_iter().zip(answers) {
            let Submission { entry, reply, place } = submission;
            // Passed on first, so that who has an answer and looks at the engine sees the lines judged.
            if is_new(&answer) {
                let record = Record { number, entry };
                number += 1;
                if work.send(Work::Record(record, place)).is_err() {
                    return false;
                }
            }
            // Whoever has gone away meanwhile does not hear of it.
            let _ = reply.send(answer);
        }
        true
    }

    fn append<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>) -> std::io::Result<u64> {
        let mut entries = entries.peekable();
        if entries.peek().is_none() {
            return Ok(self.next);
        }
        match &mut self.wal {
            Some(wal) => wal.append(entries),
            None => {
                let first = self.next;
                self.next += entries.count() as u64;
                Ok(first)
            }
        }
    }

    fn look_up(&self, entry: &Entry) -> Result<Receipt, Refused> {
        let lines = match entry {
            Entry::Lines(batch) => memchr::memchr_iter(b'\n', &batch.block).count() as u64,
            Entry::Silence(_) | Entry::Define { .. } => 0,
        };
        let known = key_of(entry).and_then(|(key, hash)| Some((self.keys.get(key)?, hash)));
        match known {
            Some((before, hash)) if before != hash => Err(Refused::KeyUsedBefore),
            known => Ok(Receipt {
                lines,
                is_duplicate: known.is_some(),
            }),
        }
    }
}

fn key_of(entry: &Entry) -> Option<(crate::IdempotencyKey, u64)> {
    match entry {
        Entry::Lines(Batch {
            origin: Origin::Pushed(Some(key)),
            block,
            ..
        }) => Some((*key, RecentKeys::hash(block))),
        _ => None,
    }
}

fn size(submission: &Submission) -> usize {
    match &submission.entry {
        Entry::Lines(batch) => batch.block.len(),
        Entry::Silence(_) | Entry::Define { .. } => 0,
    }
}
