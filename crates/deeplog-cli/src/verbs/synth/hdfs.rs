//! `deeplog synth hdfs`: simulated, labelled logs.

use std::path::PathBuf;
use std::process::ExitCode;

use log_synthesis::{Drift, HdfsConfig};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to put the two files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Stop after this many blocks [default: 2000, unless --lines is given]
    #[arg(long)]
    sessions: Option<u64>,
    /// Stop after this many lines
    #[arg(long)]
    lines: Option<u64>,
    /// Drives everything: the same seed gives the same bytes
    #[arg(long, default_value_t = HdfsConfig::default().seed)]
    seed: u64,
    /// Share of anomalous blocks
    #[arg(long, default_value_t = HdfsConfig::default().anomalous)]
    anomalous: f64,
    /// Data nodes of the cluster
    #[arg(long, default_value_t = HdfsConfig::default().nodes)]
    nodes: u32,
    /// Blocks open at once
    #[arg(long, default_value_t = HdfsConfig::default().concurrent)]
    concurrent: u32,
    /// Share of the run after which a new software version rewords templates and adds steps
    #[arg(long, value_name = "SHARE")]
    drift: Option<f64>,
    /// Overwrite a log that is there already
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let sessions = args.sessions.or(args.lines.is_none().then_some(2_000));
    let config = HdfsConfig {
        seed: args.seed,
        sessions,
        lines: args.lines,
        anomalous: args.anomalous,
        nodes: args.nodes,
        concurrent: args.concurrent,
        drift: args.drift.map(|at| Drift { at }),
    };
    super::ensure_absent(&args.out.join("HDFS.log"), args.force)?;
    console.catch_interrupts();
    deeplog::write_synthetic(&config, &args.out, console)?;
    Ok(ExitCode::SUCCESS)
}
