//! `deeplog explore`: the first look at unknown data.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use deeplog::{Profile, create_folder, write_atomically};

use super::common::{file_stem, log_files};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Logs: files (.gz and .zst too), folders, globs, or - for standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Take header format, time stamp, parser settings and session rule from this dataset [default: guessed]
    #[arg(long, value_name = "FILE.toml")]
    dataset: Option<PathBuf>,
    /// Folder for the page, NAME.explore.html
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Threads that make lines ready; the result is the same with any number [default: one for each core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=128))]
    threads: Option<u8>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    console.catch_interrupts();
    let profile = args.dataset.as_deref().map(Profile::read).transpose()?;
    let files = log_files(&args.logs, profile.as_ref(), console)?;
    let threads = args
        .threads
        .map_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get), usize::from);
    let exploration = deeplog::explore(&files, profile.as_ref(), threads, console)?;
    create_folder(&args.out)?;
    let page = args.out.join(format!("{}.explore.html", name_of(&args.logs[0])));
    write_atomically(&page, |out| out.write_all(exploration.html().as_bytes()))?;
    write!(anstream::stdout(), "{}", exploration.text(Console::width()))?;
    console.say(&format!("the page: {}", page.display()));
    Ok(ExitCode::SUCCESS)
}

fn name_of(log: &Path) -> String {
    if log == Path::new("-") {
        "stdin".to_owned()
    } else {
        file_stem(log)
    }
}
