//! From a content to the token ids that trees and templates are compared by.

use std::ops::Range;

use crate::config::{ConfigErrors, DrainConfig};
use crate::masking::{MaskedText, Masks};
use crate::tokens::Tokenizer;
use crate::vocabulary::Vocabulary;

/// Buffers that [`FrozenDrain`](crate::FrozenDrain) fills anew for each line. Keep one a thread and hand it in again
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
}

impl Scratch {
    pub(crate) fn token(&self, index: usize) -> &[u8] {
        &self.masked.text[self.spans[index].clone()]
    }
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
        self.masks.apply(content, &mut scratch.masked);
        self.tokenizer.cut(&scratch.masked, &mut scratch.spans);
        scratch.ids.clear();
        let text = scratch.masked.text.as_slice();
        scratch
            .ids
            .extend(scratch.spans.iter().map(|span| vocabulary.lookup(&text[span.clone()])));
    }
}
