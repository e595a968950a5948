//! The immutable templates: matching and taking parameters out, never learning.

mod index;
mod parsed;

use rustc_hash::FxHashMap;

use crate::parser::ParserConfig;
use crate::reader::Reader;
use crate::reading::Scratch;
use crate::template::{Template, TemplateId};
use crate::tokens::has_digit;
use crate::vocabulary::{Vocabulary, WILDCARD};
use crate::words::{RUN, Word, fits, is_mark, text_of};
use index::TemplateIndex;
pub use parsed::{Parameter, ParsedLine};

/// Stands for every token with a digit in the second chance. No vocabulary grows that far.
const ANY_NUMBER: u32 = u32::MAX - 1;

/// Event templates that change no more. A clone a thread is the fastest way to share them.
///
/// A content matches a template when, after masking, it has as many tokens and every constant token is equal. Among
/// several the template with most constant tokens wins, then the smaller id.
///
/// A content that matches none gets a second chance: a constant token with a digit may then differ from a token that
/// holds a digit as well, since both methods hold such tokens for parameters, and so may what only happened to be the same
/// in every line (`auto`: an identifier, or what stands behind `key=`). They are reported as parameters. It takes a
/// template that has another constant token: numbers alone make no template.
#[derive(Debug, Clone)]
pub struct FrozenParser {
    config: ParserConfig,
    reader: Reader,
    vocabulary: Vocabulary,
    templates: Vec<Template>,
    /// The words of each template.
    words: Vec<Vec<Word>>,
    /// The same as ids.
    ids: Vec<Box<[u32]>>,
    exact: TemplateIndex,
    /// Templates in which parameters stand in rows of any length.
    runs: TemplateIndex,
    /// The templates of the second chance, with [`ANY_NUMBER`] for their constant tokens that hold a digit.
    second_chance: TemplateIndex,
}

/// How a template was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Exact,
    SecondChance,
}

impl FrozenParser {
    /// `mined`: words of templates, with the number of lines that taught each; equal ones become one.
    pub(crate) fn build(config: ParserConfig, reader: Reader, mined: Vec<(Vec<Word>, u64)>) -> Self {
        let mut vocabulary = Vocabulary::default();
        let (mut templates, mut words, mut ids) = (Vec::<Template>::new(), Vec::new(), Vec::<Box<[u32]>>::new());
        let mut known = FxHashMap::default();
        for (template, count) in mined {
            let text = text_of(&template);
            let id = TemplateId::of(&text);
            let index = *known.entry(id).or_insert(templates.len());
            if index == templates.len() {
                templates.push(Template { id, text, count: 0 });
                ids.push(template.iter().map(|word| word.id(&mut vocabulary)).collect());
                words.push(template);
            }
            templates[index].count += count;
        }
        let parameters = |t: usize| ids[t].iter().filter(|&&id| id == WILDCARD || id == RUN).count();
        let mut ranked: Vec<usize> = (0..templates.len()).collect();
        ranked.sort_unstable_by_key(|&t| (parameters(t), templates[t].id));
        let (with_runs, without): (Vec<usize>, Vec<usize>) = ranked.iter().partition(|&&t| ids[t].contains(&RUN));
        let exact = TemplateIndex::new(without.iter().map(|&t| (t, ids[t].clone())));
        let runs = TemplateIndex::new(with_runs.iter().map(|&t| (t, without_runs(&ids[t]))));
        let second_chance = without
            .iter()
            .filter_map(|&t| Some((t, with_any_numbers(&words[t], &ids[t])?)));
        let second_chance = TemplateIndex::new(second_chance);
        Self {
            config,
            reader,
            vocabulary,
            templates,
            words,
            ids,
            exact,
            runs,
            second_chance,
        }
    }

    /// The settings of the parser that was frozen.
    pub fn config(&self) -> &ParserConfig {
        &self.config
    }

    /// The templates, in the order in which they were first learnt; no two have the same text.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    pub(crate) fn words(&self) -> &[Vec<Word>] {
        &self.words
    }

    /// The template of a content, as index into [`Self::templates`]; `None` where no template matches.
    pub fn matches(&self, content: &[u8], scratch: &mut Scratch) -> Option<usize> {
        self.find(content, scratch).map(|(template, _)| template)
    }

    /// The template of a content, and its parameters; `None` where no template matches.
    pub fn parse<'l>(&self, content: &'l [u8], scratch: &mut Scratch) -> Option<ParsedLine<'l>> {
        let (template, found) = self.find(content, scratch)?;
        Some(self.take_apart(template, found == Match::Exact, content, scratch))
    }

    /// What [`Self::parse`] gives, by a template that another authority names, such as the cluster that
    /// [`Parser::learn`](crate::Parser::learn) joined the content to; `None` where a constant token differs.
    pub fn parse_as<'l>(&self, template: usize, content: &'l [u8], scratch: &mut Scratch) -> Option<ParsedLine<'l>> {
        self.reader.read(content, &self.vocabulary, scratch);
        let ids = self.ids.get(template)?;
        if ids.contains(&RUN) {
            self.reader.join_runs(scratch);
        }
        let all_fit = ids
            .iter()
            .zip(&scratch.ids)
            .all(|(&word, &token)| fits_run(word, token));
        (ids.len() == scratch.ids.len() && all_fit).then(|| self.take_apart(template, true, content, scratch))
    }

    /// The template. Leaves the masked content in the scratch, with its tokens as the template has them.
    fn find(&self, content: &[u8], scratch: &mut Scratch) -> Option<(usize, Match)> {
        self.reader.read(content, &self.vocabulary, scratch);
        if let Some(template) = self.exact.find(&scratch.ids) {
            return Some((template, Match::Exact));
        }
        let Scratch {
            masked,
            spans,
            ids,
            numbered,
            ..
        } = &mut *scratch;
        numbered.clear();
        numbered.extend(spans.iter().zip(ids).map(|(span, id)| {
            if !is_mark(*id) && has_digit(&masked.text[span.clone()]) {
                ANY_NUMBER
            } else {
                *id
            }
        }));
        let second_chance = self.second_chance.find(numbered);
        if !self.runs.is_empty() {
            self.reader.join_runs(scratch);
            if let Some(template) = self.runs.find(&scratch.ids) {
                return Some((template, Match::Exact));
            }
            if second_chance.is_some() {
                self.reader.read(content, &self.vocabulary, scratch);
            }
        }
        second_chance.map(|template| (template, Match::SecondChance))
    }
}

fn fits_run(word: u32, token: u32) -> bool {
    fits(if word == RUN { WILDCARD } else { word }, token)
}

fn without_runs(ids: &[u32]) -> Box<[u32]> {
    ids.iter().map(|&id| if id == RUN { WILDCARD } else { id }).collect()
}

/// The pattern of a template's second chance, if it has one.
fn with_any_numbers(words: &[Word], ids: &[u32]) -> Option<Box<[u32]>> {
    let pairs = words.iter().zip(ids);
    let pattern: Box<[u32]> = pairs
        .map(|(word, &id)| match word {
            Word::Usual(_) => WILDCARD,
            Word::Text(text) if has_digit(text) => ANY_NUMBER,
            _ => id,
        })
        .collect();
    let has_word = pattern
        .iter()
        .any(|&id| id != ANY_NUMBER && id != WILDCARD && !is_mark(id));
    (*pattern != *ids && has_word).then_some(pattern)
}

#[cfg(test)]
mod tests;
