//! `deeplog check`: every mistake in an experiment at once.

use std::io::Write;
use std::process::ExitCode;

use deeplog::AnyExperiment;

use super::common::ExperimentArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (experiment, _) = args.experiment.read()?;
    let name = match &experiment {
        AnyExperiment::Sessions(experiment) => &experiment.name,
        AnyExperiment::Lines(experiment) => &experiment.name,
    };
    writeln!(anstream::stdout(), "{name} is a valid experiment")?;
    Ok(ExitCode::SUCCESS)
}
