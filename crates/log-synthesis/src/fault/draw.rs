//! One fault by lot.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{FaultKind, Piece, Subject};

/// Draws where a fault is and what it makes of a session; `None` where the session has no place for it.
pub(super) fn draw<K: Clone + PartialEq>(
    kind: FaultKind,
    subject: &Subject<'_, K>,
    known: &[K],
    random: &mut ChaCha8Rng,
) -> Option<(usize, Vec<Piece<K>>)> {
    let keys = subject.keys;
    let mut pieces: Vec<Piece<K>> = (0..keys.len()).map(Piece::Own).collect();
    let at = match kind {
        // A missing last event is a truncation.
        FaultKind::Missing => {
            let at = below(random, keys.len().checked_sub(1)?)?;
            pieces.remove(at);
            at
        }
        FaultKind::Doubled => {
            let at = below(random, keys.len())?;
            pieces.insert(at, Piece::Own(at));
            at
        }
        FaultKind::Swapped => {
            let unequal: Vec<usize> = (1..keys.len()).filter(|&i| keys[i - 1] != keys[i]).collect();
            let at = *unequal.choose(random)?;
            pieces.swap(at - 1, at);
            at
        }
        FaultKind::Moved => {
            let from = below(random, keys.len())?;
            let far: Vec<usize> = (0..keys.len()).filter(|to| to.abs_diff(from) >= 2).collect();
            let to = *far.choose(random)?;
            let piece = pieces.remove(from);
            pieces.insert(to, piece);
            to
        }
        FaultKind::Replaced => {
            let at = below(random, keys.len())?;
            let others: Vec<&K> = known.iter().filter(|&key| *key != keys[at]).collect();
            pieces[at] = Piece::Known((*others.choose(random)?).clone());
            at
        }
        FaultKind::Foreign => {
            let at = below(random, keys.len() + 1)?;
            pieces.insert(at, Piece::Foreign);
            at
        }
        FaultKind::Truncated => {
            let at = 1 + below(random, keys.len().checked_sub(1)?)?;
            pieces.truncate(at);
            at
        }
        FaultKind::Delayed => {
            if !subject.timed {
                return None;
            }
            1 + below(random, keys.len().checked_sub(1)?)?
        }
        FaultKind::OutOfRange => *subject.numbered.choose(random)?,
    };
    Some((at, pieces))
}

fn below(random: &mut ChaCha8Rng, end: usize) -> Option<usize> {
    (end > 0).then(|| random.random_range(0..end))
}
