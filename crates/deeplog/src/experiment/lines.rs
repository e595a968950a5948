//! An experiment on single lines with labels, as `data.kind = "labelled_lines"` says.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::fields::{Fields, checked};
use super::profile::{self, LabelRule, Profile};
use super::{Expect, data};
use crate::error::{Problem, Result};

/// A checked experiment on single lines with labels.
#[derive(Clone, Debug)]
pub struct LineExperiment {
    /// Name of the run and of its folder of results.
    pub name: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// What its figures mean, in prose.
    pub analysis: String,
    /// Drives everything that is drawn by lot.
    pub seed: u64,
    /// The lines with their labels, in the order of time.
    pub file: PathBuf,
    /// SHA-256 of files. They bind with `--check`.
    pub checksums: Vec<(PathBuf, String)>,
    /// Share of the lines, the earliest, that models learn from and are chosen by; the others test. Default 0.7.
    pub train: f64,
    /// Parts of the training lines that models are cross-validated on, each by what was learnt from the lines before it.
    /// Default 4.
    pub folds: usize,
    /// How lines are laid out and parsed, where that is known.
    pub profile: Option<Profile>,
    /// What the run must reach with `--check`.
    pub expect: Option<Expect>,
    /// The table all this was read from: what a model file keeps.
    pub table: Table,
}

/// Whether a table speaks of labelled lines.
pub(super) fn is_one(table: &Table) -> bool {
    let kind = table.get("data").and_then(|data| data.get("kind"));
    kind.and_then(Value::as_str) == Some("labelled_lines")
}

impl LineExperiment {
    /// Checks a table. Relative files count from `folder`, unless the data has another root; `origin` names the table
    /// in errors.
    ///
    /// # Errors
    /// All mistakes in it at once.
    pub fn from_table(table: Table, folder: &Path, origin: &str) -> Result<Self> {
        checked(origin, |problems| read_fields(table, folder, problems))
    }
}

fn read_fields(table: Table, folder: &Path, problems: &RefCell<Vec<Problem>>) -> Option<LineExperiment> {
    let kept = table.clone();
    let mut fields = Fields::new(without_need_of_sessions(table), problems);
    let name = fields.name();
    let description = fields.or("description", String::new());
    let analysis = fields.or("analysis", String::new());
    let seed = fields.or("seed", 1);
    let has_profile = fields.has("dataset");
    let profile = has_profile.then(|| profile::read(fields.section("dataset"))).flatten();
    if let Some(profile) = &profile {
        fields.ensure(profile.known.is_none(), "dataset.parser.state", || {
            "is not for labelled lines, whose templates are learnt from the training lines alone: remove it".into()
        });
        let label = match &profile.labels {
            Some(LabelRule::Line { field, .. }) => Some(field.as_str()),
            _ => None,
        };
        fields.ensure(label != Some("Content"), "dataset.labels.field", || {
            "is the message itself, so nothing is left to learn from; give the label a field of its own".into()
        });
    }
    let mut data = fields.section("data");
    let root = data::root(&mut data, folder);
    data.optional::<String>("kind");
    let file: Option<PathBuf> = data.required("file");
    let checksums = data::checksums(&mut data, &root);
    let mut split = data.section("split");
    let train = split.or("train", 0.7);
    split.ensure(train > 0.0 && train < 1.0, "train", || {
        format!("{train} is not a share of the lines; give a number above 0 and below 1")
    });
    split.finish();
    data.finish();
    let mut validation = fields.section("validation");
    let folds = validation.or("folds", 4);
    validation.ensure((1..=100).contains(&folds), "folds", || {
        format!("{folds} is outside 1 to 100")
    });
    validation.finish();
    let expect = fields.optional("expect");
    fields.finish();
    Some(LineExperiment {
        name: name?,
        description,
        analysis,
        seed,
        file: root.join(file?),
        checksums,
        train,
        folds,
        profile,
        expect,
        table: kept,
    })
}

/// A dataset has a rule for sessions, which single lines have no need of.
fn without_need_of_sessions(mut table: Table) -> Table {
    if let Some(Value::Table(dataset)) = table.get_mut("dataset") {
        let alone = Table::from_iter([("by".to_owned(), "count".into()), ("events".to_owned(), 1.into())]);
        dataset.entry("session").or_insert(Value::Table(alone));
    }
    table
}
