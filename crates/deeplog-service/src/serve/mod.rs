//! The service as a whole: everything is put together here, and taken apart in the right order.

mod counters;
mod inputs;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deeplog::{Error, Result, read_table};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::alerts::{self, AlertCounters};
use crate::auth::{Guard, Tokens, protect};
use crate::body::{BodyLimits, Decoding};
use crate::config::{ServiceConfig, SourceConfig};
use crate::http::{Input, Service, router};
use crate::listen::{self, ConnectionCounters, Tls};
use crate::notify::{State, notify};
use crate::store::{Publishing, Store};
use crate::{Definition, Metrics, Models, Running, Settings};
use inputs::Inputs;

/// How long what was accepted is waited for at the end. What is not judged by then is judged after the next start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether judging goes on.
const LOOK: Duration = Duration::from_millis(500);

/// What the service is to do.
pub struct Task {
    /// The model of sources that name none.
    pub model: Option<PathBuf>,
    /// Where everything lies that must survive.
    pub state: PathBuf,
    /// Reads the configuration, at the start and whenever it is to be read again.
    pub config: Box<dyn Fn() -> Result<ServiceConfig>>,
    /// Is told the address once requests are taken.
    pub ready: Box<dyn Fn(SocketAddr, bool)>,
}

/// Serves until the process is asked to end: SIGTERM or SIGINT. SIGHUP has it read configuration, models, tokens and
/// certificates again.
///
/// # Errors
/// Everything that keeps it from beginning; and that judging has broken down.
pub fn serve(task: Task) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::run(format!("cannot start: {error}"), ""))?;
    runtime.block_on(run(task))
}

async fn run(task: Task) -> Result<()> {
    let mut signals = Signals::new()?;
    let config = (task.config)()?;
    let address = config.http.listen;
    deeplog::create_private_folder(&task.state)?;
    let tokens = Arc::new(Tokens::open(&task.state)?);
    ensure_private(&config)?;
    let tls = config.http.tls.as_ref().map(Tls::open).transpose()?.map(Arc::new);
    let listener = bound(address).await?;
    let address = listener.local_addr().unwrap_or(address);
    let guard = Arc::new(Guard::new(address, &config, tokens.clone())?);

    let metrics = Arc::new(Metrics::new());
    let store = Store::open(&task.state, config.store.keep_findings)?;
    let reader = store.reader();
    let publishing = Publishing {
        store,
        metrics: metrics.clone(),
    };
    let settings = Settings {
        state: Some(task.state.clone()),
        room: config.limits.queue,
        checkpoint_every: config.checkpoint.every,
        checkpoint_bytes: config.checkpoint.log,
        metrics: metrics.clone(),
    };
    let start = tokio::task::spawn_blocking(move || Running::start(settings, Box::new(publishing)));
    let running = joined(start.await)??;
    let positions = running.positions.clone();
    let pushed = define(&running, &task, &config)?;
    let (push, pushing) = watch::channel(pushed);
    let service = Service {
        entrance: running.entrance.clone(),
        engine: running.engine.clone(),
        store: reader.clone(),
        published: running.stored.clone(),
        health: running.health.clone(),
        metrics: metrics.clone(),
        inputs: pushing,
        body_limit: config.limits.body,
    };
    let (stop, stopping) = watch::channel(false);
    let connections = Arc::new(ConnectionCounters::default());
    let told = Arc::new(AlertCounters::default());
    counters::show(&metrics, &connections, &guard, &told);
    let app = protect(router(service), guard);
    let serving = listen::serve(listener, app, tls.clone(), config.limits.clone(), connections, stopping);
    let serving = tokio::spawn(serving);
    let mut inputs = Inputs::start(&config, positions, &running.entrance, &metrics).await?;
    let mut alerting = alerts::start(&config.alerts, reader.clone(), told.clone())?;
    tracing::info!(%address, sources = config.sources.len(), version = env!("CARGO_PKG_VERSION"), "serving");
    notify(State::Ready);
    (task.ready)(address, config.http.tls.is_some());

    let mut current = config;
    let broken = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::End => break None,
                Signal::Reload => {
                    notify(State::Reloading);
                    match reloaded(&task, &running, &tokens, tls.as_deref()) {
                        Ok((config, pushed)) => {
                            warn_of_fixed(&current, &config);
                            push.send_replace(pushed);
                            inputs.stop().await;
                            let positions = running.engine.look(|engine| engine.positions().clone()).await;
                            let positions = positions.unwrap_or_default();
                            let started = Inputs::start(&config, positions.clone(), &running.entrance, &metrics).await;
                            inputs = match started {
                                Ok(inputs) => inputs,
                                Err(error) => {
                                    tracing::error!(%error, "files and syslog stay as they were");
                                    Inputs::start(&current, positions, &running.entrance, &metrics).await?
                                }
                            };
                            if config.alerts != current.alerts {
                                drop(alerting);
                                alerting = alerts::start(&config.alerts, reader.clone(), told.clone())?;
                            }
                            current = config;
                            tracing::info!("reloaded");
                        }
                        Err(error) => {
                            let hint = error.hint().unwrap_or_default();
                            tracing::error!(%error, hint, "not reloaded: everything stays as it was");
                        }
                    }
                    notify(State::Ready);
                }
            },
            () = tokio::time::sleep(LOOK) => {
                let trouble = running.health.troubles().into_iter().find(|(part, _)| *part == "engine");
                if let Some((_, trouble)) = trouble {
                    break Some(trouble);
                }
            }
        }
    };
    tracing::info!("stopping: what was accepted is judged and stored first");
    notify(State::Stopping);
    inputs.stop().await;
    // An error would mean that nobody listens any more.
    let _ = stop.send(true);
    drop(joined(serving.await));
    drop(alerting);
    let stopped = tokio::task::spawn_blocking(move || running.stop(PATIENCE));
    joined(stopped.await)?;
    tracing::info!("stopped");
    match broken {
        None => Ok(()),
        Some(trouble) => Err(Error::run(
            format!("judging has broken down: {trouble}"),
            "what was accepted is kept, and is judged after the next start",
        )),
    }
}

fn joined<T>(result: std::result::Result<T, tokio::task::JoinError>) -> Result<T> {
    result.map_err(|error| Error::run(format!("a part of the service has panicked: {error}"), ""))
}

async fn bound(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let fact = format!("cannot listen at {address}: {error}");
        Error::run(fact, "give another address: --listen, or `listen` in [http]")
    })
}

/// Tokens and lines are not sent for everybody on the way to read.
fn ensure_private(config: &ServiceConfig) -> Result<()> {
    let http = &config.http;
    if http.listen.ip().is_loopback() || http.tls.is_some() || http.allow_plain {
        return Ok(());
    }
    Err(Error::run(
        format!(
            "{} is reached by other machines, and tokens and lines would cross the network unencrypted",
            http.listen
        ),
        "give a certificate in [http.tls]; or say `allow_plain = true` in [http], as behind a proxy that encrypts",
    ))
}

/// Has the engine know the sources, and says which of them lines may be pushed to.
fn define(running: &Running, task: &Task, config: &ServiceConfig) -> Result<Vec<Input>> {
    let mut definitions = BTreeMap::new();
    let mut pushed = Vec::new();
    for source in &config.sources {
        let definition = definition(&running.models, task.model.as_deref(), source)?;
        let model = running.models.open(&definition)?;
        let profile = model.experiment.profile.as_ref();
        let format = profile.map_or("", |profile| profile.header.source());
        let whole = format == "json" || format.starts_with("json ");
        if profile.is_some_and(|profile| !profile.ends_sessions()) {
            let source = &*source.name;
            tracing::warn!(
                source,
                "its sessions never end by themselves: give `idle` in its dataset's [session]"
            );
        }
        pushed.push(input(source, whole, config));
        definitions.insert(Arc::from(source.name.as_str()), definition);
    }
    tokio::task::block_in_place(|| running.define(&definitions))?;
    Ok(pushed)
}

fn definition(models: &Models, default: Option<&Path>, source: &SourceConfig) -> Result<Definition> {
    let Some(model) = source.model.as_deref().or(default) else {
        let fact = format!("source `{}` has no model", source.name);
        return Err(Error::config(
            "configuration",
            "sources.model",
            fact + ": name one, or give --model",
        ));
    };
    Ok(Definition {
        model: models.keep(model)?,
        dataset: source.dataset.as_deref().map(read_table).transpose()?,
        alerts: None,
    })
}

fn input(source: &SourceConfig, whole_objects: bool, config: &ServiceConfig) -> Input {
    let usual = Decoding::default();
    Input {
        source: source.name.as_str().into(),
        decoding: Decoding {
            message_fields: match &*source.message_fields {
                [] => usual.message_fields,
                fields => fields.to_vec(),
            },
            whole_objects,
            limits: BodyLimits {
                unpacked: config.limits.unpacked,
                line: config.limits.line,
                lines: config.limits.batch_lines,
            },
        },
    }
}

fn reloaded(task: &Task, running: &Running, tokens: &Tokens, tls: Option<&Tls>) -> Result<(ServiceConfig, Vec<Input>)> {
    let config = (task.config)()?;
    tokens.reload()?;
    if let Some(tls) = tls {
        tls.reload()?;
    }
    let pushed = define(running, task, &config)?;
    Ok((config, pushed))
}

/// Says what only a restart changes.
fn warn_of_fixed(before: &ServiceConfig, after: &ServiceConfig) {
    let fixed = [
        ("http", before.http != after.http),
        ("limits", before.limits != after.limits),
        ("store", before.store != after.store),
        ("checkpoint", before.checkpoint != after.checkpoint),
    ];
    for (section, _) in fixed.iter().filter(|(_, is_other)| *is_other) {
        tracing::warn!(section, "has changed, and takes effect with the next start");
    }
}

enum Signal {
    End,
    Reload,
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [end, interrupt, reload] = kinds.map(signal);
        let failed = |error| Error::run(format!("cannot wait for signals: {error}"), "");
        Ok(Self([
            end.map_err(failed)?,
            interrupt.map_err(failed)?,
            reload.map_err(failed)?,
        ]))
    }

    async fn next(&mut self) -> Signal {
        let [end, interrupt, reload] = &mut self.0;
        tokio::select! {
            _ = end.recv() => Signal::End,
            _ = interrupt.recv() => Signal::End,
            _ = reload.recv() => Signal::Reload,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        // An error means that nobody can ask for an end in this way; the process is ended in another.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::End
    }
}
