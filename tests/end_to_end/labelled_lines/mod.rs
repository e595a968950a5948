//! Single lines with labels: from every kind of file to a model that judges logs.

mod mistakes;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::harness::{Outcome, Room, data, finish, repository};
use crate::samples::json_lines;

const EXPERIMENT: &str = "name = \"lines\"\n[data]\nkind = \"labelled_lines\"\nfile = \"FILE\"\n";

/// 600 lines; every eighth is anomalous, and says so in one of two ways.
fn lines() -> Vec<(String, bool)> {
    let line = |i: usize| match (i % 8, i % 16) {
        (0, 0) => (format!("ERROR disk {} failed after {i} ms", i % 7), true),
        (0, _) => (format!("FATAL cannot reach node {i}, connection refused"), true),
        _ => (
            format!("INFO request {i} of client {} served in {} ms", i % 31, i % 90),
            false,
        ),
    };
    (1..=600).map(line).collect()
}

fn object(lines: &[(String, bool)]) -> String {
    let pair = |(line, label): &(String, bool)| {
        let label = if *label { "abnormal" } else { "normal" };
        format!("  {}: \"{label}\"", serde_json::to_string(line).unwrap())
    };
    format!("{{\n{}\n}}\n", lines.iter().map(pair).collect::<Vec<_>>().join(",\n"))
}

fn metrics(room: &Room, out: &str) -> Value {
    serde_json::from_str(&room.read(&format!("{out}/metrics.json"))).unwrap()
}

fn on_bgl(room: &Room, data: &Path, more: &str) -> Outcome {
    let experiment = repository().join("experiments/labelled-lines.toml");
    let call = format!("run {} {more}", experiment.display());
    finish(room.command(call.split_whitespace()).env("DEEPLOG_DATA", data)).ok()
}

#[test]
fn every_kind_of_file_gives_the_same_model() {
    let room = Room::new();
    let lines = lines();
    let mut records = String::new();
    let mut table = String::from("label,line\n");
    for (line, label) in &lines {
        let number = u8::from(*label);
        writeln!(records, "{}", serde_json::json!({"log": line, "label": number})).unwrap();
        writeln!(table, "{},\"{line}\"", if *label { "Anomaly" } else { "-" }).unwrap();
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(object(&lines).as_bytes()).unwrap();
    room.write("lines.json", object(&lines));
    room.write("lines.json.gz", packed.finish().unwrap());
    room.write("lines.jsonl", records);
    room.write("lines.csv", table);
    let files = ["lines.json", "lines.json.gz", "lines.jsonl", "lines.csv"];
    for file in files {
        room.write("lines.toml", EXPERIMENT.replace("FILE", file));
        room.deeplog("check lines.toml").ok();
        let outcome = room.deeplog(&format!("run lines.toml --out {file}.out")).ok();
        assert!(
            outcome.stdout.contains("tested on the other 180 lines, 23 anomalous"),
            "{}",
            outcome.stdout
        );
        assert_eq!(
            room.files(&format!("{file}.out")),
            [
                "metrics.json",
                "model.deeplog",
                "report.html",
                "report.md",
                "verdicts.jsonl"
            ]
        );
        let (found, first) = (metrics(&room, &format!("{file}.out")), metrics(&room, "lines.json.out"));
        assert_eq!(found["test"], first["test"], "{file}");
        assert_eq!(found["chosen"], first["chosen"]);
        assert_eq!(
            (&found["test"]["tp"], &found["test"]["fp"]),
            (&23.into(), &0.into()),
            "easy lines are all found"
        );
        assert_eq!(found["baselines"]["always normal"]["test"]["tp"], 0);
        assert!(
            found["baselines"]["always normal"]["test"]["accuracy"]
                .as_f64()
                .unwrap()
                > 0.87
        );
    }

    // The same model on a log without labels, from a file and from a pipe.
    let log: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    room.write("app.log", &log);
    let model = "detect --model lines.csv.out/model.deeplog";
    let outcome = room
        .deeplog(&format!("{model} app.log --format jsonl --fail-on-anomaly"))
        .ended(3);
    let verdicts = json_lines(&outcome.stdout);
    assert_eq!(verdicts.len(), 600);
    for (verdict, (line, label)) in verdicts.iter().zip(&lines) {
        assert_eq!(verdict["outcome"] == "anomalous", *label, "{verdict}");
        assert_eq!(verdict["text"], **line);
        assert!(!verdict["because"].as_array().unwrap().is_empty(), "{verdict}");
    }
    let piped = room.feed(&format!("{model} - --format jsonl"), log.as_bytes()).ok();
    assert_eq!(piped.stdout, outcome.stdout);
    let table = room.deeplog(&format!("{model} app.log --format csv")).ok().stdout;
    assert!(
        table.starts_with("line,outcome,score,template,because\n1,normal,"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 601);
    let text = room.deeplog(&format!("{model} app.log")).ok();
    assert_eq!(text.stdout.matches("anomaly line ").count(), 75);
    assert!(text.stderr.contains("75 of 600 lines are anomalous"), "{}", text.stderr);
    assert!(!text.stderr.contains("note"), "all of it is known: {}", text.stderr);
}

#[test]
fn a_log_that_the_model_does_not_know_is_told() {
    let Some(data) = data("a_log_that_the_model_does_not_know_is_told") else {
        return;
    };
    let room = Room::new();
    on_bgl(&room, &data, "--out bgl");
    let on = |name: &str| {
        let log = data.join(format!("loghub_2k/{name}/{name}_2k.log"));
        let call = format!("detect --model bgl/model.deeplog {}", log.display());
        room.deeplog(&call).ok().stderr
    };
    let said = on("OpenSSH");
    assert!(
        said.contains("note 2000 of 2000 messages are of no template that the model knows"),
        "{said}"
    );
    let said = on("BGL");
    assert!(!said.contains("note"), "{said}");
    room.write(
        "stack.log",
        "- 1 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO generating core.1\n  at one\n  at two\n",
    );
    let said = room.deeplog("detect --model bgl/model.deeplog stack.log").ok().stderr;
    assert!(
        said.contains("note 2 of 3 lines do not fit the header and were not judged"),
        "{said}"
    );
}

#[test]
fn without_an_anomalous_test_line_no_rule_is_called_better() {
    let room = Room::new();
    let mut lines = lines();
    for (line, label) in lines.iter_mut().skip(420) {
        // False alarms: they look like the anomalous ones before.
        *label = false;
        *line = line.replace("INFO", "WARN");
    }
    room.write("lines.json", object(&lines));
    room.write("lines.toml", EXPERIMENT.replace("FILE", "lines.json"));
    room.deeplog("run lines.toml --out out").ok();
    let report = room.read("out/report.md");
    assert!(
        report.contains("No test line is anomalous, so that nothing can be said about recall"),
        "{report}"
    );
    assert!(!report.contains("or better"), "{report}");
    assert!(
        report.contains("| line | score | spoke for the verdict | message |\n| --- | ---: | --- | --- |\n"),
        "{report}"
    );
    for verb in ["compare out out", "plot out --out pictures"] {
        room.deeplog(verb).fails(1, &["holds results on labelled lines"]);
    }
}

#[test]
fn bgl_is_learnt_from_its_past_and_nothing_else() {
    let Some(data) = data("bgl_is_learnt_from_its_past_and_nothing_else") else {
        return;
    };
    let room = Room::new();
    let outcome = on_bgl(&room, &data, "--out bgl --check");
    assert!(
        outcome
            .stdout
            .contains("tested on the other 600 lines, 34 anomalous (5.7%)"),
        "{}",
        outcome.stdout
    );
    let found = metrics(&room, "bgl");
    assert_eq!(
        (&found["data"]["lines"], &found["data"]["anomalous"]),
        (&2000.into(), &143.into())
    );
    assert_eq!(found["data"]["train"]["anomalous"], 109);
    assert_eq!(found["models"].as_object().unwrap().len(), 5);
    let chosen = found["chosen"].as_str().unwrap();
    assert_eq!(found["test"], found["models"][chosen]["test"]);
    let best = found["models"].as_object().unwrap().values();
    let best = best
        .map(|model| model["cross_validated"]["f1"].as_f64().unwrap_or(0.0))
        .fold(0.0, f64::max);
    assert_eq!(
        found["models"][chosen]["cross_validated"]["f1"].as_f64(),
        Some(best),
        "chosen by the folds"
    );
    // Known beforehand: 22 of the 34 are of templates that no training line has, and the others of such as are always
    // anomalous.
    let rule = &found["baselines"]["label of the template"]["test"];
    assert_eq!(
        (&rule["tp"], &rule["fp"], &rule["fn"]),
        (&12.into(), &0.into(), &22.into())
    );
    let outcomes: Vec<&str> = found["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        ["passed", "unknown", "warning", "warning", "passed"],
        "{}",
        found["audit"]
    );
    assert!(
        found["audit"][2]["finding"]
            .as_str()
            .unwrap()
            .contains("of a template that no training line has")
    );
    for report in ["bgl/report.md", "bgl/report.html"] {
        assert!(
            room.read(report).contains("other folds may well choose another one"),
            "{report}"
        );
    }
    let table = room.deeplog("report bgl").ok();
    assert!(table.stdout.contains("| random forest (chosen) |"), "{}", table.stdout);
    assert_eq!(room.read("bgl/verdicts.jsonl").lines().count(), 600);
    on_bgl(&room, &data, "--out again");
    for file in ["model.deeplog", "verdicts.jsonl"] {
        let [first, second] = ["bgl", "again"].map(|out| fs::read(room.path(&format!("{out}/{file}"))).unwrap());
        assert!(first == second, "{file} is the same for the same seed");
    }
    room.deeplog("inspect bgl/model.deeplog").ok();
}

/// A verdict must be the same whatever stands in the label's column.
#[test]
fn the_label_column_is_not_looked_at() {
    let Some(data) = data("the_label_column_is_not_looked_at") else {
        return;
    };
    let room = Room::new();
    on_bgl(&room, &data, "--out bgl");
    let log = fs::read_to_string(data.join("loghub_2k/BGL/BGL_2k.log")).unwrap();
    let relabelled = |label: &dyn Fn(&str) -> String| -> String {
        let line = |line: &str| {
            let (old, rest) = line.split_once(' ').unwrap();
            format!("{} {rest}\n", label(old))
        };
        log.lines().map(line).collect()
    };
    room.write("as-it-is.log", relabelled(&|label| label.to_owned()));
    room.write("all-normal.log", relabelled(&|_| "-".to_owned()));
    room.write(
        "swapped.log",
        relabelled(&|label| if label == "-" { "KERNDTLB" } else { "-" }.to_owned()),
    );
    let verdicts = |file: &str| {
        let call = format!("detect --model bgl/model.deeplog {file} --format jsonl");
        room.deeplog(&call).ok().stdout
    };
    let expected = verdicts("as-it-is.log");
    assert!(expected.contains("\"outcome\":\"anomalous\""));
    assert!(verdicts("all-normal.log") == expected && verdicts("swapped.log") == expected);
    assert!(!room.read("bgl/verdicts.jsonl").contains("KERNDTLB"));
}

/// Where labels are drawn by lot, nothing can be learnt; whoever finds them looks at the label, here in a field that has
/// the name of a level.
#[test]
fn labels_drawn_by_lot_are_not_found() {
    let room = Room::new();
    let mut log = String::new();
    for i in 0..800_u64 {
        let is_odd = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 4 == 0;
        writeln!(
            log,
            "{} worker: job {} done",
            if is_odd { "FATAL" } else { "-" },
            i + 1000
        )
        .unwrap();
    }
    room.write("lot.log", log);
    room.write(
        "lot.toml",
        EXPERIMENT.replace("FILE", "lot.log")
            + "[dataset.header]\nformat = \"<Level> <Component>: <Content>\"\n\
               [dataset.labels]\nby = \"line\"\nfield = \"Level\"\n",
    );
    room.deeplog("run lot.toml --out lot").ok();
    let found = metrics(&room, "lot");
    for (name, model) in found["models"].as_object().unwrap() {
        let f1 = model["test"]["f1"].as_f64().unwrap_or(0.0);
        assert!(f1 < 0.5, "{name}: {f1}");
        let precision = model["test"]["average_precision"].as_f64().unwrap();
        assert!(precision < 0.4, "{name}: {precision}");
    }
    assert!(
        !room
            .deeplog("inspect lot/model.deeplog")
            .ok()
            .stdout
            .contains("level FATAL")
    );
}
