//! `POST /v1/ingest`: lines in.

use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Json, Problem};
use super::ask::Asked;
use super::{Shared, State};
use crate::body::{BodyError, Decoded, Decoding, decode};
use crate::{Batch, IdempotencyKey, Origin, now};

/// The header in which a client names a batch.
pub(super) const KEY: &str = "idempotency-key";
/// Bytes of such a name, at most.
const LONGEST_KEY: usize = 256;
/// Bodies up to this size are decoded where they are; others on a thread of their own.
const SMALL: usize = 64 << 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Name of the source; the first one if it is left out.
    source: Option<String>,
}

/// What became of the lines. They survive a crash from here on.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ingested {
    /// Lines that were taken in, now or when the batch was sent before.
    lines: u64,
    /// Values that held no line, and were left out.
    rejected: u64,
    /// Whether a batch with this idempotency key was taken in before, and this one was not.
    duplicate: bool,
    /// What is wrong with the first of the rejected values.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(super) async fn ingest(
    shared: State,
    Asked(parameters): Asked<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Ingested>, Problem> {
    let source = shared.source(parameters.source.as_ref())?;
    let key = headers.get(KEY).map(HeaderValue::as_bytes);
    if key.is_some_and(|name| name.is_empty() || name.len() > LONGEST_KEY) {
        return Err(Problem::bad_request(
            format!("the idempotency key is empty or longer than {LONGEST_KEY} bytes"),
            "give each batch a short name of its own, a random one for instance",
        ));
    }
    let key = key.map(|name| IdempotencyKey::new(&source, name));
    let body = receive(&shared, &headers, body).await?;
    let (began, received) = (Instant::now(), now());
    let decoded = shared.decode(&source, headers, body).await?;
    shared.service.metrics.rejected(&source, decoded.rejected);
    if decoded.lines == 0 && decoded.rejected > 0 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "none of {} values holds a line: {}",
                decoded.rejected,
                decoded.first_problem.unwrap_or_default()
            ),
            "send text/plain, or JSON with the line in a field that the source's `message_fields` names",
        ));
    }
    let mut ingested = Ingested {
        lines: decoded.lines,
        rejected: decoded.rejected,
        duplicate: false,
        problem: decoded.first_problem,
    };
    if decoded.lines > 0 {
        let batch = Batch {
            source,
            origin: Origin::Pushed(key),
            received,
            block: decoded.block,
        };
        ingested.duplicate = shared.service.entrance.offer(batch).await?.is_duplicate;
        shared.service.metrics.acknowledged(began.elapsed());
    }
    Ok(Json(ingested))
}

pub(super) async fn receive(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let limit = shared.service.body_limit;
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {limit} bytes"),
            "send smaller batches, or packed ones",
        )
    };
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    to_bytes(body, limit).await.map_err(|error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(inner) = cause {
            if inner.is::<http_body_util::LengthLimitError>() {
                return too_large();
            }
            cause = inner.source();
        }
        Problem::bad_request(format!("the body ended early: {error}"), "send it again")
    })
}

impl Shared {
    fn decoding(&self, source: &str) -> Decoding {
        let inputs = self.service.inputs.borrow();
        let input = inputs.iter().find(|input| *input.source == *source);
        input.map(|input| input.decoding.clone()).unwrap_or_default()
    }

    async fn decode(&self, source: &str, headers: HeaderMap, body: Bytes) -> Result<Decoded, Problem> {
        let how = self.decoding(source);
        let decoded = if body.len() <= SMALL && !headers.contains_key(CONTENT_ENCODING) {
            decode_as(&headers, &body, &how)
        } else {
            let decoded = tokio::task::spawn_blocking(move || decode_as(&headers, &body, &how)).await;
            decoded.map_err(|error| Problem::unavailable(error.to_string()))?
        };
        Ok(decoded?)
    }
}

fn decode_as(headers: &HeaderMap, body: &[u8], how: &Decoding) -> Result<Decoded, BodyError> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    decode(text(CONTENT_TYPE), text(CONTENT_ENCODING), body, how)
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (status, hint) = match error {
            BodyError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "send smaller batches"),
            BodyError::UnknownType(_) | BodyError::UnknownEncoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, ""),
            BodyError::Malformed(_) => (StatusCode::BAD_REQUEST, ""),
        };
        Self::new(status, error.to_string(), hint)
    }
}
