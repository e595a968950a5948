//! `deeplog completions`: for shells.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run<C: CommandFactory>(args: Args) -> anyhow::Result<ExitCode> {
    // Into memory first: writing straight to a closed pipe would panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "deeplog", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
