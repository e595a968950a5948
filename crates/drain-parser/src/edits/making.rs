//! From what a person says to an [`Edit`].

use std::collections::BTreeMap;

use super::{Edit, EditError, Part, Wording};
use crate::auto::Kind;
use crate::found_by::FoundBy;
use crate::frozen::{FrozenParser, ParsedLine};
use crate::masking::PLACEHOLDER;
use crate::parser::ParserConfig;
use crate::reading::Scratch;
use crate::template::unescape;
use crate::vocabulary::Vocabulary;
use crate::words::{Mark, Word, text_of};

/// More values than this at a parameter are values, not events.
const MOST_PARTS: usize = 100;

impl FrozenParser {
    /// Pins a template as it is, with all its forms. `None` where there is none at `template`.
    pub fn pin(&self, template: usize) -> Option<Edit> {
        let forms: Vec<Wording> = self.forms_of(template).map(|words| Wording(words.to_vec())).collect();
        Some(match &forms[..] {
            [] => return None,
            [_] => Edit::Pin { templates: forms },
            [into, ..] => Edit::Merge {
                into: into.clone(),
                templates: forms,
            },
        })
    }

    /// Reads the text of a template, as [`Template::text`](crate::Template::text) has it, as this parser reads a line;
    /// where text and words say the same in several ways, the text of what it gives may differ. A text with a broken escape
    /// holds none.
    ///
    /// # Errors
    /// A text without a constant.
    pub fn wording(&self, text: &str) -> Result<Wording, EditError> {
        let content = unescape(text).unwrap_or_else(|| text.as_bytes().to_vec());
        let words = self.words_of_content(&content);
        if is_constant(&words) {
            Ok(Wording(words))
        } else {
            Err(EditError::NoConstant(text.to_owned()))
        }
    }

    /// Makes one template of several: `into`, or what they have in common, with `<*>` where words differ.
    ///
    /// # Errors
    /// Fewer than two templates; without `into`, other lengths, other punctuation, or nothing in common; and an `into`
    /// without a constant.
    pub fn merge(&self, templates: &[usize], into: Option<&str>) -> Result<Edit, EditError> {
        let mut forms: Vec<Wording> = Vec::new();
        let mut distinct = templates.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 2 {
            return Err(EditError::One);
        }
        for &template in templates {
            let new = self.forms_of(template).map(|words| Wording(words.to_vec()));
            let new: Vec<Wording> = new.filter(|form| !forms.contains(form)).collect();
            forms.extend(new);
        }
        let into = match into {
            Some(text) => self.wording(text)?,
            None => common(&forms)?,
        };
        Ok(Edit::Merge { templates: forms, into })
    }

    fn words_of_content(&self, content: &[u8]) -> Vec<Word> {
        let mut scratch = Scratch::default();
        self.reader().read(content, &Vocabulary::default(), &mut scratch);
        let texts = scratch.spans.iter().map(|span| &scratch.masked.text[span.clone()]);
        match self.config() {
            ParserConfig::Drain(_) => texts.map(Word::of_token).collect(),
            ParserConfig::Auto(_) => {
                let tokens = texts.zip(&scratch.tokens).zip(&scratch.ids);
                let word = |((text, token), &id): ((&[u8], &crate::auto::Token), &u32)| match token.kind {
                    Kind::Mark => Mark::of_id(id).map_or(Word::Wildcard, Word::Mark),
                    _ if memchr::memmem::find(text, PLACEHOLDER).is_some() => Word::Wildcard,
                    Kind::Word | Kind::Parameter(_) => Word::Text(text.into()),
                };
                tokens.map(word).collect()
            }
        }
    }
}

/// What is the same in all, with a parameter where they differ.
fn common(forms: &[Wording]) -> Result<Wording, EditError> {
    let Some((first, rest)) = forms.split_first() else {
        return Err(EditError::One);
    };
    let mut words = first.0.clone();
    for other in rest {
        let different = || EditError::Shape(first.text(), other.text());
        if other.0.len() != words.len() {
            return Err(different());
        }
        for (word, other) in words.iter_mut().zip(&other.0) {
            *word = match (&*word, other) {
                (one, other) if one == other => continue,
                (Word::Mark(_), _) | (_, Word::Mark(_)) => return Err(different()),
                (Word::Run, _) | (_, Word::Run) => Word::Run,
                _ => Word::Wildcard,
            };
        }
    }
    if is_constant(&words) {
        Ok(Wording(words))
    } else {
        Err(EditError::NoConstant(text_of(&words)))
    }
}

fn is_constant(words: &[Word]) -> bool {
    words.iter().any(|word| matches!(word, Word::Text(_))) || words.is_empty()
}

/// Gathers the values at one parameter of a template, to make events of them.
#[derive(Debug, Clone)]
pub struct Splitting<'p> {
    parser: &'p FrozenParser,
    template: usize,
    whole: Wording,
    /// The parameter, from 0.
    parameter: usize,
    /// The word that is to be replaced.
    place: usize,
    values: BTreeMap<Vec<u8>, u64>,
    masked_by: Option<FoundBy>,
}

impl<'p> Splitting<'p> {
    /// `parameter`: which `<*>` of the template, from 1.
    ///
    /// # Errors
    /// A parameter that is not there or cannot be split.
    pub fn new(parser: &'p FrozenParser, template: usize, parameter: usize) -> Result<Self, EditError> {
        let mut forms = parser.forms_of(template);
        let (Some(words), None) = (forms.next(), forms.next()) else {
            return Err(EditError::Forms);
        };
        // A word of Drain may hold several.
        let within = |word: &Word| match word {
            Word::Wildcard | Word::Run => 1,
            Word::Text(text) => memchr::memmem::find_iter(text, PLACEHOLDER).count(),
            _ => 0,
        };
        let mut before = 0;
        let place = words.iter().position(|word| {
            before += within(word);
            before >= parameter.max(1)
        });
        let Some(place) = place.filter(|_| parameter > 0) else {
            let has = words.iter().map(within).sum();
            return Err(EditError::Place { asked: parameter, has });
        };
        match &words[place] {
            Word::Run => return Err(EditError::Run(parameter)),
            Word::Text(_) => return Err(EditError::Masked(parameter, "a mask".into())),
            _ => {}
        }
        Ok(Self {
            parser,
            template,
            whole: Wording(words.to_vec()),
            parameter: parameter - 1,
            place,
            values: BTreeMap::new(),
            masked_by: None,
        })
    }

    /// Counts a line in, if it has the template.
    pub fn add(&mut self, line: &ParsedLine<'_>) {
        let is_one = line.template == self.template && line.exact;
        let Some(found) = line.parameters.get(self.parameter).filter(|_| is_one) else {
            return;
        };
        if let FoundBy::Mask(_) = found.found_by {
            self.masked_by = Some(found.found_by);
        } else if self.values.len() <= MOST_PARTS || self.values.contains_key(found.value) {
            *self.values.entry(found.value.to_vec()).or_default() += 1;
        }
    }

    /// The edit that makes an event of each value.
    ///
    /// # Errors
    /// No values or too many, and values that a mask of the configuration hides from templates.
    pub fn finish(self) -> Result<Edit, EditError> {
        let parameter = self.parameter + 1;
        if let Some(mask) = self.masked_by {
            return Err(EditError::Masked(parameter, mask.to_string()));
        }
        if self.values.is_empty() {
            return Err(EditError::NoValues(parameter));
        }
        if self.values.len() > MOST_PARTS {
            return Err(EditError::Values(parameter, MOST_PARTS));
        }
        // A mask may have had a part of it.
        let mut scratch = Scratch::default();
        for value in self.values.keys() {
            self.parser.reader().read(value, &Vocabulary::default(), &mut scratch);
            if !scratch.masked.pieces.is_empty() {
                return Err(EditError::Masked(parameter, "a mask".into()));
            }
        }
        let part = |(value, count): (Vec<u8>, u64)| {
            let mut words = self.whole.0.clone();
            words[self.place] = Word::Text(value.into());
            Part {
                template: Wording(words),
                count,
            }
        };
        let parts = self.values.into_iter().map(part).collect();
        Ok(Edit::Split {
            template: self.whole,
            parts,
        })
    }
}
