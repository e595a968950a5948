//! What an experiment says about its data and its figures, and whether that holds.

use std::path::PathBuf;

use crate::error::{Error, Problem, Result};
use crate::experiment::Expect;
use crate::input::sha256;

/// A figure that is not what the experiment expects.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    /// What was expected.
    pub expected: Expect,
    /// F1 as measured; `None` where there was nothing to measure.
    pub f1: Option<f64>,
}

/// `name`: the experiment's.
pub(crate) fn ensure_checksums(name: &str, checksums: &[(PathBuf, String)]) -> Result<()> {
    let mut problems = Vec::new();
    for (path, expected) in checksums {
        let found = sha256(path)?;
        if !found.eq_ignore_ascii_case(expected) {
            let fact = format!(
                "{} has SHA-256 {found}, the experiment expects {expected}",
                path.display()
            );
            problems.push(Problem {
                field: "data.checksums".into(),
                fact,
            });
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::Config {
        origin: name.to_owned(),
        problems,
    })
}

/// `f1`: as measured on the test data, or the mean over the seeds.
pub(crate) fn misses(expected: Option<&Expect>, f1: Option<f64>) -> Vec<Miss> {
    let Some(expected) = expected else {
        return Vec::new();
    };
    let holds = f1.is_some_and(|f1| (f1 - expected.f1).abs() <= expected.tolerance);
    if holds {
        Vec::new()
    } else {
        vec![Miss {
            expected: expected.clone(),
            f1,
        }]
    }
}
