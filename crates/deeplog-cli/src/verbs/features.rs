//! `deeplog features`: sessions as matrices for other tools.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{MatrixFormat, Profile, WIDEST};
use evaluation::number::count;

use super::common::{ThreadArgs, log_files};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Logs or session files: files (.gz and .zst too), folders, globs, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Folder for counts, tfidf, sequences and templates
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The input is a log of this dataset [default: guessed]
    #[arg(long, value_name = "FILE.toml")]
    dataset: Option<PathBuf>,
    /// Formats of the files; may be repeated
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        value_delimiter = ',',
        default_value = "csv"
    )]
    format: Vec<Format>,
    #[command(flatten)]
    threads: ThreadArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    console.catch_interrupts();
    let profile = args.dataset.as_deref().map(Profile::read).transpose()?;
    let files = log_files(&args.inputs, profile.as_ref(), console)?;
    let all = [
        (Format::Csv, MatrixFormat::Csv),
        (Format::Parquet, MatrixFormat::Parquet),
    ];
    // Each once, however often it was named.
    let formats = all.into_iter().filter(|(format, _)| args.format.contains(format));
    let formats: Vec<MatrixFormat> = formats.map(|(_, format)| format).collect();
    let threads = args.threads.count();
    let summary = deeplog::features(&files, profile.as_ref(), &formats, &args.out, threads, console)?;
    if summary.from_session_file {
        console.say("read as sessions of keys");
    }
    for (lines, what) in [
        (
            summary.without_session,
            "messages belong to no session and are left out",
        ),
        (
            summary.dropped_events,
            "events beyond the bound on a session's length are left out",
        ),
    ] {
        if lines > 0 {
            console.say(&format!("{} {what}", count(lines)));
        }
    }
    if !summary.is_wide {
        console.say(&format!(
            "more than {} templates: counts and tfidf have a row for each session and template that meet",
            count(WIDEST as u64)
        ));
    }
    console.say(&format!(
        "{} sessions × {} templates, {} events in {}",
        count(summary.sessions),
        count(summary.templates),
        count(summary.events),
        args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}
