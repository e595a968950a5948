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
    let (name, runs) = match args.experiment.read(&[])?.0 {
        AnyExperiment::Sessions(plan) => (plan.name().to_owned(), plan.runs.len()),
        AnyExperiment::Lines(experiment) => (experiment.name, 1),
    };
    let runs = match runs {
        1 => String::new(),
        runs => format!(" of {runs} runs"),
    };
    writeln!(anstream::stdout(), "{name} is a valid experiment{runs}")?;
    Ok(ExitCode::SUCCESS)
}
