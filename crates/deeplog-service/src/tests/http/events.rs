//! Findings as they come.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{Served, numbers};
use crate::tests::{TRAINED, blocks};

/// Somebody who follows the findings.
struct Subscriber {
    body: BodyDataStream,
    text: String,
}

impl Served {
    fn subscribe(&self, query: &str, last: Option<&str>) -> Subscriber {
        let mut request = Request::get(format!("/v1/events{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = self.runtime.block_on(self.router.clone().oneshot(request)).unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Subscriber {
            body: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next events, so many; `None` if the stream ended before.
    fn events(&self, subscriber: &mut Subscriber, count: usize) -> Option<Vec<(u64, Value)>> {
        let mut events = Vec::new();
        while events.len() < count {
            while let Some((event, rest)) = subscriber.text.split_once("\n\n") {
                if let Some(event) = parsed(event) {
                    events.push(event);
                }
                subscriber.text = rest.to_owned();
                if events.len() == count {
                    return Some(events);
                }
            }
            let next = async {
                let next = tokio::time::timeout(Duration::from_secs(60), subscriber.body.next());
                next.await.expect("an event or the end within a minute")
            };
            let bytes = self.runtime.block_on(next)?.unwrap();
            subscriber.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        Some(events)
    }
}

fn parsed(event: &str) -> Option<(u64, Value)> {
    let field = |name: &str| {
        event
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim_start)
    };
    let data = field("data:")?;
    assert_eq!(field("event:"), Some("finding"));
    Some((field("id:")?.parse().unwrap(), serde_json::from_str(data).unwrap()))
}

#[test]
fn every_finding_comes_in_the_order_of_changes_and_goes_on_where_it_was_left() {
    let served = Served::with_log();
    let count = numbers(&served.json("/v1/findings?limit=1000"), "id").len();
    assert!(count > 5);
    let all = served.events(&mut served.subscribe("?after=0", None), count).unwrap();
    assert!(all.is_sorted_by(|one, next| one.0 < next.0));
    for (version, item) in &all {
        assert_eq!(item["version"], *version);
        assert!(item["path"].is_null(), "items are short");
    }
    let middle = all[2].0.to_string();
    let rest = served
        .events(&mut served.subscribe("?after=0", Some(&middle)), count - 3)
        .unwrap();
    assert_eq!(rest, all[3..], "the header goes first");
    assert!(served.get("/metrics").text().contains("deeplog_subscribers 0\n"));
}

#[test]
fn whoever_follows_sees_what_is_found_from_then_on_until_the_end() {
    let mut served = Served::new();
    let mut now = served.subscribe("", None);
    let mut other = served.subscribe("?source=b", None);
    let mut beyond = served.subscribe("?after=1000000", None);
    assert!(served.get("/metrics").text().contains("deeplog_subscribers 3\n"));
    for block in blocks(&TRAINED.lines(), 500) {
        served.push(block);
    }
    served.settle();
    let findings = numbers(&served.json("/v1/findings?limit=1000"), "id");
    let seen = served.events(&mut now, findings.len()).unwrap();
    assert!(seen.iter().all(|(_, item)| item["source"] == "a"));
    assert_eq!(
        served.events(&mut beyond, 1).unwrap()[0].1["source"],
        "a",
        "a number of another state"
    );
    let running = served.running.take().unwrap();
    running.stop(Duration::from_secs(60));
    let rest = served.events(&mut other, 1);
    assert_eq!(rest, None, "nothing of the other source, and the stream has an end");
}

#[test]
fn a_finding_comes_again_when_its_session_ends() {
    let served = Served::new();
    let mut follow = served.subscribe("", None);
    // A session that stays open until another one's lines move the clock.
    served.push("081109 203615 148 INFO dfs.X: what never was blk_1\n");
    let (first, item) = served.events(&mut follow, 1).unwrap().remove(0);
    assert_eq!(
        (item["id"].as_u64(), &item["session"]),
        (Some(first), &Value::from("blk_1"))
    );
    assert!(item["ended"].is_null());
    served.push("081109 213615 148 INFO dfs.X: what never was blk_2\n");
    let events = served.events(&mut follow, 2).unwrap();
    let (version, again) = events.iter().find(|(_, item)| item["id"] == first).unwrap();
    assert!(*version > first);
    assert_eq!(
        (&again["ended"]["end"], &again["ended"]["events"]),
        (&Value::from("idle"), &Value::from(1))
    );
    let one = served.json(&format!("/v1/findings/{first}"));
    assert_eq!((&one["ended"], &one["version"]), (&again["ended"], &again["version"]));
}
