//! One template in a log: examples, and what stood at its parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use drain_parser::{Piece, Scratch};

use super::TemplateFile;
use crate::error::Result;
use crate::input::Records;
use crate::observer::{Observer, ensure_wanted};

/// Examples that are kept.
const EXAMPLES: usize = 3;
/// Different values of a parameter that are counted; of more it is only said that there are more.
const MOST_VALUES: usize = 1_000;

/// What a log shows of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Messages that have it.
    pub count: u64,
    /// The first ones that differ.
    pub examples: Vec<Example>,
    /// By parameter, from left to right.
    pub parameters: Vec<ObservedParameter>,
}

/// A message of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Number of its line, from 1.
    pub line: u64,
    /// Its content.
    pub content: Vec<u8>,
}

/// What stood at one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedParameter {
    /// What made it a parameter: masks, or that lines differ there.
    pub found_by: BTreeSet<String>,
    /// Values with their number of messages, 1,000 different ones at most.
    pub values: BTreeMap<Vec<u8>, u64>,
    /// Whether there were more.
    pub more: bool,
}

/// Looks for a template, given by its index, in some files.
///
/// # Errors
/// Files that cannot be read.
pub fn observe(
    templates: &TemplateFile,
    template: usize,
    files: &[PathBuf],
    observer: &mut dyn Observer,
) -> Result<Observed> {
    let mut observed = Observed::default();
    let mut scratch = Scratch::default();
    let mut records = Records::of(files.to_vec(), &templates.header);
    observer.begin("reading examples", None);
    while let Some((read, piece)) = records.next_piece()? {
        observer.advance(read, "");
        ensure_wanted(observer)?;
        let Piece::Message(record) = piece else { continue };
        let content = record.header.content();
        let line = templates.parser.parse(content, &mut scratch);
        let Some(line) = line.filter(|line| line.template == template) else {
            continue;
        };
        observed.count += 1;
        if observed.examples.len() < EXAMPLES && observed.examples.iter().all(|example| example.content != content) {
            observed.examples.push(Example {
                line: record.line,
                content: content.to_vec(),
            });
        }
        // Where numbers differ that the template holds for constant, parameters are counted otherwise.
        for (i, parameter) in line.parameters.iter().enumerate().filter(|_| line.exact) {
            if i == observed.parameters.len() {
                observed.parameters.push(ObservedParameter::default());
            }
            let seen = &mut observed.parameters[i];
            seen.found_by.insert(parameter.found_by.to_string());
            if let Some(count) = seen.values.get_mut(parameter.value) {
                *count += 1;
            } else if seen.values.len() < MOST_VALUES {
                seen.values.insert(parameter.value.to_vec(), 1);
            } else {
                seen.more = true;
            }
        }
    }
    observer.end(&format!("{} lines", records.lines()));
    Ok(observed)
}
