//! `deeplog init`: an unknown log to a dataset and an experiment.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use deeplog::{Error, Finding};
use evaluation::visible;

use super::common::file_stem;
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The log: a file (.gz and .zst too), a folder or a glob
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// Folder for the two files
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Name of dataset and experiment [default: the log's]
    #[arg(long)]
    name: Option<String>,
    /// Overwrite files of the same name
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    if args.log == Path::new("-") {
        let fact = "standard input cannot be named in an experiment";
        return Err(Error::run(fact, "write the log to a file and give that").into());
    }
    let name = args.name.unwrap_or_else(|| file_stem(&args.log));
    let survey = deeplog::survey(&args.log, &name, console)?;
    let [dataset, experiment] = survey.write(&args.out, args.force)?;
    for finding in &survey.findings {
        anstream::println!("{}", shown(finding));
    }
    console.say(&format!("wrote {} and {}", dataset.display(), experiment.display()));
    anstream::println!("next: deeplog run {}", experiment.display());
    Ok(ExitCode::SUCCESS)
}

fn shown(finding: &Finding) -> String {
    let mut text = format!(
        "{:>14}  {}  ({}%)\n{:>14}  {}",
        finding.subject,
        visible(&finding.value),
        finding.confidence,
        "",
        visible(&finding.reason)
    );
    if !finding.examples.is_empty() {
        let examples: Vec<String> = finding.examples.iter().map(|example| visible(example)).collect();
        text.push_str(&format!("\n{:>14}  e.g. {}", "", examples.join("   ")));
    }
    text
}
