//! The actions that change nothing.

use std::io::Write;
use std::path::PathBuf;

use deeplog::{Change, Observed, find_template, observe};
use drain_parser::FrozenParser;
use evaluation::visible;
use serde_json::json;

use super::{expand_all, open};
use crate::console::Console;

/// Templates in both sets that the table shows.
const MOST_CHANGED: usize = 20;
/// Values of a parameter that are shown.
const VALUES: usize = 5;

#[derive(clap::Args)]
pub(super) struct List {
    /// A parser state or a model
    state: PathBuf,
    /// In which order
    #[arg(long, value_enum, default_value = "count")]
    sort: Order,
    /// Only so many, the rarest ones
    #[arg(long, value_name = "COUNT")]
    rare: Option<usize>,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
pub(super) struct Show {
    /// A parser state or a model
    state: PathBuf,
    /// Its id, the first digits of it, or its name
    template: String,
    /// Logs to take examples from; may be repeated
    #[arg(long = "log", value_name = "LOG")]
    logs: Vec<PathBuf>,
}

#[derive(clap::Args)]
pub(super) struct Diff {
    /// A parser state or a model
    a: PathBuf,
    /// Another one
    b: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Match {
    /// A parser state or a model
    state: PathBuf,
    /// Logs: files (.gz and .zst too), globs, or - for standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    Count,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
}

pub(super) fn list(args: &List, console: &mut Console) -> anyhow::Result<()> {
    let parser = open(&args.state, console)?.parser;
    let templates = parser.templates();
    let total = total(&parser);
    let mut order: Vec<usize> = (0..templates.len()).collect();
    order.sort_by(|&a, &b| {
        let text = || templates[a].text.cmp(&templates[b].text);
        templates[b].count.cmp(&templates[a].count).then_with(text)
    });
    if let Some(rare) = args.rare {
        order.drain(..order.len().saturating_sub(rare));
        order.reverse();
    }
    if args.sort == Order::Text {
        order.sort_by(|&a, &b| templates[a].text.cmp(&templates[b].text));
    }
    let mut out = anstream::stdout();
    match args.format {
        Format::Text => {
            for index in order {
                let template = &templates[index];
                let share = 100.0 * template.count as f64 / total as f64;
                let mark = if parser.is_pinned(index) { '*' } else { ' ' };
                let title = visible(&template.title());
                writeln!(
                    out,
                    "{} {:>10} {share:>5.1}% {mark} {title}",
                    template.id, template.count
                )?;
            }
            console.say(&format!("{} templates, {total} messages; * pinned", templates.len()));
        }
        Format::Csv => {
            let mut table = csv::Writer::from_writer(out);
            table.write_record(["EventId", "EventTemplate", "Occurrences", "Name", "Pinned"])?;
            for index in order {
                let template = &templates[index];
                table.write_record([
                    &*template.id.to_string(),
                    &template.text,
                    &template.count.to_string(),
                    template.name.as_deref().unwrap_or_default(),
                    if parser.is_pinned(index) { "true" } else { "false" },
                ])?;
            }
            table.flush()?;
        }
        Format::Json => {
            let objects: Vec<_> = order.iter().map(|&index| object(&parser, index)).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&objects)?)?;
        }
    }
    Ok(())
}

fn total(parser: &FrozenParser) -> u64 {
    let counts = parser.templates().iter().map(|template| template.count);
    counts.sum::<u64>().max(1)
}

fn object(parser: &FrozenParser, index: usize) -> serde_json::Value {
    let template = &parser.templates()[index];
    json!({
        "id": template.id,
        "template": template.text,
        "name": template.name,
        "count": template.count,
        "share": template.count as f64 / total(parser) as f64,
        "pinned": parser.is_pinned(index),
    })
}

pub(super) fn show(args: &Show, console: &mut Console) -> anyhow::Result<()> {
    let file = open(&args.state, console)?;
    let index = find_template(&file.parser, &args.template)?;
    let observed = if args.logs.is_empty() {
        None
    } else {
        Some(observe(&file, index, &expand_all(&args.logs)?, console)?)
    };
    let template = &file.parser.templates()[index];
    let mut out = anstream::stdout();
    writeln!(out, "id          {}", template.id)?;
    if let Some(name) = &template.name {
        writeln!(out, "name        {}", visible(name))?;
    }
    writeln!(out, "template    {}", visible(&template.text))?;
    let share = 100.0 * template.count as f64 / total(&file.parser) as f64;
    writeln!(out, "taught by   {} messages, {share:.2}%", template.count)?;
    if file.parser.is_pinned(index) {
        writeln!(out, "pinned")?;
    }
    let parameters = template.text.matches("<*>").count();
    match observed {
        None if parameters > 0 => writeln!(out, "parameters  {parameters}; with --log they are shown")?,
        None => writeln!(out, "parameters  none")?,
        Some(observed) => show_observed(&mut out, &observed)?,
    }
    Ok(())
}

fn show_observed(out: &mut impl Write, observed: &Observed) -> std::io::Result<()> {
    writeln!(out, "in the log  {} messages", observed.count)?;
    for (i, parameter) in observed.parameters.iter().enumerate() {
        let found_by: Vec<&str> = parameter.found_by.iter().map(String::as_str).collect();
        let more = if parameter.more { " or more" } else { "" };
        let mut values: Vec<_> = parameter.values.iter().collect();
        values.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let shown = values.iter().take(VALUES).map(|(value, count)| {
            let value = visible(&String::from_utf8_lossy(value));
            format!("{value} ({count})")
        });
        writeln!(
            out,
            "parameter {:>2}, found by {}: {}{more} different, {}",
            i + 1,
            found_by.join(" "),
            values.len(),
            shown.collect::<Vec<_>>().join(", ")
        )?;
    }
    for example in &observed.examples {
        let content = visible(&String::from_utf8_lossy(&example.content));
        writeln!(out, "line {:>7}  {content}", example.line)?;
    }
    Ok(())
}

pub(super) fn diff(args: &Diff, console: &mut Console) -> anyhow::Result<()> {
    let (a, b) = (open(&args.a, console)?, open(&args.b, console)?);
    let diff = deeplog::diff(&a.parser, &b.parser);
    let mut out = anstream::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&diff)?)?;
        return Ok(());
    }
    let (a, b) = (args.a.display().to_string(), args.b.display().to_string());
    for (name, changes) in [(&a, &diff.only_in_a), (&b, &diff.only_in_b)] {
        writeln!(out, "only in {}: {}", visible(name), changes.len())?;
        changes.iter().try_for_each(|change| line(&mut out, change))?;
        writeln!(out)?;
    }
    writeln!(
        out,
        "in both: {}, those first whose share changed most",
        diff.in_both.len()
    )?;
    let shown = diff.in_both.iter().take(MOST_CHANGED);
    shown.into_iter().try_for_each(|change| line(&mut out, change))?;
    if let Some(more) = diff.in_both.len().checked_sub(MOST_CHANGED).filter(|more| *more > 0) {
        writeln!(out, "… and {more} more; --json has all")?;
    }
    Ok(())
}

fn line(out: &mut impl Write, change: &Change) -> std::io::Result<()> {
    let Change {
        id,
        template,
        name,
        count_a,
        count_b,
        share_a,
        share_b,
    } = change;
    let name = name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
    let (share_a, share_b) = (100.0 * share_a, 100.0 * share_b);
    writeln!(
        out,
        "{id} {count_a:>9} → {count_b:>9} {share_a:>5.1}% → {share_b:>5.1}% {}",
        visible(&format!("{name}{template}"))
    )
}

pub(super) fn match_log(args: &Match, console: &mut Console) -> anyhow::Result<()> {
    let file = open(&args.state, console)?;
    let mut out = anstream::stdout();
    let mut broken = None;
    let matching = deeplog::match_log(&file, &expand_all(&args.logs)?, console, &mut |number, content| {
        let content = visible(&String::from_utf8_lossy(content));
        if broken.is_none() {
            broken = writeln!(out, "{number}\t{content}").err();
        }
        Ok(())
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    let lines = matching.lines;
    let used = matching.by_template.iter().filter(|count| **count > 0).count();
    console.say(&format!(
        "{} messages: {} match, {} match but for numbers, {} match no template",
        lines.messages, matching.exact, matching.but_for_numbers, lines.without_template
    ));
    console.say(&format!(
        "{used} of {} templates have a message; {} other lines",
        matching.by_template.len(),
        lines.lines.saturating_sub(lines.messages)
    ));
    Ok(())
}
