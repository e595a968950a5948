//! Numbers that the parts count themselves, for all to see.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::Metrics;
use crate::alerts::AlertCounters;
use crate::auth::Guard;
use crate::listen::ConnectionCounters;

/// Has the metrics show what became of connections, requests and alerts.
pub(super) fn show(
    metrics: &Metrics,
    connections: &Arc<ConnectionCounters>,
    guard: &Arc<Guard>,
    alerts: &Arc<AlertCounters>,
) {
    let here = |read: fn(&ConnectionCounters) -> u64| {
        let connections = connections.clone();
        move || read(&connections)
    };
    metrics.shows(
        "connections",
        "Connections just now",
        here(|all| all.open.load(Relaxed)),
    );
    metrics.counts(
        "connections_accepted",
        "Connections that came",
        here(|all| all.accepted.load(Relaxed)),
    );
    metrics.counts(
        "connections_delayed",
        "Connections that had to wait for another one to end",
        here(|all| all.waited.load(Relaxed)),
    );
    metrics.counts(
        "connections_failed",
        "Connections without TLS or HTTP, too slow ones, and those that broke off",
        here(|all| all.failed.load(Relaxed)),
    );

    let here = |read: fn(&Guard) -> u64| {
        let guard = guard.clone();
        move || read(&guard)
    };
    metrics.counts(
        "requests_over_rate",
        "Requests that were refused as there were too many of them",
        here(|guard| guard.counters().too_many.load(Relaxed)),
    );
    metrics.counts(
        "requests_not_allowed",
        "Requests without a valid token, and those whose token does not allow them",
        here(|guard| guard.counters().not_allowed.load(Relaxed)),
    );
    metrics.counts(
        "requests_foreign",
        "Requests by a name that is not ours, from another machine or another place's page, where there are no tokens",
        here(|guard| guard.counters().foreign.load(Relaxed)),
    );

    let here = |read: fn(&AlertCounters) -> u64| {
        let alerts = alerts.clone();
        move || read(&alerts)
    };
    metrics.counts(
        "alerts_delivered",
        "Alerts that a receiver took",
        here(|all| all.delivered.load(Relaxed)),
    );
    metrics.counts(
        "alerts_retried",
        "Attempts to deliver an alert that failed and were to be repeated",
        here(|all| all.failed.load(Relaxed)),
    );
    metrics.counts(
        "alerts_given_up",
        "Alerts that a receiver did not take to the last",
        here(|all| all.given_up.load(Relaxed)),
    );
    metrics.counts(
        "alerts_dropped",
        "Alerts that were dropped as too many waited for their receiver",
        here(|all| all.dropped.load(Relaxed)),
    );
}
