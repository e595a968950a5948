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
    let (plan, _) = args.experiment.read(&[])?;
    let name = plan.runs.first().map_or("", |run| &run.experiment.name);
    let runs = match (plan.runs.len(), plan.is_series) {
        (_, false) => String::new(),
        (runs, true) => format!(" of {runs} runs"),
    };
    writeln!(anstream::stdout(), "{name} is a valid experiment{runs}")?;
    Ok(ExitCode::SUCCESS)
}
