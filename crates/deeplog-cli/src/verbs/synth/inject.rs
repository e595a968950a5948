//! `deeplog synth inject`: known faults in normal sessions, or in a raw log.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{FaultKind, Inject, Injection, LogInjection, Profile, expand_logs};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A session file of normal sessions: one a line, keys parted by spaces, optionally `id,` in front. With --dataset a raw
    /// log: a file, a folder or a glob; .gz and .zst are read too
    input: PathBuf,
    /// Where to put labels.csv, and sessions.csv or faulty.log
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The input is a raw log of this dataset, a TOML file as `deeplog init` writes
    #[arg(long, value_name = "FILE", conflicts_with = "known")]
    dataset: Option<PathBuf>,
    /// Labels of the log's sessions: anomalous ones stay as they are [default: the dataset's beside the log, else all sessions
    /// are normal]
    #[arg(long, value_name = "FILE", requires = "dataset")]
    labels: Option<PathBuf>,
    /// Share of the normal sessions that get a fault
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    share: f64,
    /// Kinds of fault, each as often as the others [default: all]: missing, doubled, swapped, moved, replaced, foreign,
    /// truncated; delayed and out_of_range need times and numbers, which session files do not have
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kinds: Vec<FaultKind>,
    /// The session file that the detector learns from: no fault ends up as one of its sequences, and its keys replace
    /// others [default: the sessions themselves]
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Drives everything: the same seed gives the same bytes
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Overwrite files that are there already
    #[arg(long)]
    force: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "no number".to_owned())?;
    if share > 0.0 && share <= 1.0 {
        Ok(share)
    } else {
        Err("no share above 0 and up to 1".to_owned())
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let made = if args.dataset.is_some() {
        "faulty.log"
    } else {
        "sessions.csv"
    };
    for file in [made, "labels.csv"] {
        super::ensure_absent(&args.out.join(file), args.force)?;
    }
    let faults = Inject {
        share: args.share,
        kinds: args.kinds,
        seed: args.seed,
    };
    console.catch_interrupts();
    let Some(dataset) = &args.dataset else {
        let injection = Injection {
            input: args.input,
            known: args.known,
            faults,
        };
        deeplog::inject_sessions(&injection, &args.out, console)?;
        return Ok(ExitCode::SUCCESS);
    };
    let profile = Profile::read(dataset)?;
    let injection = LogInjection {
        files: expand_logs(&args.input, &profile, console)?,
        log: args.input,
        profile,
        labels: args.labels,
        faults,
    };
    deeplog::inject_log(&injection, &args.out, console)?;
    Ok(ExitCode::SUCCESS)
}
