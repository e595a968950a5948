//! What is there to look at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Served, items, numbers, quoted};
use crate::tests::TRAINED;

#[test]
fn findings_can_be_paged_filtered_and_opened() {
    let served = Served::with_log();
    let all = served.json("/v1/findings?limit=1000");
    let ids = numbers(&all, "id");
    assert!(ids.len() > 5 && ids.is_sorted_by(|one, next| one > next), "{ids:?}");
    assert!(all.get("next").is_none());
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = served.json(&format!("/v1/findings?limit=2{cursor}"));
        paged.extend(numbers(&page, "id"));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, ids);

    for (field, parameter) in [
        ("/reason", "reason"),
        ("/session", "session"),
        ("/seen/key", "template"),
    ] {
        let wanted = items(&all).iter().find_map(|item| item.pointer(field)).unwrap();
        let page = served.json(&format!(
            "/v1/findings?limit=1000&{parameter}={}",
            quoted(wanted.as_str().unwrap())
        ));
        let expected = items(&all).iter().filter(|item| item.pointer(field) == Some(wanted));
        assert!(items(&page).iter().eq(expected), "{parameter}");
    }
    assert_eq!(served.json("/v1/findings?source=b")["items"], json!([]));
    assert_eq!(served.json("/v1/findings?to=2020-01-01T00:00:00Z")["items"], json!([]));
    assert_eq!(
        numbers(
            &served.json("/v1/findings?limit=1000&from=2020-01-01T01:00:00%2B01:00"),
            "id"
        ),
        ids
    );

    let one = served.json(&format!("/v1/findings/{}", ids[0]));
    assert_eq!(one["id"], ids[0]);
    assert!(!one["path"].as_array().unwrap().is_empty() && !one["lines"].as_array().unwrap().is_empty());
    for path in ["/v1/findings/0", "/v1/findings/x", "/v1/findings/-1"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=9",
        "from=yesterday",
        "page=2",
        "limit=1&limit=2",
    ] {
        let answer = served.get(&format!("/v1/findings?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }

    let histogram = served.json("/v1/findings/histogram?buckets=7");
    let counts = histogram["buckets"].as_array().unwrap();
    let sum: u64 = counts.iter().map(|bucket| bucket["findings"].as_u64().unwrap()).sum();
    assert_eq!((counts.len(), sum as usize), (7, ids.len()));
    assert_eq!(served.get("/v1/findings/histogram?buckets=0").status, 400);
}

#[test]
fn what_is_going_on_adds_up() {
    let served = Served::with_log();
    let log = TRAINED.lines();
    let lines = log.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let sources = served.json("/v1/sources");
    let source = &items(&sources)[0];
    assert_eq!(
        (&source["name"], &source["lines"], &source["bytes"]),
        (&json!("a"), &json!(lines), &json!(log.len()))
    );
    assert_eq!(items(&sources)[1]["lines"], 0);

    let templates = served.json("/v1/templates");
    let counts = numbers(&templates, "count");
    assert!(counts.is_sorted_by(|one, next| one >= next));
    assert_eq!(
        counts.iter().sum::<u64>(),
        source["since_defined"]["messages"].as_u64().unwrap()
    );
    assert!(items(&templates)[0]["template"].as_str().unwrap().contains("<*>"));

    let volume = served.json("/v1/volume");
    let sum = |field: &str| -> u64 {
        let minutes = volume["minutes"].as_array().unwrap();
        minutes.iter().map(|minute| minute[field].as_u64().unwrap()).sum()
    };
    let findings = numbers(&served.json("/v1/findings?limit=1000"), "id").len() as u64;
    assert_eq!((sum("lines"), sum("findings")), (lines, findings));
    assert_eq!(served.json("/v1/volume?source=b")["minutes"], json!([]));

    let sessions = served.json("/v1/sessions?limit=1");
    assert_eq!(sessions["open"], source["open_sessions"]);
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = served.json(&format!("/v1/sessions?limit=3{cursor}"));
        seen.extend(items(&page).iter().map(|item| item["session"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(seen.len()), sessions["open"]);

    let model = served.json("/v1/model?source=b");
    assert_eq!((&model["source"], &model["calibrated"]), (&json!("b"), &json!(false)));
    assert!(
        model["data"]
            .as_object()
            .unwrap()
            .keys()
            .all(|name| !name.contains('/'))
    );

    let metrics = served.get("/metrics");
    for line in [
        format!("deeplog_lines_total{{source=\"a\"}} {lines}"),
        "deeplog_lines_total{source=\"b\"} 0".to_owned(),
        format!("deeplog_published_seconds_count {findings}"),
        "deeplog_acknowledged_seconds_count 1".to_owned(),
        "# EOF".to_owned(),
    ] {
        assert!(
            metrics.text().lines().any(|found| found == line),
            "{line}\n{}",
            metrics.text()
        );
    }
}

#[test]
fn verdicts_on_request_are_those_of_a_file_and_leave_no_trace() {
    let served = Served::new();
    let log = String::from_utf8(TRAINED.lines()).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let answer = served.post("/v1/detect", &[], json!({ "lines": lines }).to_string());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let mut expected = Vec::new();
    let model = TRAINED.model();
    model
        .detect(
            std::slice::from_ref(&TRAINED.log),
            &mut deeplog::Unobserved,
            &mut |_, verdict| {
                expected.push(serde_json::to_value(verdict).unwrap());
                Ok(())
            },
        )
        .unwrap();
    assert!(expected.iter().any(|verdict| verdict["outcome"] == "anomalous"));
    assert_eq!(answer["verdicts"], Value::from(expected));
    assert!(!answer["templates"].as_object().unwrap().is_empty());

    let known = model.vocabulary.names()[0].to_string();
    let sessions = json!({"sessions": [{"id": "s", "keys": [known, "never seen"]}, {"id": "t", "keys": []}]});
    let answer = served.post("/v1/detect", &[], sessions.to_string()).json();
    assert_eq!(
        (&answer["verdicts"][0]["session"], &answer["verdicts"][1]["session"]),
        (&json!("s"), &json!("t"))
    );
    let findings = answer["verdicts"][0]["findings"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding["reason"] == "unseen_key" && finding["position"] == 1),
        "{answer}"
    );

    let many = json!({"sessions": [{"id": "s", "keys": vec!["k"; 100_001]}]});
    assert_eq!(served.post("/v1/detect", &[], many.to_string()).status, 413);
    served.settle();
    assert_eq!(served.json("/v1/sources")["items"][0]["lines"], 0);
    assert_eq!(served.json("/v1/findings")["items"], json!([]));
    assert_eq!(served.json("/v1/sessions")["open"], 0);
}

#[test]
fn trouble_is_told_until_it_is_over() {
    let served = Served::new();
    assert_eq!(served.json("/health"), json!({"status": "ok"}));
    assert_eq!(served.json("/ready")["ready"], true);
    served
        .service
        .health
        .set("findings", Some("the disk is full".to_owned()));
    let answer = served.get("/ready");
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["troubles"],
        json!([{"part": "findings", "trouble": "the disk is full"}])
    );
    assert_eq!(served.get("/health").status, 200);
    served.service.health.set("findings", None);
    assert_eq!(served.get("/ready").status, 200);
}

#[test]
fn hostile_lines_are_escaped_and_every_answer_keeps_browsers_in_check() {
    let served = Served::new();
    let hostile = "<script>alert(1)</script>\u{1b}[31m\u{202e}\u{9b}\u{2066}";
    served.push(format!("081109 203615 148 INFO dfs.X: {hostile} blk_1\n"));
    served.settle();
    let one = served.get("/v1/findings/1");
    assert!(
        one.text()
            .contains(r"<script>alert(1)</script>\u001b[31m\u202e\u009b\u2066"),
        "{}",
        one.text()
    );
    for path in [
        "/v1/findings",
        "/v1/findings/1",
        "/v1/templates",
        "/",
        "/script.js",
        "/metrics",
        "/nothing\u{1b}",
        "/openapi.json",
    ] {
        let answer = served.get(&path.replace('\u{1b}', "%1B"));
        let hides = |character| evaluation::is_hidden(character) && character != '\n';
        assert!(!answer.text().chars().any(hides), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                 base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let is_page = ["/", "/script.js"].contains(&path);
        assert_eq!(
            answer.header("cache-control"),
            if is_page { "no-cache" } else { "no-store" }
        );
    }
}
