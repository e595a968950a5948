//! "These n keys never followed each other in training", the ends of the session included.
//!
//! Forrest, Hofmeyr, Somayaji and Longstaff ("A sense of self for Unix processes", IEEE S&P 1996) found intrusions so,
//! in sequences of system calls.

use detection::Reason;
use rustc_hash::FxHashSet;
use sequence_windowing::{Alphabet, DistinctWindows, Event, Framing, Session, Vocabulary, Windowing};

use crate::by_event::{ByEvent, EventScorer, reason_or};
use crate::held_out::Limit;

/// The n-grams of normal sessions, n − 1 begin symbols in front and an end symbol behind.
///
/// An event scores as many of the last n keys, itself included, as it takes to tell it from training: 0 where all n are
/// known, n where the key itself is new. There is no threshold to choose: whatever is new is flagged.
#[derive(Clone, Debug)]
pub struct UnseenNgram {
    windowing: Windowing,
    /// Of each length up to n, those that end where an event, or the end, stands.
    known: FxHashSet<Box<[u32]>>,
}

impl UnseenNgram {
    /// Remembers all sequences of up to `n` keys (at least 1) of the normal sessions.
    #[must_use]
    pub fn fit(normal: &[&Session], n: usize, vocabulary: &Vocabulary) -> ByEvent<Self> {
        let windowing = begin_end(vocabulary, n);
        ByEvent::fit(normal, Limit::Score(0.0), vocabulary, |sessions| {
            Self::remember(sessions, windowing)
        })
    }

    fn remember(normal: &[&Session], windowing: Windowing) -> Self {
        let windows = DistinctWindows::of(&windowing, normal.iter().copied());
        let mut known = FxHashSet::default();
        let mut gram = Vec::with_capacity(windowing.history + 1);
        for (i, &target) in windows.targets.iter().enumerate() {
            let history = windowing.history;
            gram.clear();
            gram.extend_from_slice(&windows.histories[i * history..(i + 1) * history]);
            gram.push(target);
            known.extend((0..gram.len()).map(|from| gram[from..].into()));
        }
        Self { windowing, known }
    }
}

/// Windows of `n` codes with the ends of the session in them.
pub(crate) fn begin_end(vocabulary: &Vocabulary, n: usize) -> Windowing {
    Windowing {
        alphabet: Alphabet {
            keys: vocabulary.len() as u32,
        },
        history: n.saturating_sub(1),
        framing: Framing::BeginEnd,
    }
}

/// The last n codes, begin symbols in front of the session and the next event or the end last. `past` keeps the codes
/// before.
pub(crate) fn next_gram(windowing: &Windowing, past: &mut Vec<u32>, next: Option<&Event>) -> Vec<u32> {
    let alphabet = windowing.alphabet;
    let code = next.map_or(alphabet.end(), |event| alphabet.code(&event.key));
    let missing = windowing.history - past.len();
    let mut gram = vec![alphabet.begin(); missing];
    gram.extend_from_slice(past);
    gram.push(code);
    past.clear();
    past.extend_from_slice(&gram[1..]);
    gram
}

impl EventScorer for UnseenNgram {
    type Past = Vec<u32>;

    fn score(&self, past: &mut Vec<u32>, next: Option<&Event>) -> f64 {
        let gram = next_gram(&self.windowing, past, next);
        let new = (0..gram.len()).rev().find(|&from| !self.known.contains(&gram[from..]));
        new.map_or(0.0, |from| (from + 1) as f64)
    }

    fn reason(&self, next: Option<&Event>) -> Reason {
        reason_or(next, Reason::UnseenNgram)
    }
}
