//! Input as it comes: missing, empty, binary, damaged, compressed, enormous.

use std::fs;

use crate::harness::{Outcome, Room};
use crate::samples::{
    gzipped, job_lines, job_room, json_lines, quickstart, session_file, session_model, session_room, text, zstandard,
};

/// Bytes that are no text, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Writes each kind of unusable input and gives its name and a word of what is said of it.
fn unusable(room: &Room, whole: &str) -> Vec<(&'static str, &'static str)> {
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    room.write("empty", "");
    room.write("blank", "\n\r\n   \n");
    room.write("binary", noise(4000));
    room.write("cut.gz", half(gzipped(whole.as_bytes())));
    room.write("cut.zst", half(zstandard(whole.as_bytes())));
    room.write("head.gz", &gzipped(whole.as_bytes())[..5]);
    room.write("head.zst", &zstandard(whole.as_bytes())[..5]);
    for (name, mut bytes) in [
        ("bit.gz", gzipped(whole.as_bytes())),
        ("bit.zst", zstandard(whole.as_bytes())),
    ] {
        // In the checksum at the end, which only a reader that looks at it can see.
        let at = bytes.len() - if name == "bit.gz" { 6 } else { 2 };
        bytes[at] ^= 4;
        room.write(name, bytes);
    }
    room.write("empty.gz", gzipped(b""));
    room.write("empty.zst", zstandard(b""));
    room.write("folder/file", "");
    vec![
        ("missing", "no such file"),
        ("empty", ""),
        ("blank", ""),
        ("binary", ""),
        ("cut.gz", "cannot read"),
        ("cut.zst", "cannot read"),
        ("head.gz", "cannot read"),
        ("head.zst", "cannot read"),
        ("bit.gz", "cannot read"),
        ("bit.zst", "cannot read"),
        ("empty.gz", ""),
        ("empty.zst", ""),
        ("folder", "is a directory"),
    ]
}

fn fails_cleanly(room: &Room, call: &str, name: &str, word: &str) {
    room.deeplog(call).fails(1, &[name, word]);
    assert_eq!(room.files("out"), [""; 0], "{call} leaves nothing");
}

#[test]
fn unusable_session_files_are_one_clear_error_and_leave_nothing() {
    let room = session_room();
    let whole = session_file(2000);
    room.write(
        "divided.toml",
        "name = \"divided\"\n[data]\nkind = \"divided\"\n[data.train]\nnormal = \"sessions.txt\"\n",
    );
    for (name, word) in unusable(&room, &whole) {
        fails_cleanly(
            &room,
            &format!("run sessions.toml --out out --set data.file={name}"),
            name,
            word,
        );
        fails_cleanly(
            &room,
            &format!("train sessions.toml --out out/model --set data.file={name}"),
            name,
            word,
        );
        for field in ["train.normal", "test.normal", "test.abnormal"] {
            fails_cleanly(
                &room,
                &format!("run divided.toml --out out --set data.{field}={name}"),
                name,
                word,
            );
        }
        let model = session_model().display();
        fails_cleanly(&room, &format!("detect --model {model} {name}"), name, word);
        fails_cleanly(&room, &format!("explain --model {model} {name}"), name, word);
    }
}

#[test]
fn unusable_logs_are_one_clear_error_and_leave_nothing() {
    let room = job_room();
    let whole = text(&job_lines(400), "\n");
    let model = quickstart().join("model.deeplog");
    for (name, word) in unusable(&room, &whole) {
        fails_cleanly(
            &room,
            &format!("run jobs.toml --out out --set data.log={name}"),
            name,
            word,
        );
        fails_cleanly(&room, &format!("detect --model {} {name}", model.display()), name, word);
    }
}

#[test]
fn unusable_labels_and_templates_are_told() {
    let room = session_room();
    room.write("columns.csv", "Block;Label\ns0;Normal\n");
    room.write("twice.csv", "id,label\ns0,Normal\ns0,Anomaly\n");
    let cases = [
        ("data.labels=missing.csv", "no such file"),
        ("data.labels=columns.csv", "line 2"),
        ("data.labels=twice.csv", "labelled once normal and once anomalous"),
        ("data.templates=missing.csv", "no such file"),
    ];
    for (set, word) in cases {
        let name = set.split_once('=').unwrap().1;
        fails_cleanly(&room, &format!("run sessions.toml --out out --set {set}"), name, word);
    }
}

#[test]
fn compressed_input_gives_the_verdicts_of_plain_input() {
    let room = session_room();
    room.write("sessions.gz", gzipped(session_file(60).as_bytes()));
    room.write("sessions.zst", zstandard(session_file(60).as_bytes()));
    let whole = session_file(60);
    let halves = || [&whole.as_bytes()[..300], &whole.as_bytes()[300..]];
    room.write("members", halves().map(gzipped).concat());
    room.write("frames", halves().map(zstandard).concat());
    room.deeplog("run sessions.toml --out plain").ok();
    for name in ["sessions.gz", "sessions.zst", "members", "frames"] {
        room.deeplog(&format!("run sessions.toml --out {name}.out --set data.file={name}"))
            .ok();
        assert_eq!(
            room.read(&format!("{name}.out/verdicts.jsonl")),
            room.read("plain/verdicts.jsonl"),
            "{name}"
        );
        let detect = |input: &str| {
            room.deeplog(&format!("detect --model plain/model.deeplog --format csv {input}"))
                .ok()
        };
        assert_eq!(detect(name).stdout, detect("sessions.txt").stdout, "{name}");
        let fed = room
            .feed(
                "detect --model plain/model.deeplog --format csv -",
                &fs::read(room.path(name)).unwrap(),
            )
            .ok();
        assert_eq!(fed.stdout, detect("sessions.txt").stdout, "{name} on standard input");
    }
    assert!(!room.read("plain/verdicts.jsonl").is_empty());

    let room = job_room();
    room.write("jobs.log.gz", gzipped(text(&job_lines(60), "\n").as_bytes()));
    room.write("jobs.log.zst", zstandard(text(&job_lines(60), "\n").as_bytes()));
    room.deeplog("run jobs.toml --out plain").ok();
    for name in ["jobs.log.gz", "jobs.log.zst"] {
        room.deeplog(&format!("run jobs.toml --out {name}.out --set data.log={name}"))
            .ok();
        assert_eq!(
            room.read(&format!("{name}.out/verdicts.jsonl")),
            room.read("plain/verdicts.jsonl"),
            "{name}"
        );
    }
}

#[test]
fn crlf_lines_give_the_verdicts_of_lf_lines() {
    let room = job_room();
    room.write("crlf.log", text(&job_lines(60), "\r\n"));
    room.deeplog("run jobs.toml --out lf").ok();
    room.deeplog("run jobs.toml --out crlf --set data.log=crlf.log").ok();
    assert_eq!(room.read("crlf/verdicts.jsonl"), room.read("lf/verdicts.jsonl"));

    let room = session_room();
    room.write("crlf.txt", session_file(60).replace('\n', "\r\n"));
    room.deeplog("run sessions.toml --out lf").ok();
    room.deeplog("run sessions.toml --out crlf --set data.file=crlf.txt")
        .ok();
    assert_eq!(room.read("crlf/verdicts.jsonl"), room.read("lf/verdicts.jsonl"));
}

/// The number before a counter's name in the summary of a run.
fn counted(outcome: &Outcome, name: &str) -> u64 {
    let line = outcome
        .stdout
        .lines()
        .find(|line| line.starts_with("counted: "))
        .expect("a run counts");
    let counters = line.trim_start_matches("counted: ").split(", ");
    counters
        .filter_map(|part| part.split_once(' '))
        .find(|(_, what)| *what == name)
        .map_or(0, |(n, _)| n.parse().unwrap())
}

#[test]
fn lines_that_fit_no_header_are_counted_and_stay_where_they_are() {
    let room = job_room();
    let mut lines = job_lines(60);
    let whole = lines.len() as u64;
    lines.insert(100, "  at a stack trace of job_1".to_owned());
    lines.insert(101, "java.io.IOException: job_1".to_owned());
    lines.insert(50, String::new());
    lines.insert(0, "a banner".to_owned());
    room.write("mixed.log", text(&lines, "\n"));
    room.deeplog("run jobs.toml --out plain").ok();
    let outcome = room.deeplog("run jobs.toml --out mixed --set data.log=mixed.log").ok();
    assert_eq!(counted(&outcome, "lines"), whole + 4);
    assert_eq!(counted(&outcome, "continuation lines"), 2);
    assert_eq!(counted(&outcome, "lines without header"), 1);
    assert_eq!(counted(&outcome, "blank lines"), 1);
    let sessions = |out: &str| -> Vec<_> {
        let verdicts = json_lines(&room.read(&format!("{out}/verdicts.jsonl")));
        verdicts
            .iter()
            .map(|verdict| {
                (
                    verdict["session"].clone(),
                    verdict["outcome"].clone(),
                    verdict["score"].clone(),
                )
            })
            .collect()
    };
    assert_eq!(sessions("mixed"), sessions("plain"), "they change no verdict");

    let outcome = room.deeplog("detect --model mixed/model.deeplog mixed.log").ok();
    for wanted in ["2 continuation lines", "1 lines without header"] {
        assert!(outcome.stderr.contains(wanted), "{wanted} in {}", outcome.stderr);
    }
}

#[test]
fn invalid_utf8_and_nul_bytes_are_only_unusual_lines() {
    let room = job_room();
    let mut log = text(&job_lines(60), "\n").into_bytes();
    log.extend_from_slice(b"2024-05-01 02:00:00 INFO worker: job_9000 \xff\xfe\x00 was \xc3( here\n");
    log.extend_from_slice(b"\x00\xff\n");
    room.write("odd.log", log);
    let outcome = room.deeplog("run jobs.toml --out out --set data.log=odd.log").ok();
    assert_eq!(counted(&outcome, "continuation lines"), 1);
    assert_eq!(counted(&outcome, "test lines without template"), 1);
    let verdicts = json_lines(&room.read("out/verdicts.jsonl"));
    let odd = verdicts
        .iter()
        .find(|verdict| verdict["session"] == "job_9000")
        .expect("the odd session");
    assert_eq!(odd["findings"][0]["reason"], "unseen_key");
    let explained = room
        .deeplog("explain --model out/model.deeplog --session job_9000 odd.log")
        .ok();
    assert!(
        explained.stdout.contains("job_9000") && !explained.stdout.contains('\0'),
        "{}",
        explained.stdout
    );
}

#[test]
fn a_line_of_ten_megabytes_is_a_line() {
    let room = job_room();
    let mut lines = job_lines(60);
    let long = |bytes: usize| {
        format!(
            "2024-05-01 02:00:00 INFO worker: job_9000 {}",
            "word ".repeat(bytes / 5)
        )
    };
    lines.push(long(10 << 20));
    lines.push(long(20 << 20));
    room.write("long.log", text(&lines, "\n"));
    let outcome = room.deeplog("run jobs.toml --out out --set data.log=long.log").ok();
    assert_eq!(counted(&outcome, "lines cut to 16 mib"), 1);
    assert_eq!(counted(&outcome, "lines"), lines.len() as u64);
    let odd = json_lines(&room.read("out/verdicts.jsonl"))
        .into_iter()
        .find(|verdict| verdict["session"] == "job_9000");
    assert_eq!(odd.expect("the long session")["findings"][0]["reason"], "unseen_key");
    for file in [
        "out/report.html",
        "out/report.md",
        "out/verdicts.jsonl",
        "out/model.deeplog",
    ] {
        let bytes = fs::metadata(room.path(file)).unwrap().len();
        assert!(bytes < 1 << 20, "{file} shows {bytes} bytes");
    }

    let room = session_room();
    room.write(
        "long.txt",
        format!("{}long,open{} close\n", session_file(60), " read write".repeat(1 << 20)),
    );
    room.deeplog("run sessions.toml --out out --set data.file=long.txt --set data.split.train=0.9")
        .ok();
    assert!(
        json_lines(&room.read("out/verdicts.jsonl"))
            .iter()
            .any(|verdict| verdict["session"] == "long")
    );
}
