//! Inputs that can be read twice.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Files to read, with copies of those that flow by only once: standard input and pipes.
pub(crate) struct Spooled {
    /// What to read, in order.
    pub(crate) files: Vec<PathBuf>,
    /// The copies; dropping them removes them.
    _copies: Vec<NamedTempFile>,
}

impl Spooled {
    pub(crate) fn new(inputs: &[PathBuf]) -> Result<Self> {
        let (mut files, mut copies) = (Vec::new(), Vec::new());
        for path in inputs {
            if flows_by(path) {
                let copy = copy_of(path).map_err(Error::io("keep a copy of", path))?;
                files.push(copy.path().to_owned());
                copies.push(copy);
            } else {
                files.push(path.clone());
            }
        }
        Ok(Self { files, _copies: copies })
    }
}

fn flows_by(path: &Path) -> bool {
    path == Path::new("-") || fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

fn copy_of(path: &Path) -> io::Result<NamedTempFile> {
    let mut copy = NamedTempFile::new()?;
    if path == Path::new("-") {
        io::copy(&mut io::stdin().lock(), &mut copy)?;
    } else {
        io::copy(&mut File::open(path)?, &mut copy)?;
    }
    Ok(copy)
}
