//! The layer around all routes: who asks, for what, and how often.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use deeplog::{Error, Result};
use tokio::time::sleep;

use super::bucket::Buckets;
use super::origin::Names;
use super::refusal::Refusal;
use super::{Scope, Tokens, scope_of};
use crate::config::ServiceConfig;
use crate::listen::{Ending, is_stream};

/// Wrong tokens of a client that are answered at once, and those that may follow each second. What is over is not even logged.
const WRONG_TOKENS: (f64, f64) = (10.0, 1.0);
/// How often it is looked whether the token of a stream of events is still valid.
const LOOK: Duration = Duration::from_secs(1);

/// Decides about requests.
pub struct Guard {
    tokens: Arc<Tokens>,
    names: Names,
    requests: Buckets,
    wrong: Buckets,
    counters: GuardCounters,
}

/// What was refused so far.
#[derive(Debug, Default)]
pub struct GuardCounters {
    /// Requests over the rate.
    pub too_many: AtomicU64,
    /// Requests without a valid token, and those whose token does not allow them.
    pub not_allowed: AtomicU64,
    /// Requests by another name, from another machine, or by another place's web page, where there are no tokens.
    pub foreign: AtomicU64,
}

impl Guard {
    /// A guard for a service that listens at this address.
    ///
    /// # Errors
    /// Other machines reach the address, and there is no token to tell them apart.
    pub fn new(listen: SocketAddr, config: &ServiceConfig, tokens: Arc<Tokens>) -> Result<Self> {
        if !listen.ip().is_loopback() && !tokens.are_required() {
            return Err(Error::run(
                format!("{listen} is reached by other machines, and there is no token that they could be known by"),
                "make one with `deeplog token create`, or listen at 127.0.0.1",
            ));
        }
        let now = Instant::now();
        let (burst, a_second) = WRONG_TOKENS;
        Ok(Self {
            tokens,
            names: Names::new(listen, &config.http.hosts),
            requests: Buckets::new(config.limits.requests.into(), config.limits.burst.into(), now),
            wrong: Buckets::new(a_second, burst, now),
            counters: GuardCounters::default(),
        })
    }

    /// What was refused so far.
    #[must_use]
    pub fn counters(&self) -> &GuardCounters {
        &self.counters
    }

    fn decide(&self, request: &Request) -> Result<(), Refusal> {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        // Whoever serves the router says who asks.
        let peer = peer.ok_or(Refusal::Foreign)?;
        self.requests.take(peer, Instant::now()).map_err(Refusal::TooMany)?;
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let needed = scope_of(method, uri.path());
        if self.tokens.are_required() {
            return match needed {
                Scope::Public => Ok(()),
                _ => self.with_token(needed, peer, method, headers),
            };
        }
        if !peer.to_canonical().is_loopback() {
            return Err(Refusal::Foreign);
        }
        if !self.names.are_called(uri, headers) {
            return Err(Refusal::Host);
        }
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        if changes && !self.names.are_origin(headers) {
            return Err(Refusal::Origin);
        }
        Ok(())
    }

    /// A valid token is never held up by wrong ones from the same address: guessing 256 bits is hopeless at any rate, and
    /// people behind one proxy share an address.
    fn with_token(&self, needed: Scope, peer: IpAddr, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let token = bearer(headers).ok_or(Refusal::Unknown)?;
        let Some(scopes) = self.tokens.check(token) else {
            self.wrong.take(peer, Instant::now()).map_err(Refusal::TooMany)?;
            tracing::warn!(%peer, %method, "a request had a wrong or expired token");
            return Err(Refusal::Unknown);
        };
        let is_allowed = scopes.contains(&needed) || scopes.contains(&Scope::Admin);
        if is_allowed { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    fn count(&self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::TooMany(_) => &self.counters.too_many,
            Refusal::Unknown | Refusal::NotAllowed => &self.counters.not_allowed,
            Refusal::Foreign | Refusal::Host | Refusal::Origin => &self.counters.foreign,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Puts a guard before all routes.
pub fn protect(router: Router, guard: Arc<Guard>) -> Router {
    router.layer(from_fn_with_state(guard, pass))
}

async fn pass(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.decide(&request) {
        Ok(()) => {
            let token = bearer(request.headers()).filter(|_| guard.tokens.are_required());
            let token = token.map(str::to_owned);
            let answer = next.run(request).await;
            match token.filter(|_| is_stream(&answer)) {
                // A stream of events goes on for as long as its token is valid.
                Some(token) => answer.map(|body| Body::new(Ending::complete(body, ended(guard, token)))),
                None => answer,
            }
        }
        Err(refusal) => {
            guard.count(refusal);
            refusal.into_response()
        }
    }
}

/// Returns when a token is not valid any more.
async fn ended(guard: Arc<Guard>, token: String) {
    while guard.tokens.check(&token).is_some() {
        sleep(LOOK).await;
    }
}

/// The token in the one Authorization header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = given.next()?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && given.next().is_none()).then(|| token.trim())
}
