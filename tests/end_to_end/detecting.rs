//! `deeplog detect` and `deeplog explain` with trained models.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Outcome, Room};
use crate::samples::{json_lines, quickstart, session_file, session_model, session_room};

/// Three sessions, of which `odd` leaves the normal path at its second event.
const MIXED: &str = "fine,open read write close\nodd,open close read\nalso,open read write read write close\n";

fn detect(room: &Room, model: &Path, rest: &str) -> Outcome {
    room.deeplog(&format!("detect --model {} {rest}", model.display()))
}

fn mixed_room() -> Room {
    let room = Room::new();
    room.write("mixed.txt", MIXED);
    room.write("fine.txt", "fine,open read write close\n");
    room
}

#[test]
fn text_shows_anomalous_sessions_with_what_was_seen_and_expected() {
    let outcome = detect(&mixed_room(), session_model(), "mixed.txt").ok();
    for wanted in ["anomaly odd", "event 2 of 3, line 2", "seen      close", "expected  "] {
        assert!(outcome.stdout.contains(wanted), "{wanted:?} in {}", outcome.stdout);
    }
    assert!(
        !outcome.stdout.contains("fine") && !outcome.stdout.contains("also"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("1 of 3 sessions left the normal path"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn jsonl_and_csv_show_every_session() {
    let room = mixed_room();
    let verdicts = json_lines(&detect(&room, session_model(), "--format jsonl mixed.txt").ok().stdout);
    let outcomes: Vec<_> = verdicts
        .iter()
        .map(|verdict| (&verdict["session"], &verdict["outcome"]))
        .collect();
    let expected = [("fine", "normal"), ("odd", "anomalous"), ("also", "normal")];
    assert_eq!(
        outcomes,
        expected
            .map(|(session, outcome)| (Value::from(session), Value::from(outcome)))
            .iter()
            .map(|(a, b)| (a, b))
            .collect::<Vec<_>>()
    );
    assert_eq!(verdicts[1]["findings"][0]["position"], 1);

    let text = detect(&room, session_model(), "--format csv mixed.txt").ok().stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        header,
        [
            "session", "outcome", "score", "events", "reason", "position", "line", "seen", "p_value"
        ]
    );
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&rows[1][0], &rows[1][1], &rows[1][3], &rows[1][5], &rows[1][7]),
        ("odd", "anomalous", "3", "1", "close")
    );
    assert_eq!((&rows[0][1], &rows[0][4]), ("normal", ""));
}

#[test]
fn fail_on_anomaly_ends_with_code_3_if_there_is_one() {
    let room = mixed_room();
    for format in ["text", "jsonl", "csv"] {
        detect(
            &room,
            session_model(),
            &format!("--format {format} --fail-on-anomaly mixed.txt"),
        )
        .ended(3);
        detect(
            &room,
            session_model(),
            &format!("--format {format} --fail-on-anomaly fine.txt"),
        )
        .ended(0);
        detect(&room, session_model(), &format!("--format {format} mixed.txt")).ended(0);
    }
    detect(&room, session_model(), "--fail-on-anomaly missing.txt").fails(1, &["missing.txt"]);
}

#[test]
fn standard_input_globs_and_several_files_are_read() {
    let room = mixed_room();
    let call = format!("detect --model {} --format csv -", session_model().display());
    let text = format!("detect --model {} -", session_model().display());
    let whole = detect(&room, session_model(), "--format csv mixed.txt").ok().stdout;
    assert_eq!(room.feed(&call, MIXED.as_bytes()).ok().stdout, whole);
    room.feed(&text, b"").fails(1, &["- holds no session"]);

    for (i, line) in MIXED.lines().enumerate() {
        room.write(&format!("parts/{i}.txt"), format!("{line}\n"));
    }
    let without_lines = |outcome: Outcome| -> Vec<String> {
        let rows = outcome.ok().stdout;
        rows.lines()
            .map(|row| {
                row.split(',')
                    .enumerate()
                    .filter(|(i, _)| *i != 6)
                    .map(|(_, field)| field)
                    .collect()
            })
            .collect()
    };
    let expected = without_lines(detect(&room, session_model(), "--format csv mixed.txt"));
    assert_eq!(
        without_lines(detect(&room, session_model(), "--format csv parts/*.txt")),
        expected
    );
    assert_eq!(
        without_lines(detect(
            &room,
            session_model(),
            "--format csv parts/0.txt parts/[12].txt"
        )),
        expected
    );
    detect(&room, session_model(), "parts/*.log").fails(1, &["parts/*.log", "no such file"]);
}

#[test]
fn a_log_on_standard_input_is_read_too() {
    let (room, model) = (Room::new(), quickstart().join("model.deeplog"));
    let log = fs::read(quickstart().join("HDFS.log")).unwrap();
    let read = detect(
        &room,
        &model,
        &format!("--format jsonl {}", quickstart().join("HDFS.log").display()),
    )
    .ok();
    let fed = room
        .feed(&format!("detect --model {} --format jsonl -", model.display()), &log)
        .ok();
    assert!(fed.stdout == read.stdout);
    assert_eq!(fed.stdout.lines().count(), 300);
}

#[test]
fn detection_on_the_experiments_own_log_gives_the_verdicts_of_the_run() {
    let model = quickstart().join("model.deeplog");
    let log = quickstart().join("HDFS.log");
    let outcome = detect(&Room::new(), &model, &format!("--format jsonl {}", log.display())).ok();
    let by_session = |text: &str| -> BTreeMap<String, Value> {
        json_lines(text)
            .into_iter()
            .map(|verdict| (verdict["session"].as_str().unwrap().to_owned(), verdict))
            .collect()
    };
    let detected = by_session(&outcome.stdout);
    let run = by_session(&fs::read_to_string(quickstart().join("verdicts.jsonl")).unwrap());
    assert_eq!(detected.len(), 300);
    for (session, verdict) in &run {
        assert_eq!(&detected[session], verdict, "{session}");
    }
}

#[test]
fn train_and_run_give_the_same_model() {
    let room = session_room();
    room.deeplog("run sessions.toml --out out").ok();
    room.deeplog("train sessions.toml --out deep/down/model").ok();
    assert_eq!(room.files("deep"), ["down/model"]);
    assert!(fs::read(room.path("deep/down/model")).unwrap() == fs::read(room.path("out/model.deeplog")).unwrap());
}

#[test]
fn explain_shows_the_path_of_a_named_session_or_of_the_most_anomalous_one() {
    let room = mixed_room();
    let explain = |rest: &str| room.deeplog(&format!("explain --model {} {rest}", session_model().display()));
    let odd = explain("mixed.txt").ok().stdout;
    for wanted in [
        "odd is anomalous, score ",
        "left the normal path at event 2 of 3",
        "expected instead:",
    ] {
        assert!(odd.contains(wanted), "{wanted:?} in {odd}");
    }
    assert_eq!(explain("--session odd mixed.txt").ok().stdout, odd);
    let fine = explain("--session fine mixed.txt").ok().stdout;
    assert!(
        fine.contains("fine is normal") && !fine.contains("expected instead"),
        "{fine}"
    );
    explain("--session nobody mixed.txt").fails(1, &["no session is called \"nobody\""]);
}

#[test]
fn explain_shows_raw_lines_with_their_numbers() {
    let log = quickstart().join("HDFS.log");
    let verdicts = json_lines(&fs::read_to_string(quickstart().join("verdicts.jsonl")).unwrap());
    let flagged = verdicts
        .iter()
        .find(|verdict| verdict["outcome"] == "anomalous")
        .unwrap();
    let (id, line) = (
        flagged["session"].as_str().unwrap(),
        flagged["findings"][0]["line"].as_u64(),
    );
    let model = quickstart().join("model.deeplog");
    let call = format!("explain --model {} --session {id} {}", model.display(), log.display());
    let shown = Room::new().deeplog(&call).ok().stdout;
    assert!(shown.contains(&format!("{id} is anomalous")), "{shown}");
    if let Some(number) = line {
        let raw = fs::read_to_string(log).unwrap();
        let words: Vec<&str> = raw
            .lines()
            .nth(number as usize - 1)
            .unwrap()
            .split(' ')
            .take(4)
            .collect();
        assert!(shown.contains(&words.join(" ")), "{words:?} in {shown}");
    }
}

#[test]
fn many_sessions_are_judged_as_few_are() {
    let room = Room::new();
    let many = session_file(20_000);
    room.write("many.txt", &many);
    let verdicts = json_lines(&detect(&room, session_model(), "--format jsonl many.txt").ok().stdout);
    assert_eq!(verdicts.len(), 20_000);
    for (i, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict["session"], format!("s{i}"), "verdicts keep the order");
        assert_eq!(
            verdict["score"],
            verdicts[i % 6]["score"],
            "equal sessions have equal scores"
        );
    }
}
