//! Whether two masks can be looked for at once.

use regex_automata::dfa::Automaton as _;
use regex_automata::util::primitives::StateID;
use rustc_hash::FxHashSet;

use super::automaton::Automaton;

/// Pairs of states looked at before two masks count as in each other's way.
const MOST_PAIRS: usize = 4096;

/// Whether looking for both masks at once, the earlier one first at each place, finds what looking for the earlier one
/// first and then for the later one in the masked text finds. It must be known that the later one takes no byte of `<*>`.
pub(super) fn keep_apart(earlier: &Automaton, later: &Automaton) -> bool {
    let bytes = representatives(earlier, later);
    let (Some(within_earlier), Some(within_later)) = (reached(earlier, &bytes), reached(later, &bytes)) else {
        return false;
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
    same_behind && same_before() && !can_overlap(earlier, later, &within_later, &bytes)
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
    let mut reached = Vec::new();
    let mut seen = FxHashSet::default();
    let mut open = mask.starts();
    while let Some(state) = open.pop() {
        for &byte in bytes {
            let next = mask.dfa.next_state(state, byte);
            if !mask.dfa.is_dead_state(next) && seen.insert((next, byte)) {
                if !reached.iter().any(|&(other, _)| other == next) {
                    open.push(next);
                }
                reached.push((next, byte));
            }
        }
        if seen.len() > MOST_PAIRS {
            return None;
        }
    }
    Some(reached)
}

/// One byte for each set of bytes that are the same to both masks.
fn representatives(one: &Automaton, other: &Automaton) -> Vec<u8> {
    let mut seen = FxHashSet::default();
    let kind = |mask: &Automaton, byte: u8| (mask.dfa.byte_classes().get(byte), mask.start_behind(byte));
    (0..=u8::MAX)
        .filter(|&byte| seen.insert((kind(one, byte), kind(other, byte))))
        .collect()
}
