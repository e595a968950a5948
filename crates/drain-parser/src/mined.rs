//! What several parsers have learnt, put together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::auto::AutoMiner;
use crate::config::{ConfigErrors, DrainConfig};
use crate::drain::Drain;
use crate::frozen::FrozenParser;
use crate::masking::PLACEHOLDER;
use crate::parser::{Parser, ParserConfig};
use crate::reader::Reader;
use crate::words::Word;

/// What one or more parsers have learnt, each from a part of a log: mined on many machines, merged in any order, frozen
/// once.
///
/// By the `auto` method, this is what one parser would have learnt from the whole log. Drain depends on the order of the
/// lines; here the union of the mined templates, in sorted order, goes through a tree of its own, so that the result
/// depends on what was mined and not on the order of merging.
///
/// ```
/// use drain_parser::{Mined, Parser, ParserConfig};
///
/// let mine = |lines: &[&str]| -> Result<Mined, Box<dyn std::error::Error>> {
///     let mut parser = Parser::new(ParserConfig::default())?;
///     lines.iter().for_each(|line| drop(parser.learn(line.as_bytes())));
///     Ok(parser.mined())
/// };
/// let (mut one, mut other) = (mine(&["job 7 done", "no route"])?, mine(&["job 8 done"])?);
/// let (first, second) = (one.clone(), other.clone());
/// one.merge(&second)?;
/// other.merge(&first)?;
/// let texts = |mined: &Mined| -> Result<Vec<String>, Box<dyn std::error::Error>> {
///     Ok(mined.freeze()?.templates().iter().map(|template| template.text.clone()).collect())
/// };
/// assert_eq!(texts(&one)?, ["job <*> done", "no route"]);
/// assert_eq!(texts(&one)?, texts(&other)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mined(State);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Auto(Box<AutoMiner>),
    /// One parser, whose tree has divided its lines already.
    Tree(Box<Drain>),
    Templates(Templates),
}

/// Templates of several trees, with the number of lines of each, which is not 0.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "SavedTemplates", into = "SavedTemplates")]
struct Templates {
    config: DrainConfig,
    lines: BTreeMap<Vec<Word>, u64>,
}

/// The same on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTemplates {
    config: DrainConfig,
    lines: Vec<(Vec<String>, u64)>,
}

/// Saved templates that no tree has.
#[derive(Debug, Error)]
#[error("the mined template `{0}` is broken: learn that part of the log anew")]
struct BrokenTemplate(String);

/// Two parsers with other settings have nothing in common.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the parsers have different settings: learn all parts of a log with the same method, masks and thresholds")]
pub struct MergeError;

impl Mined {
    pub(crate) fn of(parser: &Parser) -> Self {
        Self(match parser {
            Parser::Auto(miner) => State::Auto(miner.clone()),
            Parser::Drain(drain) => State::Tree(drain.clone()),
        })
    }

    /// The settings.
    pub fn config(&self) -> ParserConfig {
        match &self.0 {
            State::Auto(miner) => ParserConfig::Auto(miner.config().clone()),
            State::Tree(drain) => ParserConfig::Drain(drain.config().clone()),
            State::Templates(templates) => ParserConfig::Drain(templates.config.clone()),
        }
    }

    /// Takes in what others have learnt.
    ///
    /// # Errors
    /// Other settings; nothing is taken in then.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        if self.config() != other.config() {
            return Err(MergeError);
        }
        match (&mut self.0, &other.0) {
            (State::Auto(miner), State::Auto(other)) => miner.merge(other),
            (state, other) => {
                let mut union = state.templates().ok_or(MergeError)?;
                for (words, count) in other.templates().ok_or(MergeError)?.lines {
                    *union.lines.entry(words).or_default() += count;
                }
                *state = State::Templates(union);
            }
        }
        Ok(())
    }

    /// The templates of all together.
    ///
    /// # Errors
    /// Settings that cannot be used, which only a state that was written by hand can have.
    pub fn freeze(&self) -> Result<FrozenParser, ConfigErrors> {
        match &self.0 {
            State::Auto(miner) => Ok(miner.freeze()),
            State::Tree(drain) => Ok(drain.freeze()),
            State::Templates(templates) => templates.freeze(),
        }
    }
}

impl State {
    /// `None` for the `auto` method.
    fn templates(&self) -> Option<Templates> {
        match self {
            Self::Auto(_) => None,
            Self::Templates(templates) => Some(templates.clone()),
            Self::Tree(drain) => {
                let mut lines = BTreeMap::new();
                for (words, count) in drain.mined() {
                    *lines.entry(words).or_default() += count;
                }
                Some(Templates {
                    config: drain.config().clone(),
                    lines,
                })
            }
        }
    }
}

impl Templates {
    fn freeze(&self) -> Result<FrozenParser, ConfigErrors> {
        // What is mined has been masked and cut.
        let mut tree = Drain::new(DrainConfig {
            masks: Vec::new(),
            extra_delimiters: Vec::new(),
            max_clusters: None,
            ..self.config.clone()
        })?;
        for (words, &count) in &self.lines {
            let tokens = words.iter().map(|word| match word {
                Word::Text(text) => text,
                _ => PLACEHOLDER,
            });
            let tokens: Vec<&[u8]> = tokens.collect();
            tree.learn_many(&tokens.join(&b' '), count);
        }
        let config = ParserConfig::Drain(self.config.clone());
        Ok(FrozenParser::build(
            config.clone(),
            Reader::new(&config)?,
            tree.mined().collect(),
        ))
    }
}

impl From<Templates> for SavedTemplates {
    fn from(templates: Templates) -> Self {
        let lines = templates.lines.into_iter();
        Self {
            config: templates.config,
            lines: lines
                .map(|(words, count)| (words.iter().map(Word::to_saved).collect(), count))
                .collect(),
        }
    }
}

impl TryFrom<SavedTemplates> for Templates {
    type Error = BrokenTemplate;

    fn try_from(saved: SavedTemplates) -> Result<Self, BrokenTemplate> {
        let mut lines = BTreeMap::new();
        for (words, count) in saved.lines {
            let read = words.iter().map(|word| Word::from_saved(word));
            let read: Option<Vec<Word>> = read
                .map(|word| word.filter(|word| matches!(word, Word::Wildcard | Word::Text(_))))
                .collect();
            let read = read.filter(|read| count > 0 && !lines.contains_key(read));
            lines.insert(read.ok_or_else(|| BrokenTemplate(words.join(" ")))?, count);
        }
        Ok(Self {
            config: saved.config,
            lines,
        })
    }
}
