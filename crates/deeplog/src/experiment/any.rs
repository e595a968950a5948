//! An experiment's file as a table, and which kind of experiment it is.

use std::path::Path;

use toml::Table;

use super::lines::{self, LineExperiment};
use super::{Experiment, Override, read_dataset, read_table, replace_rule};
use crate::error::Result;

/// An experiment of either kind, as its `data.kind` says.
#[derive(Clone, Debug)]
pub enum AnyExperiment {
    /// On sessions.
    Sessions(Box<Experiment>),
    /// On single lines with labels.
    Lines(Box<LineExperiment>),
}

impl AnyExperiment {
    /// Reads an experiment and the dataset it names. Paths in overrides count from `working_directory`.
    pub fn read(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Self> {
        let table = read_whole(path, overrides, working_directory)?;
        let (folder, origin) = (folder_of(path), path.display().to_string());
        Ok(if lines::is_one(&table) {
            Self::Lines(Box::new(LineExperiment::from_table(table, folder, &origin)?))
        } else {
            Self::Sessions(Box::new(Experiment::from_table(table, folder, &origin)?))
        })
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// The table of an experiment, with its dataset and the overrides in it.
pub(super) fn read_whole(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Table> {
    let mut table = read_table(path)?;
    // A dataset named on the command line must be known before fields within it can be set.
    let (names, fields): (Vec<_>, Vec<_>) = overrides.iter().partition(|set| set.field() == "dataset");
    names
        .iter()
        .try_for_each(|set| set.apply(&mut table, working_directory))?;
    read_dataset(&mut table, folder_of(path))?;
    fields
        .iter()
        .try_for_each(|set| set.apply(&mut table, working_directory))?;
    replace_rule(&mut table, overrides);
    Ok(table)
}
