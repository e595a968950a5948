//! Models from PyTorch and to it.

mod checkpoint;
mod key_names;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use deeplog_lstm::{Classes, Input, ModelConfig, NamedTensor, Weights, from_state_dict, to_state_dict};
use detection::{HeldOutRanks, Rule};
use safetensors::tensor::{Dtype, TensorView, serialize};
use sequence_windowing::{KeyName, Vocabulary};
use serde_json::json;
use toml::Table;

use crate::artefact::{Artefact, Description, TrainingSummary};
use crate::error::{Error, Result};
use crate::experiment::{Detection, Experiment};
use crate::input;
use crate::output::write_atomically;
pub use key_names::read_key_names;

/// What a file of weights does not say of its model.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// Names of the log keys as session files hold them, in the order of the classes. Without them class 0 is called 1,
    /// as the usual code counts (wuyifan18/DeepLog: numbers from 1 in files, from 0 in the model).
    pub keys: Option<Vec<KeyName>>,
    /// Keys of history that the next one was predicted from.
    pub history: usize,
    /// When a session is flagged. Such a model cannot judge short sessions: they are flagged or pass.
    pub detection: Detection,
}

/// A model of session files around the weights of a PyTorch DeepLog: safetensors, or whatever `torch.save` wrote of a
/// state dict, alone or within a checkpoint. Nothing that a file holds is executed.
///
/// # Errors
/// When the file cannot be read, holds no such model, or does not go with the names, the history or the rule.
pub fn import(weights: &Path, foreign: &Foreign) -> Result<Artefact> {
    let state = checkpoint::read(weights)?;
    let (model, values) = from_state_dict(state, foreign.history, Classes::Keys).map_err(unfit(weights))?;
    let count = model.alphabet.keys as usize;
    let names = match &foreign.keys {
        Some(names) => names.clone(),
        None => (1..=count).map(|number| KeyName::from(number.to_string())).collect(),
    };
    if names.len() != count {
        let fact = format!(
            "{} has {count} classes, and {} keys are named",
            weights.display(),
            names.len()
        );
        return Err(Error::run(fact, "name one key a line, in the order of the classes"));
    }
    let experiment = experiment(weights, &model, &foreign.detection)?;
    Ok(Artefact {
        description: Description {
            program: env!("CARGO_PKG_VERSION").into(),
            experiment,
            model,
            vocabulary: Vocabulary::from(names),
            templates: BTreeMap::new(),
            parser: None,
            data: BTreeMap::from([(weights.display().to_string(), input::sha256(weights)?)]),
            held_out: HeldOutRanks::default(),
            training: TrainingSummary::default(),
            calibration: None,
        },
        weights: vec![values],
    })
}

/// A model like another, parser, vocabulary, thresholds and all, with weights that PyTorch trained further.
///
/// # Errors
/// When the file cannot be read or its model has another shape.
pub fn import_like(weights: &Path, like: &Artefact) -> Result<Artefact> {
    let state = checkpoint::read(weights)?;
    let expected = &like.description.model;
    let weights_of_one = only(like)?;
    let (found, values) =
        from_state_dict(state, expected.history, Classes::of(weights_of_one)).map_err(unfit(weights))?;
    let found = ModelConfig {
        dropout: expected.dropout,
        ..found
    };
    if found != *expected {
        let fact = format!(
            "{} holds {} and the model that it should be like has {}",
            weights.display(),
            shape(&found),
            shape(expected)
        );
        return Err(Error::run(fact, "give the model that these weights were exported from"));
    }
    let mut description = like.description.clone();
    description.program = env!("CARGO_PKG_VERSION").into();
    description
        .data
        .insert(weights.display().to_string(), input::sha256(weights)?);
    Ok(Artefact {
        description,
        weights: vec![values],
    })
}

/// Writes the weights as safetensors under PyTorch's names. Its metadata has an entry `deeplog`, JSON with `keys` (the names
/// of the classes, in their order) and `history`.
///
/// # Errors
/// When the file cannot be written.
pub fn export(artefact: &Artefact, out: &Path) -> Result<()> {
    let Description { model, vocabulary, .. } = &artefact.description;
    let state = to_state_dict(model, only(artefact)?)
        .map_err(|error| Error::run(format!("the model is damaged: {error}"), "train the model again"))?;
    let bytes = to_safetensors(&state, model, vocabulary).map_err(|error| {
        let fact = format!("{}: cannot be written down: {error}", out.display());
        Error::run(fact, "safetensors holds names of at most 100 MB")
    })?;
    write_atomically(out, |file| file.write_all(&bytes))
}

/// The weights of an artefact with one model.
fn only(artefact: &Artefact) -> Result<&Weights> {
    match &artefact.weights[..] {
        [weights] => Ok(weights),
        several => Err(Error::run(
            format!(
                "the model has a budget of alarms, for which it holds {} next-key models",
                several.len()
            ),
            "exchange one that was trained without `detection.alerts` and not combined",
        )),
    }
}

fn to_safetensors(
    state: &[NamedTensor],
    model: &ModelConfig,
    vocabulary: &Vocabulary,
) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes: Vec<Vec<u8>> = state
        .iter()
        .map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = state
        .iter()
        .zip(&bytes)
        .map(|(tensor, bytes)| Ok((&tensor.name, TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)?)))
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let about = json!({ "keys": vocabulary.names(), "history": model.history });
    // One entry only: the order of several would be another in each file.
    serialize(views, Some(HashMap::from([("deeplog".to_owned(), about.to_string())])))
}

/// The experiment that such a model could have come from. It names the weights as its data, since an experiment needs
/// some and there is no other.
fn experiment(weights: &Path, model: &ModelConfig, detection: &Detection) -> Result<Table> {
    let (input, embedding) = match model.input {
        Input::OneHot => ("one_hot", None),
        Input::Embedding(width) => ("embedding", Some(("embedding", json!(width)))),
    };
    let mut settings = json!({
        "history": model.history, "hidden": model.hidden, "layers": model.layers, "input": input,
    });
    if let (Some((field, width)), Some(settings)) = (embedding, settings.as_object_mut()) {
        settings.insert(field.into(), width);
    }
    let (rule, threshold) = match detection.rule {
        Rule::TopG(g) => ("top_g", json!(g)),
        Rule::Probability(least) => ("probability", json!(least)),
        Rule::Mass(mass) => ("mass", json!(mass)),
        Rule::ContextShare(share) => ("context_share", json!(share)),
    };
    let table = json!({
        "name": "imported",
        "description": format!("weights of {}", weights.display()),
        "data": { "kind": "sessions", "file": weights.display().to_string() },
        "model": settings,
        "detection": { rule: threshold, "short_sessions": detection.short_sessions },
    });
    let table = Table::try_from(table).map_err(|error| {
        Error::run(
            format!("cannot write down the experiment: {error}"),
            "give smaller numbers",
        )
    })?;
    Experiment::from_table(table.clone(), Path::new("."), "the model to be made")?;
    Ok(table)
}

fn unfit<E: std::fmt::Display>(weights: &Path) -> impl Fn(E) -> Error {
    let path = weights.display().to_string();
    move |error| {
        let hint = "\"To and from PyTorch\" in the README shows the models that are read";
        Error::run(format!("{path}: {error}"), hint)
    }
}

fn shape(model: &ModelConfig) -> String {
    let input = match model.input {
        Input::OneHot => "one-hot input".to_owned(),
        Input::Embedding(width) => format!("an embedding of {width}"),
    };
    format!(
        "{} layers of {} over {} keys, {input}",
        model.layers, model.hidden, model.alphabet.keys
    )
}
