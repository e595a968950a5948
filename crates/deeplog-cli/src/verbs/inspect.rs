//! `deeplog inspect`: what is in a model file.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Artefact, Description, LineFigures, LineModel};
use deeplog_lstm::Input;
use evaluation::{number, visible};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The model file
    model: PathBuf,
    /// Print everything but the weights as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if LineModel::is_one(&args.model)? {
        return lines(&LineModel::read(&args.model)?, args.json);
    }
    let artefact = Artefact::read(&args.model)?;
    let mut out = anstream::stdout();
    let Description {
        program,
        experiment,
        model,
        vocabulary,
        templates,
        parser,
        data,
        held_out,
        training,
        calibration,
    } = &artefact.description;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&artefact.description)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let weights: usize = artefact
        .weights
        .iter()
        .flat_map(|weights| &weights.tensors)
        .map(|tensor| tensor.values.len())
        .sum();
    let name = experiment
        .get("name")
        .and_then(|name| name.as_str())
        .unwrap_or("unnamed");
    let input = match model.input {
        Input::OneHot => "one-hot".to_owned(),
        Input::Embedding(width) => format!("embedding of {width}"),
    };
    writeln!(out, "experiment  {}", visible(name))?;
    writeln!(out, "written by  deeplog {program}")?;
    writeln!(
        out,
        "model       history {}, {} layers of {}, {input} input, {weights} weights",
        model.history, model.layers, model.hidden
    )?;
    let validation = training
        .validation_loss
        .map(|loss| format!(", validation {loss:.4}"))
        .unwrap_or_default();
    writeln!(
        out,
        "training    {} sessions, {} windows ({} distinct), {} epochs, best {} (loss {:.4}{validation})",
        training.sessions,
        training.windows,
        training.distinct_windows,
        training.epochs,
        training.best_epoch,
        training.train_loss
    )?;
    if let Some(temperature) = training.temperature {
        writeln!(out, "temperature {temperature:.4}, fitted on the validation sessions")?;
    }
    let detection = experiment
        .get("detection")
        .map(|table| table.to_string().replace('\n', " "));
    writeln!(
        out,
        "detection   {}",
        detection.unwrap_or_else(|| "top_g = 9, short_sessions = \"model\" (defaults)".into())
    )?;
    if let Some(calibration) = calibration {
        let evidence = &calibration.fitted.evidence;
        let parts: Vec<&str> = evidence.parts().iter().map(|part| part.name()).collect();
        writeln!(
            out,
            "calibrated  on {} sessions in {} folds, parts: {}",
            evidence.sessions(),
            calibration.fitted.folds.len(),
            parts.join(", ")
        )?;
    }
    if let Some(share) = context_share(&artefact) {
        let alphabet = model.alphabet;
        let g = (0..=alphabet.begin()).map(|context| held_out.top_g(context, share));
        writeln!(
            out,
            "contexts    g from {} to {} by the key before, of {} held-out next keys",
            g.clone().min().unwrap_or(0),
            g.max().unwrap_or(0),
            held_out.targets()
        )?;
    }
    writeln!(
        out,
        "reads       {}",
        if parser.is_some() { "raw logs" } else { "session files" }
    )?;
    for (path, sum) in data {
        writeln!(out, "data        {}  sha256 {sum}", visible(path))?;
    }
    writeln!(out, "\n{} log keys", vocabulary.len())?;
    for key in vocabulary.names() {
        let template = templates.get(key).map_or("", |template| template);
        writeln!(out, "  {:<16}  {}", visible(key.as_str()), visible(template))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The share of a rule that has a g for each context.
fn context_share(artefact: &Artefact) -> Option<f64> {
    artefact
        .description
        .experiment
        .get("detection")?
        .get("context_share")?
        .as_float()
}

/// A model of labelled lines.
fn lines(model: &LineModel, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout();
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(model)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = model
        .experiment
        .get("name")
        .and_then(|name| name.as_str())
        .unwrap_or("unnamed");
    let figures = |figures: &LineFigures| {
        let [precision, recall, f1] = [figures.precision, figures.recall, figures.f1].map(number::rate);
        format!("precision {precision}, recall {recall}, F1 {f1}")
    };
    writeln!(out, "experiment  {}", visible(name))?;
    writeln!(out, "written by  deeplog {}", model.program)?;
    writeln!(
        out,
        "model       {}, learnt from {} labelled lines",
        model.learner, model.lines
    )?;
    writeln!(out, "folds       {}", figures(&model.cross_validated))?;
    writeln!(out, "test        {}", figures(&model.test))?;
    writeln!(out, "flags       scores above {:.4}", model.threshold())?;
    writeln!(out, "reads       raw logs, {}", visible(model.format()))?;
    for (path, sum) in &model.data {
        writeln!(out, "data        {}  sha256 {sum}", visible(path))?;
    }
    let features = model.features();
    writeln!(out, "\n{} features", features.len())?;
    for feature in features {
        writeln!(out, "  {}", visible(&feature))?;
    }
    Ok(ExitCode::SUCCESS)
}
