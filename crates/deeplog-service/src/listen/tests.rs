//! Connections as clients make them, well-behaved and not.

use std::convert::Infallible;
use std::path::Path;

use axum::body::Bytes;
use axum::routing::{get, post};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

use super::*;
use crate::config::TlsConfig;

/// A server at a port of its own, and how it is told to end.
struct Served {
    address: SocketAddr,
    counters: Arc<ConnectionCounters>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

fn limits() -> Limits {
    Limits {
        header_timeout: Duration::from_secs(20),
        body_timeout: Duration::from_secs(20),
        ..Limits::default()
    }
}

async fn served(router: Router, tls: Option<Arc<Tls>>, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let counters = Arc::<ConnectionCounters>::default();
    let task = tokio::spawn(serve(listener, router, tls, limits, counters.clone(), stopping));
    Served {
        address,
        counters,
        stop,
        task,
    }
}

fn peer_router() -> Router {
    Router::new().route(
        "/peer",
        get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
    )
}

async fn whole_answer(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    // A client that is cut off has what came before.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

const LAST_GET: &[u8] = b"GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn requests_carry_their_client() {
    let server = served(peer_router(), None, limits()).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(LAST_GET).await.unwrap();
    let own = client.local_addr().unwrap().to_string();
    let answer = whole_answer(client).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&own), "{answer}");
}

#[tokio::test]
async fn whoever_sends_no_whole_head_is_cut_off() {
    let hasty = Limits {
        header_timeout: Duration::from_millis(100),
        ..limits()
    };
    let server = served(peer_router(), None, hasty).await;
    // One that never says anything, one that stops halfway, and one that was served before and then stays.
    let said: [&[u8]; 3] = [b"", b"GET /peer HT", b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n"];
    for head in said {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(head).await.unwrap();
        let answer = timeout(Duration::from_secs(20), whole_answer(client)).await.unwrap();
        assert_eq!(
            answer.starts_with("HTTP/1.1 200"),
            head.ends_with(b"\r\n\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_fails() {
    let router = Router::new().route("/", post(async |body: Bytes| body.len().to_string()));
    let hasty = Limits {
        body_timeout: Duration::from_millis(100),
        ..limits()
    };
    let server = served(router, None, hasty).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client
        .write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc")
        .await
        .unwrap();
    let answer = timeout(Duration::from_secs(20), whole_answer(client)).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("within 0.1 s"),
        "{answer}"
    );
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let one = Limits {
        connections: 1,
        ..limits()
    };
    let server = served(peer_router(), None, one).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    first.read_exact(&mut [0; 12]).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(LAST_GET).await.unwrap();
    while server.counters.waited.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.counters.open.load(Ordering::Relaxed), 1);
    drop(first);
    assert!(whole_answer(second).await.starts_with("HTTP/1.1 200"));
    assert_eq!(server.counters.accepted.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn stopping_ends_streams_and_lets_requests_finish() {
    let (began, mut begins) = mpsc::channel(1);
    let (finish, finishes) = watch::channel(false);
    let slow = async move || {
        began.send(()).await.unwrap();
        stopped(&mut finishes.clone()).await;
        "finished"
    };
    let endless = async || {
        let body = Endless(Some(Bytes::from_static(b"data: 1\n\n")));
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body))
    };
    let router = Router::new().route("/slow", get(slow)).route("/events", get(endless));
    let server = served(router, None, limits()).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut events = TcpStream::connect(server.address).await.unwrap();
    events
        .write_all(b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 64];
    assert!(events.read(&mut first).await.unwrap() > 0);
    begins.recv().await.unwrap();

    server.stop.send(true).unwrap();
    assert!(
        whole_answer(events).await.ends_with("0\r\n\r\n"),
        "the stream ends whole"
    );
    finish.send(true).unwrap();
    assert!(whole_answer(slow).await.ends_with("finished"));
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

/// A body with one event that never ends.
struct Endless(Option<Bytes>);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(event) => std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(event)))),
            None => std::task::Poll::Pending,
        }
    }
}

fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

async fn over_tls(server: &Served, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(LAST_GET).await?;
    Ok(whole_answer(stream).await)
}

#[tokio::test]
async fn a_certificate_is_used_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let files = TlsConfig {
        certificate: folder.path().join("certificate.pem"),
        key: folder.path().join("key.pem"),
    };
    let tls = Arc::new(Tls::open(&files).unwrap());
    let server = served(peer_router(), Some(tls.clone()), limits()).await;
    assert!(over_tls(&server, &first).await.unwrap().starts_with("HTTP/1.1 200"));

    let second = write_certificate(folder.path());
    assert!(over_tls(&server, &second).await.is_err(), "it was not read again yet");
    tls.reload().unwrap();
    assert!(over_tls(&server, &second).await.unwrap().starts_with("HTTP/1.1 200"));
    assert!(over_tls(&server, &first).await.is_err());

    std::fs::write(&files.certificate, "no certificate").unwrap();
    assert!(tls.reload().is_err());
    assert!(over_tls(&server, &second).await.is_ok(), "the old one stays");
}

#[tokio::test]
async fn plain_requests_get_nothing_where_tls_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    let files = TlsConfig {
        certificate: folder.path().join("certificate.pem"),
        key: folder.path().join("key.pem"),
    };
    let server = served(peer_router(), Some(Arc::new(Tls::open(&files).unwrap())), limits()).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(LAST_GET).await.unwrap();
    let mut answer = Vec::new();
    drop(client.read_to_end(&mut answer).await);
    assert!(!answer.starts_with(b"HTTP"));
    while server.counters.failed.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let [one, other] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    write_certificate(one.path());
    write_certificate(other.path());
    let files = TlsConfig {
        certificate: one.path().join("certificate.pem"),
        key: other.path().join("key.pem"),
    };
    let told = Tls::open(&files).err().unwrap().to_string();
    assert!(told.contains("cannot be used"), "{told}");
    let swapped = TlsConfig {
        certificate: files.key.clone(),
        key: files.key,
    };
    assert!(
        Tls::open(&swapped)
            .err()
            .unwrap()
            .to_string()
            .contains("holds no PEM of the right kind")
    );
}
