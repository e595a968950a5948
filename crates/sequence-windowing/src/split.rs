//! Sessions shared out to training, validation and test.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::Session;

/// Indices of sessions, each in one of the two parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To be judged.
    pub test: Vec<usize>,
    /// Training sessions of a chronological split that reach beyond the cut: their last event is not before the first
    /// line of the first test session.
    pub straddlers: usize,
}

/// Cuts by time: the sessions whose first lines come first, a `share` of them in 0..=1, are for training. Both parts
/// are in order of their first lines.
///
/// With two sessions or more and a share that is neither 0 nor 1, no part is empty.
#[must_use]
pub fn chronological<K>(sessions: &[Session<K>], share: f64) -> Split {
    let mut train = by_first_line(sessions, 0..sessions.len());
    let test = train.split_off(part(sessions.len(), share));
    let cut = test.first().map_or(u64::MAX, |&first| sessions[first].first_line());
    let reaches_cut = |&&index: &&usize| sessions[index].events.iter().any(|event| event.line >= cut);
    let straddlers = train.iter().filter(reaches_cut).count();
    Split {
        train,
        test,
        straddlers,
    }
}

/// Draws a `share` in 0..=1 of `sessions` sessions for training. Both parts are in ascending order.
///
/// With two sessions or more and a share that is neither 0 nor 1, no part is empty. A random split lets the training
/// see the future of what it is tested on; the chronological one is the honest default.
#[must_use]
pub fn seeded(sessions: usize, share: f64, seed: u64) -> Split {
    let mut train: Vec<usize> = (0..sessions).collect();
    train.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut test = train.split_off(part(sessions, share));
    train.sort_unstable();
    test.sort_unstable();
    Split {
        train,
        test,
        straddlers: 0,
    }
}

/// Carves validation from training sessions, which are in order of time: the last `share` of them, in 0..=1. Returns what
/// is left for training, and the validation part.
///
/// With two sessions or more and a share that is neither 0 nor 1, no part is empty. A single session stays in training.
#[must_use]
pub fn validation<S>(sessions: &[S], share: f64) -> (&[S], &[S]) {
    let carved = if sessions.len() == 1 {
        0
    } else {
        part(sessions.len(), share)
    };
    sessions.split_at(sessions.len() - carved)
}

fn by_first_line<K>(sessions: &[Session<K>], indices: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut indices: Vec<usize> = indices.collect();
    indices.sort_by_key(|&index| (sessions[index].first_line(), index));
    indices
}

/// How many of `all` a share is, rounded; something and not everything where that can be. No number is no share.
fn part(all: usize, share: f64) -> usize {
    let rounded = (all as f64 * share.clamp(0.0, 1.0)).round() as usize;
    if all >= 2 && share > 0.0 && share < 1.0 {
        rounded.clamp(1, all - 1)
    } else {
        rounded.min(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Event, SessionEnd};

    /// Sessions by the lines of their events.
    fn sessions(lines: &[&[u64]]) -> Vec<Session<()>> {
        let event = |&line: &u64| Event {
            key: (),
            line,
            time: None,
        };
        let session = |lines: &&[u64]| Session {
            id: "s".into(),
            events: lines.iter().map(event).collect(),
            end: SessionEnd::Explicit,
            dropped_events: 0,
        };
        lines.iter().map(session).collect()
    }

    #[test]
    fn a_chronological_split_counts_what_reaches_over_the_cut() {
        let sessions = sessions(&[&[7, 9], &[1, 8], &[3, 4], &[5, 6]]);
        for (share, train, test, straddlers) in [
            (0.5, &[1, 2][..], &[3, 0][..], 1),
            (0.75, &[1, 2, 3], &[0], 1),
            (0.01, &[1], &[2, 3, 0], 1),
            (0.99, &[1, 2, 3], &[0], 1),
            (0.0, &[], &[1, 2, 3, 0], 0),
            (1.0, &[1, 2, 3, 0], &[], 0),
            (7.0, &[1, 2, 3, 0], &[], 0),
            (f64::NAN, &[], &[1, 2, 3, 0], 0),
        ] {
            let split = chronological(&sessions, share);
            assert_eq!(
                split,
                Split {
                    train: train.to_vec(),
                    test: test.to_vec(),
                    straddlers
                },
                "{share}"
            );
        }
        assert_eq!(chronological::<()>(&[], 0.5), Split::default());
    }

    #[test]
    fn a_session_that_shares_the_first_line_of_the_test_straddles() {
        assert_eq!(chronological(&sessions(&[&[1, 5], &[5, 6]]), 0.5).straddlers, 1);
        assert_eq!(chronological(&sessions(&[&[1, 4], &[5, 6]]), 0.5).straddlers, 0);
    }

    #[test]
    fn validation_is_the_last_share_of_the_training() {
        for (train, share, left, carved) in [
            (&[1, 3, 2, 0][..], 0.25, &[1, 3, 2][..], &[0][..]),
            (&[1, 3, 2], 0.1, &[1, 3], &[2]),
            (&[1, 3, 2], 0.0, &[1, 3, 2], &[]),
            (&[2], 0.9, &[2], &[]),
            (&[], 0.5, &[], &[]),
        ] {
            assert_eq!(validation(train, share), (left, carved), "{train:?} {share}");
        }
    }

    #[test]
    fn a_seed_decides_the_split() {
        let Split { train, test, .. } = seeded(100, 0.5, 1);
        assert!(train.is_sorted() && test.is_sorted());
        assert_ne!(train, (0..50).collect::<Vec<_>>());
        assert_eq!(seeded(100, 0.5, 1), seeded(100, 0.5, 1));
        assert_ne!(seeded(100, 0.5, 1), seeded(100, 0.5, 2));
    }

    proptest! {
        #[test]
        fn every_session_is_in_one_part(count in 0..50usize, share in -0.5..1.5f64, seed: u64) {
            let lines: Vec<Vec<u64>> = (0..count as u64).map(|i| vec![i * 7 % 11]).collect();
            let sessions = sessions(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let train: Vec<usize> = (0..count).collect();
            let (left, carved) = validation(&train, share);
            let carved = Split { train: left.to_vec(), test: carved.to_vec(), straddlers: 0 };
            for Split { train, test, .. } in [chronological(&sessions, share), seeded(count, share, seed), carved] {
                let mut all = [train.clone(), test.clone()].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
                if count >= 2 && share > 0.0 && share < 1.0 {
                    prop_assert!(!train.is_empty() && !test.is_empty());
                }
            }
        }
    }
}
