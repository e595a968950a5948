//! Rivals that learn from anomalous training sessions too: only when they are named, and marked wherever they are shown.

use std::fmt::Write as _;

use crate::harness::Room;

const RIVALS: &str = r#"
[[baselines]]
name = "logistic_regression"
[[baselines]]
name = "decision_tree"
[[baselines]]
name = "linear_svm"
label = "SVM"
[[baselines]]
name = "unseen_key"
[model]
hidden = 8
layers = 1
[training]
epochs = 2
"#;

fn metrics(room: &Room, out: &str) -> serde_json::Value {
    serde_json::from_str(&room.read(&format!("{out}/metrics.json"))).unwrap()
}

/// Sessions of known keys; every fifth retries too often.
fn sessions(room: &Room) {
    let (mut sessions, mut labels) = (String::from("Session,Keys\n"), String::from("Session,Label\n"));
    for index in 0..100 {
        let is_odd = index % 5 == 0;
        let retries = if is_odd { 6 } else { index % 3 };
        writeln!(sessions, "s{index},open{} close", " retry".repeat(retries)).unwrap();
        writeln!(labels, "s{index},{}", if is_odd { "Anomaly" } else { "Normal" }).unwrap();
    }
    room.write("sessions.csv", sessions);
    room.write("labels.csv", labels);
}

#[test]
fn labels_find_what_has_known_keys_and_are_marked() {
    let room = Room::new();
    sessions(&room);
    let data = "[data]\nkind = 'sessions'\nroot = '.'\nfile = 'sessions.csv'\n";
    room.write(
        "labelled.toml",
        format!("name = 'labelled'\n{data}labels = 'labels.csv'\n{RIVALS}"),
    );
    room.write("unlabelled.toml", format!("name = 'unlabelled'\n{data}{RIVALS}"));
    let said = room.deeplog("run labelled.toml --out labelled").ok().stdout;
    let rivals = metrics(&room, "labelled")["baselines"].clone();
    for name in [
        "logistic regression (with labels)",
        "decision tree (with labels)",
        "SVM (with labels)",
    ] {
        assert_eq!(rivals[name]["f1"], 1.0, "{name}: {rivals}");
        assert!(said.contains(name), "{said}");
    }
    assert_eq!(rivals["unseen key"]["tp"], 0, "{rivals}");
    let report = room.read("labelled/report.md");
    assert!(
        report.contains("also learnt from 10 anomalous training sessions, which no other row has seen"),
        "{report}"
    );
    room.deeplog("run unlabelled.toml --out unlabelled").ok();
    let report = room.read("unlabelled/report.md");
    assert!(
        report.contains("nothing it could learn from is labelled anomalous"),
        "{report}"
    );
    assert!(!report.contains("no other row has seen"), "{report}");
    room.deeplog("run labelled.toml --out cheap --set baselines=[{name='unseen_key'}]")
        .ok();
    assert!(
        !room.read("cheap/report.md").contains("with labels)"),
        "only when they are named"
    );
}

#[test]
fn divided_data_may_name_anomalous_sessions_to_learn_from() {
    let room = Room::new();
    room.write("normal.txt", "1 2 3\n1 3\n1 2 2 3\n".repeat(10));
    room.write("abnormal.txt", "1 2 2 2 2 2 3\n1 2 2 2 2 3\n".repeat(5));
    room.write(
        "divided.toml",
        format!(
            "name = 'divided'\n[data]\nkind = 'divided'\nroot = '.'\n[data.train]\nnormal = 'normal.txt'\nabnormal = 'abnormal.txt'\n[data.test]\nnormal = 'normal.txt'\nabnormal = 'abnormal.txt'\n{RIVALS}"
        ),
    );
    room.deeplog("run divided.toml --out results").ok();
    let metrics = metrics(&room, "results");
    assert_eq!(
        metrics["data"]["train"]["anomalous"], 0,
        "the model sees none: {}",
        metrics["data"]
    );
    let tree = &metrics["baselines"]["decision tree (with labels)"];
    assert_eq!(tree["f1"], 1.0, "{tree}");
    room.deeplog("run divided.toml --out results --set data.train.abnormal=nowhere.txt")
        .fails(1, &["nowhere.txt"]);
}
