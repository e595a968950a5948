//! The one way in: bounded, so that whoever brings lines faster than they are judged is told to wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::{Batch, Entry};

/// What a batch takes of the room besides its bytes.
const OVERHEAD: usize = 256;

/// Takes batches in. A clone for everyone who brings some.
#[derive(Clone)]
pub struct Entrance {
    submissions: Sender<Submission>,
    room: Arc<Room>,
}

/// A batch that waits to be written down.
pub struct Submission {
    /// The batch, or what else happened.
    pub entry: Entry,
    /// To whom it is acknowledged.
    pub reply: oneshot::Sender<Result<Receipt, Refused>>,
    /// Its room, given back when its lines have been judged.
    pub place: Place,
}

/// What is said of a batch that will survive a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its lines.
    pub lines: u64,
    /// Whether a batch of that name was taken in before, and this one was not.
    pub is_duplicate: bool,
}

/// Why a batch was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As much is waiting as may wait.
    #[error("lines come faster than they are judged, and as many are waiting as may wait: send it again later")]
    Full,
    /// It could not be written down, as the disk is full, say.
    #[error("the lines cannot be kept: {0}; send them again later")]
    Unwritable(String),
    /// A batch of that name had other lines.
    #[error(
        "a batch with this idempotency key was taken in before, and it had other lines: give each batch a key of its own"
    )]
    KeyUsedBefore,
    /// The service is ending.
    #[error("the service is stopping: send it again later")]
    Stopping,
}

/// Bytes that may wait.
struct Room {
    capacity: usize,
    is_closed: AtomicBool,
    taken: Mutex<usize>,
    freed: Condvar,
}

/// A batch's part of the room.
pub struct Place {
    room: Arc<Room>,
    size: usize,
}

impl Entrance {
    /// An entrance with room for so many bytes.
    #[must_use]
    pub fn new(submissions: Sender<Submission>, capacity: usize) -> Self {
        let room = Room {
            capacity,
            is_closed: AtomicBool::new(false),
            taken: Mutex::new(0),
            freed: Condvar::new(),
        };
        Self {
            submissions,
            room: Arc::new(room),
        }
    }

    /// Takes a batch in if there is room for it now, and waits until it is safe.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the batch was taken in then.
    pub async fn offer(&self, batch: Batch) -> Result<Receipt, Refused> {
        let place = self.room.try_take(OVERHEAD + batch.block.len()).ok_or(Refused::Full)?;
        self.submit(Entry::Lines(batch), place)?
            .await
            .unwrap_or(Err(Refused::Stopping))
    }

    /// Takes a batch in as soon as there is room, and waits until it is safe. For threads of their own.
    ///
    /// # Errors
    /// [`Refused`], but never [`Refused::Full`]; nothing of the batch was taken in then.
    pub fn give(&self, batch: Batch) -> Result<Receipt, Refused> {
        let place = self.room.take(OVERHEAD + batch.block.len());
        let receipt = self.submit(Entry::Lines(batch), place)?.blocking_recv();
        receipt.unwrap_or(Err(Refused::Stopping))
    }

    /// Has something else written down than lines. It does not wait for room, as it takes none worth counting.
    ///
    /// # Errors
    /// [`Refused::Unwritable`] and [`Refused::Stopping`].
    pub fn note(&self, entry: Entry) -> Result<Receipt, Refused> {
        let place = self.room.take(0);
        let receipt = self.submit(entry, place)?.blocking_recv();
        receipt.unwrap_or(Err(Refused::Stopping))
    }

    /// The same without waiting, for what may as well be lost.
    pub(crate) fn mention(&self, entry: Entry) {
        let place = self.room.take(0);
        // If it is refused it will be due again.
        let _ = self.submit(entry, place);
    }

    /// Refuses everything from here on.
    pub(crate) fn close(&self) {
        self.room.is_closed.store(true, Ordering::SeqCst);
        self.room.freed.notify_all();
    }

    /// Whether everything is refused.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.room.is_closed.load(Ordering::SeqCst)
    }

    /// How much of the room is taken, 0..=1.
    #[must_use]
    pub fn fill(&self) -> f64 {
        *self.room.taken() as f64 / self.room.capacity as f64
    }

    fn submit(&self, mut entry: Entry, place: Place) -> Result<oneshot::Receiver<Result<Receipt, Refused>>, Refused> {
        if let Entry::Lines(Batch { block, .. }) = &mut entry
            && block.last().is_some_and(|&last| last != b'\n')
        {
            block.push(b'\n');
        }
        if self.is_closed() {
            return Err(Refused::Stopping);
        }
        let (reply, receipt) = oneshot::channel();
        let submission = Submission { entry, reply, place };
        self.submissions.send(submission).map_err(|_| Refused::Stopping)?;
        Ok(receipt)
    }
}

impl Room {
    fn taken(&self) -> MutexGuard<'_, usize> {
        // A number is never half-written.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch that is larger than the room takes all of it.
    fn try_take(self: &Arc<Self>, size: usize) -> Option<Place> {
        let mut taken = self.taken();
        let size = size.min(self.capacity);
        (*taken + size <= self.capacity).then(|| {
            *taken += size;
            Place {
                room: self.clone(),
                size,
            }
        })
    }

    /// Waits for room. There is always some when all is closed.
    fn take(self: &Arc<Self>, size: usize) -> Place {
        loop {
            let is_closed = self.is_closed.load(Ordering::SeqCst);
            if let Some(place) = self.try_take(if is_closed { 0 } else { size }) {
                return place;
            }
            let size = size.min(self.capacity);
            let is_full = |taken: &mut usize| *taken + size > self.capacity && !self.is_closed.load(Ordering::SeqCst);
            drop(
                self.freed
                    .wait_while(self.taken(), is_full)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.room.taken() -= self.size;
        self.room.freed.notify_all();
    }
}
