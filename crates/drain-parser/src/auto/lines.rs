//! Contents made ready for learning, which any thread may do.

use xxhash_rust::xxh3::xxh3_64;

use super::masks::{EMPTY, IDENTIFIER, VALUE};
use super::scan::{Kind, Token, cut};
use crate::found_by::FoundBy;
use crate::masking::{MaskedText, Masks, Origin};

/// Stands for a parameter in a pattern's key.
pub(super) const PARAMETER: u8 = 0;

/// The pattern keys of contents, with the values at their parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    keys: Vec<u8>,
    values: Vec<u8>,
    parameters: Vec<Parameter>,
    lines: Vec<Line>,
    masked: MaskedText,
    tokens: Vec<Token>,
}

/// Where a content's key and parameters end, and the hash of the key.
#[derive(Debug, Clone, Copy)]
struct Line {
    hash: u64,
    key_end: usize,
    parameters_end: usize,
}

/// A parameter: where its value ends, if the value matters.
#[derive(Debug, Clone, Copy)]
struct Parameter(Option<usize>);

/// One content, ready to be learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineView<'l> {
    pub(super) hash: u64,
    pub(super) key: &'l [u8],
    parameters: &'l [Parameter],
    values: &'l [u8],
    values_start: usize,
}

impl Lines {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
        self.parameters.clear();
        self.lines.clear();
    }

    /// Adds a content.
    pub(crate) fn push(&mut self, masks: &Masks, content: &[u8]) {
        let Self {
            keys,
            values,
            parameters,
            lines,
            masked,
            tokens,
        } = self;
        masks.apply(content, masked);
        cut(masked, tokens);
        let start = keys.len();
        let mut origin = Origin::new(&masked.pieces);
        // The words and punctuation that stand in the content as they do in the key are copied at once.
        let mut copied = 0..0;
        for token in &*tokens {
            if matches!(token.kind, Kind::Word | Kind::Mark) {
                let follows = token.glued || masked.text[copied.end..token.start] == *b" ";
                if follows && !copied.is_empty() {
                    copied.end = token.end;
                    continue;
                }
            }
            keys.extend_from_slice(&masked.text[std::mem::take(&mut copied)]);
            if !token.glued && keys.len() > start {
                keys.push(b' ');
            }
            let Kind::Parameter(found_by) = token.kind else {
                copied = token.start..token.end;
                continue;
            };
            keys.push(PARAMETER);
            // Only these may turn out to be constants, so of all others the value does not matter.
            let matters = matches!(found_by, FoundBy::BuiltIn(VALUE | IDENTIFIER | EMPTY));
            parameters.push(Parameter(matters.then(|| {
                let from = origin.of(token.start);
                values.extend_from_slice(&content[from..origin.of(token.end)]);
                values.len()
            })));
        }
        keys.extend_from_slice(&masked.text[copied]);
        lines.push(Line {
            hash: xxh3_64(&keys[start..]),
            key_end: keys.len(),
            parameters_end: parameters.len(),
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = LineView<'_>> {
        let (mut key, mut parameter, mut value) = (0, 0, 0);
        self.lines.iter().map(move |line| {
            let view = LineView {
                hash: line.hash,
                key: &self.keys[key..line.key_end],
                parameters: &self.parameters[parameter..line.parameters_end],
                values: &self.values,
                values_start: value,
            };
            value = view
                .parameters
                .iter()
                .rev()
                .find_map(|parameter| parameter.0)
                .unwrap_or(value);
            (key, parameter) = (line.key_end, line.parameters_end);
            view
        })
    }
}

impl<'l> LineView<'l> {
    pub(super) fn parameters(&self) -> usize {
        self.parameters.len()
    }

    /// The value of each parameter; `None` where it does not matter.
    pub(super) fn values(self) -> impl Iterator<Item = Option<&'l [u8]>> {
        let mut start = self.values_start;
        self.parameters.iter().map(move |parameter| {
            let end = parameter.0?;
            Some(&self.values[std::mem::replace(&mut start, end)..end])
        })
    }
}
