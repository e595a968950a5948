//! From a content to the token ids that templates are compared by, for either method.

use crate::auto::{Kind, Token, cut};
use crate::config::ConfigErrors;
use crate::found_by::FoundBy;
use crate::masking::{Masks, Piece};
use crate::parser::ParserConfig;
use crate::reading::{LineReader, Scratch};
use crate::vocabulary::{UNKNOWN, Vocabulary};
use crate::words::Mark;

/// Masks and cuts contents.
#[derive(Debug, Clone)]
pub(crate) enum Reader {
    Drain(LineReader),
    Auto(Masks),
}

impl Reader {
    /// # Errors
    /// Everything that is wrong with the configuration.
    pub(crate) fn new(config: &ParserConfig) -> Result<Self, ConfigErrors> {
        Ok(match config {
            ParserConfig::Drain(config) => Self::Drain(LineReader::new(config)?),
            ParserConfig::Auto(config) => Self::Auto(Masks::new(config.compile_masks()?)),
        })
    }

    /// Fills the scratch from `content`; tokens that the vocabulary lacks become [`UNKNOWN`](crate::vocabulary::UNKNOWN).
    pub(crate) fn read(&self, content: &[u8], vocabulary: &Vocabulary, scratch: &mut Scratch) {
        match self {
            Self::Drain(reader) => reader.read(content, vocabulary, scratch),
            Self::Auto(masks) => {
                masks.apply(content, &mut scratch.masked);
                cut(&scratch.masked, &mut scratch.tokens);
                number_tokens(vocabulary, scratch);
            }
        }
    }

    /// Makes one token of parameters in a row, as templates with [`RUN`](crate::words::RUN) have them.
    pub(crate) fn join_runs(&self, scratch: &mut Scratch) {
        if matches!(self, Self::Drain(_)) {
            return;
        }
        let mut kept = 0;
        for i in 0..scratch.tokens.len() {
            let is_parameter = |token: &Token| matches!(token.kind, Kind::Parameter(_));
            if i > 0 && is_parameter(&scratch.tokens[i]) && is_parameter(&scratch.tokens[kept - 1]) {
                scratch.tokens[kept - 1].end = scratch.tokens[i].end;
                scratch.spans[kept - 1].end = scratch.spans[i].end;
                scratch.ids[kept - 1] = UNKNOWN;
            } else {
                scratch.tokens[kept] = scratch.tokens[i];
                scratch.spans[kept] = scratch.spans[i].clone();
                scratch.ids[kept] = scratch.ids[i];
                kept += 1;
            }
        }
        scratch.tokens.truncate(kept);
        scratch.spans.truncate(kept);
        scratch.ids.truncate(kept);
    }

    /// Why the token at `place` is a parameter. `pieces`: the masked pieces from this token on.
    pub(crate) fn found_by(&self, place: usize, pieces: &[Piece], scratch: &Scratch) -> FoundBy {
        match self {
            Self::Auto(_) => match scratch.tokens[place].kind {
                Kind::Parameter(found_by) => found_by,
                Kind::Word | Kind::Mark => FoundBy::Position,
            },
            Self::Drain(_) => {
                let span = &scratch.spans[place];
                let whole = pieces
                    .first()
                    .filter(|piece| piece.at == span.start && piece.end() == span.end);
                whole
                    .and_then(|piece| piece.mask)
                    .map_or(FoundBy::Position, FoundBy::Mask)
            }
        }
    }
}

fn number_tokens(vocabulary: &Vocabulary, scratch: &mut Scratch) {
    let Scratch {
        masked,
        tokens,
        spans,
        ids,
        ..
    } = scratch;
    spans.clear();
    spans.extend(tokens.iter().map(|token| token.start..token.end));
    ids.clear();
    for (i, token) in tokens.iter().enumerate() {
        let text = &masked.text[token.start..token.end];
        ids.push(match token.kind {
            Kind::Mark => {
                let right = tokens.get(i + 1).is_some_and(|next| next.glued);
                let mark = Mark {
                    byte: text[0],
                    left: token.glued,
                    right,
                };
                mark.id()
            }
            // A parameter may be what a template has for constant.
            Kind::Word | Kind::Parameter(_) => vocabulary.lookup(text),
        });
    }
}
