//! Lines in.

use std::io::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::Served;
use crate::Entrance;
use crate::http::{Input, Service, router};

const PLAIN: (&str, &str) = ("content-type", "text/plain");
const JSON: (&str, &str) = ("content-type", "application/json");

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn lines_come_in_every_way_and_are_counted() {
    let served = Served::new();
    let gzip = ("content-encoding", "gzip");
    for (path, headers, body, lines, rejected) in [
        ("/v1/ingest", &[PLAIN][..], b"one\ntwo".to_vec(), 2, 0),
        ("/v1/ingest?source=b", &[PLAIN], b"one\n".to_vec(), 1, 0),
        (
            "/v1/ingest",
            &[JSON],
            br#"[{"message":"one"},{"other":1},"two"]"#.to_vec(),
            2,
            1,
        ),
        (
            "/v1/ingest",
            &[],
            b"{\"log\":\"one\"}\n{\"log\":\"two\"}\n".to_vec(),
            2,
            0,
        ),
        ("/v1/ingest", &[PLAIN, gzip], packed("one\ntwo\nthree\n"), 3, 0),
        ("/v1/ingest", &[PLAIN], Vec::new(), 0, 0),
    ] {
        let answer = served.post(path, headers, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(
            (&answer["lines"], &answer["rejected"]),
            (&json!(lines), &json!(rejected)),
            "{answer}"
        );
        assert_eq!(answer["duplicate"], false);
        assert_eq!(answer.get("problem").is_some(), rejected > 0);
    }
    served.settle();
    let sources = served.json("/v1/sources");
    assert_eq!(
        (&sources["items"][0]["lines"], &sources["items"][1]["lines"]),
        (&json!(9), &json!(1))
    );
    assert!(
        served
            .get("/metrics")
            .text()
            .contains("deeplog_rejected_total{source=\"a\"} 1\n")
    );
}

#[test]
fn a_named_batch_is_taken_in_once() {
    let served = Served::new();
    let send = |source: &str, key: &str, body: &'static str| {
        let path = format!("/v1/ingest?source={source}");
        served.post(&path, &[PLAIN, ("idempotency-key", key)], body)
    };
    assert_eq!(send("a", "x", "one\ntwo\n").json()["duplicate"], false);
    let again = send("a", "x", "one\ntwo\n").json();
    assert_eq!((&again["duplicate"], &again["lines"]), (&json!(true), &json!(2)));
    assert_eq!(
        send("b", "x", "one\ntwo\n").json()["duplicate"],
        false,
        "keys are a source's own"
    );
    let other = send("a", "x", "three\n");
    assert_eq!(other.status, 422);
    assert!(other.json()["detail"].as_str().unwrap().contains("other lines"));
    served.settle();
    assert_eq!(served.json("/v1/sources")["items"][0]["lines"], 2);
}

#[test]
fn what_is_refused_is_explained_and_leaves_nothing() {
    let served = Served::new();
    let long = "k".repeat(300);
    let large = "x\n".repeat(5 << 20);
    for (path, headers, body, status, detail) in [
        (
            "/v1/ingest?source=c",
            &[PLAIN][..],
            "one",
            404,
            "there is no source 'c'",
        ),
        ("/v1/ingest?sauce=a", &[PLAIN], "one", 400, "unknown field `sauce`"),
        (
            "/v1/ingest",
            &[PLAIN, ("idempotency-key", "")],
            "one",
            400,
            "idempotency key is empty",
        ),
        (
            "/v1/ingest",
            &[PLAIN, ("idempotency-key", &*long)],
            "one",
            400,
            "longer than 256 bytes",
        ),
        (
            "/v1/ingest",
            &[PLAIN, ("content-encoding", "br")],
            "one",
            415,
            "packed as `br`",
        ),
        ("/v1/ingest", &[("content-type", "image/png")], "one", 415, "image/png"),
        ("/v1/ingest", &[PLAIN, ("content-encoding", "gzip")], "one", 400, ""),
        (
            "/v1/ingest",
            &[JSON],
            r#"[{"a":1},{"b":2}]"#,
            422,
            "none of 2 values holds a line",
        ),
        ("/v1/ingest", &[PLAIN], &*large, 413, "more than 8388608 bytes"),
        ("/v1/detect", &[JSON], "{}", 400, "either `lines` or `sessions`"),
        ("/v1/detect", &[JSON], r#"{"lines": ["#, 400, "not understood"),
        (
            "/v1/detect?source=c",
            &[JSON],
            r#"{"lines": []}"#,
            404,
            "there is no source",
        ),
        ("/v1/findings", &[], "", 405, "does not take POST"),
        ("/v2/ingest", &[], "", 404, "nothing at /v2/ingest"),
    ] {
        let answer = served.post(path, headers, body.to_owned());
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&json!("about:blank"), &json!(status))
        );
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    served.settle();
    assert_eq!(served.json("/v1/sources")["items"][0]["lines"], 0);
}

/// A body whose length nobody said is cut off too.
#[test]
fn a_body_without_end_is_cut_off() {
    let served = Served::new();
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'\n'; 1 << 20]));
    let answer = served.post("/v1/ingest", &[PLAIN], Body::from_stream(endless));
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[test]
fn who_brings_too_much_is_told_to_wait() {
    let mut full = Served::new();
    let (sender, submissions) = channel();
    full.router = router(Service {
        entrance: Entrance::new(sender, 1000),
        ..full.service.clone()
    });
    let waiting = {
        let router = full.router.clone();
        let request = axum::http::Request::post("/v1/ingest")
            .body(Body::from("x\n".repeat(300)))
            .unwrap();
        full.runtime.spawn(tower::ServiceExt::oneshot(router, request))
    };
    let submitted = submissions.recv_timeout(Duration::from_secs(60)).unwrap();
    let answer = full.post("/v1/ingest", &[PLAIN], "x\n".repeat(300));
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, "1"),
        "{}",
        answer.text()
    );
    assert!((full.json("/ready")["queue_fill"].as_f64().unwrap() - 0.856).abs() < 1e-9);
    // The service ends: whoever waits is told so.
    drop((submitted, submissions));
    let answer = full.runtime.block_on(waiting).unwrap().unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "1")
    );
}

#[test]
fn sources_can_change_while_it_runs() {
    let served = Served::new();
    assert_eq!(served.post("/v1/ingest?source=a", &[PLAIN], "x").status, 200);
    served
        .inputs
        .send_modify(|inputs: &mut Vec<Input>| inputs.retain(|input| &*input.source == "b"));
    assert_eq!(served.post("/v1/ingest?source=a", &[PLAIN], "x").status, 404);
    assert_eq!(served.post("/v1/ingest", &[PLAIN], "x").status, 200);
    served.settle();
    assert_eq!(
        served.json("/v1/sources")["items"][1]["lines"],
        1,
        "the first one that is left"
    );
}
