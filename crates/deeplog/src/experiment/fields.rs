//! Reads a TOML table field by field and remembers every mistake, so that all are told at once.

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::error::{Error, Problem, Result, lower_first};

/// A table of a configuration that is being read. Whatever is left unread in the end is an unknown field.
pub struct Fields<'p> {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    problems: &'p RefCell<Vec<Problem>>,
}

impl<'p> Fields<'p> {
    /// A whole table; mistakes in it go to `problems`.
    #[must_use]
    pub fn new(table: Table, problems: &'p RefCell<Vec<Problem>>) -> Self {
        Self {
            path: String::new(),
            table,
            known: Vec::new(),
            problems,
        }
    }

    /// Whether a field is given, read or not.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A field that may be left out. `None` also where it holds something wrong, which is then remembered.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.known.push(key);
        let value = self.table.remove(key)?;
        let shown = value.to_string();
        match value.try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                let why = in_words(&lower_first(error.to_string().trim()));
                self.problem(key, format!("{shown} does not fit: {why}"));
                None
            }
        }
    }

    /// A field with a default.
    pub fn or<T: DeserializeOwned>(&mut self, key: &'static str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// A field that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            self.problem(key, "is missing");
        }
        self.optional(key)
    }

    /// The name of an experiment, which is also that of a folder.
    pub(crate) fn name(&mut self) -> Option<String> {
        let name: String = self.required("name")?;
        let plain = !name.is_empty()
            && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
            && !name.starts_with('.');
        self.ensure(plain, "name", || {
            format!("{name:?} cannot name a folder; use letters, digits, `-`, `_` and `.`")
        });
        Some(name)
    }

    /// A table within this one; an empty one where it is left out.
    pub fn section(&mut self, key: &'static str) -> Fields<'p> {
        self.known.push(key);
        let table = match self.table.remove(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.problem(key, format!("{other} is not a table"));
                Table::new()
            }
        };
        Fields {
            path: format!("{}{key}.", self.path),
            table,
            known: Vec::new(),
            problems: self.problems,
        }
    }

    /// A table below this one, where there is one.
    pub fn optional_section(&mut self, key: &'static str) -> Option<Fields<'p>> {
        if self.has(key) {
            return Some(self.section(key));
        }
        self.known.push(key);
        None
    }

    /// An array of tables within this one (`[[key]]`); `None` where it is left out.
    pub fn sections(&mut self, key: &'static str) -> Option<Vec<Fields<'p>>> {
        self.known.push(key);
        let items = match self.table.remove(key)? {
            Value::Array(items) => items,
            other => {
                self.problem(
                    key,
                    format!("{other} is not an array of tables; write [[{key}]] for each"),
                );
                return Some(Vec::new());
            }
        };
        let mut sections = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            match item {
                Value::Table(table) => sections.push(Fields {
                    path: format!("{}{key}[{place}].", self.path),
                    table,
                    known: Vec::new(),
                    problems: self.problems,
                }),
                other => self.problem(&format!("{key}[{place}]"), format!("{other} is not a table")),
            }
        }
        Some(sections)
    }

    /// Remembers a mistake in one of the fields.
    pub fn problem(&self, key: &str, fact: impl Into<String>) {
        let field = format!("{}{key}", self.path);
        self.problems.borrow_mut().push(Problem {
            field,
            fact: fact.into(),
        });
    }

    /// Remembers a mistake unless something holds.
    pub fn ensure(&self, holds: bool, key: &str, fact: impl FnOnce() -> String) {
        if !holds {
            self.problem(key, fact());
        }
    }

    /// Ends the table: what nobody read is unknown.
    pub fn finish(self) {
        for key in self.table.keys() {
            let fact = match nearest(key, &self.known) {
                Some(name) => format!("unknown field; did you mean `{name}`?"),
                None => format!("unknown field; known are {}", self.known.join(", ")),
            };
            self.problem(key, fact);
        }
    }
}

/// What `read` makes of a table, or all the mistakes that it met; `origin` names the table in errors.
///
/// # Errors
/// [`Error::Config`] with all mistakes.
pub fn checked<T>(origin: &str, read: impl FnOnce(&RefCell<Vec<Problem>>) -> Option<T>) -> Result<T> {
    let problems = RefCell::new(Vec::new());
    let made = read(&problems);
    let problems = problems.into_inner();
    match made {
        Some(made) if problems.is_empty() => Ok(made),
        _ => Err(Error::Config {
            origin: origin.to_owned(),
            problems,
        }),
    }
}

/// What serde says of a type, without the names that Rust has for numbers.
fn in_words(message: &str) -> String {
    let words = [
        ("usize", "a whole number"),
        ("u64", "a whole number"),
        ("u32", "a whole number"),
        ("i32", "a whole number"),
        ("f64", "a number"),
    ];
    words
        .iter()
        .fold(message.to_owned(), |text, (name, word)| text.replace(name, word))
}

/// The known name that is at most two edits away.
pub(crate) fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = names.iter().map(|name| (edits(word, name), *name)).min()?;
    (near.0 <= 2).then_some(near.1)
}

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
