//! Logs to event templates and parameters, as tables: what `deeplog parse` does.
//!
//! Two passes. The first learns the templates and keeps which cluster each message joined (four bytes a message); the second
//! reads the lines again and hands each, with its cluster's final template, to all outputs: lines are grouped as they
//! were learnt. Without an output for lines there is no second pass.

mod crew;
mod csv_table;
mod jsonl_table;
mod keeping;
mod learning;
mod parquet_table;
mod report;
mod row;
mod spool;
mod stamp;
mod text;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drain_parser::{Edits, FrozenParser, LineFormat, Parser, ParserConfig, Piece, Template};

use crate::error::{Error, Result};
use crate::experiment::Stamp;
use crate::init::guess_header;
use crate::input::Records;
use crate::line_reader::LineCounters;
use crate::observer::Observer;
use crate::output::{AtomicFile, create_folder, write_atomically};
use crate::parser_state::ParserState;
use crate::templates::edits_of_no_template;
use csv_table::CsvTable;
use jsonl_table::JsonlTable;
use keeping::{Keeping, interrupted};
pub(crate) use learning::{Learnt, learn};
use parquet_table::ParquetTable;
pub(crate) use parquet_table::told as parquet_error;
use report::Report;
pub(crate) use report::{Spread, marked, parameter_table, readable};
use row::{RowReader, Sink};
pub(crate) use spool::Spooled;
use stamp::StampReader;
pub(crate) use stamp::rfc3339;
pub(crate) use text::shown;

/// Columns of the tables that are not the header's.
const OWN_COLUMNS: [&str; 5] = ["LineId", "EventTime", "EventId", "EventTemplate", "ParameterList"];

/// How a log is parsed, and what is written.
#[derive(Clone, Debug)]
pub struct Parsing {
    /// The line header; guessed, and said so to the observer, where it is not given.
    pub header: Option<LineFormat>,
    /// The time stamp; looked for in the header's fields where it is not given.
    pub time: Option<Stamp>,
    /// How templates are found.
    pub parser: ParserConfig,
    /// How many threads make lines ready for learning; with 1, one thread does all. No result depends on it.
    pub threads: usize,
    /// The tables with a row for every physical line, besides `templates.csv`.
    pub tables: Vec<TableFormat>,
    /// Whether `report.html` is written too.
    pub report: bool,
    /// Where what was learnt is kept from call to call.
    pub state: Option<StateFile>,
}

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// `structured.csv`, in the columns of logparser.
    Csv,
    /// `structured.jsonl`, an object a line.
    Jsonl,
    /// `structured.parquet`.
    Parquet,
}

/// The file that keeps what was learnt from call to call.
#[derive(Clone, Debug)]
pub struct StateFile {
    /// The file.
    pub path: PathBuf,
    /// What it holds already: learning goes on from there.
    pub found: Option<ParserState>,
    /// How often it is written while lines are learnt. It always is in the end.
    pub every: Duration,
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

/// Parses logs into `out/templates.csv` (`EventId`, `EventTemplate`, `Occurrences`, and `Name` where any has one; most
/// frequent first) and what else is
/// asked for. A table has a row for every physical line: `LineId` from 1, `EventTime` (not in the CSV), the header's
/// fields, `Content`, `EventId`, `EventTemplate` and `ParameterList`. Lines without a header have their whole text as
/// `Content` and nothing else. Bytes that are not UTF-8 and control characters are written as `\xNN`, as in templates;
/// tabs stay. JSON lines and Parquet keep text that is UTF-8 as it is; there a parameter comes with what found it and with
/// its span in bytes of the content as it stands in the log.
///
/// With a state file, learning goes on from what it holds, occurrences count on, and it is written in the end.
///
/// # Errors
/// Settings that cannot be used or are not those of the state, inputs that cannot be read or hold nothing, and folders
/// that cannot be written.
pub fn parse(inputs: &[PathBuf], parsing: &Parsing, out: &Path, observer: &mut dyn Observer) -> Result<ParseSummary> {
    // Before all else: who changes the file while standard input flows in is noticed.
    let mut keeping = parsing.state.as_ref().map(Keeping::begin).transpose()?;
    let input = Spooled::new(inputs)?;
    let state = begin(parsing, &input.files, observer)?;
    create_folder(out)?;
    let started = Instant::now();
    let has_rows = parsing.report || !parsing.tables.is_empty();
    let learnt = learn(
        &input.files,
        state,
        has_rows,
        parsing.threads,
        keeping.as_mut(),
        observer,
    )?;
    if learnt.lines.lines == 0 {
        return Err(Error::run("the input is empty", "give a log with at least one line"));
    }
    let LineCounters {
        lines,
        messages,
        continuations,
        without_header,
        ..
    } = learnt.lines;
    if messages == 0 {
        return Err(Error::run(
            format!(
                "none of the {lines} lines fits the format `{}`",
                learnt.state.header.source()
            ),
            "give another `--format`, or none to have it guessed",
        ));
    }
    let unfit = continuations + without_header;
    if 2 * unfit > lines {
        observer.warn(&format!(
            "{unfit} of {lines} lines do not fit the format `{}`; only the others were parsed",
            learnt.state.header.source()
        ));
    }
    let (frozen, gone) = learnt.state.freeze();
    if !gone.is_empty() {
        observer.warn(&edits_of_no_template(gone.len()));
    }
    if has_rows {
        let reader = RowReader::new(&learnt.state.header, &frozen, stamp(parsing, &learnt, &input.files)?);
        let outputs = outputs(parsing, inputs, &learnt, &frozen, out)?;
        if !write_rows(&input.files, &learnt, reader, outputs, observer)? {
            return Err(interrupted(&learnt.state, keeping.as_mut()));
        }
    }
    write_templates(frozen.templates(), &out.join("templates.csv"))?;
    if let Some(keeping) = &mut keeping {
        keeping.write(&learnt.state)?;
    }
    Ok(ParseSummary {
        lines: learnt.lines,
        cut: learnt.cut,
        templates: frozen.templates().len(),
        evicted: learnt.state.parser.evicted(),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// What learning begins with: a parser that knows nothing, or the one of the state.
fn begin(parsing: &Parsing, files: &[PathBuf], observer: &mut dyn Observer) -> Result<ParserState> {
    let parser = Parser::new(parsing.parser.clone()).map_err(|error| {
        Error::config(
            "the parser's settings",
            "--mask, --similarity, --depth …",
            error.to_string(),
        )
    })?;
    let Some(StateFile {
        path,
        found: Some(found),
        ..
    }) = &parsing.state
    else {
        let header = header(parsing, files, observer)?;
        return Ok(ParserState {
            header,
            lines: LineCounters::default(),
            parser,
            edits: Edits::default(),
        });
    };
    let differs = |field: &str, fact: String| {
        let fact = format!(
            "{fact}: leave it out, or give another state file than {}",
            path.display()
        );
        Err(Error::config("the call", field, fact))
    };
    if let Some(given) = parsing
        .header
        .as_ref()
        .filter(|given| given.source() != found.header.source())
    {
        let (given, learnt) = (given.source(), found.header.source());
        return differs(
            "--format",
            format!("is `{given}`, but the state was learnt with `{learnt}`"),
        );
    }
    if parsing.parser != found.parser.config() {
        let fact = "are not those that the state was learnt with".to_owned();
        return differs("--mask, --similarity, --depth …", fact);
    }
    observer.warn(&format!(
        "going on from the {} lines that taught {}",
        found.lines.lines,
        path.display()
    ));
    Ok(found.clone())
}

fn header(parsing: &Parsing, files: &[PathBuf], observer: &mut dyn Observer) -> Result<LineFormat> {
    let header = match &parsing.header {
        Some(header) => header.clone(),
        None => {
            let (header, confidence) = guess_header(files)?;
            observer.warn(&format!(
                "guessed the header format `{}` ({confidence}% sure)",
                header.source()
            ));
            header
        }
    };
    if let Some(name) = header.fields().iter().find(|name| OWN_COLUMNS.contains(&name.as_str())) {
        let fact = format!("names a field `<{name}>`, which is a column of the tables: give it another name");
        return Err(Error::config("the header format", "--format", fact));
    }
    Ok(header)
}

/// Reads the time stamps, if an output shows them and they can be read.
fn stamp(parsing: &Parsing, learnt: &Learnt, files: &[PathBuf]) -> Result<Option<StampReader>> {
    if !parsing.report && parsing.tables.iter().all(|format| *format == TableFormat::Csv) {
        return Ok(None);
    }
    let header = &learnt.state.header;
    let stamp = match &parsing.time {
        Some(stamp) => Some(stamp.clone()),
        None => stamp::find(files, header)?,
    };
    stamp.map(|stamp| StampReader::new(&stamp, header)).transpose()
}

type Output = (PathBuf, Box<dyn Sink>);

fn outputs(
    parsing: &Parsing,
    inputs: &[PathBuf],
    learnt: &Learnt,
    frozen: &FrozenParser,
    out: &Path,
) -> Result<Vec<Output>> {
    let columns = || RowReader::columns(&learnt.state.header);
    let mut outputs: Vec<Output> = Vec::new();
    for format in &parsing.tables {
        let path = out.join(format.file_name());
        let file = AtomicFile::create(&path)?;
        let table: io::Result<Box<dyn Sink>> = match format {
            TableFormat::Csv => CsvTable::new(file, columns()).map(|table| Box::new(table) as _),
            TableFormat::Jsonl => Ok(Box::new(JsonlTable::new(file, columns()))),
            TableFormat::Parquet => ParquetTable::new(file, columns()).map(|table| Box::new(table) as _),
        };
        outputs.push((path.clone(), table.map_err(Error::io("write", &path))?));
    }
    if parsing.report {
        let path = out.join("report.html");
        let report = Report::new(AtomicFile::create(&path)?, inputs, learnt, frozen);
        outputs.push((path, Box::new(report)));
    }
    Ok(outputs)
}

/// Hands every line to every output; then all files take their places. `false` if it was asked to stop.
fn write_rows(
    files: &[PathBuf],
    learnt: &Learnt,
    mut reader: RowReader<'_>,
    mut outputs: Vec<Output>,
    observer: &mut dyn Observer,
) -> Result<bool> {
    observer.begin("writing rows", Some(learnt.lines.lines));
    let mut records = Records::of(files.to_vec(), &learnt.state.header);
    let mut templates = learnt.templates(reader.parser());
    let mut messages = 0;
    // A log that grows meanwhile ends where it ended in the first pass.
    while (records.lines() < learnt.lines.lines || messages < learnt.lines.messages)
        && let Some((read, piece)) = records.next_piece()?
    {
        let mut template = None;
        if matches!(piece, Piece::Message(_)) {
            messages += 1;
            template = templates.next().flatten();
        }
        if let Some(row) = reader.read(&piece, template) {
            for (path, output) in &mut outputs {
                output.write(&row).map_err(Error::io("write", path))?;
            }
        }
        if observer.is_cancelled() {
            return Ok(false);
        }
        observer.advance(read, "");
    }
    let mut written = Vec::new();
    for (path, output) in outputs {
        written.push(output.finish().map_err(Error::io("write", &path))?);
    }
    written.into_iter().try_for_each(AtomicFile::commit)?;
    observer.end(&format!("{} rows", learnt.lines.lines));
    Ok(true)
}

impl TableFormat {
    fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "structured.csv",
            Self::Jsonl => "structured.jsonl",
            Self::Parquet => "structured.parquet",
        }
    }
}

fn write_templates(templates: &[Template], path: &Path) -> Result<()> {
    let mut by_count: Vec<&Template> = templates.iter().collect();
    by_count.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
    write_atomically(path, |out| {
        let mut table = csv::Writer::from_writer(out);
        // The column is logparser's no more, so it is only there when it says something.
        let has_names = by_count.iter().any(|template| template.name.is_some());
        let columns = if has_names { 4 } else { 3 };
        table.write_record(&["EventId", "EventTemplate", "Occurrences", "Name"][..columns])?;
        for Template { id, text, name, count } in by_count {
            let name = name.as_deref().unwrap_or_default();
            table.write_record(&[&*id.to_string(), text, &count.to_string(), name][..columns])?;
        }
        table.flush()
    })
}

#[cfg(test)]
mod tests;
