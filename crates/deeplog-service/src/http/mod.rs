//! What the service answers over HTTP.
//!
//! One list of routes makes the router and its OpenAPI document. Who may ask for what, and how much, is looked at before a
//! request comes here.

mod answer;
mod ask;
mod detect;
mod events;
mod findings;
mod ingest;
mod live;
mod openapi;
mod routes;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::sync::{Semaphore, watch};

pub(crate) use answer::Problem;

use crate::body::Decoding;
use crate::{EngineHandle, Entrance, Health, Metrics, Reader};

/// Detections on request that may run at the same time.
const DETECTIONS: usize = 1;

/// What the routes work on.
#[derive(Clone)]
pub(crate) struct Service {
    /// Where pushed lines go.
    pub entrance: Entrance,
    /// To look at what is going on.
    pub engine: EngineHandle,
    /// The findings.
    pub store: Reader,
    /// Number of the last change that is stored. Who follows the findings is let go when its sender is dropped.
    pub published: watch::Receiver<u64>,
    /// What is wrong just now.
    pub health: Health,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The sources that lines may be pushed to; the first is meant where a request names none.
    pub inputs: watch::Receiver<Vec<Input>>,
    /// Bytes of a body as it is sent, at most.
    pub body_limit: usize,
}

/// A source that lines may be pushed to.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Its name.
    pub source: Arc<str>,
    /// How the bodies are read.
    pub decoding: Decoding,
}

/// What the handlers share.
struct Shared {
    service: Service,
    detections: Arc<Semaphore>,
}

type State = axum::extract::State<Arc<Shared>>;

/// All routes, with the headers that keep browsers from doing more than is meant.
pub(crate) fn router(service: Service) -> Router {
    let shared = Shared {
        service,
        detections: Arc::new(Semaphore::new(DETECTIONS)),
    };
    let router = routes::all()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler));
    router
        .fallback(answer::nothing_here)
        .method_not_allowed_fallback(answer::not_so)
        .layer(from_fn(secure))
        .with_state(Arc::new(shared))
}

const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
