//! The experiments of the repository on the real data, with models far too small to be good.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Outcome, Room, data, finish, repository};
use crate::samples::{SMALL, json_lines};

/// Two epochs of a tiny model: what matters here is that everything fits together.
const TINY: &str = "--set training.epochs=2 --set model.hidden=8 --set model.layers=1 --set training.batch=512";

fn run(room: &Room, data: &Path, name: &str, more: &str) -> Outcome {
    let experiment = repository().join(format!("experiments/{name}.toml"));
    let call = format!("run {} --out {name} {TINY} {more}", experiment.display());
    finish(room.command(call.split_whitespace()).env("DEEPLOG_DATA", data)).ok()
}

fn metrics(room: &Room, out: &str) -> Value {
    serde_json::from_str(&room.read(&format!("{out}/metrics.json"))).unwrap()
}

#[test]
fn hdfs_sessions_train_and_test_as_they_are_divided() {
    let Some(data) = data("hdfs_sessions_train_and_test_as_they_are_divided") else {
        return;
    };
    let room = Room::new();
    run(&room, &data, "hdfs", "");
    let metrics = metrics(&room, "hdfs");
    let parts = &metrics["data"];
    assert_eq!(
        parts["train"]["sessions"].as_u64().unwrap() + parts["validation"]["sessions"].as_u64().unwrap(),
        4855
    );
    assert_eq!(
        (&parts["test"]["normal"], &parts["test"]["anomalous"]),
        (&5583.into(), &7255.into())
    );
    assert_eq!(parts["keys"], 14);
    assert_eq!(room.read("hdfs/verdicts.jsonl").lines().count(), 5583 + 7255);
    // Known beforehand: abnormal sessions with a key that no normal training session has need no model.
    let rival = &metrics["baselines"]["unseen key"];
    assert!(
        rival["tp"].as_u64().unwrap() > 2000 && rival["precision"].as_f64().unwrap() > 0.9,
        "{rival}"
    );
    // Session files hold no times.
    assert!(metrics["baselines"].get("event time").is_none());
    assert!(
        room.read("hdfs/report.md")
            .contains("event time is left out: no event of the training sessions has a time")
    );
}

#[test]
fn test_files_are_replaced_by_files_of_the_working_directory() {
    let Some(data) = data("test_files_are_replaced_by_files_of_the_working_directory") else {
        return;
    };
    let room = Room::new();
    let head = |name: &str, count: usize| -> String {
        let text = fs::read_to_string(data.join("hdfs").join(name)).unwrap();
        text.lines().take(count).map(|line| format!("{line}\n")).collect()
    };
    room.write("normal.csv", head("normal_dev.csv", 40));
    room.write("abnormal.txt", head("abnormal_dev.txt", 30));
    room.write("train.txt", head("normal_train.txt", 300));
    let sets =
        "--set data.train.normal=train.txt --set data.test.normal=normal.csv --set data.test.abnormal=abnormal.txt";
    run(&room, &data, "hdfs", sets);
    let metrics = metrics(&room, "hdfs");
    assert_eq!(
        (
            &metrics["data"]["test"]["normal"],
            &metrics["data"]["test"]["anomalous"]
        ),
        (&40.into(), &30.into())
    );
    let explained = room
        .deeplog("explain --model hdfs/model.deeplog abnormal.txt")
        .ok()
        .stdout;
    assert!(explained.contains("abnormal.txt:"), "{explained}");
    assert!(explained.contains("block"), "keys have their templates: {explained}");
}

#[test]
fn raw_hdfs_lines_form_110_blocks() {
    let Some(data) = data("raw_hdfs_lines_form_110_blocks") else {
        return;
    };
    let room = Room::new();
    run(&room, &data, "hdfs-raw", "");
    let metrics = metrics(&room, "hdfs-raw");
    let parts = &metrics["data"];
    let left_out = parts["counters"]["anomalous_sessions_left_out_of_training"]
        .as_u64()
        .unwrap();
    let count = |part: &str| parts[part]["sessions"].as_u64().unwrap();
    assert_eq!(count("train") + count("validation") + left_out + count("test"), 110);
    assert_eq!(left_out + parts["test"]["anomalous"].as_u64().unwrap(), 10);
    assert_eq!(parts["counters"]["lines"], 4519);
    assert!(parts["counters"].get("labels_without_session").is_none(), "{parts}");
    let log = data.join("hdfs_raw/HDFS_5k.log");
    let detected = room
        .deeplog(&format!(
            "detect --model hdfs-raw/model.deeplog --format jsonl {}",
            log.display()
        ))
        .ok();
    let detected: HashMap<String, Value> = json_lines(&detected.stdout)
        .into_iter()
        .map(|verdict| (verdict["session"].to_string(), verdict))
        .collect();
    assert_eq!(detected.len(), 110);
    for verdict in json_lines(&room.read("hdfs-raw/verdicts.jsonl")) {
        assert_eq!(detected[&verdict["session"].to_string()], verdict);
    }
}

#[test]
fn three_minutes_of_hdfs_give_reasons() {
    let Some(data) = data("three_minutes_of_hdfs_give_reasons") else {
        return;
    };
    let room = Room::new();
    run(&room, &data, "hdfs-20000", "");
    let metrics = metrics(&room, "hdfs-20000");
    assert_eq!(metrics["data"]["counters"]["lines"], 20_000);
    assert!(!metrics["by_reason"].as_object().unwrap().is_empty());
    assert!(metrics["timings"]["parse"]["per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_structured_csv_of_logparser_is_grouped_by_block() {
    let Some(data) = data("a_structured_csv_of_logparser_is_grouped_by_block") else {
        return;
    };
    let room = Room::new();
    let dataset = repository().join("datasets/HDFS_v1.toml");
    let file = "loghub_2k/HDFS/HDFS_2k.log_structured.csv";
    let source = format!("dataset = {dataset:?}\n[data]\nkind = \"structured\"\nfile = \"{file}\"\n");
    room.write("structured.toml", format!("name = \"structured\"\n{source}{SMALL}"));
    let call = "run structured.toml --out out --set training.epochs=2";
    let outcome = finish(room.command(call.split(' ')).env("DEEPLOG_DATA", &data)).ok();
    assert!(
        outcome.stdout.contains("sessions left the normal path"),
        "{}",
        outcome.stdout
    );
    let metrics = metrics(&room, "out");
    assert!(
        (5..=14).contains(&metrics["data"]["keys"].as_u64().unwrap()),
        "{metrics}"
    );
    assert!(room.deeplog("inspect out/model.deeplog").ok().stdout.contains("E10"));
}

/// The share of lines in groups that hold exactly the same lines in both groupings.
fn grouping_accuracy(ours: &[String], theirs: &[String]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let groups = |names: &[String]| -> BTreeMap<String, Vec<usize>> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        names
            .iter()
            .enumerate()
            .for_each(|(line, name)| groups.entry(name.clone()).or_default().push(line));
        groups
    };
    let ours: std::collections::HashSet<Vec<usize>> = groups(ours).into_values().collect();
    let agreed: usize = groups(theirs)
        .into_values()
        .filter(|lines| ours.contains(lines))
        .map(|lines| lines.len())
        .sum();
    agreed as f64 / theirs.len() as f64
}

fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|header| header == name)
        .unwrap();
    reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

#[test]
fn parsing_groups_lines_as_well_as_the_reference() {
    let Some(data) = data("parsing_groups_lines_as_well_as_the_reference") else {
        return;
    };
    let room = Room::new();
    let read = |name: &str| -> Value { serde_json::from_str(&fs::read_to_string(data.join(name)).unwrap()).unwrap() };
    let (settings, reference) = (read("drain_settings.json"), read("reference.json"));
    let systems = reference["parsing"]["systems"].as_object().unwrap();
    assert_eq!(systems.len(), 10);
    for (system, expected) in systems {
        let setting = &settings[system];
        let log = data.join("loghub_2k").join(setting["log_file"].as_str().unwrap());
        let (similarity, depth) = (setting["st"].to_string(), setting["depth"].to_string());
        let format = setting["log_format"].as_str().unwrap();
        let mut command = room.command([
            "parse",
            "--format",
            format,
            "--similarity",
            &similarity,
            "--depth",
            &depth,
        ]);
        for mask in setting["regex"].as_array().unwrap() {
            command.args(["--mask", mask.as_str().unwrap()]);
        }
        finish(command.args(["--out", system]).arg(&log)).ok();
        let ours = column(&room.path(system).join("structured.csv"), "EventId");
        for truth in ["published", "corrected"] {
            let suffix = if truth == "published" {
                "_structured.csv"
            } else {
                "_structured_corrected.csv"
            };
            let name = format!("{}{suffix}", log.file_name().unwrap().to_str().unwrap());
            let theirs = column(
                &log.with_file_name(name),
                if truth == "published" {
                    "EventId"
                } else {
                    "EventTemplate"
                },
            );
            let found = grouping_accuracy(&ours, &theirs);
            let least = expected["logparser_drain"][format!("ga_{truth}")].as_f64().unwrap() - 0.002;
            assert!(found >= least, "{system} ({truth}): {found} is below {least}");
        }
    }
}
