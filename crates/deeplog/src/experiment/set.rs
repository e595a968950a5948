//! `--set path.to.key=value`: one field of an experiment, from the command line.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{Error, Result};

/// Fields that name files. A path given on the command line counts from the working directory, not from the data root.
const FILES: [&str; 10] = [
    "data.root",
    "data.train.normal",
    "data.test.normal",
    "data.test.abnormal",
    "data.file",
    "data.log",
    "data.labels",
    "data.templates",
    "dataset",
    "dataset.parser.state",
];

/// One `path=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Names from the outside in.
    path: Vec<String>,
    value: Value,
}

impl Override {
    /// Reads `path=value`. The value is TOML where it can be read as that, else a string.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |fact: &str| Error::config(format!("--set {text}"), "--set", fact);
        let (path, value) = text
            .split_once('=')
            .ok_or_else(|| wrong("has no `=`; write path.to.key=value"))?;
        let path: Vec<String> = path.split('.').map(|name| name.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return Err(wrong("has an empty name in its path; write path.to.key=value"));
        }
        let value = match format!("value = {value}").parse::<Table>() {
            Ok(mut table) => table.remove("value").unwrap_or_else(|| Value::String(value.to_owned())),
            Err(_) => Value::String(value.to_owned()),
        };
        Ok(Self { path, value })
    }

    /// The whole path, dotted.
    #[must_use]
    pub fn field(&self) -> String {
        self.path.join(".")
    }

    /// Whether it replaces data that an experiment's checksums and expectations speak of.
    #[must_use]
    pub fn changes_data(&self) -> bool {
        self.path
            .first()
            .is_some_and(|name| name == "data" || name == "dataset")
    }

    /// Puts the value in its place, making the tables on the way.
    pub fn apply(&self, table: &mut Table, working_directory: &Path) -> Result<()> {
        let (last, way) = self
            .path
            .split_last()
            .ok_or_else(|| Error::config("--set", "--set", "is empty"))?;
        let mut table = table;
        for name in way {
            let below = table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
            table = below.as_table_mut().ok_or_else(|| {
                let fact = format!("`{name}` is not a table, so it has no field `{last}`");
                Error::config("--set", self.field(), fact)
            })?;
        }
        let mut value = self.value.clone();
        if FILES.contains(&&*self.field())
            && let Value::String(path) = &value
        {
            value = Value::String(working_directory.join(path).to_string_lossy().into_owned());
        }
        table.insert(last.clone(), value);
        Ok(())
    }
}
