//! Labels beside the sessions: what does not fit is counted and said.

use serde_json::Value;

use crate::samples::{job_lines, job_room, session_file, session_room, text};

fn labels(ids: impl Iterator<Item = (String, bool)>) -> String {
    ids.fold("BlockId,Label\n".to_owned(), |csv, (id, normal)| {
        csv + &id + if normal { ",Normal\n" } else { ",Anomaly\n" }
    })
}

#[test]
fn labels_without_session_and_sessions_without_label_are_counted_and_said() {
    let room = session_room();
    // s50 has no label, s3 is anomalous in the training part and s4 has none there; three labels name nobody.
    let known = (0..60)
        .filter(|i| ![4, 50].contains(i))
        .map(|i| (format!("s{i}"), i != 3 && i != 59));
    let unknown = (0..3).map(|i| (format!("nobody{i}"), true));
    room.write("labels.csv", labels(known.chain(unknown)));
    let outcome = room
        .deeplog("run sessions.toml --out out --set data.labels=labels.csv")
        .ok();
    for wanted in [
        "2 sessions without label",
        "3 labels without session",
        "1 anomalous sessions left out of training",
        "1 unlabelled sessions left out of training",
    ] {
        assert!(outcome.stdout.contains(wanted), "{wanted:?} in {}", outcome.stdout);
    }
    let metrics: Value = serde_json::from_str(&room.read("out/metrics.json")).unwrap();
    assert_eq!(metrics["data"]["test"]["sessions"], 30);
    assert_eq!(metrics["data"]["test"]["normal"], 28);
    assert_eq!(metrics["data"]["test"]["anomalous"], 1);
    assert_eq!(metrics["data"]["counters"]["labels_without_session"], 3);
    assert_eq!(
        room.read("out/verdicts.jsonl").lines().count(),
        30,
        "a session without label has a verdict"
    );
    assert!(
        room.read("out/report.html")
            .contains("1 of 30 test sessions have no label")
    );
}

#[test]
fn a_training_part_without_a_normal_session_is_an_error() {
    let room = session_room();
    room.write("bad.csv", labels((0..60).map(|i| (format!("s{i}"), i >= 30))));
    room.write("nobody.csv", labels((0..60).map(|i| (format!("x{i}"), true))));
    let facts = [
        "no normal session is left to train on",
        "of 30 sessions",
        "30 are anomalous and 0 have no label",
    ];
    room.deeplog("run sessions.toml --out out --set data.labels=bad.csv")
        .fails(1, &facts);
    let facts = [
        "no normal session is left to train on",
        "0 are anomalous and 30 have no label",
    ];
    room.deeplog("run sessions.toml --out out --set data.labels=nobody.csv")
        .fails(1, &facts);
    assert_eq!(room.files("out"), [""; 0]);

    let room = job_room();
    room.write("bad.csv", labels((0..60).map(|i| (format!("job_{i}"), i >= 30))));
    let facts = ["no normal session is left to train on", "of 30 sessions"];
    room.deeplog("run jobs.toml --out out --set data.labels=bad.csv")
        .fails(1, &facts);
    assert_eq!(room.files("out"), [""; 0]);
}

#[test]
fn labels_of_lines_make_a_session_anomalous() {
    let room = job_room();
    let mut lines = job_lines(60);
    for line in &mut lines {
        let bad = line.contains("finished job_58 ");
        *line = line.replacen("INFO", if bad { "FATAL" } else { "-" }, 1);
    }
    room.write("jobs.log", text(&lines, "\n"));
    let rule = "[dataset.labels]\nby = \"line\"\nfield = \"Level\"\nnormal = \"-\"\n";
    room.write("jobs.toml", format!("{}\n{rule}", room.read("jobs.toml")));
    room.deeplog("run jobs.toml --out out").ok();
    let metrics: Value = serde_json::from_str(&room.read("out/metrics.json")).unwrap();
    assert_eq!(
        (
            &metrics["data"]["test"]["normal"],
            &metrics["data"]["test"]["anomalous"]
        ),
        (&29.into(), &1.into())
    );
}

#[test]
fn without_labels_a_run_gives_verdicts_and_no_figures() {
    let room = session_room();
    let outcome = room.deeplog("run sessions.toml --out out").ok();
    assert!(
        outcome.stdout.contains("of 30 sessions left the normal path"),
        "{}",
        outcome.stdout
    );
    let metrics: Value = serde_json::from_str(&room.read("out/metrics.json")).unwrap();
    assert_eq!(metrics["test"]["f1"], Value::Null);
    let report = room.read("out/report.html");
    assert!(report.contains("No test session has a label"));
    assert!(!report.contains("precision"), "no figure is claimed");
    assert_eq!(
        room.read("out/verdicts.jsonl").lines().count(),
        session_file(30).lines().count()
    );
}
