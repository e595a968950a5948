//! What each step costs on one thread: `cargo bench -p drain-parser [-- NAME...]`, where a name may be a part of one.
//!
//! Lines are simulated, so it needs no data; `scripts/bench-parser` measures real contents beside other parsers.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may stop at what cannot be, and has no public items"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use drain_parser::{DrainConfig, HeaderFormat, Parser, ParserConfig, Prepared, Scratch};
use log_synthesis::{HdfsConfig, HdfsSimulator};

const FORMAT: &str = "<Date> <Time> <Pid> <Level> <Component>: <Content>";
const HDFS_MASKS: [&str; 2] = [r"blk_-?\d+", r"(\d+\.){3}\d+(:\d+)?"];
/// As many as a setting for any log may have.
const MANY_MASKS: [&str; 12] = [
    r"https?://[^ ]+",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b",
    r"\bblk_-?\d+\b",
    r"\b\d{4}-\d{2}-\d{2}\b",
    r"\b\d{2}:\d{2}:\d{2}\b",
    r"\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b",
    r"\b0x[0-9a-f]+\b",
    r"\b[0-9a-f]{12,}\b",
    r"\b\d+\.\d+\b",
    r"\b\d+ [kmg]b\b",
    r"\b\d+\b",
];

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let groups: [(&str, fn()); 4] = [
        ("steps", steps),
        ("masks", masks),
        ("templates", templates),
        ("lines", lines),
    ];
    for (name, group) in groups {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            println!("{name}");
            group();
        }
    }
}

fn steps() {
    let log = hdfs(1, 100_000);
    let lines = split(&log);
    let contents = contents(&lines);
    let format = HeaderFormat::compile(FORMAT).unwrap();
    measure("split", lines.len(), || {
        lines
            .iter()
            .filter_map(|line| format.split(line))
            .map(|h| h.content().len())
            .sum()
    });
    let methods = [
        ("auto", Parser::new(ParserConfig::default()).unwrap()),
        ("without masks", drain(&[])),
        ("with two masks", drain(&HDFS_MASKS)),
    ];
    for (title, mut drain) in methods {
        measure(&format!("learn {title}"), contents.len(), || {
            contents.iter().map(|content| drain.learn(content).0 as usize).sum()
        });
        let (preparer, mut prepared) = (drain.preparer(), Prepared::default());
        measure(&format!("prepare {title}"), contents.len(), || {
            for block in contents.chunks(1000) {
                prepared.clear();
                block
                    .iter()
                    .for_each(|content| preparer.prepare(content, &mut prepared));
                black_box(&prepared);
            }
            0
        });
        prepared.clear();
        contents
            .iter()
            .for_each(|content| preparer.prepare(content, &mut prepared));
        let mut clusters = Vec::new();
        measure(&format!("learn prepared {title}"), contents.len(), || {
            clusters.clear();
            drain.learn_prepared(&prepared, &mut clusters);
            clusters.len()
        });
        let frozen = drain.freeze();
        let mut scratch = Scratch::default();
        measure(&format!("match {title}"), contents.len(), || {
            contents
                .iter()
                .filter_map(|content| frozen.matches(content, &mut scratch))
                .sum()
        });
        measure(&format!("parse {title}"), contents.len(), || {
            let parsed = contents
                .iter()
                .filter_map(|content| frozen.parse(content, &mut scratch));
            parsed.map(|line| line.parameters.len()).sum()
        });
    }
}

/// Many masks cost little more than two.
fn masks() {
    let log = hdfs(1, 100_000);
    let contents = contents(&split(&log));
    for most in [0, 3, 6, 9, 12] {
        let begin = Instant::now();
        let mut drain = drain(&MANY_MASKS[MANY_MASKS.len() - most..]);
        let setup = begin.elapsed();
        measure(
            &format!("learn with {most} masks, set up in {setup:.1?}"),
            contents.len(),
            || contents.iter().map(|content| drain.learn(content).0 as usize).sum(),
        );
    }
}

/// All templates in one leaf: the cost of a line must grow no faster than the logarithm of their number.
fn templates() {
    for templates in [10, 100, 1_000, 10_000] {
        let contents: Vec<String> = (0..100_000)
            .map(|line| {
                let template = line * 7919 % templates;
                format!("event open{template} close{template} task{template} took {line}")
            })
            .collect();
        let mut drain = drain(&[]);
        for content in &contents {
            drain.learn(content.as_bytes());
        }
        assert_eq!(drain.clusters().len(), templates);
        let frozen = drain.freeze();
        let mut scratch = Scratch::default();
        measure(&format!("learn, {templates} templates"), contents.len(), || {
            contents
                .iter()
                .map(|content| drain.learn(content.as_bytes()).0 as usize)
                .sum()
        });
        measure(&format!("match, {templates} templates"), contents.len(), || {
            contents
                .iter()
                .filter_map(|content| frozen.matches(content.as_bytes(), &mut scratch))
                .sum()
        });
    }
}

/// The eleventh million costs what the first does.
fn lines() {
    let mut drain = drain(&HDFS_MASKS);
    for million in 1..=11 {
        let log = hdfs(million, 1_000_000);
        let lines = split(&log);
        let contents = contents(&lines);
        let begin = Instant::now();
        for content in &contents {
            drain.learn(content);
        }
        report(&format!("learn, million {million}"), contents.len(), begin.elapsed());
    }
}

/// At least so many lines of a simulated HDFS log.
fn hdfs(seed: u64, lines: u64) -> Vec<u8> {
    let config = HdfsConfig {
        seed,
        lines: Some(lines),
        ..HdfsConfig::default()
    };
    let mut log = Vec::new();
    HdfsSimulator::new(config)
        .unwrap()
        .write_to(&mut log, &mut |_| {})
        .unwrap();
    log
}

fn split(log: &[u8]) -> Vec<&[u8]> {
    log.split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect()
}

fn contents<'l>(lines: &[&'l [u8]]) -> Vec<&'l [u8]> {
    let format = HeaderFormat::compile(FORMAT).unwrap();
    lines.iter().map(|line| format.split(line).unwrap().content()).collect()
}

fn drain(masks: &[&str]) -> Parser {
    let config = DrainConfig {
        masks: masks.iter().map(ToString::to_string).collect(),
        ..DrainConfig::default()
    };
    Parser::new(ParserConfig::Drain(config)).unwrap()
}

/// The best of the rounds that fit into a second: others come from what else the machine does.
fn measure(what: &str, lines: usize, mut round: impl FnMut() -> usize) {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        black_box(round());
        best = best.min(start.elapsed());
    }
    report(what, lines, best);
}

fn report(what: &str, lines: usize, time: Duration) {
    let nanoseconds = time.as_nanos() as f64 / lines as f64;
    println!(
        "  {what:40} {nanoseconds:7.1} ns a line {:11.0} lines/s",
        1e9 / nanoseconds
    );
}
