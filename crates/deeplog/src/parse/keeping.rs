//! Keeping what is learnt in its file.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::StateFile;
use crate::error::{Error, Result};
use crate::input::read_to_end;
use crate::output::AtomicFile;
use crate::parser_state::ParserState;

/// The file of a state while lines are learnt.
pub(crate) struct Keeping {
    path: PathBuf,
    every: Duration,
    last: Instant,
    /// What the file held when it was last read or written here.
    seen: Option<u64>,
}

impl Keeping {
    /// # Errors
    /// A place that cannot be written: hours of learning are not to end there.
    pub(super) fn begin(file: &StateFile) -> Result<Self> {
        AtomicFile::create(&file.path)?;
        let mut keeping = Self {
            path: file.path.clone(),
            every: file.every,
            last: Instant::now(),
            seen: None,
        };
        keeping.seen = keeping.in_file()?;
        Ok(keeping)
    }

    /// Writes the state if it is time.
    pub(super) fn write_if_due(&mut self, state: &ParserState) -> Result<()> {
        if self.last.elapsed() >= self.every {
            self.write(state)?;
        }
        Ok(())
    }

    /// Writes the state; beside the file, if somebody else has changed that meanwhile, so that nothing is lost.
    pub(super) fn write(&mut self, state: &ParserState) -> Result<()> {
        if self.in_file()? != self.seen {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".learnt");
            let aside = PathBuf::from(aside);
            state.write(&aside)?;
            return Err(Error::run(
                format!("{} was changed by somebody else meanwhile", self.path.display()),
                format!(
                    "what was learnt here is kept in {}; parse the log again to learn it into the changed state",
                    aside.display()
                ),
            ));
        }
        state.write(&self.path)?;
        (self.seen, self.last) = (self.in_file()?, Instant::now());
        Ok(())
    }

    fn in_file(&self) -> Result<Option<u64>> {
        if !self.path.exists() {
            return Ok(None);
        }
        Ok(Some(xxh3_64(&read_to_end(&self.path)?)))
    }

    /// What was asked to stop keeps the state.
    pub(super) fn interrupted(&mut self, state: &ParserState) -> Error {
        match self.write(state) {
            Ok(()) => Error::Interrupted {
                hint: format!(
                    "no table was finished; what {} lines taught, those of calls before included, is kept in {}",
                    state.lines.lines,
                    self.path.display()
                ),
            },
            Err(error) => error,
        }
    }
}

/// What was asked to stop keeps the state, if it has a place.
pub(super) fn interrupted(state: &ParserState, keeping: Option<&mut Keeping>) -> Error {
    match keeping {
        Some(keeping) => keeping.interrupted(state),
        None => Error::Interrupted {
            hint: "no table was finished; start again".into(),
        },
    }
}
