//! `deeplog plot`: curves of one or several runs in one picture.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{create_folder, write_atomically};
use evaluation::{Metrics, Plot, Results, grid_plots, plots};

use super::common::{read_results, runs_of};
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
    let plots = pictures(&args.results)?;
    create_folder(&args.out)?;
    for plot in plots {
        for (extension, bytes) in [("svg", plot.svg.as_bytes()), ("png", &plot.png)] {
            let path = args.out.join(format!("{}.{extension}", plot.name));
            write_atomically(&path, |file| file.write_all(bytes))?;
        }
        console.say(&format!("{}: {}.svg, {}.png", plot.title, plot.name, plot.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Of a grid alone its own curves; otherwise those of all runs, laid over one another.
fn pictures(results: &[PathBuf]) -> anyhow::Result<Vec<Plot>> {
    if let [one] = results
        && let Results::Grid(grid) = read_results(one)?
    {
        return Ok(grid_plots(&grid)?);
    }
    let mut runs: Vec<Metrics> = Vec::new();
    for path in results {
        let several = runs_of(path)?;
        let is_series = several.len() > 1;
        runs.extend(several.into_iter().map(|(_, mut metrics)| {
            if is_series {
                metrics.experiment.name = format!("{}, seed {}", metrics.experiment.name, metrics.seed);
            }
            metrics
        }));
    }
    Ok(plots(&runs)?)
}
