//! The routes with everything behind them: what goes in by HTTP comes out by HTTP.

mod document;
mod events;
mod ingest;
mod looking;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tower::ServiceExt;

use super::{TRAINED, definition};
use crate::body::Decoding;
use crate::http::{Input, Service, router};
use crate::store::{Publishing, Store};
use crate::{Engine, Metrics, Running, Settings};

const PATIENCE: Duration = Duration::from_secs(60);

/// A service with the sources `a` and `b`, and its routes.
struct Served {
    running: Option<Running>,
    service: Service,
    router: Router,
    runtime: Runtime,
    /// Lines that were taken in.
    pushed: Cell<u64>,
    inputs: watch::Sender<Vec<Input>>,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 1000).unwrap();
        let (reader, metrics) = (store.reader(), Arc::new(Metrics::new()));
        let sink = Publishing {
            store,
            metrics: metrics.clone(),
        };
        let settings = Settings {
            state: Some(folder.path().to_owned()),
            ..Settings::default()
        };
        let running = Running::start(settings, Box::new(sink)).unwrap();
        let defined = |name| (Arc::from(name), definition(&running.models));
        running.define(&BTreeMap::from(["a", "b"].map(defined))).unwrap();
        let input = |name: &str| Input {
            source: name.into(),
            decoding: Decoding::default(),
        };
        let (inputs, receiver) = watch::channel(vec![input("a"), input("b")]);
        let service = Service {
            entrance: running.entrance.clone(),
            engine: running.engine.clone(),
            store: reader,
            published: running.stored.clone(),
            health: running.health.clone(),
            metrics,
            inputs: receiver,
            body_limit: 8 << 20,
        };
        Self {
            running: Some(running),
            router: router(service.clone()),
            service,
            runtime: Runtime::new().unwrap(),
            pushed: Cell::new(0),
            inputs,
            _folder: folder,
        }
    }

    /// One that has judged the log, and stored what it found.
    fn with_log() -> Self {
        let served = Self::new();
        served.push(TRAINED.lines());
        served.settle();
        served
    }

    fn push(&self, lines: impl Into<Body>) -> Value {
        let answer = self.post("/v1/ingest", &[("content-type", "text/plain")], lines);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Waits until all that was pushed is judged and stored.
    fn settle(&self) {
        let look = || {
            let look = |engine: &Engine| {
                let lines: u64 = engine.sources().map(|(_, source)| source.lines()).sum();
                (lines, engine.version())
            };
            self.service.engine.look_blocking(look).unwrap()
        };
        // What is acknowledged is on its way to the engine.
        let until = Instant::now() + PATIENCE;
        while look().0 < self.pushed.get() {
            assert!(Instant::now() < until, "{:?} of {}", look(), self.pushed.get());
            std::thread::sleep(Duration::from_millis(1));
        }
        let version = look().1;
        let mut published = self.service.published.clone();
        let stored = published.wait_for(|&stored| stored >= version);
        let waited = async { tokio::time::timeout(PATIENCE, stored).await.unwrap().unwrap() };
        assert!(*self.runtime.block_on(waited) >= version);
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    /// A good answer as JSON.
    #[track_caller]
    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let request = headers.iter().fold(Request::post(path), |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = self.ask(request.body(body.into()).unwrap());
        if path.starts_with("/v1/ingest") && answer.status == 200 && answer.json()["duplicate"] == false {
            self.pushed
                .set(self.pushed.get() + answer.json()["lines"].as_u64().unwrap());
        }
        answer
    }

    fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.collect().await.unwrap().to_bytes().to_vec(),
            }
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop(PATIENCE);
        }
    }
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().unwrap()
}

/// A text as it stands in a query string.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// What the numbers of all items are.
fn numbers(page: &Value, field: &str) -> Vec<u64> {
    items(page).iter().map(|item| item[field].as_u64().unwrap()).collect()
}
