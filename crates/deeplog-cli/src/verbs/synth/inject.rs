//! `deeplog synth inject`: known faults in normal sessions.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{FaultKind, Inject, Injection};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A session file of normal sessions: one a line, keys parted by spaces, optionally `id,` in front
    sessions: PathBuf,
    /// Where to put sessions.csv and labels.csv
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Share of the sessions that get a fault
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
    for file in ["sessions.csv", "labels.csv"] {
        super::ensure_absent(&args.out.join(file), args.force)?;
    }
    let kinds = if args.kinds.is_empty() {
        FaultKind::ALL.to_vec()
    } else {
        args.kinds
    };
    let injection = Injection {
        input: args.sessions,
        known: args.known,
        faults: Inject {
            share: args.share,
            kinds,
            seed: args.seed,
        },
    };
    console.catch_interrupts();
    deeplog::inject_sessions(&injection, &args.out, console)?;
    Ok(ExitCode::SUCCESS)
}
