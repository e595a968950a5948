//! Masks in groups that may be looked for together.
//!
//! Masks apply one after the other. Those of one pass are looked for at once, where that gives the same: no mask of a
//! pass may take a byte of `<*>` or of what an earlier one takes, and what it sees of its surroundings must not hang on
//! whether an earlier one has done its work.

use std::sync::Arc;

use regex::bytes::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use super::automaton::Automaton;
use super::facts::{Facts, is_word};
use super::{MaskedText, PLACEHOLDER};

/// One mask of a configuration.
#[derive(Debug, Clone)]
pub(crate) struct Mask {
    regex: Regex,
    /// `None` for what only the regex itself can look for.
    syntax: Option<(Hir, Facts)>,
}

impl Mask {
    /// `pattern`: what `regex` was made from, with classes in ASCII.
    pub(crate) fn new(pattern: &str, regex: Regex) -> Self {
        let hir = ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .ok();
        let syntax = hir.and_then(|hir| Facts::of(&hir).map(|facts| (hir, facts)));
        Self { regex, syntax }
    }

    #[cfg(test)]
    pub(super) fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// Masks that are looked for together.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    /// The first of its masks, as index into the configuration's; the others follow.
    first: usize,
    regexes: Vec<Regex>,
    automaton: Option<Arc<Automaton>>,
}

impl Pass {
    /// Masks what is left of `masked`.
    pub(super) fn apply(&self, masked: &mut MaskedText) {
        masked.found.clear();
        let found = self
            .automaton
            .as_ref()
            .is_some_and(|automaton| automaton.find(&masked.text, self.first, &mut masked.trace, &mut masked.found));
        if found {
            masked.mask_found();
        } else {
            for (mask, regex) in (self.first..).zip(&self.regexes) {
                masked.mask_by(regex, mask);
            }
        }
    }
}

/// The masks in their order, in as few passes as can be.
pub(super) fn passes(masks: Vec<Mask>) -> Vec<Pass> {
    let mut passes = Vec::new();
    let mut begin = 0;
    while begin < masks.len() {
        let joining = (begin + 1..masks.len()).take_while(|&next| joins(&masks[next], &masks[begin..next]));
        let end = begin + 1 + joining.count();
        add(&masks, begin, end, &mut passes);
        begin = end;
    }
    passes
}

/// One pass for the masks from `begin` to `end`, or more where their automaton would be too large.
fn add(masks: &[Mask], begin: usize, end: usize, passes: &mut Vec<Pass>) {
    let syntaxes: Option<Vec<&Hir>> = masks[begin..end]
        .iter()
        .map(|mask| mask.syntax.as_ref().map(|(hir, _)| hir))
        .collect();
    let automaton = syntaxes.and_then(|syntaxes| Automaton::new(&syntaxes));
    if automaton.is_none() && end - begin > 1 {
        let middle = begin + (end - begin) / 2;
        add(masks, begin, middle, passes);
        add(masks, middle, end, passes);
        return;
    }
    passes.push(Pass {
        first: begin,
        regexes: masks[begin..end].iter().map(|mask| mask.regex.clone()).collect(),
        automaton: automaton.map(Arc::new),
    });
}

/// Whether `mask` may be looked for together with those before it.
fn joins(mask: &Mask, before: &[Mask]) -> bool {
    let Some((_, later)) = &mask.syntax else { return false };
    !PLACEHOLDER.iter().any(|&byte| later.alphabet.contains(byte))
        && (!later.looks_around || later.looks_at_words_only)
        && before
            .iter()
            .all(|earlier| matches!(&earlier.syntax, Some((_, earlier)) if keep_apart(earlier, later)))
}

/// Whether the later mask finds the same before and after the earlier one's matches have become `<*>`.
fn keep_apart(earlier: &Facts, later: &Facts) -> bool {
    let beginnings = || {
        let pairs = later
            .alphabet
            .iter()
            .flat_map(|before| earlier.first.iter().map(move |byte| (before, byte)));
        pairs.filter(|&(before, byte)| earlier.may_begin_between(before, byte))
    };
    // No match of the earlier one begins within one of the later one.
    let outside = beginnings().all(|(_, byte)| !later.alphabet.contains(byte));
    // Where one begins right behind, it looks like the `<` that will stand there.
    let same_behind = || beginnings().all(|(_, byte)| !is_word(byte));
    // And where one ends right before, like the `>`.
    let same_before = || {
        earlier.alphabet.iter().all(|byte| !is_word(byte))
            || (earlier.boundary_after && later.first.iter().all(is_word))
    };
    outside && (!later.looks_around || (same_behind() && same_before()))
}
