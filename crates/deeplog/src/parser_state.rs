//! What a parser has learnt, kept in a file from call to call.

use std::io;
use std::path::Path;

use drain_parser::{Drain, HeaderFormat};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::framed::Frame;
use crate::input;
use crate::line_reader::LineCounters;
use crate::output::write_atomically;

const FRAME: Frame = Frame {
    magic: b"DLPARSE\n",
    version: 1,
    name: "parser state",
    foreign: "give a file that `deeplog parse --state` wrote, or a new name",
    other_version: "learn it again with this version, or use the version that wrote it",
    damaged: "copy the file again, or give a new name and learn again",
};

/// A learning parser with what it needs to go on: in a file of the layout that models have, with a magic of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParserState {
    /// How lines are taken apart.
    pub header: HeaderFormat,
    /// What became of all lines so far.
    pub lines: LineCounters,
    /// The parser.
    pub parser: Drain,
}

impl ParserState {
    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// A file that cannot be read, is no parser state, is one of another format version, or is damaged.
    pub fn read_if_there(path: &Path) -> Result<Option<Self>> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
            Ok(_) => {}
        }
        let bytes = input::read_to_end(path)?;
        let (state, rest): (Self, _) = FRAME.open(path, &bytes)?;
        if rest.is_empty() {
            Ok(Some(state))
        } else {
            let fact = format!("{}: is damaged: {} bytes too long", path.display(), rest.len());
            Err(Error::run(fact, FRAME.damaged))
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// A file that cannot be written; the old one is still there then.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = FRAME.seal(self, |_| {})?;
        write_atomically(path, |out| out.write_all(&bytes))
    }
}
