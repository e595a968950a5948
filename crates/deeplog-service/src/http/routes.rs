//! Every route, with what the document says of it.

use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};

use super::openapi::{Operation, Sent};
use super::{Shared, detect, events, findings, ingest, live, openapi, state};
use crate::{FindingRecord, page};

/// A path, who answers, and what it is about.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) handler: MethodRouter<std::sync::Arc<Shared>>,
    /// Nothing for what belongs to the page.
    pub(super) operation: Option<Operation>,
}

type Handler = MethodRouter<std::sync::Arc<Shared>>;

impl Route {
    fn get(path: &'static str, handler: Handler, operation: Operation) -> Self {
        Self {
            path,
            method: Method::GET,
            handler,
            operation: Some(operation),
        }
    }

    fn post(path: &'static str, handler: Handler, operation: Operation) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path, handler, operation)
        }
    }

    fn page(path: &'static str, content_type: &'static str, text: &'static str) -> Self {
        let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")];
        Self {
            path,
            method: Method::GET,
            handler: get(move || async move { (headers, text).into_response() }),
            operation: None,
        }
    }
}

pub(super) fn all() -> Vec<Route> {
    let about = Operation::new;
    vec![
        Route::post(
            "/v1/ingest",
            post(ingest::ingest),
            about("Takes lines in; they survive a crash once it answers")
                .asks::<ingest::Parameters>()
                .header(ingest::KEY, "Name of the batch: sent again, it is not taken in again")
                .header("content-encoding", "`gzip`, or nothing")
                .takes(Sent::Lines)
                .gives::<ingest::Ingested>()
                .fails(&[400, 404, 413, 415, 422, 429, 503]),
        ),
        Route::get(
            "/v1/findings",
            get(findings::list),
            about("Findings, the latest first")
                .asks::<findings::ListParameters>()
                .gives::<findings::Findings>()
                .fails(&[400, 503]),
        ),
        Route::get(
            "/v1/findings/histogram",
            get(findings::histogram),
            about("How many findings came when")
                .asks::<findings::HistogramParameters>()
                .gives::<findings::Histogram>()
                .fails(&[400, 503]),
        ),
        Route::get(
            "/v1/findings/{id}",
            get(findings::one),
            about("A finding with its path, what was expected, and raw lines")
                .in_path("id", "Number of the finding")
                .gives::<FindingRecord>()
                .fails(&[404, 503]),
        ),
        Route::get(
            "/v1/events",
            get(events::events),
            about("Findings as they come and as their sessions end: events named `finding`, whose id is the number of the change")
                .asks::<events::Parameters>()
                .header("last-event-id", "Id of the last event that came")
                .gives_events::<crate::Item>()
                .fails(&[400, 404]),
        ),
        Route::get(
            "/v1/sessions",
            get(live::sessions),
            about("Sessions that have not ended, in the order of their opening")
                .asks::<live::SessionParameters>()
                .gives::<live::Sessions>()
                .fails(&[400, 404, 503]),
        ),
        Route::get(
            "/v1/templates",
            get(live::templates),
            about("Event templates with their counts, the most frequent first")
                .asks::<live::OfSource>()
                .gives::<live::Templates>()
                .fails(&[400, 404, 503]),
        ),
        Route::get(
            "/v1/sources",
            get(live::sources),
            about("The sources, and what came of their lines")
                .gives::<live::Sources>()
                .fails(&[503]),
        ),
        Route::get(
            "/v1/model",
            get(live::model),
            about("The model that judges a source")
                .asks::<live::OfSource>()
                .gives::<live::ModelItem>()
                .fails(&[400, 404, 503]),
        ),
        Route::get(
            "/v1/volume",
            get(live::volume),
            about("Lines and findings by minute, of the last day")
                .asks::<live::VolumeParameters>()
                .gives::<live::VolumeList>()
                .fails(&[400, 404, 503]),
        ),
        Route::post(
            "/v1/detect",
            post(detect::detect),
            about("Verdicts on given lines or sessions, of which nothing stays")
                .asks::<live::OfSource>()
                .takes(Sent::json::<detect::Given>())
                .gives::<detect::Detected>()
                .fails(&[400, 404, 413, 422, 429, 503]),
        ),
        Route::get(
            "/health",
            get(state::health),
            about("That the service answers").gives::<state::Alive>(),
        ),
        Route::get(
            "/ready",
            get(state::ready),
            about("Whether lines are taken in and findings are stored; 503 with what is wrong where they are not")
                .gives::<state::Readiness>()
                .also::<state::Readiness>(503),
        ),
        Route::get(
            "/metrics",
            get(state::metrics),
            about("Numbers for Prometheus").gives_text("application/openmetrics-text"),
        ),
        Route::get(
            "/openapi.json",
            get(openapi::document),
            about("This document").gives::<serde_json::Value>(),
        ),
        Route::page("/", "text/html; charset=utf-8", page::INDEX),
        Route::page("/style.css", "text/css; charset=utf-8", page::STYLE),
        Route::page("/script.js", "text/javascript; charset=utf-8", page::SCRIPT),
    ]
}
