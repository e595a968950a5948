//! Masks: what is known to be a parameter becomes `<*>` before the tree sees the line.

mod apart;
mod automaton;
mod passes;

use std::ops::Range;

use memchr::memchr_iter;
use regex::bytes::Regex;

pub(crate) use passes::Mask;
use passes::{Pass, passes};

/// What stands for a parameter, in masked lines and in templates.
pub(crate) const PLACEHOLDER: &[u8] = b"<*>";

/// The masks of a configuration, in as few passes over a line as give what one pass for each would give.
#[derive(Debug, Clone)]
pub(crate) struct Masks(Vec<Pass>);

/// A content in which masked pieces are replaced by `<*>`, with the way back to the original.
#[derive(Debug, Clone, Default)]
pub(crate) struct MaskedText {
    /// The content, masked.
    pub(crate) text: Vec<u8>,
    /// One for each `<*>` in `text` from left to right.
    pub(crate) pieces: Vec<Piece>,
    spare_text: Vec<u8>,
    spare_pieces: Vec<Piece>,
    /// What one pass replaces.
    found: Vec<Found>,
}

/// One `<*>` of a masked text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it begins in the masked text.
    pub(crate) at: usize,
    /// What it stands for in the original.
    pub(crate) original: Range<usize>,
    /// The mask that found it, as index into the configuration's; `None` for a `<*>` that the log wrote.
    pub(crate) mask: Option<usize>,
}

/// A match in the text as it stood before the pass.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    range: Range<usize>,
    mask: usize,
}

impl Piece {
    pub(crate) fn end(&self) -> usize {
        self.at + PLACEHOLDER.len()
    }
}

impl Masks {
    /// `masks` in the order of the configuration.
    pub(crate) fn new(masks: Vec<Mask>) -> Self {
        Self(passes(masks))
    }

    /// Fills `masked` with the masked form of `content`.
    pub(crate) fn apply(&self, content: &[u8], masked: &mut MaskedText) {
        masked.text.clear();
        masked.text.extend_from_slice(content);
        masked.pieces.clear();
        // A `<*>` that the log itself wrote cannot be told from ours later on: it stands for itself. Asterisks are rare,
        // and looking for one byte is cheaper than setting up a search for three.
        let own = memchr_iter(b'*', content)
            .filter_map(|asterisk| asterisk.checked_sub(1))
            .filter(|&at| content[at..].starts_with(PLACEHOLDER));
        masked.pieces.extend(own.map(|at| Piece {
            at,
            original: at..at + PLACEHOLDER.len(),
            mask: None,
        }));
        for pass in &self.0 {
            pass.apply(masked);
        }
    }
}

impl MaskedText {
    /// Replaces what one regex finds.
    fn mask_by(&mut self, regex: &Regex, mask: usize) {
        self.found.clear();
        let found = regex.find_iter(&self.text).map(|found| found.range());
        self.found.extend(
            found
                .filter(|range| !range.is_empty())
                .map(|range| Found { range, mask }),
        );
        self.mask_found();
    }

    /// Replaces the matches in `found`.
    fn mask_found(&mut self) {
        if !self.found.is_empty() {
            self.swallow_pieces();
            self.replace_found();
        }
    }

    /// A match that cuts into an earlier `<*>` takes all of it, and matches that come to overlap by this become one.
    fn swallow_pieces(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        let mut next = 0;
        for Found { range: found, .. } in &mut self.found {
            while self.pieces.get(next).is_some_and(|piece| piece.end() <= found.start) {
                next += 1;
            }
            let mut overlapping = next;
            while let Some(piece) = self.pieces.get(overlapping).filter(|piece| piece.at < found.end) {
                found.start = found.start.min(piece.at);
                found.end = found.end.max(piece.end());
                overlapping += 1;
            }
        }
        self.found.dedup_by(|later, earlier| {
            let overlap = later.range.start < earlier.range.end;
            if overlap {
                earlier.range.end = earlier.range.end.max(later.range.end);
            }
            overlap
        });
    }

    /// Puts `<*>` in place of the found spans, none of which cuts a piece in two.
    fn replace_found(&mut self) {
        self.spare_text.clear();
        self.spare_pieces.clear();
        let mut origin = Origin::new(&self.pieces);
        let mut copied = 0;
        for Found { range: found, mask } in &self.found {
            let kept = origin.pieces.iter().take_while(|piece| piece.at < found.start);
            // `spare_text.len() - copied` is how far the text behind the last replacement has moved.
            self.spare_pieces.extend(kept.map(|piece| Piece {
                at: piece.at + self.spare_text.len() - copied,
                ..piece.clone()
            }));
            self.spare_text.extend_from_slice(&self.text[copied..found.start]);
            let original = origin.of(found.start)..origin.of(found.end);
            self.spare_pieces.push(Piece {
                at: self.spare_text.len(),
                original,
                mask: Some(*mask),
            });
            self.spare_text.extend_from_slice(PLACEHOLDER);
            copied = found.end;
        }
        self.spare_pieces.extend(origin.pieces.iter().map(|piece| Piece {
            at: piece.at + self.spare_text.len() - copied,
            ..piece.clone()
        }));
        self.spare_text.extend_from_slice(&self.text[copied..]);
        std::mem::swap(&mut self.text, &mut self.spare_text);
        std::mem::swap(&mut self.pieces, &mut self.spare_pieces);
    }
}

/// The way from offsets in a masked text back to the original, for offsets that only grow.
pub(crate) struct Origin<'p> {
    /// The pieces not yet passed.
    pub(crate) pieces: &'p [Piece],
    masked: usize,
    original: usize,
}

impl<'p> Origin<'p> {
    pub(crate) fn new(pieces: &'p [Piece]) -> Self {
        Self {
            pieces,
            masked: 0,
            original: 0,
        }
    }

    /// The original of a masked offset that is not within a piece and not before the last one asked for.
    pub(crate) fn of(&mut self, offset: usize) -> usize {
        while let Some((piece, rest)) = self.pieces.split_first().filter(|(piece, _)| piece.end() <= offset) {
            (self.masked, self.original) = (piece.end(), piece.original.end);
            self.pieces = rest;
        }
        self.original + (offset - self.masked)
    }
}

#[cfg(test)]
mod tests;
