//! `deeplog detect` with a model of labelled lines: a verdict a line.

use std::io::{self, Write};
use std::process::ExitCode;

use deeplog::{LineModel, LineVerdict, expand};

use super::detect::{ANOMALY, Args, DIM, Format, shown, unwritable};
use crate::console::Console;

pub(super) fn run(args: &Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    let model = LineModel::read(&args.judge.model)?;
    let mut files = Vec::new();
    for input in &args.judge.inputs {
        files.extend(expand(input)?);
    }
    let mut out = args.format.out();
    if args.format == Format::Csv {
        writeln!(out, "line,outcome,score,template,because")?;
    }
    let mut anomalous = 0_u64;
    let counters = model.detect(&files, console, &mut |verdict| {
        anomalous += u64::from(verdict.is_anomalous());
        let written = match args.format {
            Format::Text if !verdict.is_anomalous() => Ok(()),
            Format::Text => text(&mut out, verdict),
            Format::Jsonl => serde_json::to_writer(&mut out, verdict)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out)),
            Format::Csv => csv(&mut out, verdict),
        };
        written.map_err(unwritable)
    })?;
    out.flush().map_err(unwritable)?;
    let mut said = format!("{anomalous} of {} lines are anomalous", counters.messages);
    for (number, what) in [
        (counters.without_template, "lines without template"),
        (counters.continuations, "continuation lines"),
        (counters.without_header, "lines without header"),
    ] {
        if number > 0 {
            said += &format!(", {number} {what}");
        }
    }
    console.say(&said);
    let found = args.fail_on_anomaly && anomalous > 0;
    Ok(if found { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn because(verdict: &LineVerdict) -> String {
    let features = verdict.because.iter().map(|reason| shown(&reason.feature));
    features.collect::<Vec<_>>().join("; ")
}

fn text(out: &mut impl Write, verdict: &LineVerdict) -> io::Result<()> {
    writeln!(
        out,
        "{ANOMALY}anomaly{ANOMALY:#} line {}  score {:.4}  {}",
        verdict.line,
        verdict.score,
        shown(&verdict.text)
    )?;
    writeln!(out, "    {DIM}because{DIM:#}   {}", because(verdict))
}

fn csv(out: &mut impl Write, verdict: &LineVerdict) -> io::Result<()> {
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record([
        verdict.line.to_string(),
        if verdict.is_anomalous() { "anomalous" } else { "normal" }.to_owned(),
        format!("{:.6}", verdict.score),
        verdict.template.clone().unwrap_or_default(),
        because(verdict),
    ])?;
    out.write_all(&row.into_inner().map_err(|error| io::Error::other(error.to_string()))?)
}
