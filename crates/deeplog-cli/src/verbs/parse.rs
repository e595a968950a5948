//! `deeplog parse`: logs to event templates and parameters.

use std::path::PathBuf;
use std::process::ExitCode;

use deeplog::{Error, Parsing, Profile, expand, expand_guessed, expand_logs};
use drain_parser::{DrainConfig, LineFormat};

use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Logs: files (.gz and .zst too), globs, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    // Not a doc comment: its angle brackets would be HTML.
    #[arg(
        help = "Header format, such as '<Date> <Time> <Level> <Component>: <Content>': field names with regex between them [default: guessed]",
        long,
        value_name = "FORMAT",
        allow_hyphen_values = true
    )]
    format: Option<String>,
    /// Regex whose matches become <*>; may be repeated, applied in order
    #[arg(long = "mask", value_name = "REGEX", allow_hyphen_values = true)]
    masks: Vec<String>,
    /// Share of tokens that must equal a template's for a line to join it [default: 0.4]
    #[arg(long, value_name = "SHARE")]
    similarity: Option<f64>,
    /// Depth of the tree; 4 is one leading token [default: 4]
    #[arg(long)]
    depth: Option<usize>,
    /// Most branches of a node of the tree [default: 100]
    #[arg(long, value_name = "COUNT")]
    max_children: Option<usize>,
    /// Most clusters kept; the least recently used makes room [default: no bound]
    #[arg(long, value_name = "COUNT")]
    max_clusters: Option<usize>,
    /// Text that parts tokens as white space does; may be repeated
    #[arg(long = "extra-delimiter", value_name = "TEXT", allow_hyphen_values = true)]
    extra_delimiters: Vec<String>,
    /// Take header format and parser settings from this dataset; flags go before it
    #[arg(long, value_name = "FILE.toml")]
    dataset: Option<PathBuf>,
    /// Folder for templates.csv and structured.csv
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write templates.csv only
    #[arg(long)]
    no_structured: bool,
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
    let header = match (&args.format, &profile) {
        (Some(format), _) => Some(
            LineFormat::compile(format).map_err(|error| Error::config("the call", "--format", error.to_string()))?,
        ),
        (None, profile) => profile.as_ref().map(|profile| profile.header.clone()),
    };
    let parser = args.settings(profile.map_or_else(DrainConfig::default, |profile| profile.parser));
    let parsing = Parsing {
        header,
        parser,
        structured: !args.no_structured,
    };
    let summary = deeplog::parse(&files, &parsing, &args.out, console)?;
    let lines = summary.lines;
    let rate = lines.lines as f64 / summary.seconds.max(1e-9);
    console.say(&format!(
        "{} lines: {} messages, {} continuations, {} without header, {} blank, {} cut to 16 MiB",
        lines.lines, lines.messages, lines.continuations, lines.without_header, lines.blank, summary.cut
    ));
    console.say(&format!(
        "{} templates in {}; {rate:.0} lines per second",
        summary.templates,
        args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn settings(&self, base: DrainConfig) -> DrainConfig {
        let or = |given: &[String], base: Vec<String>| if given.is_empty() { base } else { given.to_vec() };
        DrainConfig {
            similarity: self.similarity.unwrap_or(base.similarity),
            depth: self.depth.unwrap_or(base.depth),
            max_children: self.max_children.unwrap_or(base.max_children),
            max_clusters: self.max_clusters.or(base.max_clusters),
            numeric_tokens: base.numeric_tokens,
            extra_delimiters: or(&self.extra_delimiters, base.extra_delimiters),
            masks: or(&self.masks, base.masks),
        }
    }
}
