//! The immutable templates: matching and taking parameters out, never learning.

mod index;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::config::DrainConfig;
use crate::masking::Origin;
use crate::reading::{LineReader, Scratch};
use crate::template::{Template, TemplateId, text_of};
use crate::tokens::has_digit;
use crate::vocabulary::{Vocabulary, WILDCARD};
use index::TemplateIndex;

/// Stands for every token with a digit in the second chance. No vocabulary grows that far.
const ANY_NUMBER: u32 = u32::MAX - 1;

/// Event templates that change no more. A clone a thread is the fastest way to share them.
///
/// A content matches a template when, after masking, it has as many tokens and every constant token is equal. Among
/// several the template with most constant tokens wins, then the smaller id.
///
/// A content that matches none gets a second chance: a constant token with a digit may then differ from a token that
/// holds a digit as well, since Drain holds such tokens for parameters; they are reported as such. It takes a template
/// that has a constant token without digit: numbers alone make no template.
#[derive(Debug, Clone)]
pub struct FrozenDrain {
    config: DrainConfig,
    reader: LineReader,
    vocabulary: Vocabulary,
    templates: Vec<Template>,
    /// The tokens of each template.
    tokens: Vec<Box<[u32]>>,
    exact: TemplateIndex,
    /// The templates of the second chance, with [`ANY_NUMBER`] for their constant tokens that hold a digit.
    second_chance: TemplateIndex,
}

/// A content with its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedLine<'l> {
    /// Index into [`FrozenDrain::templates`].
    pub template: usize,
    /// The parameters from left to right, as they stand in the content: the token for a `<*>` token, the masked piece
    /// for a `<*>` within a token.
    pub parameters: SmallVec<[&'l [u8]; 8]>,
    /// Whether every constant token was equal. If so, there is one parameter for each `<*>` of the template, if not (the
    /// second chance), numbers that the template holds for constant are among them.
    pub exact: bool,
}

impl FrozenDrain {
    /// `mined`: tokens of templates, with the number of lines that taught each; equal ones become one.
    pub(crate) fn build(config: DrainConfig, reader: LineReader, mined: Vec<(Vec<Vec<u8>>, u64)>) -> Self {
        let mut vocabulary = Vocabulary::default();
        let mut templates: Vec<Template> = Vec::new();
        let mut tokens = Vec::new();
        let mut known = FxHashMap::default();
        for (words, count) in mined {
            let text = text_of(words.iter().map(Vec::as_slice));
            let id = TemplateId::of(&text);
            let index = *known.entry(id).or_insert(templates.len());
            if index == templates.len() {
                templates.push(Template { id, text, count: 0 });
                tokens.push(
                    words
                        .iter()
                        .map(|word| vocabulary.acquire(word))
                        .collect::<Box<[u32]>>(),
                );
            }
            templates[index].count += count;
        }
        let mut ranked: Vec<usize> = (0..templates.len()).collect();
        ranked.sort_unstable_by_key(|&t| (tokens[t].iter().filter(|&&id| id == WILDCARD).count(), templates[t].id));
        let exact = TemplateIndex::new(ranked.iter().map(|&t| (t, tokens[t].clone())));
        let second_chance = ranked
            .iter()
            .filter_map(|&t| Some((t, with_any_numbers(&tokens[t], &vocabulary)?)));
        let second_chance = TemplateIndex::new(second_chance);
        Self {
            config,
            reader,
            vocabulary,
            templates,
            tokens,
            exact,
            second_chance,
        }
    }

    /// The settings of the [`Drain`](crate::Drain) that was frozen.
    pub fn config(&self) -> &DrainConfig {
        &self.config
    }

    /// The templates, in the order in which they were first learnt; no two have the same text.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The template of a content, as index into [`Self::templates`]; `None` where no template matches.
    pub fn matches(&self, content: &[u8], scratch: &mut Scratch) -> Option<usize> {
        self.find(content, scratch).map(|(template, _)| template)
    }

    /// The template of a content, and its parameters; `None` where no template matches.
    pub fn parse<'l>(&self, content: &'l [u8], scratch: &mut Scratch) -> Option<ParsedLine<'l>> {
        let (template, exact) = self.find(content, scratch)?;
        Some(ParsedLine {
            template,
            parameters: self.parameters(template, content, scratch),
            exact,
        })
    }

    /// The parameters of a content by a template that another authority names, such as the cluster that
    /// [`Drain::learn`](crate::Drain::learn) joined it to; `None` where a constant token differs.
    pub fn parse_as<'l>(
        &self,
        template: usize,
        content: &'l [u8],
        scratch: &mut Scratch,
    ) -> Option<SmallVec<[&'l [u8]; 8]>> {
        self.reader.read(content, &self.vocabulary, scratch);
        let tokens = self.tokens.get(template)?;
        let fits = tokens.len() == scratch.ids.len()
            && tokens
                .iter()
                .zip(&scratch.ids)
                .all(|(token, id)| *token == WILDCARD || token == id);
        fits.then(|| self.parameters(template, content, scratch))
    }

    /// Takes the parameters out of the content that the scratch was filled from.
    fn parameters<'l>(&self, template: usize, content: &'l [u8], scratch: &Scratch) -> SmallVec<[&'l [u8]; 8]> {
        let mut parameters = SmallVec::new();
        let mut origin = Origin::new(&scratch.masked.pieces);
        for ((span, id), constant) in scratch.spans.iter().zip(&scratch.ids).zip(&self.tokens[template]) {
            let start = origin.of(span.start);
            if *constant == WILDCARD || id != constant {
                parameters.push(&content[start..origin.of(span.end)]);
            } else {
                let within = origin.pieces.iter().take_while(|piece| piece.at < span.end);
                parameters.extend(within.map(|piece| &content[piece.original.clone()]));
            }
        }
        parameters
    }

    /// The template and whether every constant token is equal. Leaves the masked content in the scratch.
    fn find(&self, content: &[u8], scratch: &mut Scratch) -> Option<(usize, bool)> {
        self.reader.read(content, &self.vocabulary, scratch);
        if let Some(template) = self.exact.find(&scratch.ids) {
            return Some((template, true));
        }
        let Scratch {
            masked,
            spans,
            ids,
            numbered,
        } = scratch;
        numbered.clear();
        numbered.extend(spans.iter().zip(ids).map(|(span, id)| {
            if has_digit(&masked.text[span.clone()]) {
                ANY_NUMBER
            } else {
                *id
            }
        }));
        self.second_chance.find(numbered).map(|template| (template, false))
    }
}

/// The pattern of a template's second chance, if it has one.
fn with_any_numbers(tokens: &[u32], vocabulary: &Vocabulary) -> Option<Box<[u32]>> {
    let pattern: Box<[u32]> = tokens
        .iter()
        .map(|&id| if has_digit(vocabulary.text(id)) { ANY_NUMBER } else { id })
        .collect();
    let has_number = pattern.contains(&ANY_NUMBER);
    let has_word = pattern.iter().any(|&id| id != ANY_NUMBER && id != WILDCARD);
    (has_number && has_word).then_some(pattern)
}

#[cfg(test)]
mod tests;
