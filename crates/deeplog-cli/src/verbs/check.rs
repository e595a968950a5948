//! `deeplog check`: every mistake in an experiment at once.

use std::io::Write;
use std::process::ExitCode;

use super::common::ExperimentArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (experiment, _) = args.experiment.read()?;
    writeln!(anstream::stdout(), "{} is a valid experiment", experiment.name)?;
    Ok(ExitCode::SUCCESS)
}
