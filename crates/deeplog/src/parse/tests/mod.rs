mod state;
mod tables;

use drain_parser::DrainConfig;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::*;
use crate::observer::Unobserved;

/// Writes the CSV alone.
fn csv_only(format: &str, parser: DrainConfig) -> Parsing {
    Parsing {
        header: Some(LineFormat::compile(format).unwrap()),
        time: None,
        parser: ParserConfig::Drain(parser),
        threads: 2,
        tables: vec![TableFormat::Csv],
        report: false,
        state: None,
    }
}

struct Tables {
    summary: ParseSummary,
    structured: Vec<Vec<String>>,
    templates: Vec<Vec<String>>,
}

fn read_csv(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn tables(log: &[u8], format: &str, parser: DrainConfig) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    fs::write(&path, log).unwrap();
    let parsing = csv_only(format, parser);
    let out = folder.path().join("out");
    let summary = parse(&[path], &parsing, &out, &mut Unobserved).unwrap();
    Tables {
        summary,
        structured: read_csv(&out.join("structured.csv")),
        templates: read_csv(&out.join("templates.csv")),
    }
}

#[test]
fn every_physical_line_has_its_row() {
    let log = b"before any\r\n1 INFO user root\r\n\r\n2 WARN user alice\r\n  at\r\n3 INFO user\xff\0 a,\"b\"";
    let Tables {
        summary,
        structured,
        templates,
    } = tables(log, "<Id> <Level> <Content>", DrainConfig::default());
    assert_eq!(
        structured[0],
        [
            "LineId",
            "Id",
            "Level",
            "Content",
            "EventId",
            "EventTemplate",
            "ParameterList"
        ]
    );
    let rows: Vec<[&str; 4]> = structured[1..]
        .iter()
        .map(|row| [&*row[0], &*row[1], &*row[3], &*row[6]])
        .collect();
    assert_eq!(
        rows,
        [
            ["1", "", "before any", ""],
            ["2", "1", "user root", r#"["root"]"#],
            ["3", "", "", ""],
            ["4", "2", "user alice", r#"["alice"]"#],
            ["5", "", "  at", ""],
            ["6", "3", "user\\xff\\x00 a,\"b\"", "[]"],
        ]
    );
    assert_eq!(structured[2][4], structured[4][4]);
    assert_eq!(structured[2][5], "user <*>");
    assert_eq!(templates[1][1..], ["user <*>", "2"]);
    assert_eq!(templates[1][0], structured[2][4]);
    let lines = summary.lines;
    assert_eq!(
        (
            lines.lines,
            lines.messages,
            lines.blank,
            lines.continuations,
            lines.without_header
        ),
        (6, 3, 1, 1, 1)
    );
}

#[test]
fn rows_have_the_final_template_of_their_cluster() {
    let log = b"a b c d\na b c x\nz b c d\n";
    let config = DrainConfig {
        similarity: 0.5,
        depth: 3,
        ..DrainConfig::default()
    };
    let Tables { structured, .. } = tables(log, "<Content>", config);
    assert_eq!(structured[1][3], "<*> b c <*>");
    assert_eq!(structured[1][4], r#"["a","d"]"#);
    assert_eq!(structured[3][4], r#"["z","d"]"#);
}

#[test]
fn evicted_clusters_are_counted_and_rows_stay() {
    let config = DrainConfig {
        max_clusters: Some(1),
        ..DrainConfig::default()
    };
    let Tables {
        summary, structured, ..
    } = tables(b"a b\nc d e\n", "<Content>", config);
    assert_eq!((summary.evicted, summary.templates), (1, 1));
    assert_eq!(structured[1], ["1", "a b", "", "", ""]);
}

#[test]
fn mistakes_name_the_flag() {
    let out = tempfile::tempdir().unwrap();
    let parsing = |format: &str, masks: Vec<String>| {
        let parser = DrainConfig {
            masks,
            ..DrainConfig::default()
        };
        csv_only(format, parser)
    };
    for (parsing, named) in [
        (parsing("<EventId> <Content>", vec![]), "<EventId>"),
        (parsing("<Content>", vec!["(".into()]), "masks[0]"),
    ] {
        let error = parse(&[PathBuf::from("x")], &parsing, out.path(), &mut Unobserved).unwrap_err();
        assert!(
            matches!(error, Error::Config { .. }) && error.to_string().contains(named),
            "{error}"
        );
    }
    let empty = out.path().join("empty.log");
    fs::write(&empty, "").unwrap();
    let error = parse(&[empty], &parsing("<Content>", vec![]), out.path(), &mut Unobserved).unwrap_err();
    assert!(error.to_string().contains("empty"), "{error}");
    assert_eq!(
        fs::read_dir(out.path()).unwrap().count(),
        1,
        "nothing half-written stays"
    );
}

/// A log with all that lines can be: no header, no parameters, no time, no text.
fn mixed_log() -> Vec<u8> {
    let mut log = b"a banner\n".to_vec();
    for i in 0..40 {
        log.extend_from_slice(format!("2024-05-01 10:00:{i:02}.25 INFO user u{i} came from 10.0.0.{i}\n").as_bytes());
    }
    log.extend_from_slice(b"2024-05-01 25:00:00 WARN no time here\n\tat \"trace\",7\n\n");
    log.extend_from_slice("2024-05-01 11:00:00 WARN \u{fc}ber\u{202e}\\ \u{1b}[31m".as_bytes());
    log.extend_from_slice(b" \xff\0 end");
    log
}

/// Lines of one template here are lines of one published event, for the share of lines that logparser reaches.
#[test]
fn structured_csv_groups_as_drain_does() {
    let Some(data) = std::env::var_os("DEEPLOG_DATA").map(PathBuf::from) else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("LEFT OUT: DEEPLOG_DATA is not set, so `parse` was not tried on real logs\n"),
        )
        .unwrap();
        return;
    };
    let log = fs::read(data.join("loghub_2k/HDFS/HDFS_2k.log")).unwrap();
    let masks = vec![r"blk_-?\d+".into(), r"(\d+\.){3}\d+(:\d+)?".into()];
    let config = DrainConfig {
        similarity: 0.5,
        masks,
        ..DrainConfig::default()
    };
    let Tables {
        summary,
        structured,
        templates,
    } = tables(&log, "<Date> <Time> <Pid> <Level> <Component>: <Content>", config);
    let truth = read_csv(&data.join("loghub_2k/HDFS/HDFS_2k.log_structured.csv"));
    assert_eq!((structured.len(), summary.lines.messages), (truth.len(), 2_000));
    let column = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    let events = |rows: &[Vec<String>]| {
        let column = column(rows, "EventId");
        let mut groups: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (line, row) in rows.iter().enumerate().skip(1) {
            groups.entry(row[column].clone()).or_default().push(line);
        }
        groups.into_values().collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (events(&structured), events(&truth));
    let right: usize = ours.intersection(&theirs).map(Vec::len).sum();
    // The reference implementation reaches 0.9975.
    assert!(right >= 1_995, "{right} lines of 2,000 are grouped right");
    assert_eq!(templates.len() - 1, ours.len());
    let counts: Vec<u64> = templates[1..].iter().map(|row| row[2].parse().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b));
    assert_eq!(counts.iter().sum::<u64>(), 2_000);
}
