//! The immutable templates: matching and taking parameters out, never learning.

mod index;
mod parsed;

use std::ops::Range;

use crate::edits::{Edits, Form, Gone, Sheet};
use crate::parser::ParserConfig;
use crate::reader::Reader;
use crate::reading::Scratch;
use crate::template::Template;
use crate::tokens::has_digit;
use crate::vocabulary::{Vocabulary, WILDCARD};
use crate::words::{RUN, Word, fits, is_mark};
use index::TemplateIndex;
pub use parsed::{Parameter, ParsedLine};

/// Stands for every token with a digit in the second chance. No vocabulary grows that far.
const ANY_NUMBER: u32 = u32::MAX - 1;

/// Event templates that change no more, but by what a person decides of them ([`Self::edited`]). A clone a thread is the fastest way to share them.
///
/// A content matches a template when, after masking, it has as many tokens and every constant token is equal. Among
/// several a pinned one ([`Edit`](crate::Edit)) wins, then the template with most constant tokens, then the smaller id;
/// templates with parameters in rows of any length come after those without.
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
    /// By template: one for each, but for those that were merged from several.
    forms: Vec<Form>,
    /// The words of each form as ids.
    ids: Vec<Box<[u32]>>,
    edits: Edits,
    /// What was learnt, before the edits. Empty if there are none.
    mined: Vec<(Vec<Word>, u64)>,
    exact: TemplateIndex,
    /// Forms in which parameters stand in rows of any length.
    runs: TemplateIndex,
    /// The forms of the second chance, with [`ANY_NUMBER`] for their constant tokens that hold a digit.
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
        Self::of_sheet(config, reader, Sheet::of(mined.into_iter()))
    }

    fn of_sheet(config: ParserConfig, reader: Reader, sheet: Sheet) -> Self {
        let Sheet {
            templates, mut forms, ..
        } = sheet;
        forms.sort_by_key(|form| form.template);
        let mut vocabulary = Vocabulary::default();
        let ids = forms
            .iter()
            .map(|form| form.words.iter().map(|word| word.id(&mut vocabulary)).collect());
        let ids: Vec<Box<[u32]>> = ids.collect();
        let parameters = |f: usize| ids[f].iter().filter(|&&id| id == WILDCARD || id == RUN).count();
        let mut ranked: Vec<usize> = (0..forms.len()).collect();
        ranked.sort_by_key(|&f| (!forms[f].pinned, parameters(f), templates[forms[f].template].id));
        let (with_runs, without): (Vec<usize>, Vec<usize>) = ranked.iter().partition(|&&f| ids[f].contains(&RUN));
        let exact = TemplateIndex::new(without.iter().map(|&f| (f, ids[f].clone())));
        let runs = TemplateIndex::new(with_runs.iter().map(|&f| (f, without_runs(&ids[f]))));
        let second_chance = without
            .iter()
            .filter_map(|&f| Some((f, with_any_numbers(&forms[f].words, &ids[f])?)));
        let second_chance = TemplateIndex::new(second_chance);
        Self {
            config,
            reader,
            vocabulary,
            templates,
            forms,
            ids,
            edits: Edits::default(),
            mined: Vec::new(),
            exact,
            runs,
            second_chance,
        }
    }

    /// The same, with these edits in place of those it has; and which of them name what was not learnt. Every line that
    /// matches exactly, matches exactly still.
    pub fn edited(&self, edits: &Edits) -> (Self, Vec<Gone>) {
        let mined: Vec<_> = self.mined().map(|(words, count)| (words.to_vec(), count)).collect();
        let mut sheet = Sheet::of(mined.iter().cloned());
        let gone = sheet.apply(edits);
        let mut edited = Self::of_sheet(self.config.clone(), self.reader.clone(), sheet);
        if !edits.is_empty() {
            (edited.edits, edited.mined) = (edits.clone(), mined);
        }
        (edited, gone)
    }

    /// The edits that were applied.
    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Whether a person decided that this template is always there.
    pub fn is_pinned(&self, template: usize) -> bool {
        self.forms[self.forms_at(template)].iter().any(|form| form.pinned)
    }

    /// The settings of the parser that was frozen.
    pub fn config(&self) -> &ParserConfig {
        &self.config
    }

    /// The templates, in the order in which they were first learnt; no two have the same text.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The words of each template before the edits, and how many lines taught it.
    pub(crate) fn mined(&self) -> impl Iterator<Item = (&[Word], u64)> {
        let unedited = if self.edits.is_empty() { &self.forms[..] } else { &[] };
        let unedited = unedited.iter().scan(None, |last, form| {
            // The first form of a template has its lines.
            let is_first = last.replace(form.template) != Some(form.template);
            let count = if is_first {
                self.templates[form.template].count
            } else {
                0
            };
            Some((&*form.words, count))
        });
        unedited.chain(self.mined.iter().map(|(words, count)| (&**words, *count)))
    }

    /// The words of each form of a template; none where there is no such template.
    pub(crate) fn forms_of(&self, template: usize) -> impl Iterator<Item = &[Word]> {
        self.forms[self.forms_at(template)].iter().map(|form| &*form.words)
    }

    fn forms_at(&self, template: usize) -> Range<usize> {
        let start = self.forms.partition_point(|form| form.template < template);
        let forms = self.forms[start..].iter().take_while(|form| form.template == template);
        start..start + forms.count()
    }

    /// The template of a content, as index into [`Self::templates`]; `None` where no template matches.
    pub fn matches(&self, content: &[u8], scratch: &mut Scratch) -> Option<usize> {
        self.find(content, scratch).map(|(form, _)| self.forms[form].template)
    }

    /// The template of a content, and its parameters; `None` where no template matches.
    pub fn parse<'l>(&self, content: &'l [u8], scratch: &mut Scratch) -> Option<ParsedLine<'l>> {
        let (form, found) = self.find(content, scratch)?;
        Some(self.take_apart(form, found == Match::Exact, content, scratch))
    }

    /// What [`Self::parse`] gives, by a template that another authority names, such as the cluster that
    /// [`Parser::learn`](crate::Parser::learn) joined the content to; `None` where a constant token differs.
    pub fn parse_as<'l>(&self, template: usize, content: &'l [u8], scratch: &mut Scratch) -> Option<ParsedLine<'l>> {
        let form = self.forms_at(template).find(|&form| {
            self.reader.read(content, &self.vocabulary, scratch);
            let ids = &self.ids[form];
            if ids.contains(&RUN) {
                self.reader.join_runs(scratch);
            }
            let mut pairs = ids.iter().zip(&scratch.ids);
            ids.len() == scratch.ids.len() && pairs.all(|(&word, &token)| fits_run(word, token))
        })?;
        Some(self.take_apart(form, true, content, scratch))
    }

    /// The form. Leaves the masked content in the scratch, with its tokens as the form has them.
    fn find(&self, content: &[u8], scratch: &mut Scratch) -> Option<(usize, Match)> {
        self.reader.read(content, &self.vocabulary, scratch);
        if let Some(form) = self.exact.find(&scratch.ids) {
            return Some((form, Match::Exact));
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
            if let Some(form) = self.runs.find(&scratch.ids) {
                return Some((form, Match::Exact));
            }
            if second_chance.is_some() {
                self.reader.read(content, &self.vocabulary, scratch);
            }
        }
        second_chance.map(|form| (form, Match::SecondChance))
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
