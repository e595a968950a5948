//! Varied copies of a log, each a file of its own.

mod copy;
mod varied;

use std::path::{Path, PathBuf};

use drain_parser::{LineFormat, Parser};
use log_synthesis::Variator;

use super::line::{self, Columns, each_line};
use crate::detect::warn_of_many;
use crate::error::{Error, Result};
use crate::experiment::Profile;
use crate::intake::Intake;
use crate::observer::Observer;
use crate::output::{AtomicFile, create_folder};
use copy::Copy;

/// How to vary a log.
#[derive(Clone, Debug)]
pub struct Augmentation {
    /// How its lines are laid out.
    pub header: LineFormat,
    /// Its dataset, which tells what names a session: names change as one within a copy, and only with them can lines of one
    /// session change places. `None`: every parameter is drawn by itself, and the order stays.
    pub profile: Option<Profile>,
    /// How many copies.
    pub variations: u16,
    /// Whether each copy gets its lines labelled by rules, as a table.
    pub label: bool,
    /// Drives everything.
    pub seed: u64,
}

impl Augmentation {
    /// The name of a copy's file, `variation-01.log` for the first one's log. Numbers have the same digits, two at least.
    #[must_use]
    pub fn file_name(&self, number: u16, extension: &str) -> String {
        let width = self.variations.to_string().len().max(2);
        format!("variation-{number:0width$}.{extension}")
    }
}

/// Writes `variation-N.log` for each copy, and `variation-N.csv` (`Line,Label,Rule`) where they are labelled, into a folder:
/// all of them or none.
pub fn augment(
    files: &[PathBuf],
    augmentation: &Augmentation,
    folder: &Path,
    observer: &mut dyn Observer,
) -> Result<()> {
    let format = &augmentation.header;
    let columns = Columns::of(format, augmentation.profile.as_ref());
    let intake = augmentation.profile.as_ref();
    let intake = intake
        .map(|profile| Intake::new(profile, format.fields()))
        .transpose()?;
    let config = augmentation.profile.as_ref().map(|profile| profile.parser.clone());
    let mut parser = Parser::new(config.unwrap_or_default())
        .map_err(|error| Error::config("dataset", "parser", error.to_string()))?;
    let (mut lines, mut messages, mut blank) = (0, 0_u64, 0);
    each_line(files, format, "learning templates", observer, |_, line, header| {
        lines += 1;
        blank += u64::from(header.is_none() && line.trim_ascii().is_empty());
        if let Some(header) = header {
            messages += 1;
            parser.learn(header.content());
        }
        Ok(())
    })?;
    if messages == 0 {
        return Err(Error::run(
            format!("none of the {lines} lines fits the header format `{}`", format.source()),
            "name a dataset whose header fits with `--dataset`; `deeplog init` writes one for an unknown log",
        ));
    }
    let unfit = lines - messages - blank;
    warn_of_many(observer, unfit, lines, "do not fit the header and were not varied");
    let mut variator = Variator::new(parser.freeze(), augmentation.seed);
    each_line(files, format, "sampling values", observer, |_, _, header| {
        if let Some(header) = header {
            let names = line::names(intake.as_ref(), &header);
            variator.observe(header.content(), |place| {
                line::touches_any(header.content(), &place, &names)
            });
            if let Some(level) = columns.level(&header) {
                variator.observe_level(level);
            }
        }
        Ok(())
    })?;
    create_folder(folder)?;
    let mut done = Vec::new();
    let mut kept = 0;
    for number in 1..=augmentation.variations {
        let path = |extension: &str| folder.join(augmentation.file_name(number, extension));
        let labels = augmentation
            .label
            .then(|| AtomicFile::create(&path("csv")))
            .transpose()?;
        let log = AtomicFile::create(&path("log"))?;
        let failed = || Error::io("write", folder);
        let mut copy = Copy::new(log, labels, &mut variator, augmentation.seed, number).map_err(failed())?;
        each_line(files, format, "varying", observer, |_, raw, header| {
            let written = match header {
                Some(header) => copy.message(raw, &header, &columns, line::names(intake.as_ref(), &header)),
                None => copy.other(raw),
            };
            written.map_err(failed())
        })?;
        let (files, unchanged) = copy.finish().map_err(failed())?;
        kept += unchanged;
        done.extend(files);
    }
    done.into_iter().try_for_each(AtomicFile::commit)?;
    if kept > 0 {
        observer.warn(&format!(
            "{kept} messages of all copies stay as they were: no template, or a text that is written with escapes"
        ));
    }
    observer.end(&format!(
        "{} copies of {messages} messages in {}",
        augmentation.variations,
        folder.display()
    ));
    Ok(())
}
