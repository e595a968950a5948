//! From a content to the token ids that trees and templates are compared by.

use std::ops::Range;

use crate::auto::Token;
use crate::config::{ConfigErrors, DrainConfig};
use crate::masking::{MaskedText, Masks};
use crate::tokens::Tokenizer;
use crate::vocabulary::{Vocabulary, hash};

/// Buffers that a [`FrozenParser`](crate::FrozenParser) fills anew for each line. Keep one a thread and hand it in again
/// and again: then no line costs an allocation.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    pub(crate) masked: MaskedText,
    /// Where the tokens stand in the masked text.
    pub(crate) spans: Vec<Range<usize>>,
    /// What the tokens are in the vocabulary.
    pub(crate) ids: Vec<u32>,
    /// The same for the second chance, where all tokens with a digit are alike.
    pub(crate) numbered: Vec<u32>,
    /// The tokens of the `auto` method.
    pub(crate) tokens: Vec<Token>,
}

/// Masks and cuts contents.
#[derive(Debug, Clone)]
pub(crate) struct LineReader {
    masks: Masks,
    tokenizer: Tokenizer,
}

impl LineReader {
    /// # Errors
    /// Everything that is wrong with the configuration.
    pub(crate) fn new(config: &DrainConfig) -> Result<Self, ConfigErrors> {
        Ok(Self {
            masks: Masks::new(config.compile_masks()?),
            tokenizer: Tokenizer::new(&config.extra_delimiters),
        })
    }

    /// Fills the scratch from `content`; tokens that the vocabulary lacks become [`UNKNOWN`](crate::vocabulary::UNKNOWN).
    pub(crate) fn read(&self, content: &[u8], vocabulary: &Vocabulary, scratch: &mut Scratch) {
        self.cut(content, &mut scratch.masked, &mut scratch.spans);
        scratch.ids.clear();
        let text = scratch.masked.text.as_slice();
        scratch
            .ids
            .extend(scratch.spans.iter().map(|span| vocabulary.lookup(&text[span.clone()])));
    }

    /// Fills `line` from `content`.
    pub(crate) fn prepare(&self, content: &[u8], line: &mut Line) {
        self.cut(content, &mut line.masked, &mut line.spans);
        line.hashes.clear();
        let text = line.masked.text.as_slice();
        line.hashes
            .extend(line.spans.iter().map(|span| hash(&text[span.clone()])));
    }

    fn cut(&self, content: &[u8], masked: &mut MaskedText, spans: &mut Vec<Range<usize>>) {
        self.masks.apply(content, masked);
        self.tokenizer.cut(masked, spans);
    }
}

/// A masked content, cut into tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    masked: MaskedText,
    spans: Vec<Range<usize>>,
    hashes: Vec<u64>,
}

impl Line {
    pub(crate) fn tokens(&self) -> LineTokens<'_> {
        LineTokens {
            text: &self.masked.text,
            spans: &self.spans,
            hashes: &self.hashes,
        }
    }
}

/// The tokens of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineTokens<'l> {
    text: &'l [u8],
    spans: &'l [Range<usize>],
    hashes: &'l [u64],
}

impl<'l> LineTokens<'l> {
    pub(crate) fn token(self, index: usize) -> &'l [u8] {
        &self.text[self.spans[index].clone()]
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'l [u8]> {
        self.spans.iter().map(move |span| &self.text[span.clone()])
    }

    /// Fills `ids` with what the tokens are in the vocabulary.
    pub(crate) fn lookup(self, vocabulary: &Vocabulary, ids: &mut Vec<u32>) {
        ids.clear();
        let tokens = self.hashes.iter().zip(self.iter());
        ids.extend(tokens.map(|(&hash, token)| vocabulary.lookup_hashed(hash, token)));
    }
}

/// The tokens of several contents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    /// The masked contents, one behind the other.
    text: Vec<u8>,
    /// The tokens of all contents, within `text`.
    spans: Vec<Range<usize>>,
    hashes: Vec<u64>,
    /// For each content, how many tokens stand before its end.
    ends: Vec<usize>,
    line: Line,
}

impl Lines {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.hashes.clear();
        self.ends.clear();
    }

    /// Adds a content.
    pub(crate) fn push(&mut self, reader: &LineReader, content: &[u8]) {
        reader.prepare(content, &mut self.line);
        let offset = self.text.len();
        self.text.extend_from_slice(&self.line.masked.text);
        let spans = self.line.spans.iter();
        self.spans
            .extend(spans.map(|span| span.start + offset..span.end + offset));
        self.hashes.extend_from_slice(&self.line.hashes);
        self.ends.push(self.spans.len());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = LineTokens<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| LineTokens {
            text: &self.text,
            spans: &self.spans[start..end],
            hashes: &self.hashes[start..end],
        })
    }
}
