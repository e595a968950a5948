//! `deeplog check`: every mistake in an experiment, or in a service's configuration, at once.

use std::io::Write;
use std::process::ExitCode;

use deeplog::{AnyExperiment, Error, Result, read_table};
use deeplog_service::config::ServiceConfig;

use super::common::ExperimentArgs;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let file = &args.experiment.experiment;
    let told = if ServiceConfig::is_meant_by(&read_table(file)?) {
        service(&args.experiment)?
    } else {
        experiment(&args.experiment)?
    };
    writeln!(anstream::stdout(), "{told}")?;
    Ok(ExitCode::SUCCESS)
}

fn experiment(args: &ExperimentArgs) -> Result<String> {
    let (name, runs) = match args.read(&[])?.0 {
        AnyExperiment::Sessions(plan) => (plan.name().to_owned(), plan.runs.len()),
        AnyExperiment::Lines(experiment) => (experiment.name, 1),
    };
    let runs = match runs {
        1 => String::new(),
        runs => format!(" of {runs} runs"),
    };
    Ok(format!("{name} is a valid experiment{runs}"))
}

fn service(args: &ExperimentArgs) -> Result<String> {
    let name = args.experiment.display();
    if !args.sets.is_empty() {
        let fact = format!("{name} is the configuration of a service, and only experiments have fields set over them");
        return Err(Error::config("the call", "--set", fact));
    }
    let sources = ServiceConfig::read(&args.experiment)?.sources.len();
    let sources = match sources {
        1 => String::from("one source"),
        sources => format!("{sources} sources"),
    };
    Ok(format!("{name} is a valid configuration of a service with {sources}"))
}
