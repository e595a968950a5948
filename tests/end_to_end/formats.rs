//! Logs as runtimes, loggers and operating systems write them: found by `init`, parsed, learnt and judged.

use std::fmt::Write as _;

use crate::harness::Room;
use crate::samples::{SMALL_SETS, gzipped, job_lines, text};

/// A line of the log of jobs: seconds since midnight, and the message.
fn events() -> Vec<(usize, String)> {
    let messages = job_lines(60).into_iter().enumerate().map(|(i, line)| {
        let message = line.split_once("worker: ").unwrap().1.to_owned();
        (i, message)
    });
    messages.collect()
}

fn clock(second: usize) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn iso(second: usize) -> String {
    format!("2024-05-01T{}Z", clock(second))
}

fn log(each: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let lines = events()
        .into_iter()
        .map(|(second, message)| each(second, &message) + "\n");
    lines.collect::<String>().into_bytes()
}

/// The same log in many formats, with what `init` writes for it.
fn logs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let micros = |second: usize| 1_714_521_600_000_000 + second as u64 * 1_000_000;
    vec![
        (
            "json",
            "format = \"json\"",
            log(|second, message| {
                format!(
                    r#"{{"level":"info","ts":"{}","logger":"worker","msg":"{message}","n":{second}}}"#,
                    iso(second)
                )
            }),
        ),
        (
            "journaljson",
            "format = \"json\"",
            log(|second, message| {
                format!(
                    r#"{{"_PID":"1","__REALTIME_TIMESTAMP":"{}","PRIORITY":"6","MESSAGE":"{message}"}}"#,
                    micros(second)
                )
            }),
        ),
        (
            "named",
            "format = \"json message=what.happened\"",
            log(|second, message| format!(r#"{{"ts":"{}","what":{{"happened":"{message}"}}}}"#, iso(second))),
        ),
        (
            "logfmt",
            "format = \"logfmt\"",
            log(|second, message| format!(r#"time={} level=info msg="{message}" n={second}"#, iso(second))),
        ),
        (
            "rfc5424",
            "format = \"syslog\"",
            log(|second, message| format!(r#"<14>1 {} web worker 1 - [x@1 n="]"] {message}"#, iso(second))),
        ),
        (
            "rfc3164",
            "format = \"syslog\"",
            log(|second, message| format!("<14>May  1 {} web worker[1]: {message}", clock(second))),
        ),
        (
            "docker",
            "format = \"docker inner='<Level> <Component>: <Content>'\"",
            log(|second, message| {
                format!(
                    r#"{{"log":"INFO worker: {message}\n","stream":"stdout","time":"{}"}}"#,
                    iso(second)
                )
            }),
        ),
        (
            "cri",
            "format = \"cri inner=",
            log(|second, message| {
                let line = |tag, text: &str| format!("2024-05-01T{}.000000001Z stdout {tag} {text}", clock(second));
                match second % 9 {
                    0 => line("P", "{\"msg\":") + "\n" + &line("F", &format!("\"{message}\"}}")),
                    _ => line("F", &format!(r#"{{"msg":"{message}"}}"#)),
                }
            }),
        ),
        (
            "journald",
            "format = \"journald\"",
            log(|second, message| {
                let mut entry = format!(
                    "__CURSOR=s{second}\n__REALTIME_TIMESTAMP={}\nPRIORITY=6\n",
                    micros(second)
                );
                match second % 9 {
                    0 => write!(
                        entry,
                        "MESSAGE\n{}\0\0\0\0\0\0\0{message}\r\n\n",
                        char::from(message.len() as u8 + 2)
                    )
                    .unwrap(),
                    _ => writeln!(entry, "MESSAGE={message}").unwrap(),
                }
                entry
            }),
        ),
        (
            "windows",
            "format = \"csv\"",
            [
                &b"\xef\xbb\xbfLevel,Date and Time,Source,Event ID,Task Category\n"[..],
                &log(|second, message| {
                    let (hour, rest) = (second / 3600, &clock(second)[2..]);
                    format!(
                        "Information,5/1/2024 {}{rest} AM,worker,7,None,\"{message}\r\n\r\nSee \"\"help\"\".\"",
                        (hour + 11) % 12 + 1
                    )
                }),
            ]
            .concat(),
        ),
    ]
}

#[test]
fn every_format_is_found_parsed_learnt_and_judged() {
    let room = Room::new();
    room.write("plain.log", text(&job_lines(60), "\n"));
    room.deeplog("parse plain.log --out plain").ok();
    let templates = room.read("plain/templates.csv");
    for (name, format, log) in logs() {
        room.write(&format!("{name}.log"), &log);
        room.deeplog(&format!("init {name}.log")).ok();
        let dataset = room.read(&format!("{name}.dataset.toml"));
        assert!(dataset.contains(format), "{name}: {dataset}");
        assert!(
            dataset.contains("[time]") && dataset.contains(r"pattern = 'job_-?\d+'"),
            "{name}: {dataset}"
        );
        let sets = "--set training.epochs=1";
        let run = room
            .deeplog(&format!("run {name}.toml --out {name} {SMALL_SETS} {sets}"))
            .ok();
        assert!(run.stdout.contains("of 30 sessions"), "{name}: {}", run.stdout);
        let judged = room
            .deeplog(&format!("detect --model {name}/model.deeplog --format csv {name}.log"))
            .ok();
        assert_eq!(judged.stdout.lines().count(), 61, "{name}: {}", judged.stdout);
        room.deeplog(&format!("parse {name}.log --out {name}-parsed")).ok();
        assert_eq!(room.read(&format!("{name}-parsed/templates.csv")), templates, "{name}");
    }
}

#[test]
fn a_format_can_be_told_and_a_wrong_one_says_why() {
    let room = Room::new();
    room.write(
        "a.log",
        "{\"k\":\"one two\",\"level\":\"info\"}\nno json\n{\"k\":\"one three\"}\n",
    );
    let call = |format: &str| room.call(&["parse", "a.log", "--out", "out", "--format", format]);
    let said = call("json message=k").ok().stderr;
    assert!(said.contains("2 messages, 1 continuations"), "{said}");
    let rows = room.read("out/structured.csv");
    assert!(
        rows.starts_with("LineId,Time,Level,Component,Host,Pid,Rest,Content,"),
        "{rows}"
    );
    assert!(rows.contains("\n2,,,,,,,no json,,,\n"), "{rows}");
    call("json key=k").fails(2, &["--format", "`key`", "message, time, level"]);
    call("jsonl").fails(2, &["--format", "json, logfmt, syslog, docker, cri, journald, csv"]);
}

#[test]
fn any_format_reads_any_log_and_counts_every_line() {
    let room = Room::new();
    let mut names = vec!["hostile"];
    let good = "{\"msg\":\"one\"}\n";
    let hostile = [
        good.as_bytes(),
        b"{\"msg\":\"\\ud800 \xff\0\",\"msg\":\"two\"}\n",
        format!("{{\"a\":{}\n", "[".repeat(1 << 20)).as_bytes(),
        format!("{{\"msg\":\"{}\"}}\n", "x\\n".repeat(3 << 20)).as_bytes(),
        b"null\n\n{\"msg\":\"half",
    ]
    .concat();
    room.write("hostile.log", hostile);
    let said = room.deeplog("parse hostile.log --format json --out out").ok().stderr;
    assert!(said.contains("7 lines: 3 messages, 3 continuations, 1 blank"), "{said}");
    for (name, _, log) in logs() {
        room.write(&format!("{name}.log"), &log[..log.len().min(20_001)]);
        names.push(name);
    }
    for name in names {
        let lines = std::fs::read(room.path(&format!("{name}.log"))).unwrap();
        let lines = lines.split(|&byte| byte == b'\n').count();
        for format in [
            "json",
            "logfmt",
            "syslog",
            "docker",
            "cri",
            "journald",
            "csv",
            "docker inner=json",
        ] {
            let log = format!("{name}.log");
            let outcome = room.call(&["parse", &log, "--format", format, "--out", "out"]);
            let said = &outcome.stderr;
            let counted = |lines: usize| {
                said.contains(&format!("{lines} lines: "))
                    || (outcome.code == Some(1) && said.contains(&format!("none of the {lines} lines fits")))
            };
            assert!(counted(lines) || counted(lines - 1), "{name} as {format}: {said}");
        }
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_time() {
    let room = Room::new();
    let lines = job_lines(60);
    let third = lines.len() / 3;
    room.write("logs/z.log", text(&lines[..third], "\n"));
    room.write(
        "logs/app/b.log.gz",
        gzipped(text(&lines[third..2 * third], "\n").as_bytes()),
    );
    room.write("logs/a.log", text(&lines[2 * third..], "\n"));
    room.write("logs/.hidden.log", "no log\n");
    room.write("logs/picture.bin", [0_u8; 100]);
    room.deeplog("init logs --name jobs").ok();
    let run = room
        .deeplog(&format!("run jobs.toml --out out {SMALL_SETS} --set training.epochs=1"))
        .ok();
    assert!(run.stdout.contains("of 30 sessions"), "{}", run.stdout);
    let places: Vec<usize> = ["z.log", "b.log.gz", "a.log"]
        .iter()
        .map(|name| run.stderr.find(name).unwrap())
        .collect();
    assert!(
        run.stderr.contains("3 files in the order of time") && places.is_sorted(),
        "{}",
        run.stderr
    );
    let parsed = room.deeplog("parse logs --out parsed").ok();
    assert!(
        parsed.stderr.contains("3 files in the order of time"),
        "{}",
        parsed.stderr
    );
    let contents: Vec<String> = room
        .read("parsed/structured.csv")
        .lines()
        .skip(1)
        .map(str::to_owned)
        .collect();
    let in_order = contents
        .iter()
        .zip(&lines)
        .all(|(row, line)| row.contains(line.split_once("worker: ").unwrap().1));
    assert!(in_order && contents.len() == lines.len(), "{contents:?}");
    room.write("logs/other.log", "what is this\nand that\n");
    room.deeplog(&format!("run jobs.toml --out out {SMALL_SETS}"))
        .fails(1, &["of different kinds", "other.log"]);
}

#[test]
fn rotated_files_without_years_are_read_oldest_first() {
    let room = Room::new();
    let lines: Vec<String> = job_lines(60)
        .iter()
        .map(|line| line.replacen("2024-05-01", "May  1", 1))
        .collect();
    let third = lines.len() / 3;
    room.write("my.log.2.gz", gzipped(text(&lines[..third], "\n").as_bytes()));
    room.write("my.log.1", text(&lines[third..2 * third], "\n"));
    room.write("my.log", text(&lines[2 * third..], "\n"));
    room.call(&["init", "my.log*", "--name", "my"]).ok();
    let run = room
        .deeplog(&format!("run my.toml --out out {SMALL_SETS} --set training.epochs=1"))
        .ok();
    assert!(run.stdout.contains("of 30 sessions"), "{}", run.stdout);
    assert!(
        run.stderr.contains("3 files in the order of age and name"),
        "{}",
        run.stderr
    );
}

/// A container's stack traces are of its format, too.
#[test]
fn containers_with_stack_traces_are_recognised() {
    let room = Room::new();
    let trace = [
        "java.io.IOException: broken pipe",
        "\tat com.acme.Foo.bar(Foo.java:7)",
        "\t... 3 more",
    ];
    let messages: Vec<String> = (0..120)
        .flat_map(|i| {
            let message = format!("2026-11-20 08:{:02}:{:02} INFO order {i} paid", i / 60, i % 60);
            let trace = trace.iter().filter(move |_| i % 5 == 0).map(ToString::to_string);
            std::iter::once(message).chain(trace)
        })
        .collect();
    let stamp = "2026-11-20T08:00:00.123456789Z";
    let docker = |message: &String| {
        serde_json::json!({"log": format!("{message}\n"), "stream": "stdout", "time": stamp}).to_string()
    };
    room.write(
        "docker.log",
        text(&messages.iter().map(docker).collect::<Vec<_>>(), "\n"),
    );
    let cri = |message: &String| format!("{stamp} stdout F {message}");
    room.write("cri.log", text(&messages.iter().map(cri).collect::<Vec<_>>(), "\n"));
    for name in ["docker", "cri"] {
        let said = room.call(&["parse", &format!("{name}.log"), "--out", name]).ok().stderr;
        assert!(said.contains(&format!("`{name} inner=")), "{said}");
        assert!(said.contains("120 messages, 72 continuations"), "{said}");
    }
}
