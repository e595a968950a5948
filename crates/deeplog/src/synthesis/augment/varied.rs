//! A line made of varied parts.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::synthesis::line::Parts;

/// A line of a copy.
#[derive(Debug, Default)]
pub(super) struct Varied {
    pub(super) bytes: Vec<u8>,
    /// Where its time stamps are.
    pub(super) stamps: Vec<Range<usize>>,
}

impl Varied {
    /// A line as it was.
    pub(super) fn unchanged(line: &[u8]) -> Self {
        Self {
            bytes: line.to_vec(),
            stamps: Vec::new(),
        }
    }

    /// The line with other parts in place of some, and other names of sessions in all of it but its stamps; `None` where
    /// parts overlap.
    pub(super) fn of(
        line: &[u8],
        parts: &Parts,
        content: &[u8],
        level: Option<&[u8]>,
        rename: &dyn Fn(&[u8], &mut Vec<u8>),
    ) -> Option<Self> {
        let mut pieces: Vec<(Range<usize>, Option<&[u8]>)> = vec![(parts.content.clone(), Some(content))];
        pieces.extend(parts.level.clone().zip(level).map(|(span, level)| (span, Some(level))));
        pieces.extend(parts.stamps.iter().map(|span| (span.clone(), None)));
        pieces.sort_by_key(|(span, _)| span.start);
        let mut varied = Self::default();
        let mut end = 0;
        for (span, text) in pieces {
            rename(line.get(end..span.start)?, &mut varied.bytes);
            let start = varied.bytes.len();
            match text {
                Some(text) => rename(text, &mut varied.bytes),
                None => {
                    varied.bytes.extend_from_slice(&line[span.clone()]);
                    varied.stamps.push(start..varied.bytes.len());
                }
            }
            end = span.end;
        }
        rename(&line[end..], &mut varied.bytes);
        Some(varied)
    }

    /// Two lines change places and their stamps do not. Whether they could: both have stamps of the same length.
    pub(super) fn change_places(&mut self, other: &mut Self) -> bool {
        let spans = self.stamps.iter().zip(&other.stamps);
        if self.stamps.len() != other.stamps.len() || !spans.clone().all(|(a, b)| a.len() == b.len()) {
            return false;
        }
        for (a, b) in spans {
            self.bytes[a.clone()].swap_with_slice(&mut other.bytes[b.clone()]);
        }
        std::mem::swap(self, other);
        true
    }
}

/// Gives sessions other names, the same within one copy: each digit becomes another one by its place, so that no two names
/// become one. A name without digits stays.
pub(super) struct Renaming(Vec<u8>);

/// Digits of a name that are told apart by their place.
const PLACES: usize = 64;

impl Renaming {
    pub(super) fn new(random: &mut ChaCha8Rng) -> Self {
        Self((0..PLACES).map(|_| random.random_range(1..9)).collect())
    }

    /// Appends a text with the names in it changed.
    pub(super) fn apply(&self, text: &[u8], names: &[Vec<u8>], out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            let longest = names
                .iter()
                .filter(|name| rest.starts_with(name))
                .max_by_key(|name| name.len());
            match longest {
                Some(name) => {
                    self.rename(name, out);
                    rest = &rest[name.len()..];
                }
                None => {
                    out.push(rest[0]);
                    rest = &rest[1..];
                }
            }
        }
    }

    fn rename(&self, name: &[u8], out: &mut Vec<u8>) {
        for (place, &byte) in name.iter().enumerate() {
            let shift = self.0[place % PLACES];
            let leads = place == 0 || !name[place - 1].is_ascii_digit();
            out.push(match byte {
                b'0' if leads => b'0',
                b'1'..=b'9' if leads => b'1' + (byte - b'1' + shift) % 9,
                b'0'..=b'9' => b'0' + (byte - b'0' + shift) % 10,
                _ => byte,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn no_two_names_become_one_and_the_form_stays() {
        let renaming = Renaming::new(&mut ChaCha8Rng::seed_from_u64(1));
        let renamed: std::collections::BTreeSet<Vec<u8>> = (0..5000)
            .map(|n: i32| {
                let name = format!("blk_{}", n - 2500).into_bytes();
                let mut out = Vec::new();
                renaming.apply(&name, std::slice::from_ref(&name), &mut out);
                assert_eq!(out.len(), name.len());
                assert!(n == 2500 || out != name);
                out
            })
            .collect();
        assert_eq!(renamed.len(), 5000);
    }

    #[test]
    fn names_change_wherever_they_stand_and_nothing_else_does() {
        let renaming = Renaming(vec![1; PLACES]);
        let names = [b"j1".to_vec(), b"j12".to_vec()];
        let mut out = Vec::new();
        renaming.apply(b"1 j1, j12 \xff j2", &names, &mut out);
        assert_eq!(out, b"1 j2, j23 \xff j2");
    }

    #[test]
    fn lines_change_places_and_stamps_stay() {
        let line = |text: &[u8]| Varied {
            bytes: text.to_vec(),
            stamps: std::iter::once(0..2).collect(),
        };
        let (mut a, mut b) = (line(b"01 open"), line(b"02 close it"));
        assert!(a.change_places(&mut b));
        assert_eq!((&*a.bytes, &*b.bytes), (&b"01 close it"[..], &b"02 open"[..]));
        assert!(!a.change_places(&mut Varied::unchanged(b"x")));
    }
}
