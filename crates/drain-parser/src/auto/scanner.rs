//! The built-in masks and the word as one automaton.

use std::sync::LazyLock;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use super::masks::{BUILT_IN, regexes};

/// How far the automaton reads on without a match: no token makes it read a long line to the end in vain.
const LOOK_AHEAD: usize = 256;
/// No mask knows a word of more letters.
const LONGEST_KNOWN: usize = 5;

/// The masks and the word as one automaton, made once.
pub(super) struct Scanner {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
    /// By first byte, whether the automaton may be spared where letters are followed by what parts words.
    plain: [bool; 256],
}

#[expect(clippy::expect_used, reason = "a constant table, and the first test builds it")]
pub(super) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new().expect("the built-in masks compile"));

impl Scanner {
    fn new() -> Option<Self> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .accelerate(false),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
            .build_many(&regexes())
            .ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let mut scanner = Self {
            dfa,
            start,
            plain: [false; 256],
        };
        for byte in (0..=u8::MAX).filter(u8::is_ascii_alphabetic) {
            scanner.plain[usize::from(byte)] = scanner.only_words_begin_with(byte);
        }
        Some(scanner)
    }

    /// Whether letters of which this is the first can be nothing but a word, unless the text goes on within a word, a path
    /// or a host.
    fn only_words_begin_with(&self, first: u8) -> bool {
        let mut states = vec![self.dfa.next_state(self.start, first)];
        let mut next = 0;
        while let Some(&state) = states.get(next) {
            next += 1;
            for byte in (0..=u8::MAX).filter(|&byte| byte.is_ascii_alphabetic() || !is(byte, GOES_ON)) {
                let then = self.dfa.next_state(state, byte);
                if byte.is_ascii_alphabetic() {
                    if !states.contains(&then) {
                        states.push(then);
                    }
                } else if !self.is_word_only(then) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether a word ends before the byte that led to `state`, and nothing that goes on.
    fn is_word_only(&self, state: StateID) -> bool {
        let is_dead = |byte| self.dfa.is_dead_state(self.dfa.next_state(state, byte));
        self.dfa.is_match_state(state)
            && self.dfa.match_pattern(state, 0).as_usize() == BUILT_IN.len()
            && (0..=u8::MAX).all(is_dead)
    }

    /// The length of the word that `text` begins with, where no mask can match and the automaton is spared: letters, more
    /// of them than a mask knows by heart, such as the name of a month or a truth value, or such as it never begins with.
    pub(super) fn plain_word(&self, text: &[u8]) -> Option<usize> {
        let length = text
            .iter()
            .position(|byte| !byte.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let ends = !text.get(length).is_some_and(|&next| is(next, GOES_ON));
        let is_plain = length > LONGEST_KNOWN || (length > 0 && self.plain[usize::from(text[0])]);
        (ends && is_plain).then_some(length)
    }

    /// The longest match that begins at `at` and ends at the edge of a word: its end, and its index among the regexes.
    pub(super) fn longest(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let mut state = self.start;
        let mut best = None;
        let mut limit = at + LOOK_AHEAD;
        // Where the run of ends began that the state stands for; a match is told one byte late.
        let mut ends_from = None;
        for (i, &byte) in text.iter().enumerate().skip(at) {
            let next = self.dfa.next_state(state, byte);
            // The usual way within a number or a word; the processor then need not wait for one step to begin the next.
            if next == state {
                if ends_from.is_none() && i >= limit {
                    return best;
                }
                continue;
            }
            if let Some(from) = ends_from.take() {
                limit = i - 1 + LOOK_AHEAD;
                best = self.last_end(text, from, i - 1, state).or(best);
            }
            state = next;
            if self.dfa.is_special_state(state) {
                if !self.dfa.is_match_state(state) {
                    return best;
                }
                ends_from = Some(i);
            } else if i >= limit {
                return best;
            }
        }
        if let Some(from) = ends_from {
            best = self.last_end(text, from, text.len() - 1, state).or(best);
        }
        state = self.dfa.next_eoi_state(state);
        if self.dfa.is_match_state(state) {
            best = self.last_end(text, text.len(), text.len(), state).or(best);
        }
        best
    }

    /// The last of the ends `from` to `to` at which a parameter may end, with what `state` has matched.
    fn last_end(&self, text: &[u8], from: usize, to: usize, state: StateID) -> Option<(usize, usize)> {
        let end = (from..=to).rev().find(|&end| is_end(text, end))?;
        Some((end, self.dfa.match_pattern(state, 0).as_usize()))
    }
}

/// A letter, a digit, an underscore or any byte beyond ASCII.
const WORD_BYTE: u8 = 1;
/// What may go on behind letters within a word, a path or a host.
const GOES_ON: u8 = 2;
/// Punctuation that belongs to the sentence, not to the parameter before it.
const OF_SENTENCE: u8 = 4;

/// What each byte is.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let this = byte as u8;
        if this.is_ascii_alphanumeric() || this == b'_' || this >= 0x80 {
            kinds[byte] = WORD_BYTE | GOES_ON;
        }
        if matches!(this, b'.' | b'-' | b'+' | b'@' | b'$' | b'~' | b'/' | b'\'' | b':') {
            kinds[byte] |= GOES_ON;
        }
        if matches!(this, b'.' | b',' | b':' | b';' | b'-') {
            kinds[byte] |= OF_SENTENCE;
        }
        byte += 1;
    }
    kinds
};

fn is(byte: u8, kind: u8) -> bool {
    KINDS[usize::from(byte)] & kind != 0
}

/// Whether a parameter may end before `at`: not within a word, and not with punctuation that belongs to the sentence.
fn is_end(text: &[u8], at: usize) -> bool {
    !is(text[at - 1], OF_SENTENCE) && !text.get(at).is_some_and(|&next| is_word_byte(next))
}

pub(in crate::auto) fn is_word_byte(byte: u8) -> bool {
    is(byte, WORD_BYTE)
}

#[cfg(test)]
mod tests;
