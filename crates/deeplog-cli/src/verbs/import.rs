//! `deeplog import`: a model from PyTorch.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Artefact, Detection, Foreign, Observer, read_key_names};
use detection::{Rule, ShortSessions};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Weights of an nn.LSTM and an nn.Linear, perhaps behind an nn.Embedding: safetensors, or what torch.save wrote
    weights: PathBuf,
    /// The model file to write
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Take everything but the weights from this model, which they were exported from
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["keys", "history", "top_g", "probability", "short_sessions"])]
    like: Option<PathBuf>,
    /// Names of the keys in session files, one a line in the order of the classes [default: 1, 2, 3, …]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Keys of history that the model was trained to predict the next one from
    #[arg(long, value_name = "H", default_value_t = 10)]
    history: usize,
    /// Flag a key that is not among the G most probable ones
    #[arg(long, value_name = "G", default_value_t = 9, conflicts_with = "probability")]
    top_g: u32,
    /// Flag a key of a probability below this instead
    #[arg(long, value_name = "P")]
    probability: Option<f64>,
    /// What becomes of sessions of H keys or fewer, which such a model cannot judge
    #[arg(long, value_enum, default_value_t = Short::Flag)]
    short_sessions: Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Short {
    /// They are anomalies, as the padding of the usual code makes them
    Flag,
    /// They pass, whatever they hold
    Pass,
}

pub(crate) fn run(args: &Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let artefact = match &args.like {
        Some(like) => deeplog::import_like(&args.weights, &Artefact::read(like)?)?,
        None => {
            let foreign = Foreign {
                keys: args.keys.as_deref().map(read_key_names).transpose()?,
                history: args.history,
                detection: Detection {
                    calibration: None,
                    rule: args.probability.map_or(Rule::TopG(args.top_g), Rule::Probability),
                    short_sessions: match args.short_sessions {
                        Short::Flag => ShortSessions::Flag,
                        Short::Pass => ShortSessions::Pass,
                    },
                },
            };
            deeplog::import(&args.weights, &foreign)?
        }
    };
    artefact.write(&args.out)?;
    let model = &artefact.description.model;
    let keys = model.alphabet.keys;
    if args.like.is_none() && args.probability.is_none() && keys.saturating_sub(args.top_g) <= 2 {
        console.warn(&format!(
            "there are {keys} keys and g is {}, so next to nothing can be flagged but unseen keys; \
             `--probability` does not depend on how many there are",
            args.top_g
        ));
    }
    console.say(&format!(
        "model: {} ({keys} keys, {} layers of {}, history {})",
        args.out.display(),
        model.layers,
        model.hidden,
        model.history
    ));
    Ok(ExitCode::SUCCESS)
}
