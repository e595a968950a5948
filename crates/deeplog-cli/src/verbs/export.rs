//! `deeplog export`: a model's weights for PyTorch.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::Artefact;

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The model file
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// The safetensors file to write: a state dict of nn.LSTM `lstm`, nn.Linear `fc` and, if the model has one,
    /// nn.Embedding `embedding`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<ExitCode> {
    deeplog::export(&Artefact::read(&args.model)?, &args.out)?;
    console.say(&format!("weights: {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}
