//! `deeplog compare`: two detectors on the same sessions.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use deeplog::{Error, Result, read_scores};
use evaluation::{Scored, compare, comparison_text};

use super::common::runs_of;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of results, of one run or of several seeds; with @NAME the detector NAME in it, such as `results/hdfs@unseen key set`
    first: String,
    /// What it is compared with, in the same way
    second: String,
}

/// What stands for the program's own detector.
const MAIN: &str = "deeplog";

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (first, second) = (split(&args.first), split(&args.second));
    let comparison = compare(&scores(&first)?, &scores(&second)?).map_err(|error| {
        Error::run(
            error.to_string(),
            "compare runs on the same labelled test sessions, or two detectors of one run: RESULTS@NAME",
        )
    })?;
    let mut names = [args.first.as_str(), args.second.as_str()];
    if first.0 == second.0 {
        names = [first.1, second.1];
    }
    write!(anstream::stdout(), "{}", comparison_text(&comparison, names))?;
    Ok(ExitCode::SUCCESS)
}

/// The folder and the detector. A path that is there is a path, whatever signs it holds.
fn split(text: &str) -> (PathBuf, &str) {
    match text.rsplit_once('@') {
        Some((folder, detector)) if !Path::new(text).exists() => (folder.into(), detector),
        _ => (text.into(), MAIN),
    }
}

/// Of each run in a folder.
fn scores((folder, detector): &(PathBuf, &str)) -> Result<Vec<Vec<Scored>>> {
    let runs = runs_of(folder)?.into_iter();
    runs.map(|(folder, _)| read_scores(&folder, detector)).collect()
}
