//! Logs to event templates and parameters, as tables: what `deeplog parse` does.
//!
//! Two passes. The first learns the templates and keeps which cluster each line joined (four bytes a line); the second
//! reads the lines again and writes each with its cluster's final template, so lines are grouped as Drain grouped them.

mod rows;
mod spool;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use drain_parser::{ClusterId, Drain, DrainConfig, LineFormat, Piece, Template, TemplateId};
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::init::guess_header;
use crate::input::Records;
use crate::line_reader::LineCounters;
use crate::observer::Observer;
use crate::output::{create_folder, write_atomically};
use rows::Rows;
use spool::Spooled;

/// Columns of `structured.csv` that are not the header's.
const OWN_COLUMNS: [&str; 4] = ["LineId", "EventId", "EventTemplate", "ParameterList"];

/// How a log is parsed.
#[derive(Clone, Debug)]
pub struct Parsing {
    /// The line header; guessed, and said so to the observer, where it is not given.
    pub header: Option<LineFormat>,
    /// Settings of Drain.
    pub parser: DrainConfig,
    /// Whether `structured.csv` is written too, and not `templates.csv` alone.
    pub structured: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseSummary {
    /// What became of the lines.
    pub lines: LineCounters,
    /// Lines longer than [`MAX_LINE`](crate::MAX_LINE), whose rest was dropped.
    pub cut: u64,
    /// Event templates in the end.
    pub templates: usize,
    /// Clusters that the bound on clusters pushed out. Their lines have the template that matches them in the end.
    pub evicted: u64,
    /// Time from the first line read to the last row written, in seconds.
    pub seconds: f64,
}

/// What the first pass leaves to the second.
struct Learnt {
    drain: Drain,
    /// The cluster of each message, in order.
    clusters: Vec<Assignment>,
    lines: LineCounters,
    cut: u64,
}

/// The cluster of a line.
type Assignment = Option<ClusterNumber>;

/// A [`ClusterId`] plus one in four bytes: a list of assignments holds nothing else, whatever the length of the log.
type ClusterNumber = std::num::NonZeroU32;

/// Parses logs into `out/templates.csv` (`EventId`, `EventTemplate`, `Occurrences`, most frequent first) and, if asked
/// for, `out/structured.csv`, which has a row for every physical line: `LineId` from 1, the header's fields, `Content`,
/// `EventId`, `EventTemplate` and `ParameterList`, a JSON array. Lines without a header have their whole text as
/// `Content` and nothing else. Bytes that are not UTF-8 and control characters are written as `\xNN`, as in templates;
/// tabs stay.
///
/// # Errors
/// Settings that cannot be used, inputs that cannot be read or hold nothing, and folders that cannot be written.
pub fn parse(inputs: &[PathBuf], parsing: &Parsing, out: &Path, observer: &mut dyn Observer) -> Result<ParseSummary> {
    let drain = Drain::new(parsing.parser.clone()).map_err(|error| {
        Error::config(
            "the parser's settings",
            "--mask, --similarity, --depth …",
            error.to_string(),
        )
    })?;
    let input = Spooled::new(inputs)?;
    let header = header(parsing, &input, observer)?;
    create_folder(out)?;
    let started = Instant::now();
    let learnt = learn(&input.files, &header, parsing.structured, drain, observer)?;
    if learnt.lines.lines == 0 {
        return Err(Error::run("the input is empty", "give a log with at least one line"));
    }
    if parsing.structured {
        write_structured(&input.files, &header, &learnt, &out.join("structured.csv"), observer)?;
    }
    let frozen = learnt.drain.freeze();
    write_templates(frozen.templates(), &out.join("templates.csv"))?;
    Ok(ParseSummary {
        lines: learnt.lines,
        cut: learnt.cut,
        templates: frozen.templates().len(),
        evicted: learnt.drain.evicted(),
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn header(parsing: &Parsing, input: &Spooled, observer: &mut dyn Observer) -> Result<LineFormat> {
    let header = match &parsing.header {
        Some(header) => header.clone(),
        None => {
            let (header, confidence) = guess_header(&input.files)?;
            observer.warn(&format!(
                "guessed the header format `{}` ({confidence}% sure)",
                header.source()
            ));
            header
        }
    };
    if let Some(name) = header.fields().iter().find(|name| OWN_COLUMNS.contains(&name.as_str())) {
        let fact = format!("names a field `<{name}>`, which is a column of structured.csv: give it another name");
        return Err(Error::config("the header format", "--format", fact));
    }
    Ok(header)
}

fn learn(
    files: &[PathBuf],
    header: &LineFormat,
    keep_clusters: bool,
    mut drain: Drain,
    observer: &mut dyn Observer,
) -> Result<Learnt> {
    observer.begin("learning templates", None);
    let (mut clusters, mut counters) = (Vec::new(), LineCounters::default());
    let mut records = Records::of(files.to_vec(), header);
    while let Some((read, piece)) = records.next_piece()? {
        counters.count(&piece);
        if let Piece::Message(record) = &piece {
            let cluster = drain.learn(record.header.content());
            if keep_clusters {
                clusters.push(number_of(cluster));
            }
        }
        if observer.is_cancelled() {
            return Err(cancelled());
        }
        observer.advance(read, "");
    }
    counters.lines = records.lines();
    observer.end(&format!("{} lines", counters.lines));
    Ok(Learnt {
        drain,
        clusters,
        lines: counters,
        cut: records.lines_cut(),
    })
}

fn write_structured(
    files: &[PathBuf],
    header: &LineFormat,
    learnt: &Learnt,
    path: &Path,
    observer: &mut dyn Observer,
) -> Result<()> {
    observer.begin("writing rows", Some(learnt.lines.lines));
    let frozen = learnt.drain.freeze();
    let by_id: FxHashMap<TemplateId, usize> = frozen
        .templates()
        .iter()
        .enumerate()
        .map(|(index, template)| (template.id, index))
        .collect();
    let templates: FxHashMap<ClusterNumber, usize> = learnt
        .drain
        .clusters()
        .filter_map(|cluster| Some((number_of(cluster.id)?, *by_id.get(&TemplateId::of(&cluster.template))?)))
        .collect();
    let mut records = Records::of(files.to_vec(), header);
    let mut clusters = learnt.clusters.iter();
    let written = write_atomically(path, |out| {
        let mut rows = Rows::new(out, header, &frozen)?;
        // A log that grows meanwhile ends where it ended in the first pass.
        while (records.lines() < learnt.lines.lines || clusters.len() > 0)
            && let Some((read, piece)) = records.next_piece().map_err(io::Error::other)?
        {
            let cluster = match &piece {
                Piece::Message(_) => clusters.next().copied().flatten(),
                _ => None,
            };
            rows.write(&piece, cluster.and_then(|cluster| templates.get(&cluster).copied()))?;
            if observer.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            observer.advance(read, "");
        }
        rows.flush()
    });
    if observer.is_cancelled() {
        return Err(cancelled());
    }
    written?;
    observer.end(&format!("{} rows", learnt.lines.lines));
    Ok(())
}

fn write_templates(templates: &[Template], path: &Path) -> Result<()> {
    let mut by_count: Vec<&Template> = templates.iter().collect();
    by_count.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
    write_atomically(path, |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["EventId", "EventTemplate", "Occurrences"])?;
        for template in by_count {
            table.write_record([&template.id.to_string(), &template.text, &template.count.to_string()])?;
        }
        table.flush()
    })
}

/// Beyond four thousand million clusters, lines get the template that matches them.
fn number_of(cluster: ClusterId) -> Assignment {
    ClusterNumber::new(u32::try_from(cluster.0).ok()?.checked_add(1)?)
}

fn cancelled() -> Error {
    Error::Interrupted {
        hint: "no table was finished; start again".into(),
    }
}

#[cfg(test)]
mod tests;
