//! Connections that messages come on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::gather::{ENOUGH, Gathered, Way, end};
use super::{Counters, Framer, Shape, TooLong};
use crate::Entrance;

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpLimits {
    /// Bytes of a message; a connection on which a longer one comes is closed.
    pub message: usize,
    /// Connections at a time; further ones are closed at once.
    pub connections: usize,
    /// How long nothing may come before a connection is closed.
    pub idle: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            message: 1 << 20,
            connections: 1024,
            idle: Duration::from_secs(3600),
        }
    }
}

/// How long to wait after a connection could not be accepted, as there are too many open files, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes that are read at a time.
const READ: usize = 64 << 10;

/// Takes messages in from every connection until `shutdown` holds true or its sender is gone.
pub async fn listen_tcp(
    listener: TcpListener,
    source: Arc<str>,
    shape: Shape,
    entrance: Entrance,
    limits: TcpLimits,
    counters: Arc<Counters>,
    mut shutdown: watch::Receiver<bool>,
) {
    let way = Way {
        source,
        shape,
        entrance,
        counters,
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < limits.connections => {
                    way.counters.connections.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(converse(stream, way.clone(), limits, shutdown.clone()));
                }
                Ok(_) => Counters::add(&way.counters.refused, 1),
                Err(error) => {
                    tracing::warn!(%error, "a syslog connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = end(&mut shutdown) => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn converse(stream: TcpStream, way: Way, limits: TcpLimits, shutdown: watch::Receiver<bool>) {
    let peer = stream.peer_addr().ok();
    match take_in(stream, &way, limits, shutdown).await {
        Ok(()) => {}
        Err(Ended::TooLong(error)) => {
            Counters::add(&way.counters.overlong, 1);
            tracing::warn!(?peer, %error, "a syslog connection was closed");
        }
        Err(Ended::Io(error)) => tracing::debug!(?peer, %error, "a syslog connection broke off"),
    }
    way.counters.connections.fetch_sub(1, Ordering::Relaxed);
}

/// Why a connection ended, other than by its end.
enum Ended {
    TooLong(TooLong),
    Io(io::Error),
}

async fn take_in(
    mut stream: TcpStream,
    way: &Way,
    limits: TcpLimits,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), Ended> {
    let mut framer = Framer::new(limits.message);
    let mut gathered = Gathered::default();
    let mut buffer = vec![0; READ];
    let mut result = Ok(());
    loop {
        let read = tokio::select! {
            biased;
            () = due(&gathered) => {
                if !way.hand_in(std::mem::take(&mut gathered)).await {
                    return Ok(());
                }
                continue;
            }
            read = timeout(limits.idle, stream.read(&mut buffer)) => read.unwrap_or(Ok(0)),
            () = end(&mut shutdown) => Ok(0),
        };
        match read {
            Ok(0) => break,
            Ok(length) => framer.push(&buffer[..length]),
            Err(error) => {
                result = Err(Ended::Io(error));
                break;
            }
        }
        if let Err(error) = add_all(&mut framer, &mut gathered, way).await {
            result = Err(Ended::TooLong(error));
            break;
        }
    }
    if result.is_ok()
        && let Some(message) = framer.finish()
    {
        gathered.add(message, way);
    }
    if gathered.due().is_some() {
        way.hand_in(gathered).await;
    }
    result
}

/// A stretch of bytes may hold many more lines than bytes wait at the entrance.
async fn add_all(framer: &mut Framer, gathered: &mut Gathered, way: &Way) -> Result<(), TooLong> {
    while let Some(message) = framer.next_message()? {
        gathered.add(message, way);
        if gathered.block.len() >= ENOUGH {
            way.hand_in(std::mem::take(gathered)).await;
        }
    }
    Ok(())
}

/// Ends when the gathered messages are to go; never if there are none.
async fn due(gathered: &Gathered) {
    match gathered.due() {
        Some(when) if when > Instant::now() => sleep_until(when).await,
        Some(_) => {}
        None => std::future::pending().await,
    }
}
