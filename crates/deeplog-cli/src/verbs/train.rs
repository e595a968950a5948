//! `deeplog train`: an experiment's training data to a model file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::common::{DeviceArgs, ExperimentArgs};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    experiment: ExperimentArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// The model file to write; a checkpoint of an interrupted training lies beside it
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let experiment = args.experiment.read_sessions()?;
    let device = args.device.open()?;
    let folder = args
        .out
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    deeplog::create_folder(folder)?;
    console.catch_interrupts();
    let corpus = deeplog::read_corpus(&experiment, folder, console)?;
    let training = deeplog::train(&experiment, &corpus, &device, folder, console)?;
    training.artefact.write(&args.out)?;
    training.remove_checkpoints()?;
    console.say(&format!("model: {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}
