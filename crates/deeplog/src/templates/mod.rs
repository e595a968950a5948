//! The life of templates after they were learnt: looked at, edited, imported, compared, matched against a log.

mod diff;
mod edit;
mod import;
mod matching;
mod observe;

use std::path::Path;

use drain_parser::{FrozenParser, Gone, LineFormat};

use crate::artefact::Artefact;
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::parser_state::ParserState;
pub use diff::{Change, Diff, diff};
pub use edit::{edit_state, split_by_log};
pub use import::{Import, read_templates};
pub use matching::{Matching, match_log};
pub use observe::{Example, Observed, ObservedParameter, observe};

/// Ids of templates may be given by their first digits, but by no fewer.
const SHORTEST_PREFIX: usize = 4;

/// The templates of a parser state or of a model.
#[derive(Clone, Debug)]
pub struct TemplateFile {
    /// How the lines are laid out.
    pub header: LineFormat,
    /// The templates.
    pub parser: FrozenParser,
    /// Edits that name templates which are not there.
    pub gone: Vec<Gone>,
}

impl TemplateFile {
    /// Reads a parser state or a model.
    ///
    /// # Errors
    /// A file that is neither, is damaged or of another version, and a model without a parser.
    pub fn read(path: &Path) -> Result<Self> {
        if !Artefact::is_one(path)? {
            let state = ParserState::read(path)?;
            let (parser, gone) = state.freeze();
            return Ok(Self {
                header: state.header,
                parser,
                gone,
            });
        }
        let description = Artefact::read(path)?.description;
        let folder = path.parent().unwrap_or(Path::new("."));
        let experiment = Experiment::from_table(description.experiment, folder, &path.display().to_string())?;
        match (description.parser, experiment.profile) {
            (Some(parser), Some(profile)) => Ok(Self {
                header: profile.header,
                parser,
                gone: Vec::new(),
            }),
            _ => Err(Error::run(
                format!(
                    "{}: the model was trained on session files and has no templates",
                    path.display()
                ),
                "give a model of raw logs, or a file that `deeplog parse --state` wrote",
            )),
        }
    }
}

/// The template that is meant by an id, by the beginning of an id, or by a name.
///
/// # Errors
/// No template or several.
pub fn find_template(parser: &FrozenParser, meant: &str) -> Result<usize> {
    let templates = parser.templates();
    let named = |index: &usize| templates[*index].name.as_deref() == Some(meant);
    let mut found: Vec<usize> = (0..templates.len()).filter(named).collect();
    if found.is_empty() && meant.len() >= SHORTEST_PREFIX {
        let meant = meant.to_ascii_lowercase();
        found = (0..templates.len())
            .filter(|&index| templates[index].id.to_string().starts_with(&meant))
            .collect();
    }
    match &found[..] {
        [one] => Ok(*one),
        [] => Err(Error::run(
            format!("no template has the id or name `{meant}`"),
            format!("`deeplog templates list` shows them; the first {SHORTEST_PREFIX} digits of an id or more will do"),
        )),
        several => {
            let ids: Vec<String> = several.iter().map(|&index| templates[index].id.to_string()).collect();
            Err(Error::run(
                format!(
                    "`{meant}` is the beginning or the name of {} templates: {}",
                    ids.len(),
                    ids.join(", ")
                ),
                "give more digits of the id",
            ))
        }
    }
}

/// What is said where edits name templates that were not learnt.
pub fn edits_of_no_template(count: usize) -> String {
    format!(
        "{count} templates that edits name were not learnt; the edits are kept, and `deeplog templates edits` shows them"
    )
}
