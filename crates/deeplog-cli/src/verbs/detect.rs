//! `deeplog detect`: a trained model over logs or session files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use deeplog::{DetectCounters, Error};
use detection::{Finding, Symbol, Verdict};
use evaluation::visible;
use sequence_windowing::KeyName;

use super::common::JudgeArgs;
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    judge: JudgeArgs,
    /// How to show verdicts: text shows anomalous sessions, jsonl and csv show all
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// End with exit code 3 if any session left the normal path
    #[arg(long)]
    fail_on_anomaly: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Jsonl,
    Csv,
}

const ANOMALY: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Expected templates that the text format shows.
const SHOWN: usize = 3;

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let (model, files) = args.judge.open()?;
    console.catch_interrupts();
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    if args.format == Format::Csv {
        writeln!(out, "session,outcome,score,events,reason,position,line,seen")?;
    }
    let templates = &model.artefact.description.templates;
    let counters = model.detect(&files, console, &mut |_, verdict| {
        let written = match args.format {
            Format::Text if verdict.is_anomalous() => text(&mut out, verdict, templates),
            Format::Text => Ok(()),
            Format::Jsonl => serde_json::to_writer(&mut out, verdict)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out)),
            Format::Csv => csv(&mut out, verdict),
        };
        written.map_err(unwritable)
    })?;
    out.flush().map_err(unwritable)?;
    console.say(&summary(&counters));
    let found = args.fail_on_anomaly && counters.anomalous > 0;
    Ok(if found { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn unwritable(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // Whoever reads has seen enough, as `head` does; nothing is open that would need closing.
        std::process::exit(0);
    }
    Error::run(format!("cannot write to standard output: {error}"), "")
}

fn text(out: &mut impl Write, verdict: &Verdict, templates: &BTreeMap<KeyName, String>) -> io::Result<()> {
    let words = |symbol: &Symbol| match symbol {
        Symbol::End => "(the session ends)".to_owned(),
        Symbol::Key(key) => visible(templates.get(key).map_or(key.as_str(), |template| template)),
    };
    let session = visible(&verdict.session);
    let Some(finding) = verdict.decisive() else {
        return Ok(());
    };
    writeln!(
        out,
        "{ANOMALY}anomaly{ANOMALY:#} {session}  {}",
        finding.reason.describe()
    )?;
    if let Some(position) = finding.position {
        let line = finding.line.map(|line| format!(", line {line}")).unwrap_or_default();
        writeln!(
            out,
            "    {DIM}event {} of {}{line}{DIM:#}",
            position + 1,
            verdict.events
        )?;
    }
    if let Some(seen) = &finding.seen {
        writeln!(out, "    seen      {}", words(seen))?;
    }
    for (i, candidate) in finding.expected.iter().take(SHOWN).enumerate() {
        let label = if i == 0 { "expected" } else { "" };
        writeln!(
            out,
            "    {label:<9} {} {DIM}{:.1}%{DIM:#}",
            words(&candidate.symbol),
            100.0 * candidate.probability
        )?;
    }
    Ok(())
}

fn csv(out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
    let finding = verdict.decisive();
    let show = |value: Option<String>| value.unwrap_or_default();
    let seen = finding
        .and_then(|finding| finding.seen.as_ref())
        .map(|seen| match seen {
            Symbol::Key(key) => key.to_string(),
            Symbol::End => "end".to_owned(),
        });
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record([
        verdict.session.to_string(),
        if verdict.is_anomalous() { "anomalous" } else { "normal" }.to_owned(),
        format!("{:.6}", verdict.score),
        verdict.events.to_string(),
        show(finding.map(|finding| finding.reason.name().to_owned())),
        show(
            finding
                .and_then(|finding: &Finding| finding.position)
                .map(|position| position.to_string()),
        ),
        show(finding.and_then(|finding| finding.line).map(|line| line.to_string())),
        show(seen),
    ])?;
    out.write_all(&row.into_inner().map_err(|error| io::Error::other(error.to_string()))?)
}

fn summary(counters: &DetectCounters) -> String {
    let mut parts = vec![format!(
        "{} of {} sessions left the normal path",
        counters.anomalous, counters.sessions
    )];
    let mut count = |number: u64, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    if let Some(lines) = counters.lines {
        count(lines.without_template, "lines without template");
        count(lines.continuations, "continuation lines");
        count(lines.without_header, "lines without header");
    }
    if let Some(groups) = counters.groups {
        count(groups.without_session, "lines without session");
        count(groups.late, "late lines");
        count(groups.evicted, "sessions evicted");
        count(groups.dropped_events, "events over the session cap");
    }
    count(counters.unreadable_stamps, "unreadable time stamps");
    parts.join(", ")
}
