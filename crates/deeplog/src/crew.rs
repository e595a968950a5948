//! Work given to several threads, and handed back in the order in which it was given.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Jobs that are out for each worker. More would only take memory.
const WAITING: usize = 2;

/// Threads that each do the same to jobs. A job comes back changed, so that its room can be used again.
///
/// Whoever gives while there is room and takes otherwise never waits for himself.
pub(crate) struct Crew<J> {
    workers: Vec<Worker<J>>,
    /// Which workers have the jobs that are out, in the order of the jobs.
    out: VecDeque<usize>,
    next: usize,
}

/// One thread with the way to it and back.
struct Worker<J> {
    to: SyncSender<J>,
    from: Receiver<J>,
}

impl<J: Send> Crew<J> {
    /// A thread for each of `works`. They end when the crew is dropped.
    pub(crate) fn new<'s>(scope: &'s Scope<'s, '_>, works: impl IntoIterator<Item: FnMut(&mut J) + Send + 's>) -> Self
    where
        J: 's,
    {
        let mut workers = Vec::new();
        for mut work in works {
            let (to, jobs) = sync_channel::<J>(WAITING);
            let (done, from) = sync_channel(WAITING);
            scope.spawn(move || {
                for mut job in jobs {
                    work(&mut job);
                    // Nobody waits for it any more when all was stopped.
                    if done.send(job).is_err() {
                        return;
                    }
                }
            });
            workers.push(Worker { to, from });
        }
        Self {
            workers,
            out: VecDeque::new(),
            next: 0,
        }
    }

    /// Whether a job can be given.
    pub(crate) fn has_room(&self) -> bool {
        self.out.len() < WAITING * self.workers.len()
    }

    /// Gives a job to the worker whose turn it is. A worker is only gone when it has panicked, which the scope passes on.
    pub(crate) fn give(&mut self, job: J) {
        if self.workers[self.next].to.send(job).is_ok() {
            self.out.push_back(self.next);
        }
        self.next = (self.next + 1) % self.workers.len();
    }

    /// The first job that is out, once it is done; `None` if none is.
    pub(crate) fn take(&mut self) -> Option<J> {
        let worker = self.out.pop_front()?;
        self.workers[worker].from.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn jobs_come_back_done_and_in_their_order_whoever_is_slow() {
        for workers in [1, 2, 5] {
            let done: Vec<(u64, u64)> = thread::scope(|scope| {
                let work = |slow: u64| {
                    move |job: &mut (u64, u64)| {
                        (0..slow * 100).for_each(|_| thread::yield_now());
                        job.1 = job.0 * job.0;
                    }
                };
                let mut crew = Crew::new(scope, (0..workers).map(work));
                let (mut given, mut done) = (0, Vec::new());
                loop {
                    while given < 100 && crew.has_room() {
                        crew.give((given, 0));
                        given += 1;
                    }
                    let Some(job) = crew.take() else { return done };
                    done.push(job);
                }
            });
            assert_eq!(done, (0..100).map(|i| (i, i * i)).collect::<Vec<_>>());
        }
    }
}
