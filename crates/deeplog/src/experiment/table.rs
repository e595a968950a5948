//! An experiment's file as one table: the dataset it names is read into it.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::{Override, RULES};
use crate::error::{Error, Result};

/// Reads an experiment's file with the dataset it names, and sets what is set over it.
pub(super) fn read_whole(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Table> {
    let mut table = read_table(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    // A dataset named on the command line must be known before fields within it can be set.
    let (names, fields): (Vec<_>, Vec<_>) = overrides.iter().partition(|set| set.field() == "dataset");
    names
        .iter()
        .try_for_each(|set| set.apply(&mut table, working_directory))?;
    read_dataset(&mut table, folder)?;
    fields
        .iter()
        .try_for_each(|set| set.apply(&mut table, working_directory))?;
    replace_rule(&mut table, &overrides.iter().map(Override::field).collect::<Vec<_>>());
    Ok(table)
}

/// The rules of detection exclude each other: one that is set over the file takes the place of the file's.
pub(super) fn replace_rule(table: &mut Table, set: &[String]) {
    let is_set = |rule: &str| set.iter().any(|set| set.strip_prefix("detection.") == Some(rule));
    if let Some(Value::Table(detection)) = table.get_mut("detection")
        && RULES.into_iter().any(is_set)
    {
        detection.retain(|field, _| !RULES.contains(&field) || is_set(field));
    }
}

/// Puts the dataset in the place of its file's name. A table with a field `from` starts from that file, and what else
/// it says stands over the file.
fn read_dataset(table: &mut Table, folder: &Path) -> Result<()> {
    let (name, over) = match table.get_mut("dataset") {
        Some(Value::String(name)) => (std::mem::take(name), Table::new()),
        Some(Value::Table(over)) => match over.remove("from") {
            Some(Value::String(name)) => (name, std::mem::take(over)),
            Some(other) => {
                over.insert("from".into(), other);
                return Ok(());
            }
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let mut dataset = read_table(&folder.join(name))?;
    lay_over(&mut dataset, over);
    table.insert("dataset".into(), Value::Table(dataset));
    Ok(())
}

fn lay_over(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// Reads a TOML file.
///
/// # Errors
/// It cannot be read, or its syntax is wrong: the line is named.
pub fn read_table(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    text.parse::<Table>().map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        Error::config(path.display().to_string(), format!("line {line}"), error.message())
    })
}
