//! `metrics.json`, its schema, tables and reports.

use std::collections::{BTreeMap, BTreeSet};

use detection::Reason;
use serde_json::Value;

use super::{HOSTILE, HostileTexts, assert_balanced, events, metrics, verdict};
use crate::*;

#[test]
fn metrics_survive_json() {
    let metrics = metrics();
    let text = serde_json::to_string_pretty(&metrics).unwrap();
    assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
}

#[test]
fn metrics_hold_what_is_promised() {
    let json = serde_json::to_value(metrics()).unwrap();
    for pointer in [
        "/experiment/name",
        "/seed",
        "/data/test/sessions",
        "/data/test/distinct",
        "/data/keys",
        "/test/tp",
        "/test/fp",
        "/test/tn",
        "/test/fn",
        "/test/precision",
        "/test/recall",
        "/test/f1",
        "/test/specificity",
        "/test/mcc",
        "/test/average_precision",
        "/test/intervals/f1/low",
        "/natural/prevalence",
        "/natural/average_precision",
        "/by_reason/unseen_key/tp",
        "/distinct/f1",
        "/novel/f1",
        "/baselines/unseen_key</novel/f1",
        "/audit/0/outcome",
        "/baselines/unseen_key</f1",
        "/baselines/unseen_key</natural/f1",
        "/baselines/unseen_key</curve/0/precision",
        "/sweeps/g/0/f1",
        "/sweeps/threshold/0/f1",
        "/sweeps/oracle/g/g",
        "/losses/0/validation",
        "/timings/parse/per_second",
        "/timings/train/seconds",
        "/timings/baselines/unseen_key</fit_seconds",
        "/environment/device",
    ] {
        assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
    assert!(
        serde_json::to_value(Metrics::default())
            .unwrap()
            .pointer("/test/precision")
            .unwrap()
            .is_null()
    );
}

/// Names of fields, save those that are data: names of reasons, detectors, faults and counters.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if !["unseen_key<", "skipped_lines", "deeplog", "out_of|<range>\u{202e}"].contains(&name.as_str())
                    && !is_reason(name)
                {
                    found.insert(name.clone());
                }
                fields(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        _ => {}
    }
}

fn is_reason(name: &str) -> bool {
    serde_json::from_value::<Reason>(name.into()).is_ok()
}

fn properties(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            members.values().for_each(|value| properties(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn the_schema_knows_every_field() {
    let schema: Value = serde_json::from_str(&metrics_schema()).unwrap();
    let (mut written, mut known) = (BTreeSet::new(), BTreeSet::new());
    fields(&serde_json::to_value(metrics()).unwrap(), &mut written);
    properties(&schema, &mut known);
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(known.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new());
    let top: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let json = serde_json::to_value(metrics()).unwrap();
    assert_eq!(top, json.as_object().unwrap().keys().cloned().collect());
}

#[test]
fn the_table_is_aligned() {
    let table = results_table(&Metrics {
        by_kind: BTreeMap::new(),
        ..metrics()
    });
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[1], "as measured: 60 sessions, 50% anomalous");
    assert!(
        lines[2].starts_with("  deeplog (oracle)   5  10  20  25     0.3333"),
        "{table}"
    );
    assert!(lines[4].contains("AP at 25%  F1, distinct"), "{table}");
    assert!(lines[5].contains("novel, unlike all training: 30 sessions, 33.3% anomalous"));
    for block in [[0, 2, 3], [4, 6, 7]] {
        let widths: BTreeSet<_> = block.iter().map(|&row: &usize| lines[row].chars().count()).collect();
        assert_eq!(widths.len(), 1, "{table}");
    }
    let markdown = results_markdown(&metrics());
    let cells: BTreeSet<_> = markdown.lines().map(|line| line.matches('|').count()).collect();
    assert_eq!(
        (markdown.lines().count(), cells),
        (4, BTreeSet::from([15])),
        "{markdown}"
    );
}

fn explanations(number: usize) -> Vec<Explanation> {
    let explanation = |session: usize| {
        let mut verdict = verdict(12.5, Some(17), Some(Reason::OutsideTopCandidates));
        verdict.session = format!("blk_{session} {HOSTILE}").into();
        Explanation::of(&verdict, &events(), None, &HostileTexts)
    };
    (0..number).map(explanation).collect()
}

fn report(explanations: &[Explanation], flagged: u64) -> String {
    let metrics = metrics();
    let plots = plots(std::slice::from_ref(&metrics)).unwrap();
    let caveats = [format!("mind {HOSTILE}")];
    report_html(&ReportInput {
        metrics: &metrics,
        caveats: &caveats,
        plots: &plots,
        explanations,
        flagged,
    })
}

#[test]
fn every_flagged_session_has_its_explanation() {
    let html = report(&explanations(3), 3);
    assert_balanced(&html);
    for session in 1..=3 {
        assert_eq!(html.matches(&format!("href=\"#session-{session}\"")).count(), 1);
        assert_eq!(html.matches(&format!("<article id=\"session-{session}\">")).count(), 1);
    }
    assert_eq!(html.matches("expected instead").count(), 3);
    assert_eq!(html.matches("<svg ").count(), 7);
    for part in [
        "oracle: g = ",
        "95% intervals",
        "without &lt;order&gt;",
        "natural share of 25%",
        "the first departure".to_lowercase().as_str(),
    ] {
        assert!(html.to_lowercase().contains(&part.to_lowercase()), "{part}");
    }
}

#[test]
fn a_hostile_log_stays_text() {
    let html = report(&explanations(2), 2);
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    assert!(
        html.chars()
            .all(|character| character == '\n' || visible(&character.to_string()).len() == character.len_utf8())
    );
    let outside: Vec<_> = html.match_indices("http").map(|(at, _)| &html[at..at + 15]).collect();
    assert!(
        outside
            .iter()
            .all(|place| ["http-equiv=\"Con", "http://www.w3.o"].contains(place)),
        "{outside:?}"
    );
}

#[test]
fn sessions_beyond_the_cap_are_counted() {
    let html = report(&explanations(EXPLAINED_SESSIONS + 5), 7_255);
    assert_eq!(html.matches("<article ").count(), EXPLAINED_SESSIONS);
    assert!(html.contains("Flagged: 7,255; here are the first 200 by score."));
}

#[test]
fn long_sessions_and_lines_are_cut_and_counted() {
    let mut explanation = explanations(1).remove(0);
    let mut step = explanation.steps[0].clone();
    step.text = Some("x".repeat(100_000));
    explanation.steps.splice(0..0, std::iter::repeat_n(step, 5_000));
    let html = report(&[explanation], 1);
    assert!(html.contains("4,991 events not shown") && html.contains("… (100,000 bytes)"));
    assert!(html.len() < 200_000, "{} bytes", html.len());
}

#[test]
fn nothing_flagged_is_said() {
    let html = report(&[], 0);
    assert_balanced(&html);
    assert!(html.contains("No session was flagged"));
}

#[test]
fn markdown_names_the_first_sessions() {
    let metrics = metrics();
    let explanations = explanations(12);
    let caveats = ["known trap".to_owned()];
    let input = ReportInput {
        metrics: &metrics,
        caveats: &caveats,
        plots: &[],
        explanations: &explanations,
        flagged: 1_234,
    };
    let text = report_markdown(&input);
    assert!(text.contains("- known trap\n") && text.contains("Flagged: 1,234; here are the first 10 by score."));
    assert!(
        text.contains("| blk_9 ") && !text.contains("| blk_10 ") && !text.contains("<script"),
        "{text}"
    );
    for line in text.lines().filter(|line| line.starts_with("| blk")) {
        assert_eq!(line.replace(r"\|", "").matches('|').count(), 4, "{line}");
    }
}
