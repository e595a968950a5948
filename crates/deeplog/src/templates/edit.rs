//! Edits of a parser state.

use std::path::{Path, PathBuf};

use drain_parser::{EditError, Edits, FrozenParser, Piece, Scratch, Splitting};

use super::find_template;
use crate::error::{Error, Result};
use crate::input::{self, Records};
use crate::observer::{Observer, ensure_wanted};
use crate::parser_state::ParserState;

/// Changes the edits of a state and writes it, whole or not at all. `change` is handed the state and its templates; the
/// new templates are given back.
///
/// # Errors
/// A file that cannot be read or written or that somebody else changed meanwhile, and what `change` says.
pub fn edit_state(
    path: &Path,
    change: impl FnOnce(&mut Edits, &ParserState, &FrozenParser) -> Result<()>,
) -> Result<FrozenParser> {
    let before = input::read_to_end(path)?;
    let mut state = ParserState::read(path)?;
    let (parser, _) = state.freeze();
    let mut edits = state.edits.clone();
    change(&mut edits, &state, &parser)?;
    state.edits = edits;
    // Reading a long log for an edit takes its time.
    if input::read_to_end(path)? != before {
        return Err(Error::run(
            format!("{} was changed meanwhile, and is left as it is now", path.display()),
            "run the call again",
        ));
    }
    state.write(path)?;
    Ok(state.freeze().0)
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        let hint = match &error {
            EditError::Shape(..) | EditError::NoConstant(_) => {
                "a text is given with `--into TEXT` or `--text TEXT`, with <*> for each parameter"
            }
            _ => "`deeplog templates show STATE ID --log LOG` shows a template with its parameters",
        };
        Self::run(error.to_string(), hint)
    }
}

/// The edit that makes an event of each value which a parameter (from 1) of a template has in these logs.
///
/// # Errors
/// No such template, a parameter that cannot be split, and logs that cannot be read.
pub fn split_by_log(
    state: &ParserState,
    parser: &FrozenParser,
    meant: &str,
    parameter: usize,
    files: &[PathBuf],
    observer: &mut dyn Observer,
) -> Result<drain_parser::Edit> {
    let mut splitting = Splitting::new(parser, find_template(parser, meant)?, parameter)?;
    let mut scratch = Scratch::default();
    let mut records = Records::of(files.to_vec(), &state.header);
    observer.begin("reading values", None);
    while let Some((read, piece)) = records.next_piece()? {
        if let Piece::Message(record) = piece
            && let Some(line) = parser.parse(record.header.content(), &mut scratch)
        {
            splitting.add(&line);
        }
        observer.advance(read, "");
        ensure_wanted(observer)?;
    }
    observer.end(&format!("{} lines", records.lines()));
    Ok(splitting.finish()?)
}
