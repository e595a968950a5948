//! What `deeplog parse` writes beside the CSVs, and the state it keeps.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Room;
use crate::samples::{job_lines, job_room, json_lines, text};

const PATIENCE: Duration = Duration::from_secs(60);

fn parse(room: &Room, more: &str) -> crate::harness::Outcome {
    let call = format!(r"parse --format <Date>\s<Time>\s<Level>\s<Component>:\s<Content> --mask job_\d+ {more}");
    room.deeplog(&call)
}

#[test]
fn outputs_are_chosen_by_flags() {
    let room = job_room();
    let cases: [(&str, &[&str]); 6] = [
        ("", &["structured.csv", "templates.csv"]),
        ("--output parquet", &["structured.parquet", "templates.csv"]),
        (
            "--output csv,jsonl --output parquet --output csv",
            &[
                "structured.csv",
                "structured.jsonl",
                "structured.parquet",
                "templates.csv",
            ],
        ),
        ("--report", &["report.html", "structured.csv", "templates.csv"]),
        ("--report --no-structured", &["report.html", "templates.csv"]),
        ("--no-structured", &["templates.csv"]),
    ];
    for (i, (flags, files)) in cases.iter().enumerate() {
        parse(&room, &format!("jobs.log --out {i} {flags}")).ok();
        assert_eq!(room.files(&i.to_string()), *files, "{flags}");
        assert_eq!(
            room.read(&format!("{i}/templates.csv")),
            room.read("0/templates.csv"),
            "{flags}"
        );
    }
    for wrong in ["--output xml", "--output csv --no-structured", "--snapshot-every 1"] {
        let outcome = parse(&room, &format!("jobs.log --out wrong {wrong}")).ended(2);
        assert!(outcome.stderr.contains("error:"), "{}", outcome.stderr);
    }
    parse(&room, "jobs.log --out wrong --state s --snapshot-every -1").ended(2);
    assert_eq!(room.files("wrong"), [""; 0]);
}

#[test]
fn json_lines_and_parquet_hold_every_line() {
    let room = job_room();
    parse(&room, "jobs.log --out out --output jsonl,parquet").ok();
    let lines = job_lines(60);
    let objects = json_lines(&room.read("out/structured.jsonl"));
    assert_eq!(objects.len(), lines.len());
    for (i, (object, line)) in objects.iter().zip(&lines).enumerate() {
        assert_eq!(object["LineId"], i + 1);
        let content = object["Content"].as_str().unwrap();
        assert!(line.ends_with(content));
        let time = object["EventTime"].as_str().unwrap();
        assert_eq!(time.replace('T', " ").trim_end_matches('Z'), &line[..19], "{object}");
        for parameter in object["ParameterList"].as_array().unwrap() {
            let at = |name: &str| parameter[name].as_u64().unwrap() as usize;
            assert_eq!(content[at("start")..at("end")], *parameter["value"].as_str().unwrap());
        }
    }
    let parquet = fs::read(room.path("out/structured.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[test]
fn a_report_is_one_file_that_loads_nothing() {
    let room = job_room();
    let mut lines = job_lines(60);
    lines[7] += "<img src=x onerror=alert(1)>\u{1b}[31m\u{202e}";
    room.write("jobs.log", text(&lines, "\n"));
    parse(&room, "jobs.log --out out --report").ok();
    let page = room.read("out/report.html");
    assert!(page.trim_end().ends_with("</html>"));
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"));
    for forbidden in ["://", "<img", "\u{1b}", "\u{202e}", "<link", " src=\""] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    assert!(page.contains("running step <mark"), "{page}");
}

#[test]
fn a_state_goes_on_with_the_settings_it_was_learnt_with() {
    let room = job_room();
    let lines = job_lines(60);
    room.write("first.log", text(&lines[..100], "\n"));
    room.write("second.log", text(&lines[100..], "\n"));
    parse(&room, "first.log --out first --state kept").ok();
    let outcome = room
        .deeplog("parse second.log --out second --state kept --no-structured")
        .ok();
    assert!(outcome.stderr.contains("100 lines"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("guessed"), "{}", outcome.stderr);
    parse(&room, "jobs.log --out whole").ok();
    assert_eq!(room.read("second/templates.csv"), room.read("whole/templates.csv"));

    let before = fs::read(room.path("kept")).unwrap();
    for other in [r"--mask \d+", "--format <Content>", "--similarity 0.9"] {
        room.deeplog(&format!("parse second.log --out other --state kept {other}"))
            .fails(2, &["state"]);
    }
    room.write("empty.log", "");
    parse(&room, "empty.log --out other --state kept").fails(1, &["empty"]);
    parse(&room, "jobs.log --out other --state none/kept").fails(1, &["none/kept"]);
    assert_eq!(fs::read(room.path("kept")).unwrap(), before);

    let mut other_version = before.clone();
    other_version[8] += 1;
    let broken: [(&[u8], &str); 5] = [
        (b"", "not a deeplog parser state"),
        (b"2024-05-01 a log", "not a deeplog parser state"),
        (&before[..before.len() / 2], "damaged or cut short"),
        (&[&before[..], b"\n"].concat(), "damaged"),
        (&other_version, "format 2"),
    ];
    for (bytes, fact) in broken {
        room.write("kept", bytes);
        parse(&room, "jobs.log --out other --state kept").fails(1, &["kept", fact]);
        assert_eq!(fs::read(room.path("kept")).unwrap(), bytes, "it is left as it is");
    }
    assert_eq!(room.files("other"), [""; 0]);
}

/// A parsing of a long log that writes its state all the time.
fn long_parsing(room: &Room) -> Command {
    let lines = text(&job_lines(20_000), "\n");
    room.write("long.log", lines);
    let format = r"<Date>\s<Time>\s<Level>\s<Component>:\s<Content>";
    let mut command = room.command(["parse", "long.log", "--format", format, "--mask", r"job_\d+"]);
    command.args(["--out", "out", "--state", "kept", "--snapshot-every", "0"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn wait_for(room: &Room, name: &str) {
    let started = Instant::now();
    while !room.path(name).exists() {
        assert!(started.elapsed() < PATIENCE, "{name} is not written");
        sleep(Duration::from_millis(1));
    }
}

fn said(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

/// How many lines a state knows of: a state that is not whole is not read.
fn known_lines(room: &Room) -> u64 {
    let bytes = fs::read(room.path("kept")).unwrap();
    room.write("one.log", text(&job_lines(1)[..1], "\n"));
    fs::copy(room.path("kept"), room.path("copy")).unwrap();
    room.deeplog("parse one.log --out one --state copy --no-structured")
        .ok();
    let length = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
    let state: Value = serde_json::from_slice(&bytes[20..20 + length]).unwrap();
    state["lines"]["lines"].as_u64().unwrap()
}

#[test]
fn a_killed_parsing_leaves_a_whole_state() {
    let room = Room::new();
    let mut command = long_parsing(&room);
    let mut last = 0;
    for moment in 0..12 {
        let mut child = command.spawn().unwrap();
        if moment == 0 {
            wait_for(&room, "kept");
        }
        // Spread over the writes of a state, each of which takes some milliseconds.
        sleep(Duration::from_micros(17_300 * moment));
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = known_lines(&room);
        assert!(
            lines >= last && lines > 0,
            "{lines} lines after {last}: each run goes on from the last"
        );
        last = lines;
    }
    let temporary = |name: &String| name.starts_with('.');
    let left: Vec<String> = room.files(".").into_iter().filter(|name| !temporary(name)).collect();
    assert!(left.iter().all(|name| !name.starts_with("out/structured")), "{left:?}");
}

#[test]
fn an_interrupted_parsing_keeps_its_state_and_says_so() {
    let room = Room::new();
    let child = long_parsing(&room).spawn().unwrap();
    wait_for(&room, "kept");
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let (code, said) = said(child);
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("is kept in kept") && said.contains("no table was finished"),
        "{said}"
    );
    let lines = known_lines(&room);
    assert!(said.contains(&format!("{lines} lines")), "{lines}: {said}");
    assert_eq!(room.files("out"), [""; 0]);
}

/// Two that learn into one state: what the later one learnt is kept beside it, and nobody's work is lost.
#[test]
fn a_state_that_somebody_else_changed_is_left_alone() {
    let room = job_room();
    parse(&room, "jobs.log --state s --out out").ok();
    let long = text(&job_lines(4_000), "\n").repeat(10);
    let mut learning = room
        .command(["parse", "-", "--state", "s", "--out", "out2"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // More than a pipe holds: once it is written, the state has been read.
    learning.stdin.as_mut().unwrap().write_all(long.as_bytes()).unwrap();
    let listed = room.deeplog("templates list s --format csv").ok().stdout;
    let id = listed.lines().nth(1).unwrap().split(',').next().unwrap();
    room.call(&["templates", "rename", "s", id, "mine"]).ok();
    drop(learning.stdin.take());
    let ended = learning.wait().unwrap();
    let edits = room.deeplog("templates edits s").ok().stdout;
    assert!(edits.contains("mine"), "the edit is there: {edits}");
    assert_eq!(ended.code(), Some(1));
    room.deeplog("templates list s.learnt").ok();
}

#[test]
fn what_cannot_be_parsed_or_kept_is_told() {
    let room = job_room();
    room.call(&["parse", "jobs.log", "--format", "json", "--out", "out"])
        .fails(1, &["none of the", "`json`"]);
    room.deeplog("parse jobs.log --out out --state /dev/full")
        .fails(1, &["/dev/full is no file"]);
    room.deeplog("parse jobs.log --out out --threads 100000").ended(2);
    let mut lines = job_lines(20);
    lines.extend((0..400).map(|i| format!("something else {i}")));
    room.write("half.log", text(&lines, "\n"));
    let said = parse(&room, "half.log --out out").ok().stderr;
    assert!(said.contains("lines do not fit the format"), "{said}");
}

#[test]
fn spans_fit_colours_and_other_control_characters() {
    let room = Room::new();
    let lines: Vec<String> = (0..30)
        .map(|i| format!("\u{1b}[32mINFO\u{1b}[0m job {i} done\u{7f}"))
        .collect();
    room.write("colours.log", text(&lines, "\n"));
    room.call(&[
        "parse",
        "colours.log",
        "--format",
        "<Content>",
        "--output",
        "jsonl",
        "--out",
        "out",
    ])
    .ok();
    let rows = room.read("out/structured.jsonl");
    for (row, line) in rows.lines().zip(&lines) {
        let row: Value = serde_json::from_str(row).unwrap();
        let content = row["Content"].as_str().unwrap();
        assert_eq!(content, line);
        for parameter in row["ParameterList"].as_array().unwrap() {
            let at = |name: &str| parameter[name].as_u64().unwrap() as usize;
            assert_eq!(&content[at("start")..at("end")], parameter["value"].as_str().unwrap());
        }
    }
}
