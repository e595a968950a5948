//! `deeplog detect`: a trained model over logs or session files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use deeplog::{DetectCounters, Error, LineModel, NO_TEMPLATE};
use detection::{Finding, PartVerdict, Symbol, Verdict};
use evaluation::number::p_value;
use evaluation::{Wording, is_at_limit, key_words, part_words, parts_sentence, visible};
use sequence_windowing::KeyName;

use super::common::{JudgeArgs, texts_of};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) judge: JudgeArgs,
    /// How to show verdicts: text shows anomalous ones, jsonl and csv show all
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Threads that read lines; the result is the same with any number [default: one for each core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=128))]
    threads: Option<u8>,
    /// End with exit code 3 if anything was found
    #[arg(long)]
    pub(super) fail_on_anomaly: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Jsonl,
    Csv,
}

impl Format {
    /// Where verdicts go.
    pub(super) fn out(self) -> io::BufWriter<Box<dyn Write>> {
        // JSON holds no control character, so that nothing in it needs to be kept from a terminal.
        io::BufWriter::new(match self {
            Self::Jsonl => Box::new(io::stdout().lock()),
            Self::Text | Self::Csv => Box::new(anstream::stdout().lock()),
        })
    }
}

pub(super) const ANOMALY: Style = AnsiColor::Red.on_default().bold();
pub(super) const DIM: Style = Style::new().dimmed();

/// Expected templates that the text format shows.
const SHOWN: usize = 3;
/// Characters of a line or template that the text format shows.
const LONGEST: usize = 300;

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    if LineModel::is_one(&args.judge.model)? {
        return super::detect_lines::run(&args, console);
    }
    let (mut model, files) = args.judge.open(console)?;
    if let Some(threads) = args.threads.and_then(|threads| NonZeroUsize::new(threads.into())) {
        model.threads = threads;
    }
    let mut out = args.format.out();
    if args.format == Format::Csv {
        writeln!(out, "session,outcome,score,events,reason,position,line,seen,p_value")?;
    }
    let mut page = Page {
        templates: &model.artefact.description.templates,
        lines: BTreeMap::new(),
    };
    // Standard input cannot be read again, so its verdicts are shown as they come.
    let is_stdin = files.iter().any(|file| file == Path::new("-"));
    let mut anomalous: Vec<Verdict> = Vec::new();
    let counters = model.detect(&files, console, &mut |_, verdict| {
        let written = match args.format {
            Format::Text if !verdict.is_anomalous() => Ok(()),
            Format::Text if is_stdin => page.write(&mut out, verdict),
            Format::Text => {
                anomalous.push(Verdict {
                    findings: verdict.decisive().cloned().into_iter().collect(),
                    ..verdict.clone()
                });
                Ok(())
            }
            Format::Jsonl => serde_json::to_writer(&mut out, verdict)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out)),
            Format::Csv => csv(&mut out, verdict),
        };
        written.map_err(unwritable)
    })?;
    page.lines = texts_of(
        &model,
        &files,
        &anomalous.iter().filter_map(line_without_template).collect(),
    )?;
    anomalous
        .iter()
        .try_for_each(|verdict| page.write(&mut out, verdict))
        .map_err(unwritable)?;
    out.flush().map_err(unwritable)?;
    console.say(&summary(&counters));
    let found = args.fail_on_anomaly && counters.anomalous > 0;
    Ok(if found { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

pub(super) fn unwritable(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // Whoever reads has seen enough, as `head` does; nothing is open that would need closing.
        std::process::exit(0);
    }
    Error::run(format!("cannot write to standard output: {error}"), "")
}

/// The line of a verdict's decisive event, where there is no template to show in its place.
fn line_without_template(verdict: &Verdict) -> Option<u64> {
    let finding = verdict.decisive()?;
    let is_unparsed = matches!(&finding.seen, Some(Symbol::Key(key)) if key.as_str() == NO_TEMPLATE);
    finding.line.filter(|_| is_unparsed)
}

/// Verdicts as text, with what is needed to put them in words.
struct Page<'p> {
    templates: &'p BTreeMap<KeyName, String>,
    /// Raw lines, by number.
    lines: BTreeMap<u64, String>,
}

impl Page<'_> {
    fn write(&self, out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
        let Some(finding) = verdict.decisive() else {
            return Ok(());
        };
        let session = shown(&verdict.session);
        writeln!(
            out,
            "{ANOMALY}anomaly{ANOMALY:#} {session}  {}",
            finding.reason.describe()
        )?;
        match (finding.position, finding.line) {
            (Some(position), Some(line)) => {
                writeln!(
                    out,
                    "    {DIM}event {} of {}, line {line}{DIM:#}",
                    position + 1,
                    verdict.events
                )?;
            }
            (Some(position), None) => writeln!(out, "    {DIM}after event {position}, the last one{DIM:#}")?,
            (None, _) => {}
        }
        if let Some(seen) = &finding.seen {
            let line = line_without_template(verdict).and_then(|line| self.lines.get(&line));
            writeln!(
                out,
                "    seen      {}",
                line.map_or_else(|| self.words(seen), |line| shown(line))
            )?;
        }
        for (i, candidate) in finding.expected.iter().take(SHOWN).enumerate() {
            let label = if i == 0 { "expected" } else { "" };
            let (words, percent) = (self.words(&candidate.symbol), 100.0 * candidate.probability);
            writeln!(out, "    {label:<9} {words} {DIM}{percent:.1}%{DIM:#}")?;
        }
        self.write_p_values(out, verdict)
    }

    /// How rare the session is among normal ones, to each part, and what would have had to differ.
    fn write_p_values(&self, out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
        let Some(value) = verdict.p_value else {
            return Ok(());
        };
        let each = |part: &PartVerdict| format!("{} {}", part_words(part.part), p_value(part.p_value));
        let parts: Vec<String> = verdict.parts.iter().map(each).collect();
        let parts = match parts.is_empty() {
            true => String::new(),
            false => format!(" {DIM}({}){DIM:#}", parts.join(", ")),
        };
        writeln!(out, "    p-value   {}{parts}", p_value(value))?;
        let alone = || verdict.parts.iter().filter(|part| is_at_limit(part));
        if !verdict.parts.is_empty() && alone().next().is_none() {
            writeln!(out, "              {}", parts_sentence(&verdict.parts, true))?;
        }
        let name = |key: &KeyName| shown(&key_words(key, self.templates.get(key).map(String::as_str)));
        let wording = Wording { name: &name };
        for (i, finding) in alone().filter_map(|part| part.worst.as_ref()).enumerate() {
            let label = if i == 0 { "accepts" } else { "" };
            writeln!(out, "    {label:<9} {}", wording.instead_at_its_place(finding))?;
        }
        Ok(())
    }

    fn words(&self, symbol: &Symbol) -> String {
        match symbol {
            Symbol::End => "(the session ends)".to_owned(),
            Symbol::Key(key) => shown(self.templates.get(key).map_or(key.as_str(), |template| template)),
        }
    }
}

/// A text of the log, harmless to a terminal and of bearable length.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => visible(&text[..end]) + "…",
        None => visible(text),
    }
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
        show(verdict.p_value.map(|p_value| p_value.to_string())),
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
        count(counters.unseen_without_session, "of them without template too");
        count(groups.late, "late lines");
        count(groups.evicted, "sessions evicted");
        count(groups.dropped_events, "events over the session cap");
    }
    count(counters.unreadable_stamps, "unreadable time stamps");
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use detection::{Candidate, Outcome, Part, Reason};
    use sequence_windowing::SessionEnd;

    use super::*;

    fn text(p_value: Option<f64>, limit: f64) -> String {
        let finding = Finding {
            position: Some(13),
            line: Some(99),
            seen: Some(Symbol::Key("9".into())),
            expected: vec![Candidate {
                symbol: Symbol::Key("0f14796818a57a63".into()),
                probability: 0.61,
            }],
            ..Finding::of_session(Reason::OutsideTopCandidates)
        };
        let part = |part, p_value| PartVerdict {
            part,
            p_value,
            limit,
            worst: Some(finding.clone()),
        };
        let verdict = Verdict {
            session: "blk_1".into(),
            outcome: Outcome::Anomalous,
            score: 1.0,
            worst_rank: None,
            p_value,
            parts: p_value.map_or_else(Vec::new, |_| vec![part(Part::NextKey, 0.0002), part(Part::Order, 0.25)]),
            findings: vec![finding.clone()],
            events: 20,
            dropped_events: 0,
            first_line: 1,
            end: SessionEnd::Explicit,
        };
        let templates = BTreeMap::from([("0f14796818a57a63".into(), "send \u{1b}[2J<*>".to_owned())]);
        let page = Page {
            templates: &templates,
            lines: BTreeMap::new(),
        };
        let mut out = anstream::StripStream::new(Vec::new());
        page.write(&mut out, &verdict).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_session_says_what_would_have_passed() {
        let plain = "\
anomaly blk_1  the next log key is not among the top candidates
    event 14 of 20, line 99
    seen      9
    expected  send \\u{1b}[2J<*> 61.0%
";
        assert_eq!(text(None, 0.0), plain);
        let alone = "    p-value   0.00040 (next key 0.00020, order 0.25)
    accepts   at event 14: “send \\u{1b}[2J<*>” (61.0%) instead of 9
";
        assert_eq!(text(Some(0.0004), 0.0005), format!("{plain}{alone}"));
        let together = "    p-value   0.00040 (next key 0.00020, order 0.25)
              no part is at its limit: only together are they too unusual
";
        assert_eq!(text(Some(0.0004), 0.0), format!("{plain}{together}"));
    }
}
