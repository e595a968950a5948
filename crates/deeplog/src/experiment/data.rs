//! Where an experiment's sessions come from: the `[data]` table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use log_synthesis::{FaultKind, HdfsConfig};
use serde::{Deserialize, Serialize};

use super::fields::Fields;

/// What is read, as the `kind` of the data says.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Session files, already divided: normal ones to train on, normal and abnormal ones to test on.
    Divided {
        /// Normal sessions to train on.
        train_normal: PathBuf,
        /// Abnormal sessions that rivals with labels learn from.
        train_abnormal: Option<PathBuf>,
        /// Normal sessions to test on.
        test_normal: Option<PathBuf>,
        /// Abnormal sessions to test on.
        test_abnormal: Option<PathBuf>,
    },
    /// One session file, to be split.
    Sessions {
        /// One session a line, its id in front.
        file: PathBuf,
    },
    /// logparser's `*_structured.csv`, its rows grouped by the dataset's session rule.
    Structured {
        /// The CSV.
        file: PathBuf,
    },
    /// Raw logs, read in the order of their names.
    Raw {
        /// A path or a glob.
        log: PathBuf,
    },
    /// Raw logs made by the simulator.
    Synthetic(HdfsConfig),
}

/// How sessions are divided into training and test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitMethod {
    /// By the sessions' first lines: the past trains, the future tests.
    #[default]
    Chronological,
    /// By lot, from the experiment's seed.
    Random,
}

impl SplitMethod {
    /// What experiments call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chronological => "chronological",
            Self::Random => "random",
        }
    }
}

impl FromStr for SplitMethod {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let methods = [Self::Chronological, Self::Random];
        let method = methods.into_iter().find(|method| method.name() == name);
        method.ok_or_else(|| format!("`{name}` is no way to divide sessions; known are chronological and random"))
    }
}

/// The division of one body of sessions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// How.
    pub method: SplitMethod,
    /// Share of all sessions that go to training, 0..=1. Anomalous ones among them are left out and counted.
    pub train: f64,
}

/// Faults to put into test sessions, so that a detector can be measured where nobody has labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Inject {
    /// Share of the normal test sessions that get a fault, above 0 and below 1. Default 0.5.
    pub share: f64,
    /// The kinds, each as often as the others. Empty, the default: all that the data can have. Sessions in memory have no
    /// numbers, and those of session files no times either.
    pub kinds: Vec<FaultKind>,
    /// Drives where they are. Default: the experiment's.
    pub seed: u64,
}

/// Harder training: few sessions, and anomalous ones among them, as in real "normal" logs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stress {
    /// Share of the training sessions that is kept, drawn by lot; above 0 and up to 1. Default 1.
    pub training: f64,
    /// Share of the training sessions that are anomalous after that: so many anomalous test sessions are moved there by
    /// lot, in the guise of normal ones; 0 to below 0.5. Default 0.
    pub anomalous: f64,
}

/// The `[data]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// What relative files count from.
    pub root: PathBuf,
    /// What is read.
    pub source: Source,
    /// The division, where the source is not divided already.
    pub split: Split,
    /// A CSV of session and label, over the dataset's own.
    pub labels: Option<PathBuf>,
    /// Harder training.
    pub stress: Option<Stress>,
    /// Faults that test sessions get.
    pub inject: Option<Inject>,
    /// A CSV of `EventId,EventTemplate` that gives key names their text.
    pub templates: Option<PathBuf>,
    /// SHA-256 of files, by their path as given. They bind with `--check`.
    pub checksums: Vec<(PathBuf, String)>,
}

const KINDS: &str = "known are divided, sessions, structured, raw, synthetic and labelled_lines";

/// Reads the table; `None` if a mistake makes it unusable (which is then remembered).
pub(super) fn read(mut fields: Fields<'_>, folder: &Path, seed: u64) -> Option<Data> {
    let root = root(&mut fields, folder);
    let at = |path: PathBuf| root.join(path);
    let kind: Option<String> = fields.required("kind");
    let source = match kind.as_deref() {
        Some("divided") => divided(&mut fields, &at),
        Some("sessions") => fields.required("file").map(|file| Source::Sessions { file: at(file) }),
        Some("structured") => fields
            .required("file")
            .map(|file| Source::Structured { file: at(file) }),
        Some("raw") => fields.required("log").map(|log| Source::Raw { log: at(log) }),
        Some("synthetic") => synthetic(&mut fields, seed),
        Some("labelled_lines") => {
            fields.problem(
                "kind",
                "labelled lines have no sessions to train on: `deeplog run` learns from them",
            );
            return None;
        }
        Some(other) => {
            fields.problem("kind", format!("`{other}` is no kind of data; {KINDS}"));
            // The other fields belong to a kind that nobody knows: more complaints would only mislead.
            return None;
        }
        None => return None,
    };
    let labels = fields.optional("labels").map(at);
    let templates = fields.optional("templates").map(at);
    let checksums = checksums(&mut fields, &root);
    let split = if matches!(kind.as_deref(), Some("divided")) {
        if fields.optional::<toml::Value>("split").is_some() {
            fields.problem("split", "is not for files that are divided already; leave it out");
        }
        Split {
            method: SplitMethod::Chronological,
            train: 1.0,
        }
    } else {
        read_split(fields.section("split"))
    };
    let inject = fields
        .optional_section("inject")
        .map(|inject| read_inject(inject, seed));
    let stress = fields.optional_section("stress").map(read_stress);
    fields.finish();
    Some(Data {
        source: source?,
        root: root.clone(),
        split,
        labels,
        stress,
        inject,
        templates,
        checksums,
    })
}

/// What relative files count from.
pub(super) fn root(fields: &mut Fields<'_>, folder: &Path) -> PathBuf {
    match (fields.optional::<PathBuf>("root"), std::env::var_os("DEEPLOG_DATA")) {
        (Some(root), _) => folder.join(root),
        (None, Some(root)) => PathBuf::from(root),
        (None, None) => folder.to_owned(),
    }
}

/// Checksums, by the files they are of.
pub(super) fn checksums(fields: &mut Fields<'_>, root: &Path) -> Vec<(PathBuf, String)> {
    let checksums: BTreeMap<PathBuf, String> = fields.or("checksums", BTreeMap::new());
    let at = |(path, sum)| (root.join::<PathBuf>(path), sum);
    checksums.into_iter().map(at).collect()
}

fn divided(fields: &mut Fields<'_>, at: &impl Fn(PathBuf) -> PathBuf) -> Option<Source> {
    let mut train = fields.section("train");
    let train_normal = train.required("normal").map(at);
    let train_abnormal = train.optional("abnormal").map(at);
    train.finish();
    let mut test = fields.section("test");
    let (test_normal, test_abnormal) = (test.optional("normal").map(at), test.optional("abnormal").map(at));
    test.finish();
    Some(Source::Divided {
        train_normal: train_normal?,
        train_abnormal,
        test_normal,
        test_abnormal,
    })
}

fn synthetic(fields: &mut Fields<'_>, seed: u64) -> Option<Source> {
    let mut table = fields.section("synthetic");
    let default = HdfsConfig::default();
    let config = HdfsConfig {
        seed: table.or("seed", seed),
        sessions: table.optional("sessions").or(default.sessions),
        lines: table.optional("lines").or(default.lines),
        anomalous: table.or("anomalous", default.anomalous),
        nodes: table.or("nodes", default.nodes),
        concurrent: table.or("concurrent", default.concurrent),
        drift: table.optional("drift").or(default.drift),
    };
    if let Err(error) = config.validate() {
        fields.problem("synthetic", error.to_string());
    }
    table.finish();
    Some(Source::Synthetic(config))
}

fn read_stress(mut fields: Fields<'_>) -> Stress {
    let stress = Stress {
        training: fields.or("training", 1.0),
        anomalous: fields.or("anomalous", 0.0),
    };
    fields.ensure(stress.training > 0.0 && stress.training <= 1.0, "training", || {
        format!(
            "{} is not a share of the training sessions; give a number above 0 and up to 1",
            stress.training
        )
    });
    fields.ensure((0.0..0.5).contains(&stress.anomalous), "anomalous", || {
        format!(
            "{} is not a share below half of the training sessions; give a number from 0 to below 0.5",
            stress.anomalous
        )
    });
    fields.finish();
    stress
}

fn read_inject(mut fields: Fields<'_>, seed: u64) -> Inject {
    let mut inject = Inject {
        share: fields.or("share", 0.5),
        kinds: Vec::new(),
        seed: fields.or("seed", seed),
    };
    fields.ensure(inject.share > 0.0 && inject.share < 1.0, "share", || {
        format!(
            "{} is not a share of the sessions; give a number above 0 and below 1",
            inject.share
        )
    });
    if let Some(names) = fields.optional::<Vec<String>>("kinds") {
        fields.ensure(!names.is_empty(), "kinds", || {
            "names no kind; leave it out for all".into()
        });
        for name in names {
            match name.parse() {
                Ok(kind) => inject.kinds.push(kind),
                Err(error) => fields.problem("kinds", error.to_string()),
            }
        }
    }
    fields.finish();
    inject
}

fn read_split(mut fields: Fields<'_>) -> Split {
    let split = Split {
        method: fields.or("method", SplitMethod::default()),
        train: fields.or("train", 0.5),
    };
    fields.ensure(split.train > 0.0 && split.train <= 1.0, "train", || {
        format!(
            "{} is not a share of the sessions; give a number above 0 and up to 1",
            split.train
        )
    });
    fields.finish();
    split
}
