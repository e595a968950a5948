//! Alerts from the findings to receivers that listen, fail, dawdle or must not be called.

mod delivery;
mod mail;
mod webhook;

use std::sync::atomic::Ordering;

use detection::Reason;
use sequence_windowing::SessionEnd;
use serde_json::Value;
use tempfile::TempDir;

use super::webhook::signature;
use super::*;
use crate::config::{Secret, WebhookConfig};
use crate::store::Store;
use crate::{Change, Ended, Expected, RawLine, Reader, Seen};
use webhook::{Call, hook, http_server};

/// A store of findings.
struct Findings {
    store: Store,
    _folder: TempDir,
}

impl Findings {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path(), 100_000).unwrap(),
            _folder: folder,
        }
    }

    fn add(&mut self, id: u64, template: &str) {
        self.store
            .append(&[Change::Found(Box::new(finding(id, template)))])
            .unwrap();
    }

    fn end(&mut self, version: u64, id: u64) {
        let ended = Box::new(Ended {
            score: 1.0,
            p_value: None,
            parts: Vec::new(),
            findings: 1,
            events: 4,
            end: SessionEnd::Idle,
        });
        self.store.append(&[Change::Ended { version, id, ended }]).unwrap();
    }

    fn reader(&self) -> Reader {
        self.store.reader()
    }

    fn mark(&self) -> u64 {
        self.reader().told().unwrap()
    }
}

fn news(finding: &FindingRecord) -> News {
    News {
        id: finding.id,
        version: finding.version,
        signature: Signature {
            source: finding.source.clone(),
            reason: finding.reason.name().into(),
            template: finding
                .seen
                .as_ref()
                .map(|seen| seen.template.clone())
                .unwrap_or_default(),
        },
        received: finding.received,
    }
}

fn finding(id: u64, template: &str) -> FindingRecord {
    FindingRecord {
        id,
        version: id,
        source: "web".into(),
        session: "blk_1\r\nBcc: all@example.org".into(),
        time: None,
        received: Timestamp(i64::try_from(id).unwrap() * 1_000_000),
        reason: Reason::UnseenKey,
        explanation: "a log key that never occurred".into(),
        position: Some(3),
        line: Some(7),
        seen: Some(Seen {
            key: "E9".into(),
            template: template.into(),
        }),
        expected: vec![Expected {
            key: "E1".into(),
            template: "served <*>".into(),
            probability: 0.925,
        }],
        rank: None,
        probability: None,
        detail: None,
        path: Vec::new(),
        lines: vec![RawLine {
            number: 7,
            text: "\u{1b}[31mred\u{202e}\r\n.\r\nDATA".into(),
            is_of_session: true,
        }],
        ended: None,
    }
}

fn alerts(webhooks: Vec<WebhookConfig>) -> AlertConfig {
    AlertConfig {
        webhooks,
        link: Some("https://logs.example.org".into()),
        ..AlertConfig::default()
    }
}

const WHILE: Duration = Duration::from_secs(60);

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not happen");
}

fn header<'c>(call: &'c Call, name: &str) -> &'c str {
    let line = call.head.lines().find(|line| line.to_lowercase().starts_with(name));
    line.unwrap().split_once(": ").unwrap().1
}

#[test]
fn a_webhook_is_called_once_a_matter_and_its_call_is_signed() {
    let (port, calls) = http_server(&["500 Broken", "204 Fine"]);
    let mut findings = Findings::new();
    (1..=5).for_each(|id| findings.add(id, "disk <*> failed"));
    let counters = Arc::<AlertCounters>::default();
    let alerting = start(&alerts(vec![hook(port, true)]), findings.reader(), counters.clone()).unwrap();
    let failed = calls.recv_timeout(WHILE).unwrap();
    let call = calls.recv_timeout(WHILE).unwrap();
    assert_eq!(header(&failed, "x-deeplog-alert"), header(&call, "x-deeplog-alert"));
    assert_eq!(header(&call, "x-deeplog-alert"), "new-1");
    let time: u64 = header(&call, "x-deeplog-signature")[2..]
        .split_once(',')
        .unwrap()
        .0
        .parse()
        .unwrap();
    assert_eq!(
        header(&call, "x-deeplog-signature"),
        signature(&Secret::new("key"), time, &call.body)
    );
    assert!(
        !call.body.contains(&0x1B) && !String::from_utf8_lossy(&call.body).contains('\u{202e}'),
        "what hides is spelt"
    );
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    for (at, expected) in [
        ("/id", "new-1"),
        ("/kind", "new"),
        ("/text", "web: unseen_key (1)"),
        ("/signature/template", "disk <*> failed"),
        ("/first", "1970-01-01T00:00:01.000000Z"),
        ("/finding/session", "blk_1\r\nBcc: all@example.org"),
        ("/finding/expected/0/template", "served <*>"),
        ("/link", "https://logs.example.org/#1"),
    ] {
        assert_eq!(
            body.pointer(at).and_then(Value::as_str),
            Some(expected),
            "{at} of {body}"
        );
    }
    assert_eq!(body["count"], 1);
    // The first is told, and the others are still counted: the mark stays before them.
    wait_for("the mark", || findings.mark() == 1);
    drop(alerting);
    assert_eq!(findings.mark(), 1);
    assert_eq!(
        (
            counters.delivered.load(Ordering::Relaxed),
            counters.failed.load(Ordering::Relaxed)
        ),
        (1, 1)
    );
}

#[test]
fn after_a_restart_what_was_not_told_is_told() {
    let (port, calls) = http_server(&["200 OK"]);
    let mut findings = Findings::new();
    ["a", "a", "b"]
        .iter()
        .zip(1..)
        .for_each(|(template, id)| findings.add(id, template));
    let config = alerts(vec![hook(port, true)]);
    let told = |alerting: Alerting, count: usize| -> Vec<String> {
        let calls = (0..count).map(|_| calls.recv_timeout(WHILE).unwrap());
        let ids = calls.map(|call| header(&call, "x-deeplog-alert").to_owned()).collect();
        drop(alerting);
        ids
    };
    let first = start(&config, findings.reader(), Arc::default()).unwrap();
    assert_eq!(told(first, 2), ["new-1", "new-3"]);
    assert_eq!(findings.mark(), 1);
    // An old finding whose session has ended is no news.
    findings.end(4, 1);
    let second = start(&config, findings.reader(), Arc::default()).unwrap();
    assert_eq!(told(second, 2), ["new-2", "new-3"]);
    assert_eq!(findings.mark(), 4);
}

#[test]
fn a_finding_that_ended_long_after_others_came_is_still_told() {
    let (port, calls) = http_server(&["200 OK"]);
    let mut findings = Findings::new();
    let all = (1..=1_201).map(|id| Change::Found(Box::new(finding(id, if id == 1 { "first" } else { "a" }))));
    findings.store.append(&all.collect::<Vec<_>>()).unwrap();
    findings.end(1_202, 1);
    let alerting = start(&alerts(vec![hook(port, true)]), findings.reader(), Arc::default()).unwrap();
    let told = [(); 2].map(|()| header(&calls.recv_timeout(WHILE).unwrap(), "x-deeplog-alert").to_owned());
    drop(alerting);
    assert_eq!(told, ["new-2", "new-1"]);
}

#[test]
fn with_nobody_to_tell_the_mark_moves_all_the_same() {
    let mut findings = Findings::new();
    let all: Vec<Change> = (1..=1_201)
        .map(|id| Change::Found(Box::new(finding(id, "a"))))
        .collect();
    findings.store.append(&all).unwrap();
    let alerting = start(&AlertConfig::default(), findings.reader(), Arc::default()).unwrap();
    wait_for("the mark", || findings.mark() == 1_201);
    drop(alerting);
}

fn alert(id: u64) -> Alert {
    let mut grouping = Grouping::new(Duration::from_secs(1), 100);
    grouping.take(&news(&finding(id, "a")), Instant::now()).unwrap()
}
