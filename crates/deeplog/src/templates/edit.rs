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

#[cfg(test)]
mod tests {
    use drain_parser::{Edit, LineFormat, Parser, ParserConfig};

    use super::*;
    use crate::line_reader::LineCounters;

    fn state_in(folder: &Path) -> (PathBuf, ParserState) {
        let mut parser = Parser::new(ParserConfig::default()).unwrap();
        parser.learn(b"disk is full");
        let state = ParserState {
            header: LineFormat::compile("<Content>").unwrap(),
            lines: LineCounters::default(),
            parser,
            edits: Edits::default(),
        };
        let path = folder.join("state");
        state.write(&path).unwrap();
        (path, state)
    }

    #[test]
    fn a_state_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut other) = state_in(folder.path());
        other.lines.lines = 7;
        let error = edit_state(&path, |edits, _, parser| {
            edits.push(Edit::rename(parser.templates()[0].id, "mine")?);
            other.write(&path)
        });
        assert!(error.unwrap_err().to_string().contains("changed meanwhile"));
        let now = ParserState::read(&path).unwrap();
        assert_eq!((now.lines.lines, now.edits.len()), (7, 0));
        let parser = edit_state(&path, |edits, _, parser| {
            edits.push(Edit::rename(parser.templates()[0].id, "mine")?);
            Ok(())
        });
        assert_eq!(parser.unwrap().templates()[0].name.as_deref(), Some("mine"));
    }

    #[test]
    fn ids_are_found_by_their_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let (_, state) = state_in(folder.path());
        let (parser, _) = state.freeze();
        let letter = |i: usize| char::from(b'a' + (i % 26) as u8);
        let texts = (0..2_000).map(|i| format!("event{}{}{}", letter(i), letter(i / 26), letter(i / 676)));
        let templates = texts.map(|text| parser.wording(&text).unwrap()).collect();
        let mut edits = Edits::default();
        edits.push(Edit::Pin { templates });
        let (parser, _) = parser.edited(&edits);
        let mut ids: Vec<(String, usize)> = (0..parser.templates().len())
            .map(|index| (parser.templates()[index].id.to_string(), index))
            .collect();
        ids.sort();
        let mut ambiguous = 0;
        for (i, (id, index)) in ids.iter().enumerate() {
            assert_eq!(find_template(&parser, &id.to_uppercase()).unwrap(), *index);
            let twin = ids.get(i + 1).filter(|(other, _)| other[..4] == id[..4]);
            if let Some((twin, _)) = twin {
                ambiguous += 1;
                let error = find_template(&parser, &id[..4]).unwrap_err().to_string();
                assert!(error.contains(id) && error.contains(twin), "{error}");
            }
        }
        assert!(ambiguous > 0, "of 2,000 ids two begin alike");
        assert!(find_template(&parser, "").is_err() && find_template(&parser, "zzzz").is_err());
    }
}
