//! `deeplog synth augment`: varied copies of a log.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Augmentation, Profile, expand_guessed, expand_logs, guess_header};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The log: a file, a folder or a glob; .gz and .zst are read too
    log: PathBuf,
    /// Where to put variation-01.log and so on
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many copies
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    variations: u16,
    /// The dataset, a TOML file as `deeplog init` writes: the header, and what names a session. Names then change as one
    /// within a copy, and lines of one session change places now and then [default: the header is guessed]
    #[arg(long, value_name = "FILE")]
    dataset: Option<PathBuf>,
    /// Label each line by rules (timeout, memory, permission, connection, exception and error words, and the level), into
    /// variation-01.csv and so on
    #[arg(long)]
    label: bool,
    /// Drives everything: the same seed gives the same bytes
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Overwrite copies that are there already
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let profile = args.dataset.as_deref().map(Profile::read).transpose()?;
    let files = match &profile {
        Some(profile) => expand_logs(&args.log, profile, console)?,
        None => expand_guessed(&args.log, console)?,
    };
    let header = match &profile {
        Some(profile) => profile.header.clone(),
        None => {
            let (header, confidence) = guess_header(&files)?;
            console.say(&format!("header, guessed ({confidence}% sure): {}", header.source()));
            header
        }
    };
    let augmentation = Augmentation {
        header,
        profile,
        variations: args.variations,
        label: args.label,
        seed: args.seed,
    };
    super::ensure_absent(&args.out.join(augmentation.file_name(1, "log")), args.force)?;
    console.catch_interrupts();
    deeplog::augment(&files, &augmentation, &args.out, console)?;
    Ok(ExitCode::SUCCESS)
}
