//! The accept loop: connections come in, as many as may, encrypted or not, and none takes longer than it may.
//!
//! axum's own `serve` knows neither TLS nor limits, so this drives hyper directly. Requests carry the client's address as
//! [`axum::extract::ConnectInfo`].

mod ending;
#[cfg(test)]
mod tests;
mod tls;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::config::Limits;
use crate::http::Problem;
pub(crate) use ending::Ending;
pub use tls::Tls;

/// How long running requests may take once the service is told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long nothing is accepted after it failed, as when there are too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Bytes of a request's head.
const LARGEST_HEAD: usize = 64 << 10;

/// What happened to connections.
#[derive(Debug, Default)]
pub struct ConnectionCounters {
    /// Connections now.
    pub open: AtomicU64,
    /// Connections so far.
    pub accepted: AtomicU64,
    /// Those that had to wait for another one to end.
    pub waited: AtomicU64,
    /// Those that failed: no TLS, no HTTP, too slow, or broken off.
    pub failed: AtomicU64,
}

/// Serves a router until `stop` holds true, or its sender is gone. Then nothing more is accepted, streams of events end, and
/// running requests have ten seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    counters: Arc<ConnectionCounters>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let server = Server {
        router,
        tls,
        limits,
        counters,
        stop: stop.clone(),
    };
    let server = Arc::new(server);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = server.accept(&listener, &places) => accepted,
            () = stopped(&mut stop) => break,
        };
        while connections.try_join_next().is_some() {}
        if let Some((stream, peer, place)) = accepted {
            connections.spawn(server.clone().connection(stream, peer, place));
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(LAST_REQUESTS, all).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests that would not end were broken off"
        );
    }
}

struct Server {
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    counters: Arc<ConnectionCounters>,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// The next connection, once there is a place for it. One at most waits here; the system keeps the others.
    async fn accept(
        &self,
        listener: &TcpListener,
        places: &Arc<Semaphore>,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(AFTER_FAILURE).await;
                return None;
            }
        };
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                self.counters.waited.fetch_add(1, Ordering::Relaxed);
                places.clone().acquire_owned().await.ok()?
            }
        };
        Some((stream, peer, place))
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        self.counters.open.fetch_add(1, Ordering::Relaxed);
        // Where it fails that costs some latency.
        drop(stream.set_nodelay(true));
        let is_fine = match &self.tls {
            None => self.requests(stream, peer).await,
            Some(tls) => match timeout(self.limits.header_timeout, tls.acceptor().accept(stream)).await {
                Ok(Ok(stream)) => self.requests(stream, peer).await,
                Ok(Err(_)) | Err(_) => false,
            },
        };
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
        if !is_fine {
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%peer, "a connection failed");
        }
        drop(place);
    }

    async fn requests(&self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: SocketAddr) -> bool {
        let service = service_fn(|request| self.answer(request, peer));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(LARGEST_HEAD);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stop = self.stop.clone();
        tokio::select! {
            ended = connection.as_mut() => ended.is_ok(),
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await.is_ok()
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> hyper::Result<Response<Body>> {
        let body_timeout = self.limits.body_timeout;
        let is_late = Arc::<AtomicBool>::default();
        let ending = |body| Ending::too_slow(body, sleep(body_timeout), is_late.clone());
        let mut request = request.map(|body| Body::new(ending(body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = match self.router.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if is_late.load(Ordering::Relaxed) {
            // Whatever was made of it: clients send again what was too slow, but not what was wrong.
            let detail = format!("the body did not come within {} s", body_timeout.as_secs_f64());
            let problem = Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                detail,
                "send it again, or in smaller batches",
            );
            return Ok(problem.into_response());
        }
        if !is_stream(&answer) {
            return Ok(answer);
        }
        let mut stop = self.stop.clone();
        let stopped = async move { stopped(&mut stop).await };
        Ok(answer.map(|body| Body::new(Ending::complete(body, stopped))))
    }
}

/// Whether it is a stream of events, which has no end of its own.
pub(crate) fn is_stream<B>(answer: &Response<B>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Returns when the service is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could say so.
    drop(stop.wait_for(|stop| *stop).await);
}
