//! `deeplog run`: an experiment from its data to its report.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{AnyExperiment, LineExperiment, Miss, Observer, RunOptions, results_folder, run_lines};
use evaluation::{explanation_text, results_table};

use super::common::{DeviceArgs, ExperimentArgs};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// The run's own folder [default: experiments/results/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Hold the run to the experiment's checksums and expectations
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let (experiment, data_is_overridden) = args.experiment.read()?;
    let (name, is_bound) = match &experiment {
        AnyExperiment::Sessions(of) => (&of.name, of.expect.is_some() || !of.data.checksums.is_empty()),
        AnyExperiment::Lines(of) => (&of.name, of.expect.is_some() || !of.checksums.is_empty()),
    };
    let device = args.device.open()?;
    if args.check && !is_bound {
        console.warn("the experiment states neither checksums nor an expectation, so --check holds it to nothing");
    }
    let out = args.out.unwrap_or_else(|| results_folder(name));
    let options = RunOptions {
        out,
        check: args.check,
        data_is_overridden,
    };
    console.catch_interrupts();
    let experiment = match experiment {
        AnyExperiment::Sessions(experiment) => experiment,
        AnyExperiment::Lines(experiment) => return run_on_lines(&experiment, &options, console),
    };
    let summary = deeplog::run(&experiment, &device, &options, console)?;

    let mut stdout = anstream::stdout();
    if summary.metrics.has_labels() {
        writeln!(stdout, "{}", results_table(&summary.metrics).trim_end())?;
    } else {
        writeln!(
            stdout,
            "{} of {} sessions left the normal path",
            summary.flagged, summary.sessions
        )?;
    }
    if let Some(example) = &summary.example {
        writeln!(
            stdout,
            "\n{}",
            explanation_text(example, Console::width(), Console::colours()).trim_end()
        )?;
    }
    let lost: Vec<String> = summary
        .metrics
        .data
        .counters
        .iter()
        .map(|(name, count)| format!("{count} {}", name.replace('_', " ")))
        .collect();
    if !lost.is_empty() {
        writeln!(stdout, "\ncounted: {}", lost.join(", "))?;
    }
    writeln!(stdout, "\nreport: {}", summary.report.display())?;
    Ok(complain(&summary.misses, &experiment.name, console))
}

fn run_on_lines(experiment: &LineExperiment, options: &RunOptions, console: &mut Console) -> anyhow::Result<ExitCode> {
    let summary = run_lines(experiment, options, console)?;
    let mut stdout = anstream::stdout();
    writeln!(stdout, "{}\n\nreport: {}", summary.text, summary.report.display())?;
    Ok(complain(&summary.misses, &experiment.name, console))
}

/// Tells of expectations that were not met.
fn complain(misses: &[Miss], name: &str, console: &mut Console) -> ExitCode {
    for miss in misses {
        let expected = &miss.expected;
        let found = miss.f1.map_or_else(|| "undefined".to_owned(), |f1| format!("{f1:.4}"));
        console.complain(&format!(
            "F1 is {found}, and {name} expects {} within {} ({})",
            expected.f1, expected.tolerance, expected.source
        ));
    }
    if misses.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
