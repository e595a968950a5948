//! Several masks as one automaton over bytes.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

use super::Found;

/// The largest automaton, in bytes; with more, masks are spread over several.
const LARGEST: usize = 1 << 20;
/// How many bytes may be read for each byte of the text before the search is called off.
const MOST_STEPS: usize = 16;

/// Finds where the first of several masks matches, trying only where a match can begin.
#[derive(Debug)]
pub(super) struct Automaton {
    pub(super) dfa: dense::DFA<Vec<u32>>,
    /// Where a try begins, by the byte in front.
    starts: Vec<StateID>,
    text_start: StateID,
    begins: [bool; 256],
}

/// One try at one place.
struct Try {
    /// The mask and the end of its match.
    found: Option<(usize, usize)>,
    steps: usize,
}

impl Automaton {
    /// `None` where the automaton would be too large or does not know a look-around.
    pub(super) fn new(masks: &[&Hir]) -> Option<Self> {
        let nfa = thompson::NFA::compiler()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(LARGEST)),
            )
            .build_many_from_hir(masks)
            .ok()?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::LeftmostFirst)
                    .accelerate(false)
                    .dfa_size_limit(Some(LARGEST))
                    .determinize_size_limit(Some(4 * LARGEST)),
            )
            .build_from_nfa(&nfa)
            .ok()?;
        let start = |before| {
            let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
            dfa.start_state(&config).ok()
        };
        let starts: Vec<StateID> = (0..=u8::MAX).map(|byte| start(Some(byte))).collect::<Option<_>>()?;
        let text_start = start(None)?;
        let mut automaton = Self {
            dfa,
            starts,
            text_start,
            begins: [false; 256],
        };
        let starts = automaton.starts();
        for byte in 0..=u8::MAX {
            let alive = |&start: &StateID| !automaton.dfa.is_dead_state(automaton.dfa.next_state(start, byte));
            automaton.begins[usize::from(byte)] = starts.iter().any(alive);
        }
        Some(automaton)
    }

    /// Where a try may begin, each once.
    pub(super) fn starts(&self) -> Vec<StateID> {
        let mut starts = self.starts.clone();
        starts.push(self.text_start);
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Where a try begins behind `before`.
    pub(super) fn start_behind(&self, before: u8) -> StateID {
        self.starts[usize::from(before)]
    }

    /// What a try behind `before` comes to with its first byte.
    pub(super) fn begin(&self, before: u8, byte: u8) -> StateID {
        self.dfa.next_state(self.start_behind(before), byte)
    }

    /// Whether a match may begin with `byte` behind `before`.
    pub(super) fn can_begin(&self, before: u8, byte: u8) -> bool {
        !self.dfa.is_dead_state(self.begin(before, byte))
    }

    /// Whether what has been read is a match when `byte` comes next.
    pub(super) fn ends_before(&self, state: StateID, byte: u8) -> bool {
        self.dfa.is_match_state(self.dfa.next_state(state, byte))
    }

    /// Appends the matches in `text` from left to right: the earliest first, and of those that begin together that of
    /// the first mask. False where `found` is of no use: when it took too many steps, or when a mask matches from within
    /// the match of a later one that is marked in `entered`.
    pub(super) fn find(&self, text: &[u8], entered: &[bool], found: &mut Vec<Found>) -> bool {
        let mut steps = MOST_STEPS * (text.len() + 1);
        let mut at = 0;
        let mut failed_before = None;
        while let Some(begin) = self.next_begin(text, at) {
            at = begin + 1;
            if failed_before == Some(begin) && self.goes_on_as_before(text, begin) {
                failed_before = Some(at);
                continue;
            }
            let outcome = self.try_at(text, begin);
            let mut taken = outcome.steps;
            if let Some((mask, end)) = outcome.found {
                found.push(Found {
                    range: begin..end,
                    mask,
                });
                if entered[mask] {
                    while let Some(within) = self.next_begin(&text[..end], at) {
                        let outcome = self.try_at(text, within);
                        taken += outcome.steps;
                        if outcome.found.is_some_and(|(other, _)| other < mask) {
                            return false;
                        }
                        at = within + 1;
                    }
                }
                at = end;
            } else {
                failed_before = Some(at);
            }
            match steps.checked_sub(taken) {
                Some(left) => steps = left,
                None => return false,
            }
        }
        true
    }

    /// The next place where a match may begin.
    fn next_begin(&self, text: &[u8], at: usize) -> Option<usize> {
        let skipped = text[at..].iter().position(|&byte| self.begins[usize::from(byte)])?;
        Some(at + skipped)
    }

    /// Whether a try at `begin` comes with its first byte to where the try one byte before, which found nothing, came
    /// with its second: then it finds nothing either. So a long number is not read again from each of its digits.
    fn goes_on_as_before(&self, text: &[u8], begin: usize) -> bool {
        let (before, byte) = (text[begin - 1], text[begin]);
        let first = self.dfa.next_state(self.start_at(text, begin - 1), before);
        self.dfa.next_state(first, byte) == self.begin(before, byte)
    }

    fn start_at(&self, text: &[u8], begin: usize) -> StateID {
        match begin.checked_sub(1) {
            Some(before) => self.start_behind(text[before]),
            None => self.text_start,
        }
    }

    fn try_at(&self, text: &[u8], begin: usize) -> Try {
        let mut state = self.start_at(text, begin);
        let mut found = None;
        // A match is told one byte late, when its last state is left.
        let told = |state: StateID, read: usize| {
            let mask = self.dfa.is_match_state(state).then(|| self.dfa.match_pattern(state, 0));
            mask.map(|mask| (mask.as_usize(), begin + read - 1))
        };
        for (read, &byte) in text[begin..].iter().enumerate() {
            let next = self.dfa.next_state(state, byte);
            // The usual way within a number; the processor then need not wait for one step to begin the next.
            if next == state {
                continue;
            }
            found = told(state, read).or(found);
            if self.dfa.is_dead_state(next) {
                return Try { found, steps: read };
            }
            state = next;
        }
        let read = text.len() - begin;
        found = told(state, read).or(found);
        found = told(self.dfa.next_eoi_state(state), read + 1).or(found);
        Try { found, steps: read }
    }
}
