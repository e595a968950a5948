//! `deeplog synth`: logs and faults that are made, with labels.

mod augment;
mod hdfs;
mod inject;

use std::path::Path;
use std::process::ExitCode;

use deeplog::{Error, Result};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(clap::Subcommand)]
enum Kind {
    /// Block life cycles of an HDFS cluster: HDFS.log and labels.csv
    Hdfs(hdfs::Args),
    /// Known faults in normal sessions or in a raw log, to measure a detector with: sessions.csv or faulty.log, and labels.csv
    Inject(inject::Args),
    /// Varied copies of a log: parameters drawn anew, levels and order varied
    Augment(augment::Args),
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    match args.kind {
        Kind::Hdfs(args) => hdfs::run(args, console),
        Kind::Inject(args) => inject::run(args, console),
        Kind::Augment(args) => augment::run(args, console),
    }
}

/// What is made must not take the place of what is there unasked.
fn ensure_absent(path: &Path, force: bool) -> Result<()> {
    if path.exists() && !force {
        return Err(Error::run(
            format!("{} is there already", path.display()),
            "overwrite it with `--force`, or choose another folder with `--out`",
        ));
    }
    Ok(())
}
