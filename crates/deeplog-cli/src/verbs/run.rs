//! `deeplog run`: an experiment from its data to its report.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{
    AnyExperiment, LineExperiment, Miss, Observer, Plan, Ran, RunOptions, RunSummary, SeriesSummary, SplitMethod,
    results_folder, run_lines,
};
use deeplog_lstm::Device;
use evaluation::{Results, audit_sentence, explanation_text, grid_table, results_table, series_table};

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
    /// How sessions are divided, over what the experiment says: chronological or random, or `chronological,random` for
    /// both, one beside the other
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    split: Option<Vec<SplitMethod>>,
    /// Hold the run to the experiment's checksums and expectations
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let split = args.split.as_deref().map(split_setting);
    let (experiment, data_is_overridden) = args.experiment.read(split.as_slice())?;
    let (name, is_bound) = match &experiment {
        AnyExperiment::Sessions(plan) => (plan.name(), plan.is_bound()),
        AnyExperiment::Lines(of) => (&*of.name, of.expect.is_some() || !of.checksums.is_empty()),
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
    match experiment {
        AnyExperiment::Sessions(plan) => run_on_sessions(&plan, &device, &options, console),
        AnyExperiment::Lines(experiment) => run_on_lines(&experiment, &options, console),
    }
}

fn run_on_sessions(
    plan: &Plan,
    device: &Device,
    options: &RunOptions,
    console: &mut Console,
) -> anyhow::Result<ExitCode> {
    let misses = match deeplog::run_all(plan, device, options, console)? {
        Ran::Once(summary) => {
            show(&summary)?;
            summary.misses
        }
        Ran::Series(summary) => {
            show_series(&summary)?;
            summary.misses
        }
    };
    Ok(complain(&misses, plan.name(), console))
}

/// `random`, or several of them as a grid.
fn split_setting(methods: &[SplitMethod]) -> String {
    let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
    match &names[..] {
        [one] => format!("data.split.method={one}"),
        _ => format!("grid.data.split.method={names:?}"),
    }
}

fn show(summary: &RunSummary) -> anyhow::Result<()> {
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
    if let Some(audit) = audit_sentence(&summary.metrics.audit) {
        writeln!(stdout, "leak audit: {audit}; each is in the report")?;
    }
    writeln!(stdout, "\nreport: {}", summary.report.display())?;
    Ok(())
}

fn show_series(summary: &SeriesSummary) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout();
    let table = match &summary.results {
        Results::One(metrics) => results_table(metrics),
        Results::Series(series) => series_table(series),
        Results::Grid(grid) => grid_table(grid),
    };
    writeln!(stdout, "{}", table.trim_end())?;
    if summary.kept > 0 {
        writeln!(
            stdout,
            "\n{} runs were there already and stand as they are",
            summary.kept
        )?;
    }
    writeln!(stdout, "\nreport: {}", summary.report.display())?;
    Ok(())
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
