//! The first look at unknown data: what `deeplog explore` does.
//!
//! Two passes. The first learns the event templates, on several threads; the second reads all lines again, in order, and
//! hands each message to counters of bounded size. What a bound left out is said on the page.

mod findings;
mod flow;
mod gather;
mod page;
pub(crate) mod reading;
mod seen;
mod severity;
mod sketch;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod volume;
mod words;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::experiment::Profile;
use crate::observer::Observer;
use crate::parse::Spooled;
use findings::{Odd, odd};
use gather::Gathered;
use reading::Understanding;

/// What was found in a log at first sight.
pub struct Exploration {
    name: String,
    files: Vec<String>,
    gathered: Gathered,
    odd: Vec<Odd>,
}

/// Looks at a log: all files as one. Without a dataset the header, the time stamp and the sessions are guessed. No result
/// depends on `threads`.
///
/// # Errors
/// Logs that cannot be read or are no text, and a dataset that does not fit itself. A log without a line is no error.
pub fn explore(
    inputs: &[PathBuf],
    dataset: Option<&Profile>,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<Exploration> {
    let input = Spooled::new(inputs)?;
    let understanding = Understanding::of(dataset, &input.files)?;
    let keyed = understanding.learn(&input.files, threads, observer)?;
    let gathered = gather::gather(understanding, &keyed, observer)?;
    let files: Vec<String> = inputs.iter().map(|path| name_of(path)).collect();
    Ok(Exploration {
        name: match &files[..] {
            [one] => one.clone(),
            [first, .., last] => format!("{first} … {last}"),
            [] => String::new(),
        },
        odd: odd(&gathered),
        gathered,
        files,
    })
}

impl Exploration {
    /// The page: one HTML file that loads nothing, with all log content escaped.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }

    /// The same in short, as text of so many columns for a terminal, with all log content made visible.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        text::text(self, width)
    }
}

fn name_of(file: &Path) -> String {
    if file.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    file.file_name().map_or_else(
        || file.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
