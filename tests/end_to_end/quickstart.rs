//! The first command of the README, in little: everything it leaves, and that it leaves the same again.

use std::fs;

use serde_json::Value;

use crate::harness::{Room, files_below, finish};
use crate::samples::{json_lines, quickstart, quickstart_call, weights};

fn metrics(text: &str) -> Value {
    let mut metrics: Value = serde_json::from_str(text).unwrap();
    let fields = metrics.as_object_mut().unwrap();
    fields.remove("timings").expect("timings");
    fields.remove("environment").expect("environment");
    metrics
}

#[test]
fn a_run_leaves_its_results_and_nothing_else() {
    let mut expected = vec!["HDFS.log".to_owned(), "labels.csv".to_owned()];
    for plot in [
        "candidates",
        "confusion",
        "loss",
        "precision_recall",
        "rivals",
        "scores",
        "threshold",
    ] {
        expected.extend(["png", "svg"].map(|extension| format!("plots/{plot}.{extension}")));
    }
    expected.extend(
        [
            "metrics.json",
            "model.deeplog",
            "report.html",
            "report.md",
            "scores.csv",
            "verdicts.jsonl",
        ]
        .map(str::to_owned),
    );
    expected.sort();
    assert_eq!(files_below(quickstart()), expected);
}

#[test]
fn plots_are_whole_pictures() {
    for name in files_below(&quickstart().join("plots")) {
        let bytes = fs::read(quickstart().join("plots").join(&name)).unwrap();
        if name.ends_with(".png") {
            assert!(
                bytes.starts_with(b"\x89PNG\r\n") && bytes.windows(4).any(|four| four == b"IEND"),
                "{name}"
            );
        } else {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("<svg") && text.trim_end().ends_with("</svg>"), "{name}");
            assert!(text.contains("<text"), "{name} has no text");
        }
    }
}

#[test]
fn metrics_hold_every_field_of_the_design() {
    let metrics: Value = serde_json::from_str(&fs::read_to_string(quickstart().join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["experiment"]["name"], "quickstart");
    assert_eq!(metrics["seed"], 7);
    for part in ["train", "validation", "test"] {
        for field in ["sessions", "distinct"] {
            assert!(
                metrics["data"][part][field].as_u64().unwrap() > 0,
                "data.{part}.{field}"
            );
        }
    }
    assert!(metrics["data"]["keys"].as_u64().unwrap() > 5);
    let rates = ["precision", "recall", "f1", "specificity", "mcc", "average_precision"];
    let views = [
        &metrics["test"],
        &metrics["distinct"],
        &metrics["baselines"]["unseen key"],
        &metrics["baselines"]["unseen key set"],
        &metrics["baselines"]["PCA"],
        &metrics["baselines"]["event time"],
    ];
    for view in views {
        for count in ["tp", "fp", "tn", "fn"] {
            assert!(view[count].is_u64(), "{count} in {view}");
        }
        for rate in rates {
            assert!(
                view.get(rate).is_some_and(|rate| rate.is_null() || rate.is_f64()),
                "{rate} in {view}"
            );
        }
    }
    let rivals: Vec<&String> = metrics["baselines"].as_object().unwrap().keys().collect();
    assert!(rivals.len() >= 10, "{rivals:?}");
    for rival in rivals {
        let curve = metrics["baselines"][rival]["curve"].as_array().unwrap();
        assert!(
            curve.last().is_some_and(|point| point["recall"] == 1.0),
            "the lowest threshold of {rival} flags everything"
        );
        assert!(
            metrics["timings"]["baselines"][rival]["detect_seconds"].is_f64(),
            "{rival}"
        );
    }
    let count = |field: &str| metrics["test"][field].as_u64().unwrap();
    assert_eq!(
        count("tp") + count("fp") + count("tn") + count("fn"),
        metrics["data"]["test"]["sessions"].as_u64().unwrap()
    );
    let (mut tp, mut fp) = (0, 0);
    for reason in metrics["by_reason"].as_object().unwrap().values() {
        tp += reason["tp"].as_u64().unwrap();
        fp += reason["fp"].as_u64().unwrap();
    }
    assert_eq!((tp, fp), (count("tp"), count("fp")), "the reasons add up");
    for (stage, unit) in [("parse", "lines"), ("train", "windows"), ("detect", "windows")] {
        let timing = &metrics["timings"][stage];
        assert!(
            timing["seconds"].as_f64().unwrap() > 0.0 && timing["per_second"].as_f64().unwrap() > 0.0,
            "{stage}"
        );
        assert_eq!(timing["unit"], unit);
    }
}

#[test]
fn verdicts_are_one_line_a_test_session() {
    let verdicts = json_lines(&fs::read_to_string(quickstart().join("verdicts.jsonl")).unwrap());
    assert_eq!(verdicts.len(), 150);
    let labels = fs::read_to_string(quickstart().join("labels.csv")).unwrap();
    for verdict in &verdicts {
        let session = verdict["session"].as_str().unwrap();
        assert!(labels.contains(&format!("{session},")), "{session} is a block");
        let findings = verdict["findings"].as_array().unwrap();
        assert_eq!(verdict["outcome"] == "anomalous", !findings.is_empty(), "{verdict}");
        assert!(verdict["score"].as_f64().unwrap() >= 0.0);
    }
    let outcomes = |outcome: &str| verdicts.iter().filter(|verdict| verdict["outcome"] == outcome).count();
    assert!(
        outcomes("normal") > 75 && outcomes("anomalous") > 2,
        "the sample has both kinds"
    );
}

#[test]
fn the_report_needs_nothing_else_and_explains_every_flagged_session() {
    let html = fs::read_to_string(quickstart().join("report.html")).unwrap();
    assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
    assert!(html.trim_end().ends_with("</html>"));
    for attribute in ["src=\"", "href=\"", "url(", "@import"] {
        for (at, _) in html.match_indices(attribute) {
            let target = &html[at + attribute.len()..];
            let inside = target.starts_with('#') || target.starts_with("data:");
            assert!(
                inside,
                "{attribute} leads outside: {}",
                target.chars().take(80).collect::<String>()
            );
        }
    }
    let verdicts = json_lines(&fs::read_to_string(quickstart().join("verdicts.jsonl")).unwrap());
    let flagged: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict["outcome"] == "anomalous")
        .collect();
    for place in 1..=flagged.len() {
        assert!(
            html.contains(&format!("href=\"#session-{place}\"")),
            "a link to session {place}"
        );
        assert_eq!(
            html.matches(&format!("id=\"session-{place}\"")).count(),
            1,
            "an anchor for session {place}"
        );
    }
    for verdict in flagged {
        let session = verdict["session"].as_str().unwrap();
        assert!(html.contains(&format!("<h3>{session}</h3>")), "{session} is explained");
    }
}

#[test]
fn the_same_seed_gives_the_same_results_at_any_number_of_threads() {
    let room = Room::new();
    for (out, threads) in [("one", "1"), ("two", "2")] {
        let call = format!("{} --out {out}", quickstart_call());
        finish(room.command(call.split_whitespace()).env("RAYON_NUM_THREADS", threads)).ok();
        for file in ["HDFS.log", "labels.csv", "verdicts.jsonl", "plots/loss.svg"] {
            assert!(
                fs::read(room.path(out).join(file)).unwrap() == fs::read(quickstart().join(file)).unwrap(),
                "{file}"
            );
        }
        let shared = fs::read_to_string(quickstart().join("metrics.json")).unwrap();
        assert_eq!(metrics(&room.read(&format!("{out}/metrics.json"))), metrics(&shared));
        assert!(weights(&room.path(out).join("model.deeplog")) == weights(&quickstart().join("model.deeplog")));
    }
}

#[test]
fn another_seed_gives_another_log_and_another_model() {
    let room = Room::new();
    room.deeplog(&format!("{} --set seed=8 --out other", quickstart_call()))
        .ok();
    assert!(fs::read(room.path("other/HDFS.log")).unwrap() != fs::read(quickstart().join("HDFS.log")).unwrap());
    assert!(weights(&room.path("other/model.deeplog")) != weights(&quickstart().join("model.deeplog")));
}

#[test]
fn the_console_shows_the_figures_one_explained_session_and_the_way_to_the_report() {
    let room = Room::new();
    let outcome = room.deeplog(&format!("{} --out out", quickstart_call())).ok();
    for wanted in [
        "precision",
        "deeplog",
        "unseen key set",
        "is anomalous, score",
        "expected instead",
        "counted: ",
    ] {
        assert!(outcome.stdout.contains(wanted), "{wanted:?} in {}", outcome.stdout);
    }
    assert!(
        outcome.stdout.trim_end().ends_with("report: out/report.html"),
        "{}",
        outcome.stdout
    );
    for stage in [
        "simulating",
        "grouping",
        "learning templates",
        "parsing",
        "training",
        "detecting",
        "judging by rivals",
        "reporting",
    ] {
        assert_eq!(
            outcome.stderr.matches(stage).count(),
            1,
            "{stage} in {}",
            outcome.stderr
        );
    }
}

#[test]
fn without_out_the_results_go_to_a_folder_of_the_experiments_name() {
    let room = Room::new();
    room.deeplog(&quickstart_call()).ok();
    assert!(room.path("experiments/results/quickstart/report.html").exists());
}
