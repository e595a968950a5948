//! An experiment: one TOML that says which data, which model and which rule, with its expectation and its story.
//!
//! Reading is in two steps. The text becomes a table, overrides are applied to it, the dataset it names is read into
//! it; then the table becomes an [`Experiment`] that the rest of the library accepts, or a list of all its mistakes.

mod alerts;
mod any;
mod baselines;
mod data;
mod fields;
mod lines;
mod plan;
mod profile;
mod set;
mod table;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use deeplog_lstm::{Input, Schedule, TrainConfig};
use detection::{Rule, ShortSessions};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::error::{Problem, Result};
use crate::parser_state::ParserState;
pub use alerts::Alerts;
pub use any::AnyExperiment;
pub use baselines::Baseline;
pub use data::{Data, Inject, Source, Split, SplitMethod, Stress};
pub use fields::{Fields, checked};
pub use lines::LineExperiment;
pub use plan::{Plan, PlannedRun};
pub use profile::{KnownTemplates, LabelRule, Profile, Stamp};
pub use set::Override;
pub use table::read_table;

/// A checked experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Name of the run and of its folder of results.
    pub name: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// What its figures mean, in prose.
    pub analysis: String,
    /// Drives everything that is drawn by lot.
    pub seed: u64,
    /// Where sessions come from.
    pub data: Data,
    /// What is known of the log behind them; always there for raw and structured data.
    pub profile: Option<Profile>,
    /// The next-key model.
    pub model: ModelSettings,
    /// Its training.
    pub training: Training,
    /// When a session is flagged.
    pub detection: Detection,
    /// The rivals beside the detector.
    pub baselines: Vec<Baseline>,
    /// Share of anomalous sessions in nature, for figures that depend on it.
    pub prevalence: Option<f64>,
    /// What the run must reach with `--check`.
    pub expect: Option<Expect>,
    /// The table all this was read from, overrides and dataset included: what a model file keeps.
    pub table: Table,
}

/// The shape of the next-key model. The paper's settings are the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// Keys of history that the next one is predicted from. Default 10.
    pub history: usize,
    /// Units of each LSTM layer. Default 64.
    pub hidden: usize,
    /// LSTM layers. Default 2.
    pub layers: usize,
    /// How a key enters the first layer. Default one-hot.
    pub input: Input,
    /// Share of units dropped between layers in training. Default 0.
    pub dropout: f64,
}

/// Training settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Epochs, batches, learning rate.
    pub config: TrainConfig,
    /// Share of the training sessions, the latest ones, that early stopping watches. Default 0.1.
    pub validation: f64,
    /// Share of the training sessions that are thrown out as the least normal ones of a first training, before a second one
    /// (iterative trimmed loss minimisation: Shen and Sanghavi, ICML 2019). Default 0, which trains once.
    pub trim: f64,
}

/// The rule of detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// When a next key departs. Default: outside the top 9.
    pub rule: Rule,
    /// What becomes of short sessions. Default: the model judges them.
    pub short_sessions: ShortSessions,
    /// The budget that takes the place of the rule, where there is one.
    pub calibration: Option<Calibration>,
}

/// A budget of false alarms instead of a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibration {
    /// Who is calibrated.
    pub detector: DetectorKind,
    /// The budget. Default: 0.1% of the normal sessions.
    pub alerts: Alerts,
}

/// The detectors that an experiment can be about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorKind {
    /// The next-key model alone.
    #[default]
    Deeplog,
    /// The next-key model with the order of keys, their counts, and the times between events.
    Combined,
}

/// What a run must reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// F1 on the test sessions.
    pub f1: f64,
    /// By how much it may miss that, either way.
    pub tolerance: f64,
    /// Where the figure comes from.
    pub source: String,
}

/// The paper's g.
const TOP_G: u32 = 9;

/// The fields that choose when a next key departs, of which there can be one.
const RULES: [&str; 4] = ["top_g", "probability", "mass", "context_share"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum InputKind {
    OneHot,
    Embedding,
}

impl Experiment {
    /// Reads an experiment of one run and the dataset it names. Paths in overrides count from `working_directory`.
    pub fn read(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Self> {
        Plan::read(path, overrides, working_directory)?.only()
    }

    /// Checks a table. Relative files count from `folder`, unless the data has another root; `origin` names the table
    /// in errors.
    pub fn from_table(table: Table, folder: &Path, origin: &str) -> Result<Self> {
        checked(origin, |problems| read_fields(table, folder, problems))
    }
}

impl Profile {
    /// Reads a dataset TOML.
    pub fn read(path: &Path) -> Result<Self> {
        let table = read_table(path)?;
        let origin = path.display().to_string();
        let mut profile = checked(&origin, |problems| profile::read(Fields::new(table, problems)))?;
        if let Some(known) = &mut profile.known {
            known.state = path.parent().unwrap_or(Path::new(".")).join(&known.state);
            profile.parser = ParserState::read(&known.state)?.parser.config();
        }
        Ok(profile)
    }
}

fn read_fields(table: Table, folder: &Path, problems: &RefCell<Vec<Problem>>) -> Option<Experiment> {
    let mut fields = Fields::new(table.clone(), problems);
    let name = fields.name();
    let description = fields.or("description", String::new());
    let analysis = fields.or("analysis", String::new());
    let seed = fields.or("seed", 1);
    if let Some(preset) = fields.optional::<String>("preset") {
        fields.ensure(preset == "paper", "preset", || {
            format!("`{preset}` is no preset; known is paper")
        });
    }
    let has_profile = fields.has("dataset");
    let mut profile = has_profile.then(|| profile::read(fields.section("dataset"))).flatten();
    let data = if fields.has("data") {
        data::read(fields.section("data"), folder, seed)
    } else {
        fields.problem("data", "is missing");
        fields.section("data");
        None
    };
    if let (Some(profile), Some(data)) = (&mut profile, &data)
        && let Some(known) = &mut profile.known
    {
        known.state = data.root.join(&known.state);
    }
    let needs_profile = data.as_ref().is_some_and(|data| {
        matches!(
            data.source,
            Source::Raw { .. } | Source::Structured { .. } | Source::Synthetic(_)
        )
    });
    fields.ensure(has_profile || !needs_profile, "dataset", || {
        "is missing; raw and structured data need one, for instance one that `deeplog init` writes".into()
    });
    let model = read_model(fields.section("model"));
    let training = read_training(fields.section("training"), seed);
    let detection = read_detection(fields.section("detection"));
    let is_calibrated = detection.is_some_and(|detection| detection.calibration.is_some());
    fields.ensure(!is_calibrated || training.trim == 0.0, "training.trim", || {
        "goes with a fixed rule only: the sessions that it throws out would be missing in calibration".into()
    });
    let top_g = match detection.map(|detection| detection.rule) {
        Some(Rule::TopG(g)) => g,
        _ => TOP_G,
    };
    let alerts = detection
        .and_then(|detection| detection.calibration)
        .map(|calibration| calibration.alerts);
    let allowed = match alerts {
        Some(Alerts::Share(share)) => Some(share),
        Some(Alerts::PerDay(_)) | None => None,
    };
    let baselines = baselines::read(fields.sections("baselines"), model.history, top_g, allowed);
    let mut evaluation = fields.section("evaluation");
    let prevalence = evaluation.optional("prevalence");
    evaluation.ensure(prevalence.is_none_or(|p| p > 0.0 && p < 1.0), "prevalence", || {
        "is not a share of sessions; give a number between 0 and 1".into()
    });
    evaluation.finish();
    let expect = fields.optional("expect");
    fields.finish();
    Some(Experiment {
        name: name?,
        description,
        analysis,
        seed,
        data: data?,
        profile,
        model,
        training,
        detection: detection?,
        baselines,
        prevalence,
        expect,
        table,
    })
}

fn read_model(mut fields: Fields<'_>) -> ModelSettings {
    let input = match fields.or("input", InputKind::OneHot) {
        InputKind::OneHot => {
            fields.ensure(!fields.has("embedding"), "embedding", || {
                "goes with input = \"embedding\" only".into()
            });
            fields.optional::<usize>("embedding");
            Input::OneHot
        }
        InputKind::Embedding => Input::Embedding(fields.or("embedding", 32)),
    };
    let model = ModelSettings {
        history: fields.or("history", 10),
        hidden: fields.or("hidden", 64),
        layers: fields.or("layers", 2),
        input,
        dropout: fields.or("dropout", 0.0),
    };
    let embedding = match model.input {
        Input::Embedding(width) => Some(("embedding", width, 65_536)),
        Input::OneHot => None,
    };
    for (name, value, most) in [
        ("history", model.history, 10_000),
        ("hidden", model.hidden, 65_536),
        ("layers", model.layers, 64),
    ]
    .into_iter()
    .chain(embedding)
    {
        fields.ensure((1..=most).contains(&value), name, || {
            format!("{value} is outside 1 to {most}")
        });
    }
    fields.ensure((0.0..1.0).contains(&model.dropout), "dropout", || {
        format!(
            "{} is not a share of units; give a number from 0 to below 1",
            model.dropout
        )
    });
    fields.finish();
    model
}

fn read_training(mut fields: Fields<'_>, seed: u64) -> Training {
    let default = TrainConfig::default();
    let config = TrainConfig {
        epochs: fields.or("epochs", default.epochs),
        batch: fields.or("batch", default.batch),
        learning_rate: fields.or("learning_rate", default.learning_rate),
        schedule: fields.or::<Schedule>("schedule", default.schedule),
        clip: fields.optional("clip").or(default.clip),
        patience: fields.optional("patience").or(default.patience),
        temperature: fields.or("temperature", default.temperature),
        seed,
    };
    config
        .validate()
        .into_iter()
        .for_each(|problem| fields.problem(problem.field, problem.message));
    let validation = fields.or("validation", 0.1);
    fields.ensure((0.0..1.0).contains(&validation), "validation", || {
        format!("{validation} is not a share of the training sessions; give a number from 0 to below 1")
    });
    fields.ensure(!config.temperature || validation > 0.0, "temperature", || {
        "is fitted on held-out sessions; give a validation above 0".into()
    });
    let trim = fields.or("trim", 0.0);
    fields.ensure((0.0..0.5).contains(&trim), "trim", || {
        format!("{trim} is not a small share of the training sessions; give a number from 0 to below 0.5")
    });
    fields.finish();
    Training {
        config,
        validation,
        trim,
    }
}

fn read_rule(fields: &mut Fields<'_>) -> Option<Rule> {
    let given: Vec<&str> = RULES.into_iter().filter(|rule| fields.has(rule)).collect();
    if let [first, second, ..] = given[..] {
        fields.problem(second, format!("stands beside {first}; choose one rule"));
    }
    let g: Option<u32> = fields.optional("top_g");
    let g = g.or(given.is_empty().then_some(TOP_G));
    fields.ensure(g != Some(0), "top_g", || {
        "0 candidates would flag everything; give at least 1".into()
    });
    let mut share = |rule| {
        let share: Option<f64> = fields.optional(rule);
        fields.ensure(share.is_none_or(|share| share > 0.0 && share < 1.0), rule, || {
            format!("{} is not between 0 and 1", share.unwrap_or_default())
        });
        share
    };
    let shares = [
        share("probability").map(Rule::Probability),
        share("mass").map(Rule::Mass),
        share("context_share").map(Rule::ContextShare),
    ];
    shares.into_iter().flatten().next().or(g.map(Rule::TopG))
}

fn read_detection(mut fields: Fields<'_>) -> Option<Detection> {
    let detector = fields.or("detector", DetectorKind::default());
    let alerts: Option<Alerts> = fields.optional("alerts");
    let is_calibrated = detector == DetectorKind::Combined || alerts.is_some();
    let ruled = RULES.into_iter().find(|rule| fields.has(rule));
    fields.ensure(!is_calibrated || ruled.is_none(), "alerts", || {
        format!("finds its threshold itself; leave {} out", ruled.unwrap_or_default())
    });
    let rule = read_rule(&mut fields);
    let short_sessions = fields.or("short_sessions", ShortSessions::default());
    fields.ensure(
        !is_calibrated || short_sessions == ShortSessions::Model,
        "short_sessions",
        || "is for a fixed rule only; with a budget of alerts the model judges all sessions".into(),
    );
    fields.finish();
    Some(Detection {
        rule: rule?,
        short_sessions,
        calibration: is_calibrated.then(|| Calibration {
            detector,
            alerts: alerts.unwrap_or_default(),
        }),
    })
}

/// The default folder of an experiment's results.
#[must_use]
pub fn results_folder(name: &str) -> PathBuf {
    Path::new("experiments/results").join(name)
}
