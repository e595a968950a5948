//! Answers to requests that get no further.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::Problem;

/// Why a request gets no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or no valid one.
    Unknown,
    /// The token does not allow this.
    NotAllowed,
    /// Tokens there are none, and it did not come from this machine.
    Foreign,
    /// The name that the service was called by is none of its own.
    Host,
    /// A web page of another place made it.
    Origin,
    /// Too many of them.
    TooMany(Duration),
}

impl Refusal {
    /// The status, what happened, and what may help.
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "a valid token is needed",
                "send one as `Authorization: Bearer dl_…`; `deeplog token create` makes one",
            ),
            Self::NotAllowed => (
                StatusCode::FORBIDDEN,
                "the token does not allow this",
                "make one with the scope that is needed: read, ingest or admin",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "without tokens the service is for this machine only",
                "make a token with `deeplog token create`",
            ),
            Self::Host => (
                StatusCode::FORBIDDEN,
                "the service does not go by the name in the Host header",
                "call it by its address or as localhost, list the name in `http.hosts`, or make a token with `deeplog token create`",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "a web page of another place may not do this",
                "list its host in `http.hosts`, or make a token with `deeplog token create`",
            ),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "these are too many requests in a short time",
                "wait as long as Retry-After says; fewer and larger batches are faster too",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, detail, hint) = self.told();
        let problem = Problem::new(status, detail, hint);
        let challenge = match self {
            Self::TooMany(wait) => return problem.retry_after(wait.as_secs().saturating_add(1)).into_response(),
            Self::Unknown => "Bearer realm=\"deeplog\"",
            Self::NotAllowed => "Bearer realm=\"deeplog\", error=\"insufficient_scope\"",
            Self::Foreign | Self::Host | Self::Origin => return problem.into_response(),
        };
        let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        ([challenge], problem).into_response()
    }
}
