//! What a person sees besides results: progress and talk, on standard error.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use deeplog::{Error, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Colour {
    /// On terminals, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Progress bars are drawn at most this often; counting goes on in between at no cost.
const REDRAW: Duration = Duration::from_millis(100);

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// The terminal of a run.
pub(crate) struct Console {
    quiet: bool,
    verbose: bool,
    bar: Option<ProgressBar>,
    stage: &'static str,
    started: Instant,
    drawn: Instant,
    interrupted: Arc<AtomicBool>,
}

impl Console {
    pub(crate) fn new(quiet: bool, verbose: bool, colour: Colour) -> Self {
        match colour {
            Colour::Auto => {}
            Colour::Always => anstream::ColorChoice::Always.write_global(),
            Colour::Never => anstream::ColorChoice::Never.write_global(),
        }
        let now = Instant::now();
        Self {
            quiet,
            verbose,
            bar: None,
            stage: "",
            started: now,
            drawn: now,
            interrupted: Arc::default(),
        }
    }

    /// From here on the first Ctrl-C asks the run to keep what it has and stop; the second one does not ask.
    pub(crate) fn catch_interrupts(&mut self) {
        let flag = self.interrupted.clone();
        let handler = move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            self.warn(&format!("Ctrl-C will end the run without a checkpoint: {error}"));
        }
    }

    /// Something is wrong that did not end the run.
    pub(crate) fn complain(&mut self, fact: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {fact}");
    }

    /// A line of talk.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// Whether results on standard output may be coloured.
    pub(crate) fn colours() -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Columns of standard output, 100 where it is no terminal.
    pub(crate) fn width() -> usize {
        match terminal_size::terminal_size_of(io::stdout()) {
            Some((columns, _)) => usize::from(columns.0).clamp(40, 160),
            None => 100,
        }
    }

    /// Shows an error and gives the exit code that goes with it: 1 for a failed run, 2 for a wrong call or config,
    /// 130 for an interrupted run.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) -> ExitCode {
        self.clear();
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        {
            return ExitCode::SUCCESS;
        }
        let mut err = anstream::stderr();
        let ours = error.downcast_ref::<Error>();
        // Nothing can be done about a standard error that cannot be written to.
        let _ = match ours {
            Some(Error::Interrupted { .. }) => writeln!(err, "{WARNING}interrupted{WARNING:#}"),
            // The mistakes of a configuration stand on lines of their own.
            Some(Error::Config { .. }) => {
                let lines: Vec<String> = format!("{error:#}").lines().map(evaluation::visible).collect();
                writeln!(err, "{ERROR}error:{ERROR:#} {}", lines.join("\n"))
            }
            _ => writeln!(
                err,
                "{ERROR}error:{ERROR:#} {}",
                evaluation::visible(&format!("{error:#}"))
            ),
        };
        if let Some(hint) = ours.and_then(Error::hint) {
            let _ = writeln!(err, "  {HINT}hint:{HINT:#} {hint}");
        }
        match ours {
            Some(Error::Config { .. }) => ExitCode::from(2),
            Some(Error::Interrupted { .. }) => ExitCode::from(130),
            _ => ExitCode::FAILURE,
        }
    }

    fn line(&self, text: &str) {
        let print = || {
            let _ = writeln!(anstream::stderr(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Console {
    fn begin(&mut self, stage: &'static str, total: Option<u64>) {
        self.clear();
        self.stage = stage;
        self.started = Instant::now();
        self.drawn = self.started;
        if self.quiet || !io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template = match total {
            Some(_) => "{prefix:>19} {bar:24.cyan/black} {human_pos}/{human_len} {msg} {eta:.dim}",
            None => "{prefix:>19} {spinner} {human_pos} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(stage);
        self.bar = Some(bar);
    }

    fn advance(&mut self, done: u64, note: &str) {
        let Some(bar) = &self.bar else { return };
        if self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            bar.set_position(done);
            bar.set_message(note.to_owned());
        }
    }

    fn end(&mut self, summary: &str) {
        self.clear();
        let seconds = self.started.elapsed().as_secs_f64();
        self.say(&format!("{:>19} {summary} {DIM}{seconds:.1} s{DIM:#}", self.stage));
    }

    fn detail(&mut self, fact: &str) {
        if self.verbose {
            self.line(&format!("{DIM}{:>19} {fact}{DIM:#}", ""));
        }
    }

    fn warn(&mut self, fact: &str) {
        if !self.quiet {
            self.line(&format!("{WARNING}{:>19}{WARNING:#} {fact}", "note"));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
