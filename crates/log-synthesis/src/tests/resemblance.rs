//! Like the real thing: the figures of its sessions, its wording, its components.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use regex::Regex;

use super::{lines, lives, sessions};
use crate::HdfsConfig;

fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DEEPLOG_DATA");
    if root.is_none() {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("left out: DEEPLOG_DATA is not set, so there is no {path} to compare with\n"),
        )
        .unwrap();
    }
    root.map(|root| PathBuf::from(root).join(path))
}

/// The figures of 4,855 normal training sessions of HDFS_v1 (`data/hdfs_train` of wuyifan18/DeepLog): 839 distinct
/// sequences, 11 distinct key sets, 14 keys, mean length 19.6, and 12% of a random fifth not seen in the others.
#[test]
fn normal_lives_resemble_the_real_ones() {
    for seed in [1, 2, 3] {
        let config = HdfsConfig {
            seed,
            anomalous: 0.0,
            ..sessions(4_855)
        };
        let lives: Vec<Vec<u8>> = lives(config).into_iter().map(|(_, events)| events).collect();
        let mut fifths = BTreeMap::<&Vec<u8>, BTreeSet<usize>>::new();
        for (index, life) in lives.iter().enumerate() {
            fifths.entry(life).or_default().insert(index % 5);
        }
        let novel = lives.iter().filter(|life| fifths[life].len() == 1).count();
        let key_sets: BTreeSet<BTreeSet<u8>> = lives.iter().map(|life| life.iter().copied().collect()).collect();
        let keys: BTreeSet<u8> = lives.iter().flatten().copied().collect();
        let mean = lives.iter().map(Vec::len).sum::<usize>() as f64 / 4_855.0;
        for (name, real, simulated) in [
            ("distinct sequences", 839.0, fifths.len() as f64),
            ("distinct key sets", 11.0, key_sets.len() as f64),
            ("distinct keys", 14.0, keys.len() as f64),
            ("mean length", 19.6, mean),
            ("novel share", 0.12, novel as f64 / 4_855.0),
        ] {
            assert!(
                (simulated / real - 1.0).abs() <= 0.2,
                "{name}, seed {seed}: {simulated} instead of {real}"
            );
        }
        assert_eq!(lives.iter().map(Vec::len).min(), Some(13));
        assert!(lives.iter().all(|life| life.len() <= 50));
    }
}

#[test]
fn every_line_has_the_wording_of_its_published_template() {
    let Some(path) = data("hdfs/HDFS_templates.csv") else {
        return;
    };
    let templates: HashMap<u8, Regex> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .skip(1)
        .map(|row| {
            let (event, template) = row.split_once(',').unwrap();
            let pattern = template.split("<*>").map(regex::escape).collect::<Vec<_>>().join(".*");
            (
                event[1..].parse().unwrap(),
                Regex::new(&format!("^{pattern}$")).unwrap(),
            )
        })
        .collect();
    for (text, line) in lines(HdfsConfig {
        anomalous: 0.5,
        ..sessions(2_000)
    }) {
        let content = text.trim_end().split_once(": ").unwrap().1;
        assert!(templates[&line.event].is_match(content), "E{}: {content}", line.event);
    }
}

#[test]
fn the_components_and_levels_are_those_of_the_real_log() {
    let Some(path) = data("hdfs_raw/HDFS_5k.log") else {
        return;
    };
    // Level, component and the words without digits, which tell the messages apart.
    let shape = |line: &str| {
        let fields: Vec<&str> = line
            .split_whitespace()
            .skip(3)
            .filter(|word| !word.contains(['/', '.']))
            .collect();
        fields
            .into_iter()
            .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let source = |line: &str| line.split_whitespace().skip(3).take(2).collect::<Vec<_>>().join(" ");
    let bytes = std::fs::read(path).unwrap();
    let real: HashMap<String, String> = String::from_utf8_lossy(&bytes)
        .lines()
        .map(|l| (shape(l), source(l)))
        .collect();
    let mut compared = BTreeSet::new();
    for (text, line) in lines(HdfsConfig {
        anomalous: 0.5,
        ..sessions(2_000)
    }) {
        if let Some(real) = real.get(&shape(&text)) {
            assert_eq!(&source(&text), real, "{text}");
            compared.insert(line.event);
        }
    }
    assert!(compared.len() >= 12, "only {compared:?} occur in both");
}
