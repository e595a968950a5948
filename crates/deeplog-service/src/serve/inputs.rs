//! Files that are followed and syslog that is listened to, begun and ended together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use deeplog::{Error, Result};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{From, ServiceConfig, SourceConfig, SyslogShape};
use crate::follow::{Follower, Start, follow};
use crate::syslog::{Shape, TcpLimits, listen_tcp, listen_udp};
use crate::{Entrance, FilePosition, Metrics};

/// What brings lines in besides pushes.
pub(super) struct Inputs {
    stop: Arc<AtomicBool>,
    shutdown: watch::Sender<bool>,
    followers: Vec<JoinHandle<()>>,
    listeners: JoinSet<()>,
}

impl Inputs {
    /// Goes on with files where they were read to.
    pub(super) async fn start(
        config: &ServiceConfig,
        positions: &[(Arc<str>, FilePosition)],
        entrance: &Entrance,
        metrics: &Arc<Metrics>,
    ) -> Result<Self> {
        let (shutdown, stopping) = watch::channel(false);
        let mut inputs = Self {
            stop: Arc::default(),
            shutdown,
            followers: Vec::new(),
            listeners: JoinSet::new(),
        };
        for source in &config.sources {
            let name: Arc<str> = source.name.as_str().into();
            if !source.files.is_empty() {
                let known = positions.iter().filter(|(of, _)| *of == name);
                let known = known.map(|(_, position)| position.clone()).collect();
                inputs.follow(source, name.clone(), known, entrance.clone())?;
            }
            inputs.listen(source, name, entrance, metrics, &stopping).await?;
        }
        Ok(inputs)
    }

    fn follow(
        &mut self,
        source: &SourceConfig,
        name: Arc<str>,
        known: Vec<FilePosition>,
        entrance: Entrance,
    ) -> Result<()> {
        let start = match source.from {
            From::Start => Start::Beginning,
            From::End => Start::End,
        };
        let follower = Follower::new(source.files.clone(), start, known)?;
        let stop = self.stop.clone();
        let thread = std::thread::Builder::new()
            .name(format!("follow {name}"))
            .spawn(move || follow(follower, &name, &entrance, &stop))
            .map_err(|error| Error::run(format!("cannot start a thread: {error}"), ""))?;
        self.followers.push(thread);
        Ok(())
    }

    async fn listen(
        &mut self,
        source: &SourceConfig,
        name: Arc<str>,
        entrance: &Entrance,
        metrics: &Arc<Metrics>,
        stopping: &watch::Receiver<bool>,
    ) -> Result<()> {
        let Some(syslog) = &source.syslog else { return Ok(()) };
        let shape = match syslog.shape {
            SyslogShape::Message => Shape::Message,
            SyslogShape::File => Shape::File,
        };
        let counters = metrics.syslog(&name);
        if let Some(address) = syslog.tcp {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| refused("tcp", address, &error))?;
            tracing::info!(source = &*name, %address, "listening for syslog over TCP");
            let (entrance, counters, stopping) = (entrance.clone(), counters.clone(), stopping.clone());
            let limits = TcpLimits::default();
            self.listeners.spawn(listen_tcp(
                listener,
                name.clone(),
                shape,
                entrance,
                limits,
                counters,
                stopping,
            ));
        }
        if let Some(address) = syslog.udp {
            let socket = UdpSocket::bind(address)
                .await
                .map_err(|error| refused("udp", address, &error))?;
            tracing::info!(source = &*name, %address, "listening for syslog over UDP");
            self.listeners.spawn(listen_udp(
                socket,
                name,
                shape,
                entrance.clone(),
                counters,
                stopping.clone(),
            ));
        }
        Ok(())
    }

    /// Waits until nothing more comes in.
    pub(super) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // An error would mean that nobody listens any more.
        let _ = self.shutdown.send(true);
        self.listeners.join_all().await;
        let followers = self.followers;
        let joined = tokio::task::spawn_blocking(move || followers.into_iter().for_each(|thread| drop(thread.join())));
        drop(joined.await);
    }
}

fn refused(kind: &str, address: std::net::SocketAddr, error: &std::io::Error) -> Error {
    Error::run(
        format!("cannot listen for syslog at {kind} {address}: {error}"),
        "give another address in [sources.syslog]; ports below 1024 need a privilege",
    )
}
