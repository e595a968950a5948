//! Numbers that the parts count themselves, for all to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Metrics;
use crate::alerts::AlertCounters;
use crate::auth::Guard;
use crate::listen::ConnectionCounters;

/// A number's name, what it says, and where a part keeps it.
type Number<P> = (&'static str, &'static str, fn(&P) -> &AtomicU64);

const CONNECTIONS: [Number<ConnectionCounters>; 3] = [
    ("connections_accepted", "Connections that came", |all| &all.accepted),
    (
        "connections_delayed",
        "Connections that had to wait for another one to end",
        |all| &all.waited,
    ),
    (
        "connections_failed",
        "Connections without TLS or HTTP, too slow ones, and those that broke off",
        |all| &all.failed,
    ),
];

const REQUESTS: [Number<Guard>; 3] = [
    (
        "requests_over_rate",
        "Requests that were refused as there were too many of them",
        |guard| &guard.counters().too_many,
    ),
    (
        "requests_not_allowed",
        "Requests without a valid token, and those whose token does not allow them",
        |guard| &guard.counters().not_allowed,
    ),
    (
        "requests_foreign",
        "Requests by another name, from another machine or another place's page, where there are no tokens",
        |guard| &guard.counters().foreign,
    ),
];

const ALERTS: [Number<AlertCounters>; 4] = [
    ("alerts_delivered", "Alerts that a receiver took", |all| &all.delivered),
    (
        "alerts_retried",
        "Deliveries of alerts that failed and were to be tried again",
        |all| &all.failed,
    ),
    (
        "alerts_given_up",
        "Alerts that a receiver did not take to the last",
        |all| &all.given_up,
    ),
    (
        "alerts_dropped",
        "Alerts that were dropped as too many waited for their receiver",
        |all| &all.dropped,
    ),
];

/// Has the metrics show what becomes of connections, requests and alerts.
pub(super) fn show(
    metrics: &Metrics,
    connections: &Arc<ConnectionCounters>,
    guard: &Arc<Guard>,
    alerts: &Arc<AlertCounters>,
) {
    let here = connections.clone();
    metrics.shows("connections", "Connections just now", move || {
        here.open.load(Ordering::Relaxed)
    });
    count(metrics, connections, CONNECTIONS);
    count(metrics, guard, REQUESTS);
    count(metrics, alerts, ALERTS);
}

fn count<P: Send + Sync + 'static, const N: usize>(metrics: &Metrics, part: &Arc<P>, numbers: [Number<P>; N]) {
    for (name, about, of) in numbers {
        let part = part.clone();
        metrics.counts(name, about, move || of(&part).load(Ordering::Relaxed));
    }
}
