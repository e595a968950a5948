//! A content taken apart by its template, and put together again.

use smallvec::SmallVec;

use super::FrozenParser;
use crate::found_by::FoundBy;
use crate::masking::{Origin, PLACEHOLDER};
use crate::reading::Scratch;
use crate::words::Word;

/// A content with its template. Borrows from the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedLine<'l> {
    /// Index into [`FrozenParser::templates`].
    pub template: usize,
    /// The parameters from left to right.
    pub parameters: SmallVec<[Parameter<'l>; 8]>,
    /// Whether every constant token was equal. If so, there is one parameter for each `<*>` of the template, if not (the
    /// second chance), numbers that the template holds for constant are among them.
    ///
    /// Of a template that was merged from other lengths they are those of the form that the line has.
    pub exact: bool,
    /// Index of the form of the template.
    form: usize,
    /// What stands before each token and behind the last one: white space, and whatever else parts tokens.
    gaps: SmallVec<[&'l [u8]; 24]>,
}

/// A parameter of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'l> {
    /// As it stands in the content.
    pub value: &'l [u8],
    /// Where it begins in the content, in bytes.
    pub start: usize,
    /// What made it a parameter.
    pub found_by: FoundBy,
    /// The place in the template, counted in tokens.
    place: usize,
    /// Whether it is the whole token, and not a piece within.
    is_token: bool,
}

impl FrozenParser {
    /// Takes apart the content that the scratch was filled from.
    pub(super) fn take_apart<'l>(
        &self,
        form: usize,
        exact: bool,
        content: &'l [u8],
        scratch: &Scratch,
    ) -> ParsedLine<'l> {
        let (mut parameters, mut gaps) = (SmallVec::new(), SmallVec::new());
        let mut origin = Origin::new(&scratch.masked.pieces);
        let mut end = 0;
        for (place, (span, word)) in scratch.spans.iter().zip(&self.forms[form].words).enumerate() {
            let start = origin.of(span.start);
            gaps.push(&content[end..start]);
            let pieces = origin.pieces;
            end = origin.of(span.end);
            let is_constant = matches!(word, Word::Text(_) | Word::Usual(_) | Word::Mark(_))
                && scratch.ids[place] == self.ids[form][place];
            if is_constant {
                let within = pieces.iter().take_while(|piece| piece.at < span.end);
                parameters.extend(within.map(|piece| Parameter {
                    value: &content[piece.original.clone()],
                    start: piece.original.start,
                    found_by: piece.mask.map_or(FoundBy::Position, FoundBy::Mask),
                    place,
                    is_token: false,
                }));
            } else {
                parameters.push(Parameter {
                    value: &content[start..end],
                    start,
                    found_by: self.reader.found_by(place, pieces, scratch),
                    place,
                    is_token: true,
                });
            }
        }
        gaps.push(&content[end..]);
        ParsedLine {
            template: self.forms[form].template,
            parameters,
            exact,
            form,
            gaps,
        }
    }

    /// The content that a line was parsed from, byte for byte: its template, its parameters, and what parts the tokens.
    pub fn restore(&self, line: &ParsedLine<'_>) -> Vec<u8> {
        let mut content = Vec::new();
        let mut parameters = line.parameters.iter().peekable();
        for (place, (word, gap)) in self.forms[line.form].words.iter().zip(&line.gaps).enumerate() {
            content.extend_from_slice(gap);
            if let Some(token) = parameters.next_if(|parameter| parameter.place == place && parameter.is_token) {
                content.extend_from_slice(token.value);
                continue;
            }
            let mut rest = match word {
                Word::Text(text) | Word::Usual(text) => &**text,
                Word::Mark(mark) => &[mark.byte],
                Word::Wildcard | Word::Run => &[],
            };
            while let Some(piece) = parameters.next_if(|parameter| parameter.place == place) {
                let at = memchr::memmem::find(rest, PLACEHOLDER).unwrap_or(rest.len());
                content.extend_from_slice(&rest[..at]);
                content.extend_from_slice(piece.value);
                rest = rest.get(at + PLACEHOLDER.len()..).unwrap_or_default();
            }
            content.extend_from_slice(rest);
        }
        content.extend_from_slice(line.gaps.last().copied().unwrap_or_default());
        content
    }
}
