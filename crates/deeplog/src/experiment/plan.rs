//! The runs that an experiment asks for: one, or one for each seed and each combination of a grid's settings.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::table::{read_whole, replace_rule};
use super::{Experiment, Override};
use crate::error::{Error, Problem, Result};

/// More runs than anybody waits for.
const MOST_RUNS: usize = 10_000;

/// The runs of an experiment.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the grid's settings (the last one changes fastest), then of the seeds; at least one.
    pub runs: Vec<PlannedRun>,
    /// Whether several were asked for.
    pub is_series: bool,
}

/// One run of a plan.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// What the grid sets, by path of the field.
    pub settings: BTreeMap<String, String>,
    /// The run.
    pub experiment: Experiment,
}

impl Plan {
    /// Reads an experiment and the dataset it names. Paths in overrides count from `working_directory`.
    pub fn read(path: &Path, overrides: &[Override], working_directory: &Path) -> Result<Self> {
        let table = read_whole(path, overrides, working_directory)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::from_table(table, folder, &path.display().to_string())
    }

    /// Checks a table with its `seeds` and `[grid]`, and the experiment of each run. Relative files count from `folder`;
    /// `origin` names the table in errors.
    pub fn from_table(mut table: Table, folder: &Path, origin: &str) -> Result<Self> {
        let mut problems = Vec::new();
        let seeds = seeds(&mut table, &mut problems);
        let cells = cells(&mut table, &mut problems);
        let is_series = seeds.len() > 1 || cells.len() > 1;
        let count = seeds.len().saturating_mul(cells.len());
        if count > MOST_RUNS {
            problems.push(problem(
                "grid",
                format!("asks for {count} runs, and more than {MOST_RUNS} are refused"),
            ));
        }
        if !problems.is_empty() {
            return Err(Error::Config {
                origin: origin.to_owned(),
                problems,
            });
        }
        let mut runs = Vec::new();
        for cell in &cells {
            let mut of_cell = table.clone();
            let settings: BTreeMap<String, String> = cell
                .iter()
                .map(|(field, value)| (field.clone(), shown(value)))
                .collect();
            for (field, value) in cell {
                set(&mut of_cell, field, value.clone())
                    .map_err(|fact| Error::config(origin, format!("grid.{field}"), fact))?;
            }
            replace_rule(&mut of_cell, &settings.keys().cloned().collect::<Vec<_>>());
            for seed in &seeds {
                if let Some(seed) = seed {
                    of_cell.insert("seed".into(), Value::Integer(*seed));
                }
                let experiment = Experiment::from_table(of_cell.clone(), folder, origin);
                runs.push(PlannedRun {
                    experiment: experiment.map_err(|error| with_settings(error, &settings))?,
                    settings: settings.clone(),
                });
            }
        }
        Ok(Self { runs, is_series })
    }

    /// Name of the experiment and of its folder of results.
    #[must_use]
    pub fn name(&self) -> &str {
        self.runs.first().map_or("", |run| &run.experiment.name)
    }

    /// Whether `run --check` holds it to something.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        let bound = |of: &Experiment| of.expect.is_some() || !of.data.checksums.is_empty();
        self.runs.iter().any(|run| bound(&run.experiment))
    }

    /// The experiment of a plan that has one run.
    pub fn only(mut self) -> Result<Experiment> {
        match (self.runs.len(), self.runs.pop()) {
            (1, Some(run)) => Ok(run.experiment),
            (count, _) => Err(Error::run(
                format!("the experiment asks for {count} runs, and this takes one"),
                "choose one by `--set seeds=1`, and by `--set` for what its grid sets",
            )),
        }
    }
}

/// What a grid sets, in words.
pub(crate) fn in_words(settings: &BTreeMap<String, String>) -> String {
    let settings: Vec<String> = settings
        .iter()
        .map(|(field, value)| format!("{field} = {value}"))
        .collect();
    settings.join(", ")
}

/// Mistakes in one run of a grid, with what the grid set there.
fn with_settings(error: Error, settings: &BTreeMap<String, String>) -> Error {
    match error {
        Error::Config { origin, mut problems } if !settings.is_empty() => {
            for problem in &mut problems {
                problem.fact += &format!(" (with {})", in_words(settings));
            }
            Error::Config { origin, problems }
        }
        error => error,
    }
}

fn problem(field: impl Into<String>, fact: impl Into<String>) -> Problem {
    Problem {
        field: field.into(),
        fact: fact.into(),
    }
}

/// `seeds = 5` counts on from `seed`; a list names them. `None` where the experiment's own is meant.
fn seeds(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Option<i64>> {
    let first = table.get("seed").and_then(Value::as_integer).unwrap_or(1);
    let Some(value) = table.remove("seeds") else {
        return vec![None];
    };
    let most = MOST_RUNS as i64;
    let named = match &value {
        Value::Integer(1) => return vec![None],
        Value::Integer(count) if (1..=most).contains(count) => {
            return (0..*count).map(|more| Some(first.saturating_add(more))).collect();
        }
        Value::Array(values) => values.iter().map(Value::as_integer).collect::<Option<Vec<i64>>>(),
        _ => None,
    };
    match named {
        Some(named) if !named.is_empty() && named.iter().all(|seed| *seed >= 0) => {
            let mut distinct = named.clone();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() < named.len() {
                problems.push(problem("seeds", format!("{value} names a seed twice")));
            }
            named.into_iter().map(Some).collect()
        }
        _ => {
            let fact = format!("{value} is neither a number of seeds, 1 to {MOST_RUNS}, nor a list of them");
            problems.push(problem("seeds", fact));
            vec![None]
        }
    }
}

type Cell = Vec<(String, Value)>;

/// All combinations of what the grid lists; one empty combination without a grid.
fn cells(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Cell> {
    let mut axes = Vec::new();
    match table.remove("grid") {
        None => {}
        Some(Value::Table(grid)) => read_axes("", grid, &mut axes, problems),
        Some(other) => problems.push(problem(
            "grid",
            format!("{other} is not a table of fields and their values"),
        )),
    }
    let mut cells: Vec<Cell> = vec![Vec::new()];
    for (field, values) in axes {
        if field == "seed" || field == "seeds" || field == "name" {
            problems.push(problem(
                format!("grid.{field}"),
                "is not for a grid; several seeds are `seeds = 5` or a list of them",
            ));
            continue;
        }
        let with = |cell: &Cell| {
            let grown = |value: &Value| [&cell[..], &[(field.clone(), value.clone())]].concat();
            values.iter().map(grown).collect::<Vec<_>>()
        };
        if cells.len().saturating_mul(values.len()) > MOST_RUNS {
            let count = cells.len().saturating_mul(values.len());
            problems.push(problem(
                "grid",
                format!("asks for {count} combinations, and more than {MOST_RUNS} are refused"),
            ));
            break;
        }
        cells = cells.iter().flat_map(with).collect();
    }
    cells
}

/// `"model.hidden" = [32, 64]`, or the same as nested tables.
fn read_axes(path: &str, table: Table, axes: &mut Vec<(String, Vec<Value>)>, problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let field = if path.is_empty() {
            name
        } else {
            format!("{path}.{name}")
        };
        match value {
            Value::Table(below) => read_axes(&field, below, axes, problems),
            Value::Array(values) if values.is_empty() => {
                problems.push(problem(
                    format!("grid.{field}"),
                    "lists no value; leave it out, or give one",
                ));
            }
            Value::Array(values) if is_twice(&values) => problems.push(problem(
                format!("grid.{field}"),
                "lists a value twice, which would be counted as two runs of one",
            )),
            Value::Array(values) => axes.push((field, values)),
            other => problems.push(problem(
                format!("grid.{field}"),
                format!("{other} is one value; list several in brackets"),
            )),
        }
    }
}

fn is_twice(values: &[Value]) -> bool {
    let same = |a: &Value, b: &Value| match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    let twice = |(place, value): (usize, &Value)| values[..place].iter().any(|before| same(before, value));
    values.iter().enumerate().any(twice)
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|value| value as f64))
}

/// Sets one field by its path.
fn set(table: &mut Table, field: &str, value: Value) -> std::result::Result<(), String> {
    let mut table = table;
    let mut names = field.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            table.insert(name.to_owned(), value);
            return Ok(());
        }
        let below = table
            .entry(name.to_owned())
            .or_insert_with(|| Value::Table(Table::new()));
        table = below
            .as_table_mut()
            .ok_or_else(|| format!("`{name}` is not a table, so nothing in it can be set"))?;
    }
    Ok(())
}

/// A value as tables show it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
