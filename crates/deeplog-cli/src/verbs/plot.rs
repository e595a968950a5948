//! `deeplog plot`: curves of one or several runs in one picture.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{create_folder, write_atomically};
use evaluation::{Metrics, plots};

use super::common::read_metrics;
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders of results, or their metrics.json
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// Where to put the pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let runs: Vec<Metrics> = args
        .results
        .iter()
        .map(|path| read_metrics(path))
        .collect::<deeplog::Result<_>>()?;
    create_folder(&args.out)?;
    for plot in plots(&runs)? {
        for (extension, bytes) in [("svg", plot.svg.as_bytes()), ("png", &plot.png)] {
            let path = args.out.join(format!("{}.{extension}", plot.name));
            write_atomically(&path, |file| file.write_all(bytes))?;
        }
        console.say(&format!("{}: {}.svg, {}.png", plot.title, plot.name, plot.name));
    }
    Ok(ExitCode::SUCCESS)
}
