//! Findings: a page of them, one, and how many when.

use axum::extract::Path;
use axum::http::StatusCode;
use detection::Reason;
use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

use super::State;
use super::answer::{Json, Problem};
use super::ask::{Asked, cursor, limit, place, time};
use crate::{Bucket, Filter, FindingRecord, Item, now};

/// Parts of a histogram where nothing else is said, and at most.
const PARTS: u32 = 60;
const MOST_PARTS: u32 = 1_000;
/// Its span where nothing else is said, in microseconds: a day.
const SPAN: i64 = 24 * 3_600 * 1_000_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParameters {
    /// Name of the source.
    source: Option<String>,
    /// Name of the reason, such as `unseen_key`.
    reason: Option<String>,
    /// Name of the log key that was seen.
    template: Option<String>,
    /// Identifier of the session.
    session: Option<String>,
    /// Received then or later, RFC 3339.
    from: Option<String>,
    /// Received before then, RFC 3339.
    to: Option<String>,
    /// Items to give, 1 to 1000; 100 if it is left out.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistogramParameters {
    /// Name of the source.
    source: Option<String>,
    /// Name of the reason, such as `unseen_key`.
    reason: Option<String>,
    /// Name of the log key that was seen.
    template: Option<String>,
    /// Identifier of the session.
    session: Option<String>,
    /// Begin of the span, RFC 3339; a day before its end if it is left out.
    from: Option<String>,
    /// End of the span, RFC 3339; now if it is left out.
    to: Option<String>,
    /// Parts of equal length, 1 to 1000; 60 if it is left out.
    buckets: Option<u32>,
}

/// A page of findings, the latest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Findings {
    items: Vec<Item>,
    /// What to give as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Number of a change that the page is at least as new as: what to follow the findings from.
    version: u64,
}

/// How many findings came when.
#[derive(Serialize, JsonSchema)]
pub(super) struct Histogram {
    buckets: Vec<Bucket>,
}

pub(super) async fn list(shared: State, Asked(parameters): Asked<ListParameters>) -> Result<Json<Findings>, Problem> {
    let limit = limit(parameters.limit)?;
    let before = place(parameters.cursor.as_ref())?;
    let filter = Filter {
        from: time("from", parameters.from.as_ref())?,
        to: time("to", parameters.to.as_ref())?,
        source: parameters.source,
        reason: reason(parameters.reason)?,
        template: parameters.template,
        session: parameters.session,
    };
    let version = *shared.service.published.borrow();
    // One more tells whether there is a next page.
    let mut items = shared.read(move |store| store.page(&filter, before, limit + 1)).await?;
    let has_next = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_next).map(|item| cursor(item.id));
    Ok(Json(Findings { items, next, version }))
}

/// A typo would look as if all were quiet.
fn reason(name: Option<String>) -> Result<Option<String>, Problem> {
    let is_one = |name: &String| Reason::ALL.iter().any(|reason| reason.name() == name);
    match name {
        Some(name) if !is_one(&name) => {
            let names: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
            Err(Problem::bad_request(
                format!("`reason` is {name:?}"),
                format!("ask for one of {}", names.join(", ")),
            ))
        }
        name => Ok(name),
    }
}

pub(super) async fn one(shared: State, id: Path<String>) -> Result<Json<FindingRecord>, Problem> {
    let number = id.parse();
    let found = match number {
        Ok(number) => shared.read(move |store| store.one(number)).await?,
        Err(_) => None,
    };
    found.map(Json).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no finding {}", *id),
            "it may have made room for later ones",
        )
    })
}

pub(super) async fn histogram(
    shared: State,
    Asked(parameters): Asked<HistogramParameters>,
) -> Result<Json<Histogram>, Problem> {
    let parts = parameters.buckets.unwrap_or(PARTS);
    if !(1..=MOST_PARTS).contains(&parts) {
        let hint = format!("ask for 1 to {MOST_PARTS}");
        return Err(Problem::bad_request(format!("`buckets` is {parts}"), hint));
    }
    let to = time("to", parameters.to.as_ref())?.unwrap_or_else(now);
    let from = time("from", parameters.from.as_ref())?.unwrap_or(Timestamp(to.0 - SPAN));
    let filter = Filter {
        source: parameters.source,
        reason: reason(parameters.reason)?,
        template: parameters.template,
        session: parameters.session,
        from: None,
        to: None,
    };
    let buckets = shared
        .read(move |store| store.histogram(from, to, parts, &filter))
        .await?;
    Ok(Json(Histogram { buckets }))
}
