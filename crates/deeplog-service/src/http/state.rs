//! How the service itself is.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Json, Problem, with_type};
use super::{Shared, State};
use crate::metrics::SourceFigures;

/// The engine's numbers are asked for no longer than this: then those of the time before stand.
const PATIENCE: Duration = Duration::from_secs(2);

/// That somebody answers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Alive {
    /// Always `ok`.
    status: &'static str,
}

/// Whether lines are taken in and findings are stored.
#[derive(Serialize, JsonSchema)]
pub(super) struct Readiness {
    /// Whether all is well.
    ready: bool,
    /// Seconds that the lines which were judged last had waited.
    lag_seconds: f64,
    /// Share of the room for waiting lines that is taken.
    queue_fill: f64,
    /// What is wrong.
    troubles: Vec<Trouble>,
}

/// A part of the service that is in trouble.
#[derive(Serialize, JsonSchema)]
pub(super) struct Trouble {
    /// Which: `journal`, `engine`, `findings` or `checkpoint`.
    part: &'static str,
    /// What is wrong with it.
    trouble: String,
}

pub(super) async fn health() -> Json<Alive> {
    Json(Alive { status: "ok" })
}

pub(super) async fn ready(shared: State) -> Response {
    let service = &shared.service;
    let troubles = service.health.troubles().into_iter();
    let troubles: Vec<_> = troubles.map(|(part, trouble)| Trouble { part, trouble }).collect();
    let readiness = Readiness {
        ready: troubles.is_empty(),
        lag_seconds: service.metrics.lag(),
        queue_fill: service.entrance.fill(),
        troubles,
    };
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    with_type(status, "application/json", &readiness)
}

pub(super) async fn metrics(shared: State) -> Result<Response, Problem> {
    shared.look_up().await;
    let service = &shared.service;
    let text = service.metrics.text(service.entrance.fill());
    let text = text.map_err(|error| Problem::unavailable(error.to_string()))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

impl Shared {
    async fn look_up(&self) {
        let figures = self.service.engine.look(SourceFigures::of);
        if let Ok(Ok(figures)) = tokio::time::timeout(PATIENCE, figures).await {
            self.service.metrics.looked_up(figures);
        }
    }
}
