//! `deeplog run`: an experiment from its data to its report.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Observer, RunOptions, results_folder};
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
    let device = args.device.open()?;
    if args.check && experiment.expect.is_none() && experiment.data.checksums.is_empty() {
        console.warn("the experiment states neither checksums nor an expectation, so --check holds it to nothing");
    }
    let out = args.out.unwrap_or_else(|| results_folder(&experiment.name));
    let options = RunOptions {
        out,
        check: args.check,
        data_is_overridden,
    };
    console.catch_interrupts();
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
    for miss in &summary.misses {
        let expected = &miss.expected;
        let found = miss.f1.map_or_else(|| "undefined".to_owned(), |f1| format!("{f1:.4}"));
        console.complain(&format!(
            "F1 is {found}, and {} expects {} within {} ({})",
            experiment.name, expected.f1, expected.tolerance, expected.source
        ));
    }
    Ok(if summary.misses.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
