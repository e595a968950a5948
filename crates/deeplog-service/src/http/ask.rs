//! What requests ask for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::DateTime;
use sequence_windowing::Timestamp;
use serde::de::DeserializeOwned;

use super::Shared;
use super::answer::Problem;
use crate::{Engine, Reader, Source, StoreError};

/// Items of a page where nothing else is said, and at most.
const LIMIT: usize = 100;
const LONGEST: usize = 1_000;
/// The engine is asked no longer than this. It answers between two batches.
const PATIENCE: Duration = Duration::from_secs(10);

/// Parameters of the query string, of which no others may be given.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri).map_err(|error| {
            let error = error.to_string();
            let cause = error.split_once(": ").map_or(&*error, |(_, cause)| cause);
            let hint = "GET /openapi.json lists the parameters";
            Problem::bad_request(format!("the query string is not understood: {cause}"), hint)
        })?;
        let Query(asked) = query;
        Ok(Self(asked))
    }
}

/// How many items to give.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(LIMIT),
        Some(limit @ 1..=LONGEST) => Ok(limit),
        Some(limit) => Err(Problem::bad_request(
            format!("`limit` is {limit}"),
            format!("ask for 1 to {LONGEST} items, and for the next ones with `cursor`"),
        )),
    }
}

/// A point in time.
pub(super) fn time(name: &str, asked: Option<&String>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = asked else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        Problem::bad_request(
            format!(
                "`{name}` is '{text}', which is no time: {}",
                error.to_string().to_lowercase()
            ),
            "write it as RFC 3339 has it, `2026-05-01T12:00:00Z`; a plus sign in a query string is `%2B`",
        )
    })?;
    Ok(Some(Timestamp(time.timestamp_micros())))
}

/// The place behind the last item of a page, as text that means nothing to anybody else.
pub(super) fn cursor(place: u64) -> String {
    format!("c{place:x}")
}

/// The place that a cursor stands for.
pub(super) fn place(cursor: Option<&String>) -> Result<Option<u64>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = cursor
        .strip_prefix('c')
        .and_then(|place| u64::from_str_radix(place, 16).ok());
    place.map(Some).ok_or_else(|| {
        Problem::bad_request(
            format!("`cursor` is '{cursor}', which none of our answers gave"),
            "give the `next` of the page before",
        )
    })
}

impl Shared {
    /// The name of the source that is meant.
    pub(super) fn source(&self, asked: Option<&String>) -> Result<Arc<str>, Problem> {
        let inputs = self.service.inputs.borrow();
        let input = match asked {
            None => inputs.first(),
            Some(name) => inputs.iter().find(|input| *input.source == **name),
        };
        input.map(|input| input.source.clone()).ok_or_else(|| {
            let names: Vec<&str> = inputs.iter().map(|input| &*input.source).collect();
            Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no source '{}'", asked.map_or("", |name| name)),
                format!("the sources are: {}", names.join(", ")),
            )
        })
    }

    /// What somebody sees who looks at the engine between two batches.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        match tokio::time::timeout(PATIENCE, self.service.engine.look(look)).await {
            Ok(seen) => Ok(seen?),
            Err(_) => Err(Problem::unavailable("the engine is busy with a large batch")),
        }
    }

    /// What somebody sees who looks at a source.
    pub(super) async fn look_at<T: Send + 'static>(
        &self,
        asked: Option<&String>,
        look: impl FnOnce(&Source) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let name = self.source(asked)?;
        let seen = self.look(move |engine| engine.source(&name).map(look)).await?;
        seen.ok_or_else(|| Problem::unavailable("the source is only just being defined"))
    }

    /// Reads findings without holding up anybody else.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.service.store.clone();
        let read = tokio::task::spawn_blocking(move || read(&store)).await;
        Ok(read.map_err(|error| Problem::unavailable(error.to_string()))??)
    }
}
