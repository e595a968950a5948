//! Detectors with a budget of false alarms, from their training to their verdicts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use detection::false_alarms_to_expect;
use serde_json::Value;

use crate::harness::{Room, data, deeplog, finish};
use crate::interruption::{long_training, stop_after};
use crate::samples::{job_room, json_lines, session_model, session_room, weights};

/// A budget instead of the rule of the samples' experiments.
fn with_budget(experiment: &str, detection: &str) -> String {
    experiment.replace("top_g = 2", detection)
}

/// A combined model of sixty sample sessions, made once.
fn combined_model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("combined-model");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let room = session_room();
        let experiment = with_budget(&room.read("sessions.toml"), "detector = \"combined\"\nalerts = \"10%\"");
        fs::write(folder.join("sessions.toml"), experiment).unwrap();
        fs::write(folder.join("sessions.txt"), room.read("sessions.txt")).unwrap();
        let call = "train sessions.toml --set data.split.train=0.9 --set training.epochs=6 --out model.deeplog";
        finish(deeplog(&folder).args(call.split_whitespace())).ok();
        folder.join("model.deeplog")
    })
}

/// What a model says of the sample sessions, and of three that are not like them.
fn judged(room: &Room, call: &str) -> Vec<Value> {
    let odd = "odd,open close read\nnew,open explode close\nnone,\n";
    room.write("judged.txt", room.read("sessions.txt") + odd);
    json_lines(&room.deeplog(&format!("{call} --format jsonl judged.txt")).ok().stdout)
}

fn detect_call(rest: &str) -> String {
    format!("detect --model {} {rest}", combined_model().display())
}

#[test]
fn every_verdict_has_a_p_value_and_the_parts_that_it_comes_of() {
    let budget = 0.1;
    let verdicts = judged(&session_room(), &detect_call(""));
    assert_eq!(verdicts.len(), 63);
    for verdict in &verdicts {
        let p_value = verdict["p_value"].as_f64().unwrap();
        assert!((1.0 / 55.0..=1.0).contains(&p_value), "{verdict}");
        let is_anomalous = verdict["outcome"] == "anomalous";
        assert_eq!(is_anomalous, p_value <= budget, "{verdict}");
        assert_eq!(
            is_anomalous,
            !verdict["findings"].as_array().unwrap().is_empty(),
            "{verdict}"
        );
        let parts = verdict["parts"].as_array().unwrap();
        let names: Vec<&Value> = parts.iter().map(|part| &part["part"]).collect();
        assert_eq!(names, ["next_key", "order", "counts"], "without times no delays");
        for part in parts {
            assert!(
                part["p_value"].as_f64() > Some(0.0) && part["limit"].as_f64() < Some(1.0),
                "{part}"
            );
            assert!(is_anomalous || part["worst"].is_null(), "{part}");
        }
    }
    let of = |session: &str| verdicts.iter().find(|verdict| verdict["session"] == session).unwrap();
    assert_eq!(of("s1")["outcome"], "normal");
    for (session, reason, position) in [("odd", "unusual_order", 1), ("new", "unseen_key", 1)] {
        assert_eq!(of(session)["outcome"], "anomalous", "{}", of(session));
        let findings = of(session)["findings"].as_array().unwrap();
        let told = findings
            .iter()
            .any(|finding| finding["reason"] == reason && finding["position"] == position);
        assert!(told, "{}", of(session));
    }
}

#[test]
fn another_budget_changes_verdicts_and_no_p_value() {
    let room = session_room();
    let base = judged(&room, &detect_call(""));
    assert_eq!(judged(&room, &detect_call("--alerts 10%")), base);
    let mut flagged = Vec::new();
    for (alerts, budget) in [("2%", 0.02), ("5%", 0.05), ("30%", 0.3), ("99%", 0.99)] {
        let verdicts = judged(&room, &detect_call(&format!("--alerts {alerts}")));
        for (verdict, base) in verdicts.iter().zip(&base) {
            for same in ["session", "score", "p_value", "events", "first_line", "end"] {
                assert_eq!(verdict[same], base[same], "{same} at {alerts}");
            }
            let p_values = |verdict: &Value| -> Vec<Value> {
                verdict["parts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|part| part["p_value"].clone())
                    .collect()
            };
            assert_eq!(p_values(verdict), p_values(base), "{alerts}");
            assert_eq!(
                verdict["outcome"] == "anomalous",
                verdict["p_value"].as_f64() <= Some(budget),
                "{verdict}"
            );
        }
        flagged.push(
            verdicts
                .iter()
                .filter(|verdict| verdict["outcome"] == "anomalous")
                .count(),
        );
    }
    assert!(flagged.is_sorted() && flagged[0] < flagged[3], "{flagged:?}");
    room.deeplog(&detect_call("--alerts 1% judged.txt"))
        .fails(1, &["54 normal training sessions", "1%", "needs 99"]);
    room.deeplog(&detect_call("--alerts 5/day judged.txt"))
        .fails(1, &["5/day", "they have no times"]);
    room.deeplog(&detect_call("--alerts many judged.txt")).ended(2);
}

#[test]
fn a_model_with_a_fixed_rule_has_no_budget() {
    let call = format!("detect --model {} --alerts 1% sessions.txt", session_model().display());
    let outcome = session_room().deeplog(&call);
    outcome.fails(2, &["--alerts", "trained with a budget of alarms", "has a fixed rule"]);
}

#[test]
fn a_budget_that_cannot_be_kept_is_told_before_any_training() {
    let room = session_room();
    for (alerts, facts) in [
        ("1%", &["30 normal training sessions", "budget of 1%", "needs 99"][..]),
        (
            "0.05%",
            &["30 normal training sessions", "budget of 0.05%", "needs 1999"],
        ),
        ("5/day", &["\"5/day\"", "they have no times"]),
    ] {
        for detector in ["deeplog", "combined"] {
            let text = with_budget(
                &room.read("sessions.toml"),
                &format!("detector = \"{detector}\"\nalerts = \"{alerts}\""),
            );
            room.write("budget.toml", text);
            let outcome = room.deeplog("train budget.toml --out model").fails(1, facts);
            assert!(!outcome.stderr.contains("fold"), "{}", outcome.stderr);
            assert!(
                outcome.stderr.contains("3.23% or more") || alerts == "5/day",
                "{}",
                outcome.stderr
            );
            assert!(!room.path("model").exists());
        }
    }
    // What the hint promises is enough.
    let text = with_budget(&room.read("sessions.toml"), "alerts = \"3.23%\"");
    room.write("budget.toml", text);
    room.deeplog("train budget.toml --set training.epochs=1 --out model")
        .ok();
}

#[test]
fn alarms_a_day_are_for_logs_with_times() {
    let room = job_room();
    // One line a second, so that more jobs begin in a day than anybody can look at.
    let text = with_budget(
        &room.read("jobs.toml"),
        "detector = \"combined\"\nalerts = \"2000/day\"",
    );
    room.write("jobs.toml", text);
    room.deeplog("train jobs.toml --set training.epochs=3 --out model").ok();
    let detect = |alerts: &str| {
        json_lines(
            &room
                .deeplog(&format!("detect --model model --format jsonl {alerts} jobs.log"))
                .ok()
                .stdout,
        )
    };
    let verdicts = detect("");
    assert_eq!(verdicts.len(), 60);
    for verdict in &verdicts {
        let parts: Vec<&Value> = verdict["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| &part["part"])
            .collect();
        assert_eq!(parts, ["next_key", "order", "counts", "delays"]);
    }
    assert_eq!(detect("--alerts 2000/day"), verdicts);
    // Thirty jobs begin in 209 seconds.
    room.deeplog("detect --model model --alerts 5/day jobs.log")
        .fails(1, &["30 normal training sessions", "false alarms, which needs"]);
    room.deeplog("detect --model model --alerts 1000000/day jobs.log")
        .fails(1, &["1000000/day", "there are only", "sessions a day"]);
}

#[test]
fn what_does_not_go_with_a_budget_is_told_at_once() {
    let room = session_room();
    for (detection, sets) in [
        (
            "alerts = \"5%\"\ntop_g = 9",
            "--set training.trim=0.1 --set detection.short_sessions=flag",
        ),
        (
            "detector = \"combined\"\nprobability = 0.1",
            "--set training.trim=0.1 --set detection.short_sessions=flag",
        ),
    ] {
        room.write("bad.toml", with_budget(&room.read("sessions.toml"), detection));
        let outcome = room.deeplog(&format!("check bad.toml {sets}"));
        let outcome = outcome.fails(
            2,
            &[
                "3 mistakes",
                "detection.alerts: ",
                "detection.short_sessions: ",
                "training.trim: ",
            ],
        );
        let left_out = if detection.contains("top_g") {
            "leave top_g out"
        } else {
            "leave probability out"
        };
        assert!(outcome.stderr.contains(left_out), "{}", outcome.stderr);
    }
    for (set, wanted) in [
        ("detection.alerts=5", "detection.alerts: "),
        ("detection.alerts=0%", "detection.alerts: "),
        ("detection.alerts=100%", "detection.alerts: "),
        ("detection.detector=both", "detection.detector: "),
    ] {
        room.write("bad.toml", with_budget(&room.read("sessions.toml"), ""));
        room.deeplog(&format!("check bad.toml --set {set}"))
            .fails(2, &["1 mistake", wanted]);
    }
}

#[test]
fn inspect_names_the_calibration_and_export_refuses() {
    let room = session_room();
    let told = room
        .deeplog(&format!("inspect {}", combined_model().display()))
        .ok()
        .stdout;
    for wanted in [
        "alerts = \"10%\"",
        "on 54 sessions in 5 folds",
        "next_key, order, counts",
    ] {
        assert!(told.contains(wanted), "{wanted:?} in {told}");
    }
    let call = format!(
        "export --model {} --out weights.safetensors",
        combined_model().display()
    );
    room.deeplog(&call).fails(1, &["budget of alarms", "5 next-key models"]);
    assert!(!room.path("weights.safetensors").exists());
    let plain = room
        .deeplog(&format!("inspect {}", session_model().display()))
        .ok()
        .stdout;
    assert!(!plain.contains("calibrated"), "{plain}");
}

#[test]
fn training_that_is_stopped_in_the_third_fold_gives_the_same_model() {
    let (room, _) = long_training();
    room.write(
        "sessions.toml",
        with_budget(&room.read("sessions.toml"), "detector = \"combined\"\nalerts = \"5%\""),
    );
    let call = "-v train sessions.toml --set training.batch=32 --set model.hidden=32 --set training.patience=100";
    let (code, said) = stop_after(&room, &format!("{call} --out stopped/model"), "fold 2 of 5", "INT");
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("of 30 epochs are done and kept in stopped/training-3.checkpoint"),
        "{said}"
    );
    let kept = (1..=3)
        .map(|fold| format!("training-{fold}.checkpoint"))
        .collect::<Vec<_>>();
    assert_eq!(room.files("stopped"), kept);
    let said = room.deeplog(&format!("{call} --out stopped/model")).ok().stderr;
    for whole in [
        "epoch 30 from stopped/training-1",
        "epoch 30 from stopped/training-2",
        "from stopped/training-3",
    ] {
        assert!(said.contains(whole), "{whole:?} in {said}");
    }
    assert_eq!(room.files("stopped"), ["model"], "no checkpoint is left");
    room.deeplog(&format!("{call} --out whole/model")).ok();
    assert!(weights(&room.path("stopped/model")) == weights(&room.path("whole/model")));
    assert!(fs::read(room.path("stopped/model")).unwrap() == fs::read(room.path("whole/model")).unwrap());
}

/// A training of moments on HDFS.
const HDFS: &str = r#"
name = "halves"
baselines = []
[data]
kind = "sessions"
file = "sessions.txt"
split = { method = "random", train = 0.5 }
[model]
history = 8
hidden = 16
layers = 1
[training]
epochs = 6
batch = 128
learning_rate = 0.02
[detection]
alerts = "5%"
"#;

#[test]
fn random_halves_of_hdfs_keep_to_the_budget() {
    let Some(data) = data("random_halves_of_hdfs_keep_to_the_budget") else {
        return;
    };
    let room = Room::new();
    room.write("sessions.txt", fs::read(data.join("hdfs/normal_train.txt")).unwrap());
    room.write("halves.toml", HDFS);
    for detector in ["deeplog", "combined"] {
        for seed in 1..=3 {
            let sets = format!("--set detection.detector={detector} --set seed={seed}");
            room.deeplog(&format!("-q run halves.toml --out out {sets}")).ok();
            let verdicts = json_lines(&room.read("out/verdicts.jsonl"));
            let p_values: Vec<f64> = verdicts
                .iter()
                .map(|verdict| verdict["p_value"].as_f64().unwrap())
                .collect();
            assert_eq!(p_values.len(), 2427);
            for budget in [0.01, 0.05] {
                let flagged = p_values.iter().filter(|p| **p <= budget).count() as u64;
                // Of 12 looks one lies above by chance in 1 of 170 times. Sequences repeat themselves, and folds do not always agree:
                // both make fewer alarms, so that below is no fault as long as the budget is used.
                let (_, high) = false_alarms_to_expect(2428, budget, 2427, 0.999);
                let low = (0.2 * budget * 2427.0) as u64;
                assert!(
                    (low..=high).contains(&flagged),
                    "{detector} with seed {seed}: {flagged} at {budget}, {low} to {high} expected"
                );
            }
        }
    }
}
