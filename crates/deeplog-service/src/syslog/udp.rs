//! Datagrams, each a message.

use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::gather::{ENOUGH, Gathered, Way, end};
use super::{Counters, Shape};
use crate::Entrance;

/// What the operating system shall keep for us; it may give less.
const RECEIVE_BUFFER: usize = 8 << 20;
/// Bytes that wait while others are handed in.
const MOST_WAITING: usize = 4 * ENOUGH;
/// No datagram is longer.
const LONGEST: usize = 64 << 10;
/// How long to wait after an error of the socket.
const PAUSE: Duration = Duration::from_millis(10);

/// Takes messages in until `shutdown` holds true or its sender is gone.
pub async fn listen_udp(
    socket: UdpSocket,
    source: Arc<str>,
    shape: Shape,
    entrance: Entrance,
    counters: Arc<Counters>,
    mut shutdown: watch::Receiver<bool>,
) {
    if let Err(error) = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER) {
        tracing::warn!(%error, "the receive buffer for syslog over UDP stays as it is");
    }
    let way = Way {
        source,
        shape,
        entrance,
        counters,
    };
    let mut buffer = vec![0; LONGEST];
    let mut gathered = Gathered::default();
    // One at a time, so that their order stays.
    let mut handing_in: Option<JoinHandle<bool>> = None;
    loop {
        let is_busy = handing_in.is_some();
        tokio::select! {
            biased;
            () = end(&mut shutdown) => break,
            taken = wait(&mut handing_in), if is_busy => {
                handing_in = None;
                if !taken {
                    return;
                }
            }
            () = sleep_until(gathered.due().unwrap_or_else(Instant::now)), if !is_busy && gathered.due().is_some() => {
                let (way, gathered) = (way.clone(), std::mem::take(&mut gathered));
                handing_in = Some(tokio::spawn(async move { way.hand_in(gathered).await }));
            }
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, _)) => add(&buffer[..length], &mut gathered, &way),
                Err(error) => {
                    tracing::debug!(%error, "a datagram could not be received");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    if handing_in.is_none() || wait(&mut handing_in).await {
        // What the operating system has kept came before the end.
        while let Ok((length, _)) = socket.try_recv_from(&mut buffer) {
            add(&buffer[..length], &mut gathered, &way);
        }
        if gathered.due().is_some() {
            way.hand_in(gathered).await;
        }
    }
}

fn add(message: &[u8], gathered: &mut Gathered, way: &Way) {
    if gathered.block.len() < MOST_WAITING {
        gathered.add(message, way);
    } else {
        Counters::add(&way.counters.messages, 1);
        Counters::add(&way.counters.dropped, 1);
    }
}

async fn wait(handing_in: &mut Option<JoinHandle<bool>>) -> bool {
    match handing_in {
        Some(handing_in) => handing_in.await.unwrap_or(false),
        None => true,
    }
}
