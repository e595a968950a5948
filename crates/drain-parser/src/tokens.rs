//! Cutting a masked content into tokens.

use std::ops::Range;

use crate::masking::{MaskedText, PLACEHOLDER};

/// White space as Python's `str.split` knows it, within ASCII. All other bytes belong to tokens.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d | 0x1c..=0x1f)
}

/// `line` without the white space around it.
pub(crate) fn trim(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|&byte| !is_space(byte)).unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(|&byte| !is_space(byte))
        .map_or(start, |last| last + 1);
    &line[start..end]
}

/// Whether Drain holds the token for a number-like parameter.
pub(crate) fn has_digit(token: &[u8]) -> bool {
    token.iter().any(u8::is_ascii_digit)
}

/// Cuts at white space and at delimiters.
#[derive(Debug, Clone)]
pub(crate) struct Tokenizer {
    delimiters: Vec<Box<[u8]>>,
}

impl Tokenizer {
    /// `delimiters`: texts that part tokens as white space does, none of them empty.
    pub(crate) fn new(delimiters: &[String]) -> Self {
        Self {
            delimiters: delimiters.iter().map(|text| text.as_bytes().into()).collect(),
        }
    }

    /// Writes the spans of the tokens in `masked.text` to `tokens`.
    pub(crate) fn cut(&self, masked: &MaskedText, tokens: &mut Vec<Range<usize>>) {
        tokens.clear();
        if self.delimiters.is_empty() {
            cut_at_spaces(&masked.text, tokens);
        } else {
            self.cut_at_delimiters(masked, tokens);
        }
    }

    fn cut_at_delimiters(&self, masked: &MaskedText, tokens: &mut Vec<Range<usize>>) {
        let text = masked.text.as_slice();
        let mut pieces = masked.pieces.iter().peekable();
        let (mut start, mut at) = (0, 0);
        while at < text.len() {
            // A delimiter within a placeholder would be one of ours, not the log's.
            if pieces.next_if(|piece| piece.at == at).is_some() {
                at += PLACEHOLDER.len();
                continue;
            }
            let next_piece = pieces.peek().map_or(text.len(), |piece| piece.at);
            let separator = if is_space(text[at]) {
                1
            } else {
                let found = self
                    .delimiters
                    .iter()
                    .find(|delimiter| text[at..next_piece].starts_with(delimiter));
                found.map_or(0, |delimiter| delimiter.len())
            };
            if separator > 0 && start < at {
                tokens.push(start..at);
            }
            at += separator.max(1);
            if separator > 0 {
                start = at;
            }
        }
        if start < text.len() {
            tokens.push(start..text.len());
        }
    }
}

/// Looks at eight bytes at once: white space is rare, and none of it is above the space.
fn cut_at_spaces(text: &[u8], tokens: &mut Vec<Range<usize>>) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut start = 0;
    let mut part = |at: usize| {
        if is_space(text[at]) {
            if start < at {
                tokens.push(start..at);
            }
            start = at + 1;
        }
    };
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is 0x20 or less; a borrow may add some that are not.
        let mut low = word.wrapping_sub(ONES * 0x21) & !word & HIGH;
        while low != 0 {
            part(i * 8 + low.trailing_zeros() as usize / 8);
            low &= low - 1;
        }
    }
    (text.len() - rest.len()..text.len()).for_each(&mut part);
    if start < text.len() {
        tokens.push(start..text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_are_what_stands_between_white_space(
            text in prop::collection::vec(prop_oneof![any::<u8>(), 0x08..0x22u8, Just(b' ')], 0..80)
        ) {
            let mut spans = Vec::new();
            cut_at_spaces(&text, &mut spans);
            let tokens: Vec<&[u8]> = spans.into_iter().map(|span| &text[span]).collect();
            let expected: Vec<&[u8]> =
                text.split(|&byte| is_space(byte)).filter(|token| !token.is_empty()).collect();
            prop_assert_eq!(tokens, expected);
        }
    }
}
