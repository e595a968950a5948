//! Arguments that several verbs share.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use deeplog::{
    Alerts, AnyExperiment, Error, Experiment, LineMetrics, Model, Observer, Override, Profile, Result, expand,
    expand_guessed, expand_logs, record_texts,
};
use deeplog_lstm::{Device, DeviceKind};
use evaluation::{Metrics, Results};

/// An experiment and what is set over it.
#[derive(clap::Args)]
pub(crate) struct ExperimentArgs {
    /// The experiment, a TOML file
    pub(crate) experiment: PathBuf,
    /// Set one field over the file's: path.to.key=value, where the value is TOML, else a string
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) sets: Vec<String>,
}

/// Where tensors live.
#[derive(clap::Args)]
pub(crate) struct DeviceArgs {
    /// Where to train and score: cpu, ndarray, gpu or cuda (all but the first are cargo features)
    #[arg(long, default_value_t = DeviceKind::Cpu, value_name = "DEVICE")]
    device: DeviceKind,
}

/// How many threads make lines ready.
#[derive(clap::Args)]
pub(crate) struct ThreadArgs {
    /// Threads that make lines ready; the result is the same with any number [default: one for each core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=128))]
    threads: Option<u8>,
}

impl ThreadArgs {
    pub(crate) fn count(&self) -> usize {
        self.threads.map_or_else(
            || thread::available_parallelism().map_or(1, NonZeroUsize::get),
            usize::from,
        )
    }
}

/// A trained model and what it is to judge.
#[derive(clap::Args)]
pub(crate) struct JudgeArgs {
    /// The model file
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Logs or session files (as the model was trained on), folders, globs, or - for standard input; .gz and .zst are
    /// read too. Several count as one input, and their lines are numbered through
    #[arg(required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// The false alarms you can stand, such as 0.1% (of the normal sessions) or 5/day, for models that were trained with such
    /// a budget [default: that of the experiment]
    #[arg(long, value_name = "BUDGET")]
    alerts: Option<Alerts>,
    #[command(flatten)]
    device: DeviceArgs,
}

impl JudgeArgs {
    /// The model, and the files behind the inputs in their order.
    pub(crate) fn open(&self, observer: &mut dyn Observer) -> Result<(Model, Vec<PathBuf>)> {
        let mut model = Model::open(&self.model, &self.device.open()?)?;
        if let Some(alerts) = self.alerts {
            model.set_alerts(alerts)?;
        }
        let mut files = Vec::new();
        for input in &self.inputs {
            files.extend(match (&model.experiment.profile, &model.artefact.description.parser) {
                (Some(profile), Some(_)) => expand_logs(input, profile, observer)?,
                _ => expand(input)?,
            });
        }
        Ok((model, files))
    }
}

impl ExperimentArgs {
    /// Reads and checks the experiment, with more set over it; says whether its data was replaced.
    pub(crate) fn read(&self, more: &[String]) -> Result<(AnyExperiment, bool)> {
        let (overrides, here) = self.overrides(more)?;
        let experiment = AnyExperiment::read(&self.experiment, &overrides, &here)?;
        Ok((experiment, overrides.iter().any(Override::changes_data)))
    }

    /// An experiment of one run on sessions; any other is a mistake.
    pub(crate) fn read_sessions(&self) -> Result<Experiment> {
        let (overrides, here) = self.overrides(&[])?;
        Experiment::read(&self.experiment, &overrides, &here)
    }

    fn overrides(&self, more: &[String]) -> Result<(Vec<Override>, PathBuf)> {
        let overrides = self
            .sets
            .iter()
            .chain(more)
            .map(|text| Override::parse(text))
            .collect::<Result<_>>()?;
        let here = std::env::current_dir().map_err(Error::io("read", Path::new(".")))?;
        Ok((overrides, here))
    }
}

impl DeviceArgs {
    pub(crate) fn open(&self) -> Result<Device> {
        Device::open(self.device).map_err(|error| Error::config("--device", "--device", error.to_string()))
    }
}

/// The messages of a log that begin in these lines. None from standard input, which cannot be read twice.
pub(crate) fn texts_of(model: &Model, files: &[PathBuf], numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, String>> {
    match &model.experiment.profile {
        Some(profile) if files.iter().all(|file| file != Path::new("-")) => {
            record_texts(files, &profile.header, numbers)
        }
        _ => Ok(BTreeMap::new()),
    }
}

/// The path and the content of a `metrics.json`, given as the file or as its folder.
pub(crate) fn read_metrics(path: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let path = if path.is_dir() {
        path.join("metrics.json")
    } else {
        path.to_owned()
    };
    let json = std::fs::read(&path).map_err(Error::io("read", &path))?;
    Ok((path, json))
}

/// What is said of a file that is no such thing.
pub(crate) fn no_metrics(path: &Path, error: &serde_json::Error) -> Error {
    let fact = format!("{} is no metrics.json of this version: {error}", path.display());
    Error::run(fact, "give the folder of a run; `deeplog run` writes it anew")
}

/// The results of a run on sessions, or of several, given as their `metrics.json` or as its folder.
pub(crate) fn read_results(path: &Path) -> Result<Results> {
    let (path, json) = read_metrics(path)?;
    if let Ok(Some(_)) = LineMetrics::from_json(&json) {
        return Err(Error::run(
            format!(
                "{} holds results on labelled lines, and this takes results on sessions",
                path.display()
            ),
            "`deeplog report` shows the table of either; pictures and comparisons are of sessions",
        ));
    }
    Results::from_json(&json).map_err(|error| no_metrics(&path, &error))
}

/// The single runs behind some results, each as its metrics, with its folder.
pub(crate) fn runs_of(path: &Path) -> Result<Vec<(PathBuf, Metrics)>> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new("."))
    };
    let references = match read_results(path)? {
        Results::One(metrics) => return Ok(vec![(folder.to_owned(), *metrics)]),
        Results::Series(series) => series.runs,
        Results::Grid(grid) => {
            return Err(Error::run(
                format!(
                    "{} holds {} settings, and this takes one",
                    path.display(),
                    grid.cells.len()
                ),
                format!("give a folder below {}", folder.join("runs").display()),
            ));
        }
    };
    let run = |reference: evaluation::RunReference| {
        let folder = folder.join(reference.folder);
        match read_results(&folder)? {
            Results::One(metrics) => Ok((folder, *metrics)),
            _ => Err(Error::run(
                format!("{} is no single run", folder.display()),
                "run the experiment again",
            )),
        }
    };
    references.into_iter().map(run).collect()
}

/// The file's name up to the first dot, with nothing in it that a folder cannot be called.
pub(crate) fn file_stem(log: &Path) -> String {
    let name = log
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let plain: String = stem
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    if plain.trim_matches('_').is_empty() {
        "log".to_owned()
    } else {
        plain
    }
}

/// The files behind logs, each log's in their order, by the dataset if there is one.
pub(crate) fn log_files(
    logs: &[PathBuf],
    profile: Option<&Profile>,
    observer: &mut dyn Observer,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for log in logs {
        files.extend(match profile {
            Some(profile) => expand_logs(log, profile, observer)?,
            None => expand_guessed(log, observer)?,
        });
    }
    Ok(files)
}
