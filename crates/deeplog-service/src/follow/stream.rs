//! A pipe to the entrance.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use super::cutter::{BLOCK, Cut, Cutter};
use super::follower::Counts;
use crate::{Batch, Entrance, Origin, Refused, now};

/// For how long lines wait for others to join them.
const WAIT: Duration = Duration::from_millis(50);
/// Bytes that are read at a time.
const READ: usize = 64 << 10;
/// Before lines are given again that could not be kept, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Gives the lines of a pipe to the entrance until its end; its last line may lack its line feed. Nothing is remembered of it:
/// what was read and not yet judged when the service breaks down comes no more.
///
/// # Errors
/// The pipe cannot be read. What came before was given.
pub fn read_lines(reader: impl Read + Send, source: &Arc<str>, entrance: &Entrance) -> io::Result<()> {
    // A reader waits for as long as nothing comes: lines are given meanwhile by another thread.
    thread::scope(|scope| {
        let (pieces, received) = sync_channel(BLOCK / READ);
        let giver = scope.spawn(move || give_all(&received, source, entrance));
        let read = read_all(reader, &pieces);
        drop(pieces);
        drop(giver.join());
        read
    })
}

/// Ends also when nobody takes any more.
fn read_all(mut reader: impl Read, pieces: &SyncSender<Vec<u8>>) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) if pieces.send(buffer[..length].to_vec()).is_err() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn give_all(pieces: &Receiver<Vec<u8>>, source: &Arc<str>, entrance: &Entrance) {
    let (mut cutter, mut counts) = (Cutter::default(), Counts::default());
    let mut give_one = |cut: Cut, cutter: &mut Cutter| {
        counts.note_cut(&cut, Path::new("-"));
        cutter.take_off(cut.block.len());
        give(cut.block, source, entrance)
    };
    let mut due: Option<Instant> = None;
    loop {
        let next = match due {
            Some(due) => pieces.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => pieces.recv().map_err(RecvTimeoutError::from),
        };
        match &next {
            Ok(piece) => {
                cutter.push(piece);
                due = due.or_else(|| Some(Instant::now() + WAIT));
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => due = None,
        }
        while due.is_none() || cutter.raw() >= BLOCK as u64 {
            let Some(cut) = cutter.next() else {
                break;
            };
            if !give_one(cut, &mut cutter) {
                return;
            }
        }
        if next == Err(RecvTimeoutError::Disconnected) {
            if let Some(cut) = cutter.last() {
                give_one(cut, &mut cutter);
            }
            return;
        }
    }
}

/// Gives lines until they are kept; `false` when the service ends.
fn give(block: Vec<u8>, source: &Arc<str>, entrance: &Entrance) -> bool {
    let batch = Batch {
        source: source.clone(),
        origin: Origin::Stream,
        received: now(),
        block,
    };
    let mut pause = PAUSE.0;
    loop {
        match entrance.give(batch.clone()) {
            Ok(_) => return true,
            Err(Refused::Full | Refused::Unwritable(_)) => {
                sleep(pause);
                pause = (pause * 2).min(PAUSE.1);
            }
            Err(Refused::Stopping | Refused::KeyUsedBefore) => return false,
        }
    }
}
