mod keywords;

use std::fs;
use std::path::{Path, PathBuf};

use drain_parser::{LineFormat, Unescaped};

use super::guess::HeaderGuess;
use super::sample::Sample;
use super::stamp::Stamps;
use super::survey;
use crate::Unobserved;
use crate::experiment::Experiment;

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("DEEPLOG_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("LEFT OUT: DEEPLOG_DATA is not set, so `init` was not tried on real logs\n"),
        )
        .unwrap();
    }
    folder
}

fn guess(lines: &[u8]) -> HeaderGuess {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, lines).unwrap();
    super::guess(
        std::slice::from_ref(&path),
        &Sample::read(std::slice::from_ref(&path)).unwrap(),
    )
    .unwrap()
}

/// The share of lines whose content is the published one.
fn agreement(folder: &Path, system: &str, format: &LineFormat) -> f64 {
    let log = fs::read(folder.join(format!("{system}_2k.log"))).unwrap();
    let lines: Vec<&[u8]> = log
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let mut truth = csv::Reader::from_path(folder.join(format!("{system}_2k.log_structured.csv"))).unwrap();
    let column = truth
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "Content")
        .unwrap();
    let contents: Vec<String> = truth
        .records()
        .map(|record| record.unwrap()[column].to_owned())
        .collect();
    assert_eq!(lines.len(), contents.len());
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut unescaped = Unescaped::default();
    let mut same = |(line, content): (&&[u8], &String)| {
        format
            .split(line, &mut unescaped)
            .is_some_and(|header| words(&String::from_utf8_lossy(header.content())) == words(content))
    };
    lines.iter().zip(&contents).filter(|&pair| same(pair)).count() as f64 / lines.len() as f64
}

#[test]
fn finds_the_headers_of_ten_systems() {
    let Some(data) = data() else { return };
    let systems = [
        "Android",
        "Apache",
        "BGL",
        "HDFS",
        "Hadoop",
        "HealthApp",
        "Linux",
        "OpenSSH",
        "Proxifier",
        "Spark",
    ];
    let mut wrong = Vec::new();
    for system in systems {
        let folder = data.join("loghub_2k").join(system);
        let guess = guess(&fs::read(folder.join(format!("{system}_2k.log"))).unwrap());
        let same = agreement(&folder, system, &guess.format);
        let stamp = guess.stamp.as_ref();
        println!(
            "{system:10} {:6.2}% {:4.0}% {} {:?}",
            100.0 * same,
            100.0 * guess.confidence,
            guess.format.source(),
            stamp.map(|stamp| (stamp.fields.join(" "), &stamp.format, stamp.reading))
        );
        if same < 0.95 || stamp.is_none() {
            wrong.push(system);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Twelve lines of a log, made from one with `{n}` for numbers that change and `{w}` for a word that does.
fn varied(line: &str) -> Vec<u8> {
    let words = ["opened", "closed", "failed", "waits"];
    let lines = (0..12).map(|i| {
        line.replace("{n}", &format!("{:02}", i + 10))
            .replace("{w}", words[i % 4])
            + "\n"
    });
    lines.collect::<String>().into_bytes()
}

#[test]
fn finds_headers_of_many_shapes() {
    for (line, header, stamp) in [
        (
            "2026-01-02T03:04:{n}.123Z INFO server::listener: socket {w} by peer",
            "<Time> <Level> <Component>: <Content>",
            Some("%Y-%m-%dT%H:%M:%S%.fZ"),
        ),
        (
            "2026-01-02 03:04:{n},123 - name.space - WARNING - socket {w} by peer",
            "<Date> <Time> - <Component> - <Level> - <Content>",
            Some("%Y-%m-%d %H:%M:%S,%3f"),
        ),
        (
            "2015-07-29 17:41:{n},536 - INFO  [main:QuorumPeer@913] - {w} socket of peer",
            r"<Date> <Time> - <Level> \[<Thread>\] - <Content>",
            Some("%Y-%m-%d %H:%M:%S,%3f"),
        ),
        (
            "10.0.0.1 - - [10/Oct/2000:13:55:{n} -0700] \"GET /{w} HTTP/1.0\" 200 23",
            r"<Field> - <Field2> \[<Time>\] <Content>",
            Some("%d/%b/%Y:%H:%M:%S %z"),
        ),
        (
            "[2026-01-02 03:04:{n} +0000] [4711] [INFO] socket {w} by peer",
            r"\[<Time>\] \[<Pid>\] \[<Level>\] <Content>",
            Some("%Y-%m-%d %H:%M:%S %z"),
        ),
        (
            "17670000{n} web1 cron[{n}]: job {w} by root",
            r"<Timestamp> <Host> <Component>(\[<Pid>\])?: <Content>",
            Some("%s"),
        ),
        (
            "<34>Oct 11 22:14:{n} web1 su: session {w} for root",
            "syslog",
            Some("%b %d %H:%M:%S"),
        ),
        (
            "2026-01-02 03:04:{n}\tINFO\tWeb Server\tsocket {w}: by peer",
            "<Date> <Time> <Level> <Component>\t<Content>",
            Some("%Y-%m-%d %H:%M:%S"),
        ),
        (
            "2026-01-02 03:04:{n}\tINFO\tsocket {w} by peer",
            "<Date> <Time> <Level> <Content>",
            Some("%Y-%m-%d %H:%M:%S"),
        ),
        ("the {w} door of house {n} is green", "<Content>", None),
        (
            "{\"time\":\"2026-01-02T03:04:{n}Z\",\"message\":\"socket {w}\"}",
            "json",
            Some("%Y-%m-%dT%H:%M:%SZ"),
        ),
    ] {
        let guess = guess(&varied(line));
        println!("{line}");
        assert_eq!(guess.format.source(), header, "{line}");
        assert_eq!(guess.stamp.as_ref().map(|stamp| stamp.format.as_str()), stamp, "{line}");
    }
}

#[test]
fn stamps_are_told_from_other_numbers() {
    let stamps = Stamps::new().unwrap();
    for (text, format) in [
        ("2005-06-03-15.42.50.675872 R02", Some("%Y-%m-%d-%H.%M.%S%.f")),
        ("20171224-0:7:20:4|x", Some("%Y%m%d-%H:%M:%S:%3f")),
        ("Sun Dec 04 04:47:44 2005", Some("%a %b %d %H:%M:%S %Y")),
        ("Jul  9 12:16:51 2005", Some("%b %d %H:%M:%S")),
        ("01/02/2026 03:04:05 PM", Some("%m/%d/%Y %I:%M:%S %p")),
        ("1117838570 x", Some("%s")),
        ("1117838570.5 x", Some("%s%.f")),
        ("11178385701 x", None),
        ("2005.06.03 R02", None),
        ("10.250.19.102:54106", None),
        ("", None),
    ] {
        let found = stamps.at(text.as_bytes());
        assert_eq!(found.as_ref().map(|found| found.formats[0].as_str()), format, "{text}");
    }
}

#[test]
fn finds_block_ids() {
    let Some(data) = data() else { return };
    let survey = survey(&data.join("hdfs_raw/HDFS_5k.log"), "hdfs", &mut Unobserved).unwrap();
    let session = survey
        .findings
        .iter()
        .find(|finding| finding.subject == "session")
        .unwrap();
    assert_eq!(session.value, r"identifier blk_-?\d+");
    assert!(session.confidence >= 70, "{session:?}");
    assert!(survey.dataset.contains(r"pattern = 'blk_-?\d+'"), "{}", survey.dataset);
}

#[test]
fn numbers_with_a_unit_name_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    for (line, identifier) in [
        ("GET /x in {n} ms", None),
        ("GET /x in {n}ms, done", None),
        ("GET /x in {n}.5 s", None),
        ("slept for {n} Seconds, no more", None),
        ("read {n} KB of it", None),
        ("disk at {n}% of it", None),
        ("GET /x took={n}ms", None),
        (r#"GET /x {"took": {n} ms}"#, None),
        ("serves request {n} now", Some(r"\brequest (\d+)")),
        ("serves request {n}", Some(r"\brequest (\d+)")),
        ("serves request={n} now", Some(r"\brequest=([\w.-]+)")),
        ("serves request=a{n}b now", Some(r"\brequest=([\w.-]+)")),
    ] {
        let lines = (0..300).map(|i| {
            let line = line.replace("{n}", &(100 + i / 12 * 2 + i % 2).to_string());
            format!("2026-01-02 03:{:02}:{:02} INFO {line}\n", i / 60, i % 60)
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
        let survey = survey(&path, "x", &mut Unobserved).unwrap();
        let session = survey.findings.iter().find(|finding| finding.subject == "session");
        let found = &session.unwrap().value;
        match identifier {
            Some(pattern) => assert!(found.starts_with(&format!("identifier {pattern}")), "{line}: {found}"),
            None => assert!(!found.starts_with("identifier"), "{line}: {found}"),
        }
    }
}

#[test]
fn short_lived_processes_are_sessions() {
    let Some(data) = data() else { return };
    let survey = survey(&data.join("loghub_2k/OpenSSH/OpenSSH_2k.log"), "ssh", &mut Unobserved).unwrap();
    assert!(
        survey.dataset.contains("by = \"stream\"\nfield = \"Pid\""),
        "{}",
        survey.dataset
    );
}

#[test]
fn bad_input_is_an_answer_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let long = [&b"2026-01-02 03:04:05 INFO "[..], &vec![b'x'; 10 << 20], b"\n"].concat();
    let latin = varied("2026-01-02 03:04:{n} INFO gr\u{f6}\u{df}e {w}")
        .into_iter()
        .map(|byte| if byte == 0xc3 { 0xf6 } else { byte })
        .collect();
    for (log, expected) in [
        (Vec::new(), Err("is empty")),
        (b"\n\r\n".to_vec(), Err("is empty")),
        ((0..=255).cycle().take(4_096).collect(), Err("is no text")),
        (
            b"2026-01-02 03:04:05 INFO server started".to_vec(),
            Ok("<Date> <Time> <Level> <Content>"),
        ),
        (long, Ok("<Date> <Time> <Level> <Content>")),
        (latin, Ok("<Date> <Time> <Level> <Content>")),
    ] {
        fs::write(&path, log).unwrap();
        let survey = survey(&path, "x", &mut Unobserved);
        match expected {
            Ok(header) => assert_eq!(survey.unwrap().findings[0].value, header),
            Err(fact) => assert!(survey.unwrap_err().to_string().contains(fact)),
        }
    }
}

#[test]
fn one_line_makes_nobody_sure() {
    assert!(guess(b"2026-01-02 03:04:05 INFO server started").confidence < 0.3);
}

#[test]
fn overwrites_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, varied("2026-01-02 03:04:{n} INFO socket {w}")).unwrap();
    let survey = survey(&path, "x", &mut Unobserved).unwrap();
    survey.write(folder.path(), false).unwrap();
    let error = survey.write(folder.path(), false).unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    survey.write(folder.path(), true).unwrap();
}

#[test]
fn what_is_written_is_a_sound_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let check = |log: &Path, name: &str| {
        let survey = survey(log, name, &mut Unobserved).unwrap();
        let [_, experiment] = survey.write(folder.path(), false).unwrap();
        let experiment =
            Experiment::read(&experiment, &[], folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let profile = experiment.profile.unwrap();
        let shown = survey
            .findings
            .iter()
            .find(|finding| finding.subject == "header")
            .unwrap();
        assert_eq!(profile.header.source(), shown.value);
        assert_eq!(experiment.data.source, crate::Source::Raw { log: log.to_owned() });
    };
    let quotes = folder.path().join("it's \"odd\" \u{1b}\n.log");
    fs::write(&quotes, varied("2026-01-02 03:04:{n} INFO 'it' \"{w}\" <a>")).unwrap();
    check(&quotes, "odd");
    let plain = folder.path().join("plain.log");
    fs::write(&plain, varied("the {w} door of house {n} is green")).unwrap();
    check(&plain, "plain");
    let Some(data) = data() else { return };
    for system in [
        "Android",
        "Apache",
        "BGL",
        "HDFS",
        "Hadoop",
        "HealthApp",
        "Linux",
        "OpenSSH",
        "Proxifier",
        "Spark",
    ] {
        check(&data.join(format!("loghub_2k/{system}/{system}_2k.log")), system);
    }
    check(&data.join("hdfs_raw/HDFS_5k.log"), "HDFS_5k");
}
