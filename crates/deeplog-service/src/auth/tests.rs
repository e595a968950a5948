//! Requests with good tokens, bad ones and none.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use sequence_windowing::Timestamp;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::config::ServiceConfig;

const HERE: &str = "127.0.0.1:7070";

struct Fixture {
    state: TempDir,
    tokens: Arc<Tokens>,
    config: ServiceConfig,
}

impl Fixture {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        Self {
            tokens: Arc::new(Tokens::open(state.path()).unwrap()),
            state,
            config: ServiceConfig::default(),
        }
    }

    fn guard(&self, listen: &str) -> deeplog::Result<Arc<Guard>> {
        Guard::new(listen.parse().unwrap(), &self.config, self.tokens.clone()).map(Arc::new)
    }

    fn router(&self) -> Router {
        router(self.guard(HERE).unwrap())
    }
}

fn router(guard: Arc<Guard>) -> Router {
    protect(Router::new().fallback(any(async || "passed")), guard)
}

/// A request such as `POST /v1/ingest` from an address, with headers.
fn request(line: &str, peer: &str, headers: &[(&str, &str)]) -> Request {
    let (method, path) = line.split_once(' ').unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn answer(router: &Router, request: Request) -> Response {
    router.clone().oneshot(request).await.unwrap()
}

async fn status(router: &Router, request: Request) -> u16 {
    answer(router, request).await.status().as_u16()
}

#[tokio::test]
async fn scopes_decide_what_a_token_may() {
    let fixture = Fixture::new();
    let create =
        |name: &str, scopes: &[Scope]| format!("Bearer {}", fixture.tokens.create(name, scopes, None).unwrap());
    let read = create("reader", &[Scope::Read]);
    let ingest = create("sender", &[Scope::Ingest]);
    let both = create("both", &[Scope::Read, Scope::Ingest]);
    let admin = create("admin", &[Scope::Admin]);
    let router = fixture.router();
    for (line, token, expected) in [
        ("GET /v1/findings", &read, 200),
        ("POST /v1/detect", &read, 200),
        ("POST /v1/ingest", &read, 403),
        ("POST /v1/ingest", &ingest, 200),
        ("GET /v1/findings", &ingest, 403),
        ("GET /metrics", &both, 200),
        ("POST /v1/ingest", &both, 200),
        ("DELETE /v1/findings", &both, 403),
        ("DELETE /v1/findings", &admin, 200),
        ("POST /v1/ingest", &admin, 200),
        ("GET /health", &ingest, 200),
    ] {
        let request = request(line, "192.0.2.1:9", &[("authorization", token)]);
        assert_eq!(status(&router, request).await, expected, "{line}");
    }
}

#[tokio::test]
async fn without_a_valid_token_only_what_is_public_is_answered() {
    let fixture = Fixture::new();
    let past = Some(Timestamp(0));
    let token = fixture.tokens.create("a", &[Scope::Admin], None).unwrap();
    let expired = fixture.tokens.create("b", &[Scope::Admin], past).unwrap();
    let revoked = fixture.tokens.create("c", &[Scope::Admin], None).unwrap();
    assert!(fixture.tokens.revoke("c").unwrap());
    let router = fixture.router();
    for given in [
        String::new(),
        token.clone(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Basic {token}"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {}", token.to_uppercase()),
        format!("Bearer {expired}"),
        format!("Bearer {revoked}"),
    ] {
        let headers = [("authorization", &*given), ("host", "localhost")];
        let refused = answer(&router, request("GET /v1/findings", "127.0.0.1:9", &headers)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{given}");
        assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"deeplog\"");
        assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(refused.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&problem["status"], &problem["type"]),
            (&401.into(), &"about:blank".into())
        );
    }
    let twice = format!("bearer  {token}");
    let doubled = [("authorization", &*twice), ("authorization", &*twice)];
    assert_eq!(
        status(&router, request("GET /v1/findings", "127.0.0.1:9", &doubled)).await,
        401
    );
    assert_eq!(
        status(&router, request("GET /v1/findings", "127.0.0.1:9", &doubled[..1])).await,
        200
    );
    assert_eq!(status(&router, request("GET /health", "192.0.2.1:9", &[])).await, 200);
}

#[tokio::test]
async fn without_tokens_it_is_for_this_machine_alone() {
    let fixture = Fixture::new();
    let told = fixture.guard("0.0.0.0:7070").err().unwrap();
    assert!(
        told.to_string().contains("0.0.0.0:7070 is reached by other machines"),
        "{told}"
    );
    assert!(told.hint().unwrap().contains("deeplog token create"));
    let router = fixture.router();
    for (line, peer, headers, expected) in [
        (
            "GET /v1/findings",
            "127.0.0.1:9",
            &[("host", "localhost:7070")][..],
            200,
        ),
        (
            "GET /v1/findings",
            "[::ffff:127.0.0.1]:9",
            &[("host", "127.0.0.1:7070")],
            200,
        ),
        ("GET /v1/findings", "192.0.2.1:9", &[("host", "localhost:7070")], 403),
        ("GET /v1/findings", "127.0.0.1:9", &[("host", "evil.example.org")], 403),
        ("GET /health", "127.0.0.1:9", &[("host", "evil.example.org")], 403),
        ("GET /v1/findings", "127.0.0.1:9", &[], 403),
        ("POST /v1/ingest", "127.0.0.1:9", &[("host", "localhost")], 200),
        (
            "POST /v1/ingest",
            "127.0.0.1:9",
            &[("host", "localhost"), ("origin", "https://evil.example.org")],
            403,
        ),
        (
            "POST /v1/ingest",
            "127.0.0.1:9",
            &[("host", "localhost"), ("origin", "null")],
            403,
        ),
        (
            "POST /v1/detect",
            "127.0.0.1:9",
            &[("host", "localhost"), ("origin", "http://localhost:7070")],
            200,
        ),
    ] {
        assert_eq!(
            status(&router, request(line, peer, headers)).await,
            expected,
            "{line} {peer} {headers:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_nobody_made_is_refused() {
    let router = Fixture::new().router();
    let request = Request::builder()
        .uri("/v1/findings")
        .header("host", "localhost")
        .body(Body::empty());
    assert_eq!(status(&router, request.unwrap()).await, 403);
}

#[tokio::test]
async fn the_rate_of_requests_is_limited() {
    let mut fixture = Fixture::new();
    (fixture.config.limits.requests, fixture.config.limits.burst) = (1, 3);
    let guard = fixture.guard(HERE).unwrap();
    let router = router(guard.clone());
    let ask = || request("GET /", "127.0.0.1:9", &[("host", "localhost")]);
    for _ in 0..3 {
        assert_eq!(status(&router, ask()).await, 200);
    }
    let refused = answer(&router, ask()).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert_eq!(guard.counters().too_many.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn wrong_tokens_are_slowed_down_and_right_ones_are_not() {
    let fixture = Fixture::new();
    let token = format!("Bearer {}", fixture.tokens.create("a", &[Scope::Read], None).unwrap());
    let router = fixture.router();
    let ask = |token: &str| request("GET /v1/findings", "192.0.2.1:9", &[("authorization", token)]);
    let mut answers = Vec::new();
    for _ in 0..12 {
        answers.push(status(&router, ask("Bearer dl_guess")).await);
    }
    assert_eq!(answers[..10], [401; 10]);
    assert!(answers[10..].contains(&429), "{answers:?}");
    assert_eq!(status(&router, ask(&token)).await, 200);
}

#[test]
fn the_file_holds_hashes_for_its_owner_alone() {
    let fixture = Fixture::new();
    let token = fixture
        .tokens
        .create("shipper", &[Scope::Ingest], Some(Timestamp(1)))
        .unwrap();
    assert!(token.starts_with("dl_") && token.len() == 3 + 64, "{token}");
    let path = fixture.state.path().join("tokens.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("shipper") && !text.contains(&token[3..]), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = Tokens::open(fixture.state.path()).unwrap();
    assert_eq!(again.list(), fixture.tokens.list());
    assert_eq!((again.list().len(), &*again.list()[0].name), (1, "shipper"));
}

#[test]
fn names_are_unique_and_scopes_are_needed() {
    let tokens = Fixture::new().tokens;
    tokens.create("a", &[Scope::Read], None).unwrap();
    assert!(
        tokens
            .create("a", &[Scope::Read], None)
            .unwrap_err()
            .to_string()
            .contains("already")
    );
    assert!(tokens.create("b", &[], None).is_err());
    assert!(tokens.create("b", &[Scope::Public], None).is_err());
    assert!(tokens.create("", &[Scope::Read], None).is_err());
    assert!(tokens.create("a\nb", &[Scope::Read], None).is_err());
    assert!(!tokens.revoke("b").unwrap());
    assert_ne!(
        tokens.create("c", &[Scope::Read], None).unwrap(),
        tokens.create("d", &[Scope::Read], None).unwrap()
    );
}

#[test]
fn what_another_process_changes_counts() {
    let fixture = Fixture::new();
    assert!(!fixture.tokens.are_required());
    let other = Tokens::open(fixture.state.path()).unwrap();
    let token = other.create("a", &[Scope::Read], None).unwrap();
    fixture.tokens.reload().unwrap();
    assert!(fixture.tokens.are_required());
    assert_eq!(fixture.tokens.check(&token), Some(vec![Scope::Read]));
    // Without being told it looks every second. The last token's end opens nothing.
    other.revoke("a").unwrap();
    let is_revoked = || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        fixture.tokens.check(&token).is_none()
    };
    assert!((0..400).any(|_| is_revoked()));
    assert!(fixture.tokens.are_required());
}

#[test]
fn a_damaged_file_is_told_and_nothing_is_forgotten() {
    let fixture = Fixture::new();
    let token = fixture.tokens.create("a", &[Scope::Read], None).unwrap();
    for text in [
        "tokens = 1",
        "[[tokens]]\nname = \"a\"",
        "\u{0}",
        "[[tokens]]\nname = \"a\"\nscopes = [\"public\"]",
    ] {
        std::fs::write(fixture.state.path().join("tokens.toml"), text).unwrap();
        let told = fixture.tokens.reload().unwrap_err().to_string();
        assert!(told.contains("tokens.toml holds no tokens"), "{told}");
        assert!(Tokens::open(fixture.state.path()).is_err());
        assert!(fixture.tokens.check(&token).is_some());
    }
}

/// What the service logs.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_token_is_ever_logged() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let fixture = Fixture::new();
    let token = fixture.tokens.create("a", &[Scope::Ingest], None).unwrap();
    let router = fixture.router();
    let wrong = format!("{token}0");
    for given in [&token, &wrong] {
        let value = format!("Bearer {given}");
        answer(
            &router,
            request("GET /v1/findings", "192.0.2.1:9", &[("authorization", &value)]),
        )
        .await;
        answer(
            &router,
            request("POST /v1/ingest", "192.0.2.1:9", &[("authorization", &value)]),
        )
        .await;
    }
    let logged = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("wrong or expired token"), "{logged}");
    assert!(!logged.contains(&token[3..]), "{logged}");
}
