//! Masks in groups that may be looked for together.
//!
//! Masks apply one after the other. Those of one pass are looked for at once, where that gives the same: no mask but the
//! first may take a byte of `<*>`, and what a mask sees of its surroundings must not hang on whether those before it have
//! done their work. Masks that begin and end at `\b` mostly fulfil this. Where one of those before may match from within
//! a match, each match is looked at, and a line in which it happens is masked by one mask after the other.

use std::sync::Arc;

use regex::bytes::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::apart::{Together, together};
use super::automaton::Automaton;
use super::{MaskedText, PLACEHOLDER};

/// One mask of a configuration.
#[derive(Debug, Clone)]
pub(crate) struct Mask {
    regex: Regex,
    /// Its syntax, and an automaton of its own; `None` for what only the regex itself can look for.
    known: Option<(Hir, Arc<Automaton>)>,
}

impl Mask {
    /// `pattern`: what `regex` was made from, with classes in ASCII.
    pub(crate) fn new(pattern: &str, regex: Regex) -> Self {
        let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
        // Empty matches hang on where the search for the last one ended.
        let hir = parsed.ok().filter(|hir| hir.properties().minimum_len() > Some(0));
        let known = hir.and_then(|hir| Some((hir.clone(), Arc::new(Automaton::new(&[&hir])?))));
        Self { regex, known }
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
    /// For each mask, whether one of those before may match from within its matches.
    entered: Vec<bool>,
}

impl Pass {
    /// Masks what is left of `masked`.
    pub(super) fn apply(&self, masked: &mut MaskedText) {
        masked.found.clear();
        let found = self
            .automaton
            .as_ref()
            .is_some_and(|automaton| automaton.find(&masked.text, &self.entered, &mut masked.found));
        if found {
            masked.found.iter_mut().for_each(|found| found.mask += self.first);
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
        let mut entered = vec![false];
        for next in begin + 1..masks.len() {
            match joins(&masks[next], &masks[begin..next]) {
                Together::Never => break,
                how => entered.push(how == Together::IfApart),
            }
        }
        let end = begin + entered.len();
        add(&masks[begin..end], begin, &entered, &mut passes);
        begin = end;
    }
    passes
}

/// One pass for masks that join, or more where their automaton would be too large.
fn add(masks: &[Mask], first: usize, entered: &[bool], passes: &mut Vec<Pass>) {
    let automaton = if let [mask] = masks {
        mask.known.as_ref().map(|(_, automaton)| Arc::clone(automaton))
    } else {
        let syntaxes: Vec<&Hir> = masks.iter().filter_map(|mask| Some(&mask.known.as_ref()?.0)).collect();
        let Some(automaton) = Automaton::new(&syntaxes) else {
            let middle = masks.len() / 2;
            add(&masks[..middle], first, &entered[..middle], passes);
            add(&masks[middle..], first + middle, &entered[middle..], passes);
            return;
        };
        Some(Arc::new(automaton))
    };
    passes.push(Pass {
        first,
        regexes: masks.iter().map(|mask| mask.regex.clone()).collect(),
        automaton,
        entered: entered.to_vec(),
    });
}

/// Whether `mask` may be looked for together with those before it.
fn joins(mask: &Mask, before: &[Mask]) -> Together {
    match &mask.known {
        Some((hir, later)) if !may_hold_placeholder(hir) => before
            .iter()
            .map(|earlier| {
                let known = earlier.known.as_ref();
                known.map_or(Together::Never, |(_, earlier)| together(earlier, later))
            })
            .min()
            .unwrap_or(Together::Always),
        _ => Together::Never,
    }
}

/// Whether a match may hold a byte of `<*>`.
fn may_hold_placeholder(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().any(|byte| PLACEHOLDER.contains(byte)),
        HirKind::Class(Class::Bytes(class)) => PLACEHOLDER
            .iter()
            .any(|&byte| class.iter().any(|range| range.start() <= byte && byte <= range.end())),
        HirKind::Class(Class::Unicode(class)) => PLACEHOLDER.iter().any(|&byte| {
            let character = char::from(byte);
            class
                .iter()
                .any(|range| range.start() <= character && character <= range.end())
        }),
        HirKind::Repetition(repetition) => may_hold_placeholder(&repetition.sub),
        HirKind::Capture(capture) => may_hold_placeholder(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(may_hold_placeholder),
    }
}
