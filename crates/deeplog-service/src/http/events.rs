//! `GET /v1/events`: findings as they come, as Server-Sent Events.
//!
//! Nobody is sent more than they read: each subscriber's next page is read from the store when the one before is gone.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::watch;

use super::answer::Problem;
use super::ask::Asked;
use super::{Shared, State};
use crate::Item;
use crate::json::to_safe_string;
use crate::metrics::Subscriber;

/// Findings that are read at once.
const PAGE: usize = 100;
/// So often a comment is sent where there is nothing else, so that both sides know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Wait after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Number of a change: what comes after it is sent. The header `Last-Event-ID` says the same, and goes first. Without
    /// either, what comes from now on.
    after: Option<u64>,
    /// Name of the source; all if it is left out.
    source: Option<String>,
}

struct Following {
    shared: Arc<Shared>,
    source: Option<String>,
    published: watch::Receiver<u64>,
    cursor: u64,
    page: VecDeque<Item>,
    _subscriber: Subscriber,
}

pub(super) async fn events(
    axum::extract::State(shared): State,
    Asked(parameters): Asked<Parameters>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
    let last = last.filter(|id| !id.is_empty()).map(|id| {
        let hint = "give the id of the last event that came";
        id.parse()
            .map_err(|_| Problem::bad_request(format!("`Last-Event-ID` is '{id}', which is no number"), hint))
    });
    if parameters.source.is_some() {
        shared.source(parameters.source.as_ref())?;
    }
    let published = shared.service.published.clone();
    let now = *published.borrow();
    let asked = last.transpose()?.or(parameters.after);
    let following = Following {
        // A number from before the state was begun anew is none of ours.
        cursor: asked.unwrap_or(now).min(now),
        source: parameters.source,
        published,
        page: VecDeque::new(),
        _subscriber: shared.service.metrics.subscriber(),
        shared,
    };
    let events = stream::unfold(following, |mut following| async {
        let item = following.next().await?;
        Some((Ok::<_, Infallible>(event(&item)), following))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

impl Following {
    /// `None` when the service is ending.
    async fn next(&mut self) -> Option<Item> {
        loop {
            while let Some(item) = self.page.pop_front() {
                self.cursor = item.version;
                if self.source.as_ref().is_none_or(|source| *source == item.source) {
                    return Some(item);
                }
            }
            // Marked as seen before the store is read: what is stored meanwhile wakes us again.
            let published = *self.published.borrow_and_update();
            if published > self.cursor {
                let cursor = self.cursor;
                match self.shared.read(move |store| store.since(cursor, PAGE)).await {
                    Ok(page) if page.is_empty() => self.cursor = published,
                    Ok(page) => self.page = page.into(),
                    Err(problem) => {
                        tracing::warn!(?problem, "who follows the findings waits");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                if self.published.has_changed().is_err() && self.page.is_empty() {
                    return None;
                }
            } else {
                self.published.changed().await.ok()?;
            }
        }
    }
}

fn event(item: &Item) -> Event {
    let event = Event::default().event("finding").id(item.version.to_string());
    // What is made of strings and finite numbers is always JSON.
    event.data(to_safe_string(item).unwrap_or_default())
}
