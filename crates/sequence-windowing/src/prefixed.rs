//! Patterns whose matches all begin with the same text, such as `blk_-?\d+`: found without a search for their beginning.

use memchr::memmem::Finder;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Anchored, Input};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;

/// The largest automaton, in bytes.
const LARGEST: usize = 1 << 20;

/// A pattern in which no look-around and no group takes part, and what its matches begin with.
#[derive(Clone, Debug)]
pub(crate) struct Prefixed {
    prefix: Finder<'static>,
    dfa: dense::DFA<Vec<u32>>,
}

/// What stands at the first place where a match may begin.
pub(crate) enum Beginning {
    /// A match from here to there.
    Match(usize, usize),
    /// No match, or one that is too large for the automaton; there may be others behind it.
    Unsure,
    /// There is no such place.
    None,
}

impl Prefixed {
    /// `None` for other patterns.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let hir = ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
        let properties = hir.properties();
        if properties.explicit_captures_len() > 0 || !properties.look_set().is_empty() {
            return None;
        }
        let prefixes = Extractor::new().extract(&hir);
        let prefix = prefixes.longest_common_prefix().filter(|prefix| !prefix.is_empty())?;
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(LARGEST));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(4 * LARGEST));
        Some(Self {
            prefix: Finder::new(prefix).into_owned(),
            dfa: dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?,
        })
    }

    /// The first place from `from` on where a match may begin. Only one is tried, as trying many could read the rest of a
    /// hostile text for each.
    pub(crate) fn first(&self, text: &[u8], from: usize) -> Beginning {
        let Some(start) = self.prefix.find(&text[from..]).map(|at| from + at) else {
            return Beginning::None;
        };
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        match self.dfa.try_search_fwd(&input) {
            Ok(Some(end)) => Beginning::Match(start, end.offset()),
            _ => Beginning::Unsure,
        }
    }
}
