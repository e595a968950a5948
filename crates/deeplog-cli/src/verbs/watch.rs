//! `deeplog watch`: a trained model over logs while they are written.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use deeplog::{Error, Observer, read_table};
use deeplog_service::follow::{Follower, Start, follow, read_lines};
use deeplog_service::{Definition, Running, Settings};

use super::watch_text::{Shown, Terminal};
use crate::console::Console;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The model file
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Files to follow, globs of them, or - for standard input. Files that appear later are followed too, and rotated ones
    /// are read to their end; packed ones (.gz, .zst) are read first
    #[arg(required = true)]
    files: Vec<String>,
    /// Folder that remembers where reading stands and which sessions are open, to go on there after a restart [default:
    /// nothing is remembered, and files are read from their start]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where files begin that were never read; one that appears later is read whole
    #[arg(long, value_enum, default_value_t = From::Start)]
    from: From,
    /// How to show findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A dataset TOML whose header, time and session rule stand in place of the model's
    #[arg(long, value_name = "FILE")]
    dataset: Option<PathBuf>,
    /// The false alarms you can stand, such as 0.1% (of the normal sessions) or 5/day, for models that were trained with such
    /// a budget [default: that of the experiment]
    #[arg(long, value_name = "BUDGET")]
    alerts: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum From {
    Start,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Jsonl,
}

/// The one source that is watched.
const SOURCE: &str = "watch";
/// How long what was read is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(50);

pub(crate) fn run(args: Args, console: &mut Console) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    console.catch_interrupts();
    let is_stdin = args.files.iter().any(|file| file == "-");
    if is_stdin && args.files.len() > 1 {
        let fact = "standard input is followed alone: give - or files, not both";
        return Err(Error::config("FILE", "FILE", fact).into());
    }
    let shown = match args.format {
        Format::Text => Shown::Text,
        Format::Jsonl => Shown::Jsonl,
    };
    let terminal = Terminal::new(shown, args.state.as_deref())?;
    let figures = terminal.figures();
    let settings = Settings {
        state: args.state.clone(),
        ..Settings::default()
    };
    let running = Running::start(settings, Box::new(terminal))?;
    let definition = Definition {
        model: running.models.keep(&args.model)?,
        dataset: args.dataset.as_deref().map(read_table).transpose()?,
        alerts: args.alerts,
    };
    let model = running.models.open(&definition)?;
    if model
        .experiment
        .profile
        .as_ref()
        .is_some_and(|profile| !profile.ends_sessions())
    {
        console.warn("sessions never end by themselves: give `idle` in the [session] of a --dataset");
    }
    let source: Arc<str> = SOURCE.into();
    running.define(&BTreeMap::from([(source.clone(), definition)]))?;
    let outcome = if is_stdin {
        watch_pipe(&running, &source, console)
    } else {
        let start = match args.from {
            From::Start => Start::Beginning,
            From::End => Start::End,
        };
        let known = running.positions.get(&source).cloned().unwrap_or_default();
        let follower = Follower::new(args.files.clone(), start, known)?;
        console.say(&format!("watching {}; Ctrl-C ends", args.files.join(", ")));
        watch_files(&running, follower, &source, console)
    };
    let seen = running.engine.look_blocking(|engine| {
        let source = engine.source(SOURCE);
        source.map(|source| (source.lines(), source.pipeline().open_sessions()))
    });
    running.stop(PATIENCE);
    outcome?;
    if let Ok(Some((lines, open))) = seen {
        let findings = figures.load(Ordering::Relaxed);
        let open = match (open, &args.state) {
            (0, _) => String::new(),
            (open, Some(_)) => format!(", {open} sessions still open and remembered"),
            (open, None) => format!(", {open} sessions still open: `--state DIR` would remember them"),
        };
        console.say(&format!("{findings} findings in {lines} lines{open}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Until the pipe ends, which ends its sessions, or somebody asks to stop.
fn watch_pipe(running: &Running, source: &Arc<str>, console: &Console) -> anyhow::Result<()> {
    let (entrance, name) = (running.entrance.clone(), source.clone());
    // A pipe cannot be stopped waiting for, so its thread is left alone when somebody asks to stop.
    let reading = thread::spawn(move || read_lines(io::stdin(), &name, &entrance));
    while !reading.is_finished() {
        if console.is_cancelled() || is_broken(running) {
            return ensure_well(running);
        }
        thread::sleep(TICK);
    }
    match reading.join() {
        Ok(read) => read.map_err(Error::io("read", Path::new("-")))?,
        Err(_) => return Err(Error::run("reading standard input failed", "").into()),
    }
    running.define(&BTreeMap::new())?;
    ensure_well(running)
}

fn watch_files(running: &Running, follower: Follower, source: &Arc<str>, console: &Console) -> anyhow::Result<()> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| follow(follower, source, &running.entrance, &stop));
        while !console.is_cancelled() && !is_broken(running) {
            thread::sleep(TICK);
        }
        stop.store(true, Ordering::Relaxed);
    });
    ensure_well(running)
}

/// Whether nothing is judged any more.
fn is_broken(running: &Running) -> bool {
    running.health.troubles().iter().any(|(part, _)| *part == "engine")
}

fn ensure_well(running: &Running) -> anyhow::Result<()> {
    let troubles = running.health.troubles();
    match troubles.into_iter().find(|(part, _)| *part == "engine") {
        Some((_, trouble)) => Err(Error::run(trouble, "").into()),
        None => Ok(()),
    }
}

/// Flushes what is written, and ends when nobody reads any more.
pub(super) fn flushed(out: &mut impl Write, written: io::Result<()>) -> Result<(), String> {
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Whoever reads has seen enough, as `head` does; what was read is remembered.
            std::process::exit(0);
        }
        other => other.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}
