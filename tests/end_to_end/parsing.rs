//! `deeplog parse`: a log to templates and parameters.

use std::collections::BTreeMap;

use crate::harness::Room;
use crate::samples::{gzipped, job_lines, job_room, text};

const JOBS: &str = "<Date> <Time> <Level> <Component>: <Content>";

fn parse(room: &Room, more: &[&str]) -> crate::harness::Outcome {
    room.call(&[&["parse", "--format", JOBS, "--mask", r"job_\d+"][..], more].concat())
}

/// The rows of a CSV by its columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn every_physical_line_has_a_row() {
    let room = job_room();
    let mut lines = job_lines(20);
    lines.insert(0, "a banner".into());
    lines.insert(10, "\tat a stack trace, with \"quotes\"".into());
    lines.insert(11, String::new());
    room.write("mixed.log", text(&lines, "\r\n"));
    let outcome = parse(&room, &["mixed.log", "--out", "out"]).ok();
    assert_eq!(room.files("out"), ["structured.csv", "templates.csv"]);
    let structured = rows(&room.read("out/structured.csv"));
    assert_eq!(structured.len(), lines.len());
    for (i, (row, line)) in structured.iter().zip(&lines).enumerate() {
        assert_eq!(row["LineId"], (i + 1).to_string());
        assert!(
            line.ends_with(&row["Content"]),
            "{line:?} ends with {:?}",
            row["Content"]
        );
        let fits = line.starts_with("2024");
        assert_eq!(
            (row["EventId"].is_empty(), row["Date"].is_empty()),
            (!fits, !fits),
            "{line:?}"
        );
        if fits {
            let parameters: Vec<String> = serde_json::from_str(&row["ParameterList"]).unwrap();
            let rebuilt = parameters.iter().fold(row["EventTemplate"].clone(), |text, value| {
                text.replacen("<*>", value, 1)
            });
            assert_eq!(rebuilt, row["Content"], "template and parameters are the line");
        } else {
            assert_eq!(&row["Content"], line, "a line without header is kept whole");
        }
    }
    let templates = rows(&room.read("out/templates.csv"));
    let texts: Vec<&str> = templates.iter().map(|row| &*row["EventTemplate"]).collect();
    assert!(
        texts.contains(&"running step <*> of <*>") && texts.contains(&"finished <*> without error"),
        "{texts:?}"
    );
    let occurrences: Vec<usize> = templates
        .iter()
        .map(|row| row["Occurrences"].parse().unwrap())
        .collect();
    assert_eq!(occurrences.iter().sum::<usize>(), job_lines(20).len());
    assert!(occurrences.is_sorted_by(|a, b| a >= b), "{occurrences:?}");
    for wanted in ["1 continuations", "1 without header", "1 blank", "4 templates"] {
        assert!(outcome.stderr.contains(wanted), "{wanted} in {}", outcome.stderr);
    }
}

#[test]
fn without_structured_only_the_templates_are_written() {
    let room = job_room();
    parse(&room, &["jobs.log", "--out", "both"]).ok();
    parse(&room, &["jobs.log", "--out", "one", "--no-structured"]).ok();
    assert_eq!(room.files("one"), ["templates.csv"]);
    assert_eq!(room.read("one/templates.csv"), room.read("both/templates.csv"));
}

#[test]
fn compressed_and_piped_logs_give_the_same_tables() {
    let room = job_room();
    let log = text(&job_lines(60), "\n");
    room.write("jobs.log.gz", gzipped(log.as_bytes()));
    parse(&room, &["jobs.log", "--out", "plain"]).ok();
    parse(&room, &["jobs.log.gz", "--out", "gz"]).ok();
    room.feed(
        r"parse --format <Date>\s<Time>\s<Level>\s<Component>:\s<Content> --mask job_\d+ - --out piped",
        log.as_bytes(),
    )
    .ok();
    for out in ["gz", "piped"] {
        for file in ["structured.csv", "templates.csv"] {
            assert_eq!(
                room.read(&format!("{out}/{file}")),
                room.read(&format!("plain/{file}")),
                "{out}/{file}"
            );
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_rows_too() {
    let room = job_room();
    let mut log = text(&job_lines(20), "\n").into_bytes();
    log.extend_from_slice(b"2024-05-01 02:00:00 INFO worker: job_9 \xff\x00\xfe broken\n\x00\xff\n");
    room.write("odd.log", &log);
    parse(&room, &["odd.log", "--out", "out"]).ok();
    let structured = room.read("out/structured.csv");
    assert_eq!(rows(&structured).len(), job_lines(20).len() + 2);
    assert!(!structured.contains('\0'), "no NUL byte in a CSV");
    assert!(rows(&structured)[job_lines(20).len()]["Content"].ends_with("broken"));
}

#[test]
fn unusable_input_and_settings_are_told_and_leave_nothing() {
    let room = job_room();
    room.write("empty.log", "");
    room.write("folder/.hidden.log", "hidden");
    room.write("cut.gz", &gzipped(text(&job_lines(400), "\n").as_bytes())[..600]);
    for (name, fact) in [
        ("missing.log", "no such file"),
        ("empty.log", "empty"),
        ("cut.gz", "cut.gz"),
        ("folder", "folder is a directory"),
    ] {
        parse(&room, &[name, "--out", "out"]).fails(1, &[fact]);
    }
    let cases: [(&[&str], &str); 6] = [
        (&["--format", "<Date> <Time>"], "Content"),
        (&["--format", "<Content"], "Content"),
        (&["--mask", "("], "("),
        (&["--similarity", "7"], "similarity"),
        (&["--depth", "0"], "depth"),
        (&["--dataset", "jobs.toml"], "jobs.toml"),
    ];
    for (flags, fact) in cases {
        room.call(&[&["parse", "jobs.log", "--out", "out"], flags].concat())
            .fails(2, &[fact]);
    }
    assert_eq!(room.files("out"), [""; 0]);
}
