//! Whether two masks can be looked for at once.

use regex_automata::dfa::Automaton as _;
use regex_automata::util::primitives::StateID;
use rustc_hash::FxHashSet;

use super::automaton::Automaton;

/// States that are looked at before two masks are taken for impossible together.
const MOST_STATES: usize = 4096;
/// Pairs of states that are looked at before overlaps are taken for possible.
const MOST_PAIRS: usize = 256;

/// Whether looking for two masks at once, the earlier one first at each place, finds what looking for the earlier one
/// first and then for the later one in the masked text finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Together {
    /// It may find something else.
    Never,
    /// It finds the same unless the earlier one matches from within a match of the later one.
    IfApart,
    /// It finds the same in every text.
    Always,
}

/// What holds for two masks of which the later one takes no byte of `<*>`.
pub(super) fn together(earlier: &Automaton, later: &Automaton) -> Together {
    let bytes = representatives(earlier, later);
    let (Some(within_earlier), Some(within_later)) = (reached(earlier, &bytes), reached(later, &bytes)) else {
        return Together::Never;
    };
    // Where the earlier one matches right behind the later one, the latter may see its first byte or a `<`.
    let same_behind = within_later.iter().all(|&(state, last)| {
        let as_if_masked = later.ends_before(state, b'<');
        let mut next = bytes.iter().filter(|&&byte| earlier.can_begin(last, byte));
        next.all(|&byte| later.ends_before(state, byte) == as_if_masked)
    });
    // Where it matches right before, its last byte or a `>`.
    let same_before = || {
        within_earlier.iter().all(|&(state, last)| {
            let mut next = bytes.iter().filter(|&&byte| earlier.ends_before(state, byte));
            next.all(|&byte| later.begin(last, byte) == later.begin(b'>', byte))
        })
    };
    if !same_behind || !same_before() {
        Together::Never
    } else if can_overlap(earlier, later, &within_later, &bytes) {
        Together::IfApart
    } else {
        Together::Always
    }
}

/// Whether the earlier mask may match from a place within a match of the later one.
fn can_overlap(earlier: &Automaton, later: &Automaton, within_later: &[(StateID, u8)], bytes: &[u8]) -> bool {
    let mut seen = FxHashSet::default();
    let mut open = Vec::new();
    let mut visit = |pair: (StateID, StateID), open: &mut Vec<_>| {
        let alive = !earlier.dfa.is_dead_state(pair.0) && !later.dfa.is_dead_state(pair.1);
        if alive && seen.insert(pair) {
            open.push(pair);
        }
        seen.len() <= MOST_PAIRS
    };
    for &(state, last) in within_later {
        for &byte in bytes {
            if !visit(
                (earlier.begin(last, byte), later.dfa.next_state(state, byte)),
                &mut open,
            ) {
                return true;
            }
        }
    }
    while let Some((in_earlier, in_later)) = open.pop() {
        let ends = (
            earlier.dfa.next_eoi_state(in_earlier),
            later.dfa.next_eoi_state(in_later),
        );
        if earlier.dfa.is_match_state(ends.0) && later.dfa.is_match_state(ends.1) {
            return true;
        }
        for &byte in bytes {
            let next = (
                earlier.dfa.next_state(in_earlier, byte),
                later.dfa.next_state(in_later, byte),
            );
            let matched = earlier.dfa.is_match_state(next.0) || later.dfa.is_match_state(next.1);
            let alive = !earlier.dfa.is_dead_state(next.0) && !later.dfa.is_dead_state(next.1);
            // One has matched, and the other may yet.
            if matched && alive || !visit(next, &mut open) {
                return true;
            }
        }
    }
    false
}

/// The states that a mask may be in after one byte or more, with the last byte; `None` where they are too many.
fn reached(mask: &Automaton, bytes: &[u8]) -> Option<Vec<(StateID, u8)>> {
    let mut reached = FxHashSet::default();
    let mut open = mask.starts();
    let mut passed: FxHashSet<StateID> = open.iter().copied().collect();
    while let Some(state) = open.pop() {
        for &byte in bytes {
            let next = mask.dfa.next_state(state, byte);
            if !mask.dfa.is_dead_state(next) {
                reached.insert((next, byte));
                if passed.insert(next) {
                    open.push(next);
                }
            }
        }
        if reached.len() > MOST_STATES {
            return None;
        }
    }
    Some(reached.into_iter().collect())
}

/// One byte for each set of bytes that are the same to both masks.
fn representatives(one: &Automaton, other: &Automaton) -> Vec<u8> {
    let mut seen = FxHashSet::default();
    let kind = |mask: &Automaton, byte: u8| (mask.dfa.byte_classes().get(byte), mask.start_behind(byte));
    (0..=u8::MAX)
        .filter(|&byte| seen.insert((kind(one, byte), kind(other, byte))))
        .collect()
}
