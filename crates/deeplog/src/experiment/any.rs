//! Experiments of either kind.

use std::path::Path;

use super::table::read_whole;
use super::{LineExperiment, Override, Plan, lines};
use crate::error::Result;

/// An experiment of either kind, as its `data.kind` says.
#[derive(Clone, Debug)]
pub enum AnyExperiment {
    /// On sessions: one run or several.
    Sessions(Plan),
    /// On single lines with labels.
    Lines(Box<LineExperiment>),
}

impl AnyExperiment {
    /// Reads an experiment and the dataset it names. Paths in overrides count from `working_directory`.
    pub fn read(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Self> {
        let table = read_whole(path, overrides, working_directory)?;
        let (folder, origin) = (path.parent().unwrap_or(Path::new(".")), path.display().to_string());
        Ok(if lines::is_one(&table) {
            Self::Lines(Box::new(LineExperiment::from_table(table, folder, &origin)?))
        } else {
            Self::Sessions(Plan::from_table(table, folder, &origin)?)
        })
    }
}
