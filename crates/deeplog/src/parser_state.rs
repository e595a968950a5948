//! What a parser has learnt, kept in a file from call to call.

use std::io;
use std::path::Path;

use drain_parser::{Edits, FrozenParser, Gone, LineFormat, Parser};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::framed::Frame;
use crate::input;
use crate::line_reader::LineCounters;
use crate::output::write_atomically;

const FRAME: Frame = Frame {
    magic: b"DLPARSE\n",
    version: 2,
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
    pub header: LineFormat,
    /// What became of all lines so far.
    pub lines: LineCounters,
    /// The parser.
    pub parser: Parser,
    /// What a person decided about its templates.
    pub edits: Edits,
}

impl ParserState {
    /// The templates as they stand, edited; and which edits name what is no template any more.
    pub fn freeze(&self) -> (FrozenParser, Vec<Gone>) {
        let learnt = self.parser.freeze();
        if self.edits.is_empty() {
            (learnt, Vec::new())
        } else {
            learnt.edited(&self.edits)
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// No file, and what [`Self::read_if_there`] says.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_if_there(path)?
            .ok_or_else(|| Error::run(format!("{}: there is no such file", path.display()), FRAME.foreign))
    }

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
        // A device would be read for ever.
        if path.metadata().is_ok_and(|data| !data.is_file()) {
            return Err(Error::run(format!("{} is no file", path.display()), FRAME.foreign));
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

#[cfg(test)]
mod tests {
    use std::fs;

    use drain_parser::ParserConfig;

    use super::*;

    fn learnt() -> ParserState {
        let mut parser = Parser::new(ParserConfig::default()).unwrap();
        for i in 0..50 {
            parser.learn(format!("user u{i} came").as_bytes());
            parser.learn(format!("disk {i} is full").as_bytes());
        }
        ParserState {
            header: LineFormat::compile("<Time> <Content>").unwrap(),
            lines: LineCounters {
                lines: 100,
                messages: 100,
                ..LineCounters::default()
            },
            parser,
            edits: Edits::default(),
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert!(ParserState::read_if_there(&path).unwrap().is_none());
        let state = learnt();
        state.write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let read = ParserState::read_if_there(&path).unwrap().unwrap();
        assert_eq!(read.header.source(), "<Time> <Content>");
        assert_eq!(read.lines, state.lines);
        assert_eq!(read.parser.clusters(), state.parser.clusters());

        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let error = ParserState::read_if_there(&path).unwrap_err();
            assert_eq!(fs::read(&path).unwrap(), bytes, "the file is left as it is");
            assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error}");
            error.to_string()
        };
        for length in 0..bytes.len() {
            refused(&bytes[..length]);
        }
        for at in 0..bytes.len() {
            let mut turned = bytes.clone();
            turned[at] ^= 1 << (at % 8);
            refused(&turned);
        }
        let mut newer = bytes.clone();
        newer[8] = 7;
        assert!(
            refused(&newer).contains("parser state of format 7"),
            "{}",
            refused(&newer)
        );
        assert!(refused(&[&bytes[..], b"x"].concat()).contains("damaged"));
        for foreign in [&b"EventId,EventTemplate\n"[..], b"DEEPLOG\n\x01\0\0\0", b"\0"] {
            assert!(refused(foreign).contains("not a deeplog parser state"));
        }
        let error = ParserState::read_if_there(folder.path()).unwrap_err();
        assert!(error.to_string().contains("is no file"), "{error}");
    }
}
