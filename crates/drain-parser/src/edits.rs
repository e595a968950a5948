//! What people decide about templates, kept beside what was learnt and applied to it anew on each freezing.

mod making;
mod sheet;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::template::TemplateId;
use crate::words::{Word, text_of};
pub use making::Splitting;
pub(crate) use sheet::{Form, Sheet};

/// Decisions about templates, in the order in which they were made: [`FrozenParser::edited`] applies them one after the
/// other, so a later one overrides an earlier one. They name templates by what these match and never by what was
/// learnt, so they hold for whatever is learnt afterwards.
///
/// ```
/// use drain_parser::{Edits, Parser, ParserConfig, Scratch};
///
/// let mut parser = Parser::new(ParserConfig::default())?;
/// for line in ["link up on port 7", "link down on port 8", "no route to 10.0.0.1"] {
///     parser.learn(line.as_bytes());
/// }
/// let frozen = parser.freeze();
/// let mut edits = Edits::default();
/// edits.push(frozen.merge(&[0, 1], None)?);
/// let (edited, gone) = frozen.edited(&edits);
/// assert_eq!(edited.templates()[1].text, "link <*> on port <*>");
/// assert!(gone.is_empty());
///
/// // Learning goes on, and the edit holds.
/// parser.learn(b"link flapping on port 9");
/// let (edited, _) = parser.freeze().edited(&edits);
/// let line = edited.matches(b"link flapping on port 9", &mut Scratch::default());
/// assert_eq!(line.map(|template| edited.templates()[template].count), Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`FrozenParser::edited`]: crate::FrozenParser::edited
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Edits(Vec<Edit>);

/// One decision.
///
/// A *pinned* template is always there, whatever was learnt, and is looked at before all that are not. It takes the place
/// of every template that matches nothing it would not match, and has the lines of those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "lowercase", deny_unknown_fields)]
pub enum Edit {
    /// A template is called by a name. Its id stays.
    Rename {
        /// Which.
        template: TemplateId,
        /// How.
        name: String,
    },
    /// Templates are pinned.
    Pin {
        /// Of those that match a line, the most specific one has it.
        templates: Vec<Wording>,
    },
    /// Several templates are one.
    Merge {
        /// Those that were merged.
        templates: Vec<Wording>,
        /// What they are now, pinned. Those of them that it does not match are pinned as other forms of it.
        into: Wording,
    },
    /// The values at one parameter of a template are events of their own, pinned. Lines with other values stay with it.
    Split {
        /// The template.
        template: Wording,
        /// What it was divided into.
        parts: Vec<Part>,
    },
}

/// What a template that was split has become with one of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The template with the value in place of the parameter.
    pub template: Wording,
    /// How many lines had the value when it was split. No parser remembers which lines had which value, so the lines of
    /// the whole are divided by these shares.
    pub count: u64,
}

/// What a template consists of: more than its text where that does not tell, as to how words touch. Shown as the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording(pub(crate) Vec<Word>);

/// An edit that names a template which what was learnt does not have. It is kept, and what it says of lines still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Index of the edit.
    pub edit: usize,
    /// Text of the template, or its id where only that is known.
    pub template: String,
}

/// A decision that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// A name that cannot be shown as one word or phrase.
    #[error(
        "`{0}` cannot be a name: give 1 to 100 characters, none of them a control character, and no space at an end"
    )]
    Name(String),
    /// Merging takes two.
    #[error("a merge needs two different templates at least")]
    One,
    /// No common form.
    #[error("`{0}` and `{1}` differ in length or punctuation: give the text of the merged template")]
    Shape(String, String),
    /// A common form that fits everything.
    #[error("`{0}` has no constant word: it would take lines of all kinds; give a text with at least one")]
    NoConstant(String),
    /// A parameter that is not there.
    #[error("the template has {has} parameters, and {asked} is none of them: count its `<*>` from 1")]
    Place {
        /// The parameter asked for, from 1.
        asked: usize,
        /// How many there are.
        has: usize,
    },
    /// A template of several forms.
    #[error("the template was merged from several forms: undo the merge, and split one of those")]
    Forms,
    /// A parameter that stands for several.
    #[error("parameter {0} stands for any number of parameters in a row: no value of it can be a word of a template")]
    Run(usize),
    /// A mask puts `<*>` there before templates are looked at.
    #[error("parameter {0} is found by {1} before templates are looked at: change that mask instead")]
    Masked(usize, String),
    /// Nothing to divide.
    #[error(
        "no line that was read has the template, so the values of parameter {0} are not known: give the log it was learnt from"
    )]
    NoValues(usize),
    /// Values, not events.
    #[error("parameter {0} has more than {1} different values: so many are values, not events")]
    Values(usize, usize),
}

impl Edits {
    /// Adds a decision.
    pub fn push(&mut self, edit: Edit) {
        self.0.push(edit);
    }

    /// Takes a decision back; `None` where there is none at `index`.
    pub fn remove(&mut self, index: usize) -> Option<Edit> {
        (index < self.0.len()).then(|| self.0.remove(index))
    }

    /// Takes the names of a template back.
    pub fn unname(&mut self, named: TemplateId) {
        self.0
            .retain(|edit| !matches!(edit, Edit::Rename { template, .. } if *template == named));
    }

    /// Takes a template out of those that were pinned; `false` where it is not among them.
    pub fn unpin(&mut self, template: TemplateId) -> bool {
        let mut found = false;
        for edit in &mut self.0 {
            if let Edit::Pin { templates } = edit {
                let before = templates.len();
                templates.retain(|pinned| TemplateId::of(&pinned.text()) != template);
                found |= templates.len() < before;
            }
        }
        self.0
            .retain(|edit| !matches!(edit, Edit::Pin { templates } if templates.is_empty()));
        found
    }

    /// All of them, the first one first.
    pub fn iter(&self) -> std::slice::Iter<'_, Edit> {
        self.0.iter()
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Edit {
    /// A name for a template.
    ///
    /// # Errors
    /// [`EditError::Name`].
    pub fn rename(template: TemplateId, name: &str) -> Result<Self, EditError> {
        let fits = (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control) && name.trim() == name;
        if !fits {
            return Err(EditError::Name(name.to_owned()));
        }
        let name = name.to_owned();
        Ok(Self::Rename { template, name })
    }
}

impl Wording {
    /// The text of the template.
    pub fn text(&self) -> String {
        text_of(&self.0)
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Wording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Word::to_saved))
    }
}

impl<'de> Deserialize<'de> for Wording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Vec::<String>::deserialize(deserializer)?;
        let words: Option<_> = saved.iter().map(|word| Word::from_saved(word)).collect();
        words
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{saved:?} are no words of a template: make the edit anew")))
    }
}
