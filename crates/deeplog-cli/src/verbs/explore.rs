//! `deeplog explore`: the first look at unknown data.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use deeplog::{Profile, create_folder, write_atomically};

use super::common::{ThreadArgs, file_stem, log_files};
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
    #[command(flatten)]
    threads: ThreadArgs,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    console.catch_interrupts();
    let profile = args.dataset.as_deref().map(Profile::read).transpose()?;
    let files = log_files(&args.logs, profile.as_ref(), console)?;
    let exploration = deeplog::explore(&files, profile.as_ref(), args.threads.count(), console)?;
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
