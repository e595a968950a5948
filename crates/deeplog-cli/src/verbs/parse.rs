//! `deeplog parse`: logs to event templates and parameters.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use deeplog::{Error, ParserState, Parsing, Profile, StateFile, TableFormat, expand, expand_guessed, expand_logs};
use drain_parser::{AutoConfig, DrainConfig, LineFormat, ParserConfig};

use super::common::ThreadArgs;
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Logs: files (.gz and .zst too), folders, globs, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    // Not a doc comment: its angle brackets would be HTML.
    #[arg(
        help = "Header format, such as '<Date> <Time> <Level> <Component>: <Content>': field names with regex between them; or json, logfmt, syslog, docker, cri, journald or csv, with options [default: guessed]",
        long,
        value_name = "FORMAT",
        allow_hyphen_values = true
    )]
    format: Option<String>,
    /// Find templates without settings; the default unless a setting of Drain or a dataset is given
    #[arg(long, conflicts_with_all = ["similarity", "depth", "max_children", "max_clusters", "extra_delimiters"])]
    auto: bool,
    /// Regex whose matches become <*>; may be repeated, applied in order
    #[arg(long = "mask", value_name = "REGEX", allow_hyphen_values = true)]
    masks: Vec<String>,
    /// Drain: share of tokens that must equal a template's for a line to join it [default: 0.4]
    #[arg(long, value_name = "SHARE")]
    similarity: Option<f64>,
    /// Drain: depth of the tree; 4 is one leading token [default: 4]
    #[arg(long)]
    depth: Option<usize>,
    /// Drain: most branches of a node of the tree [default: 100]
    #[arg(long, value_name = "COUNT")]
    max_children: Option<usize>,
    /// Drain: most clusters kept; the least recently used makes room [default: no bound]
    #[arg(long, value_name = "COUNT")]
    max_clusters: Option<usize>,
    /// Drain: text that parts tokens as white space does; may be repeated
    #[arg(long = "extra-delimiter", value_name = "TEXT", allow_hyphen_values = true)]
    extra_delimiters: Vec<String>,
    /// Take header format and parser settings from this dataset; flags go before it
    #[arg(long, value_name = "FILE.toml")]
    dataset: Option<PathBuf>,
    /// Folder for templates.csv and all else
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to write a row for each line to, structured.csv and so on; may be repeated
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        value_delimiter = ',',
        default_value = "csv"
    )]
    output: Vec<Format>,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Write no row for each line
    #[arg(long, conflicts_with = "output")]
    no_structured: bool,
    /// Write report.html: templates with counts, examples, parameters, over time
    #[arg(long)]
    report: bool,
    /// Go on from what this file holds, if it is there, and keep in it what was learnt; without flags, with its header
    /// format and settings
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Seconds between two writes of the state while lines are learnt
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, requires = "state")]
    snapshot_every: f64,
}

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Parquet,
}

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    console.catch_interrupts();
    let profile = args.dataset.as_deref().map(Profile::read).transpose()?;
    let mut files = Vec::new();
    for input in &args.inputs {
        files.extend(match (&args.format, &profile) {
            (Some(_), _) => expand(input)?,
            (None, Some(profile)) => expand_logs(input, profile, console)?,
            (None, None) => expand_guessed(input, console)?,
        });
    }
    let state = args.state()?;
    let header = match (&args.format, &profile) {
        (Some(format), _) => Some(
            LineFormat::compile(format).map_err(|error| Error::config("the call", "--format", error.to_string()))?,
        ),
        (None, profile) => profile.as_ref().map(|profile| profile.header.clone()),
    };
    let learnt = state.as_ref().and_then(|state| state.found.as_ref());
    let time = profile.as_ref().and_then(|profile| profile.time.clone());
    let base = match (profile, learnt) {
        (Some(profile), _) => Some(profile.parser),
        (None, Some(learnt)) => Some(learnt.parser.config()),
        (None, None) => None,
    };
    let parsing = Parsing {
        header,
        time,
        parser: args.settings(base),
        threads: args.threads.count(),
        tables: args.tables(),
        report: args.report,
        state,
    };
    let summary = deeplog::parse(&files, &parsing, &args.out, console)?;
    let lines = summary.lines;
    let rate = lines.lines as f64 / summary.seconds.max(1e-9);
    let counts = [
        (lines.joined, "joined to the line before"),
        (lines.continuations, "continuations"),
        (lines.without_header, "without header"),
        (lines.blank, "blank"),
        (summary.cut, "cut to 16 MiB"),
    ];
    let others = counts.iter().filter(|(count, _)| *count > 0);
    let others: String = others.map(|(count, what)| format!(", {count} {what}")).collect();
    console.say(&format!("{} lines: {} messages{others}", lines.lines, lines.messages));
    let evicted = match summary.evicted {
        0 => String::new(),
        count => format!("; {count} clusters made room for others, as the bound on them asks"),
    };
    console.say(&format!(
        "{} templates in {}; {rate:.0} lines per second{evicted}",
        summary.templates,
        args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The state file, with what it holds.
    fn state(&self) -> anyhow::Result<Option<StateFile>> {
        let Some(path) = &self.state else { return Ok(None) };
        let every = Duration::try_from_secs_f64(self.snapshot_every)
            .map_err(|error| Error::config("the call", "--snapshot-every", error.to_string()))?;
        Ok(Some(StateFile {
            path: path.clone(),
            found: ParserState::read_if_there(path)?,
            every,
        }))
    }

    /// The tables, each once.
    fn tables(&self) -> Vec<TableFormat> {
        let wanted = |format: Format| !self.no_structured && self.output.contains(&format);
        let all = [
            (Format::Csv, TableFormat::Csv),
            (Format::Jsonl, TableFormat::Jsonl),
            (Format::Parquet, TableFormat::Parquet),
        ];
        all.into_iter()
            .filter(|(format, _)| wanted(*format))
            .map(|(_, table)| table)
            .collect()
    }

    fn settings(&self, base: Option<ParserConfig>) -> ParserConfig {
        let or = |given: &[String], base: Vec<String>| if given.is_empty() { base } else { given.to_vec() };
        let of_drain = self.similarity.is_some()
            || self.depth.is_some()
            || self.max_children.is_some()
            || self.max_clusters.is_some()
            || !self.extra_delimiters.is_empty();
        let base = match base {
            Some(ParserConfig::Drain(base)) if !self.auto => base,
            Some(ParserConfig::Auto(base)) if !of_drain => {
                return ParserConfig::Auto(AutoConfig {
                    masks: or(&self.masks, base.masks),
                    ..base
                });
            }
            // Masks alone are what Drain's users set.
            None if !self.auto && (of_drain || !self.masks.is_empty()) => DrainConfig::default(),
            Some(ParserConfig::Auto(_)) => DrainConfig::default(),
            _ => {
                return ParserConfig::Auto(AutoConfig {
                    masks: self.masks.clone(),
                    ..AutoConfig::default()
                });
            }
        };
        ParserConfig::Drain(DrainConfig {
            similarity: self.similarity.unwrap_or(base.similarity),
            depth: self.depth.unwrap_or(base.depth),
            max_children: self.max_children.unwrap_or(base.max_children),
            max_clusters: self.max_clusters.or(base.max_clusters),
            numeric_tokens: base.numeric_tokens,
            extra_delimiters: or(&self.extra_delimiters, base.extra_delimiters),
            masks: or(&self.masks, base.masks),
        })
    }
}
