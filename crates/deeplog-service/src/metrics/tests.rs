use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use detection::Reason;

use super::Metrics;
use super::live::{Rates, at_share};
use crate::Change;
use crate::store::tests::found;

#[test]
fn what_happens_is_counted() {
    let metrics = Metrics::new();
    let finding = |reason| Change::Found(Box::new(found(1, "web", "s", reason, "k")));
    metrics.stored(&[
        finding(Reason::UnseenKey),
        finding(Reason::UnseenKey),
        finding(Reason::UnusualOrder),
    ]);
    metrics.acknowledged(Duration::from_millis(3));
    metrics.syslog("web").dropped.store(4, Ordering::Relaxed);
    metrics.rejected("web", 2);
    metrics.wal_bytes(77);
    metrics.checkpoint(Duration::from_millis(250));
    metrics.store_retry();
    let subscriber = metrics.subscriber();
    let text = metrics.text(0.5).unwrap();
    for line in [
        r#"deeplog_findings_total{source="web",reason="unseen_key"} 2"#,
        r#"deeplog_findings_total{source="web",reason="unusual_order"} 1"#,
        r#"deeplog_acknowledged_seconds_bucket{le="0.002"} 0"#,
        r#"deeplog_acknowledged_seconds_bucket{le="0.005"} 1"#,
        "deeplog_published_seconds_count 3",
        r#"deeplog_syslog{source="web",what="dropped"} 4"#,
        r#"deeplog_rejected_total{source="web"} 2"#,
        "deeplog_log_bytes 77",
        "deeplog_checkpoint_duration_seconds 0.25",
        "deeplog_queue_fill 0.5",
        "deeplog_store_retries_total 1",
        "deeplog_subscribers 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    drop(subscriber);
    assert!(metrics.text(0.0).unwrap().contains("deeplog_subscribers 0"));
}

#[test]
fn numbers_of_other_parts_are_looked_up() {
    let metrics = Metrics::new();
    let counter = Arc::new(AtomicU64::new(3));
    let read = |counter: &Arc<AtomicU64>| {
        let counter = counter.clone();
        move || counter.load(Ordering::Relaxed)
    };
    metrics.counts("syslog_messages", "Messages that came by syslog", read(&counter));
    metrics.shows("connections", "Connections just now", read(&counter));
    counter.store(5, Ordering::Relaxed);
    let text = metrics.text(0.0).unwrap();
    for line in [
        "# TYPE deeplog_syslog_messages counter",
        "deeplog_syslog_messages_total 5",
        "# TYPE deeplog_connections gauge",
        "deeplog_connections 5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn quantiles_are_values_that_were_there() {
    let scores: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(at_share(&scores, 0.5), Some(50.0));
    assert_eq!(at_share(&scores, 0.99), Some(99.0));
    assert_eq!(at_share(&scores[..1], 0.5), Some(1.0));
    assert_eq!(at_share(&[], 0.5), None);
}

#[test]
fn the_share_of_unseen_keys_is_that_of_the_last_minute() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut rates = Rates::default();
    let mut ratio = |seconds, messages, unseen| rates.ratio("a", after(seconds), messages, unseen);
    assert_eq!(ratio(0, 1000, 500), 0.0);
    assert_eq!(ratio(30, 1100, 510), 0.1);
    assert_eq!(ratio(60, 1200, 520), 0.1);
    assert_eq!(ratio(90, 1300, 520), 0.05, "against the look of a minute ago");
    assert_eq!(ratio(180, 1300, 520), 0.0);
    assert_eq!(ratio(190, 10, 1), 0.0, "counters that began anew");
    assert_eq!(ratio(195, 20, 6), 0.5);
}
