//! `deeplog templates`: what was learnt, as a person looks at it and changes it.

mod change;
mod look;

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Observer, TemplateFile, edits_of_no_template, expand};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// STATE is a file that `deeplog parse --state` wrote. The actions that change nothing read a `model.deeplog` too.
#[derive(clap::Subcommand)]
enum Action {
    /// List the templates, with their ids, counts and names
    List(look::List),
    /// Show one template; with a log, examples and what stood at its parameters
    Show(look::Show),
    /// Compare the templates of two files
    Diff(look::Diff),
    /// Match a log against the templates, learning nothing, and print the messages that match none
    Match(look::Match),
    /// Give a template a name; its id stays
    Rename(change::Rename),
    /// Make one template of several: words that differ become <*>
    Merge(change::Merge),
    /// Make events of the values at one parameter of a template
    Split(change::Split),
    /// Have a template always there and matched first, whatever is learnt
    Pin(change::Pin),
    /// Take a template out of those that were pinned
    Unpin(change::Unpin),
    /// Pin all templates of a CSV, such as logparser's
    Import(change::Import),
    /// List the edits, numbered
    Edits(change::List),
    /// Take an edit back
    Undo(change::Undo),
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    console.catch_interrupts();
    match args.action {
        Action::List(args) => look::list(&args, console),
        Action::Show(args) => look::show(&args, console),
        Action::Diff(args) => look::diff(&args, console),
        Action::Match(args) => look::match_log(&args, console),
        Action::Rename(args) => change::rename(&args, console),
        Action::Merge(args) => change::merge(&args, console),
        Action::Split(args) => change::split(&args, console),
        Action::Pin(args) => change::pin(&args, console),
        Action::Unpin(args) => change::unpin(&args, console),
        Action::Import(args) => change::import(&args, console),
        Action::Edits(args) => change::list(&args),
        Action::Undo(args) => change::undo(&args, console),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn open(path: &std::path::Path, console: &mut Console) -> anyhow::Result<TemplateFile> {
    let file = TemplateFile::read(path)?;
    if !file.gone.is_empty() {
        console.warn(&edits_of_no_template(file.gone.len()));
    }
    Ok(file)
}

fn expand_all(inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        files.extend(expand(input)?);
    }
    Ok(files)
}
