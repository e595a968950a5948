//! `deeplog serve`: a trained model as a service.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use deeplog_service::config::ServiceConfig;
use deeplog_service::{Task, serve};
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The model file, for sources that name none of their own
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Folder for everything that must survive: accepted lines, open sessions, findings, tokens
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The configuration, a TOML file [default: one source, to which lines are pushed]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen at, over the configuration's [default: 127.0.0.1:7070]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How to write the service's own log, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

pub(crate) fn run(args: Args, quiet: bool, verbose: bool) -> anyhow::Result<ExitCode> {
    log_to_standard_error(args.log, quiet, verbose);
    let Args {
        model,
        state,
        config,
        listen,
        ..
    } = args;
    let read = move || {
        let mut read = match &config {
            Some(file) => ServiceConfig::read(file)?,
            None => ServiceConfig::default(),
        };
        if let Some(listen) = listen {
            read.http.listen = listen;
        }
        Ok(read)
    };
    serve(Task {
        model,
        state,
        config: Box::new(read),
        ready: Box::new(move |address, is_encrypted| {
            if !quiet {
                let scheme = if is_encrypted { "https" } else { "http" };
                eprintln!("listening at {scheme}://{address}");
            }
        }),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is logged follows `DEEPLOG_LOG`, such as `debug`; without it `--quiet` and `--verbose`.
fn log_to_standard_error(format: LogFormat, quiet: bool, verbose: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "warn",
        (false, false) => "info",
        (false, true) => "debug,hyper=info,rustls=info,ureq=info",
    };
    let filter = EnvFilter::try_from_env("DEEPLOG_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
