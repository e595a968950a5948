//! What the whole simulator promises: reproducible, well-formed, labelled.

mod resemblance;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};

use chrono::NaiveDateTime;
use proptest::prelude::*;
use regex::Regex;

use crate::{Drift, HdfsConfig, HdfsSimulator, Kind, LARGEST_GAP_SECONDS, Label, Line};

fn sessions(sessions: u64) -> HdfsConfig {
    HdfsConfig {
        sessions: Some(sessions),
        ..HdfsConfig::default()
    }
}

fn lines(config: HdfsConfig) -> Vec<(String, Line)> {
    let mut simulator = HdfsSimulator::new(config).unwrap();
    let mut buffer = Vec::new();
    std::iter::from_fn(|| {
        buffer.clear();
        let line = simulator.next_line(&mut buffer)?;
        Some((String::from_utf8(buffer.clone()).unwrap(), line))
    })
    .collect()
}

fn log(config: HdfsConfig) -> (Vec<u8>, Vec<Label>) {
    let (mut log, mut labels) = (Vec::new(), Vec::new());
    HdfsSimulator::new(config)
        .unwrap()
        .write_to(&mut log, &mut |label| labels.push(label))
        .unwrap();
    (log, labels)
}

/// Each block's events and label, in the order in which the blocks end.
fn lives(config: HdfsConfig) -> Vec<(Label, Vec<u8>)> {
    let mut open = HashMap::<i64, Vec<u8>>::new();
    let mut done = Vec::new();
    for (_, line) in lines(config) {
        open.entry(line.block).or_default().push(line.event);
        if let Some(label) = line.label {
            done.push((label, open.remove(&label.block).unwrap()));
        }
    }
    assert!(open.is_empty(), "{} blocks without a label", open.len());
    done
}

fn second(line: &str) -> i64 {
    NaiveDateTime::parse_from_str(&line[..13], "%y%m%d %H%M%S")
        .unwrap()
        .and_utc()
        .timestamp()
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    let by_lines = |seed| HdfsConfig {
        seed,
        lines: Some(5_000),
        ..HdfsConfig::default()
    };
    assert_eq!(log(sessions(300)), log(sessions(300)));
    assert_eq!(log(by_lines(1)), log(by_lines(1)));
    assert_ne!(log(by_lines(1)), log(by_lines(2)));
}

#[test]
fn the_two_ways_of_writing_agree() {
    let (written, labels) = log(sessions(4_000));
    let stepped = lines(sessions(4_000));
    assert!(written == stepped.iter().flat_map(|(text, _)| text.bytes()).collect::<Vec<u8>>());
    assert_eq!(
        labels,
        stepped.iter().filter_map(|(_, line)| line.label).collect::<Vec<_>>()
    );
}

#[test]
fn a_line_limit_is_met_exactly_where_lives_can_fill_it() {
    for (limit, upgraded) in [
        (22, false),
        (23, true),
        (100, false),
        (101, true),
        (1_000, false),
        (9_999, true),
    ] {
        let drift = upgraded.then_some(Drift { at: 0.0 });
        let config = HdfsConfig {
            lines: Some(limit),
            drift,
            ..HdfsConfig::default()
        };
        assert_eq!(lines(config).len() as u64, limit);
    }
    let single = lines(HdfsConfig {
        lines: Some(1),
        anomalous: 0.0,
        ..HdfsConfig::default()
    });
    assert!(single.len() >= 13 && single.iter().all(|(_, line)| line.block == single[0].1.block));
    let both = HdfsConfig {
        sessions: Some(3),
        lines: Some(10_000),
        ..HdfsConfig::default()
    };
    assert_eq!(lives(both).len(), 3);
}

#[test]
fn every_block_is_labelled_once_with_its_last_line() {
    let lines = lines(sessions(2_000));
    let mut last = HashMap::new();
    let mut labelled = HashMap::new();
    for (index, (_, line)) in lines.iter().enumerate() {
        last.insert(line.block, index);
        if let Some(label) = line.label {
            assert_eq!(label.block, line.block);
            assert_eq!(label.anomalous, label.kind != Kind::Normal);
            assert_eq!(labelled.insert(label.block, index), None);
        }
    }
    assert_eq!(last.len(), 2_000);
    assert_eq!(last, labelled);
}

#[test]
fn every_kind_and_every_event_occurs_and_no_anomaly_looks_normal() {
    let lives = lives(HdfsConfig {
        anomalous: 0.4,
        ..sessions(10_000)
    });
    let anomalous = lives.iter().filter(|(label, _)| label.anomalous).count();
    assert!((3_800..4_200).contains(&anomalous), "{anomalous} of 10,000 anomalous");
    let kinds: BTreeSet<Kind> = lives.iter().map(|(label, _)| label.kind).collect();
    assert_eq!(kinds.len(), Kind::ANOMALIES.len() + 1);
    let events: BTreeSet<u8> = lives.iter().flat_map(|(_, events)| events.iter().copied()).collect();
    assert_eq!(events, (1..=29).collect());

    let normal: BTreeSet<&Vec<u8>> = lives
        .iter()
        .filter(|(label, _)| !label.anomalous)
        .map(|(_, life)| life)
        .collect();
    let alike: Vec<_> = lives
        .iter()
        .filter(|(label, life)| label.anomalous && normal.contains(life))
        .collect();
    assert!(alike.is_empty(), "{alike:?}");
}

#[test]
fn the_names_of_kinds_are_the_same_in_text_and_in_files() {
    let mut names = BTreeSet::new();
    for kind in Kind::ANOMALIES.iter().map(|&(kind, _)| kind).chain([Kind::Normal]) {
        assert_eq!(
            toml::Value::try_from(kind).unwrap().as_str(),
            Some(kind.to_string().as_str())
        );
        assert!(names.insert(kind.name()));
    }
}

#[test]
fn lines_fit_the_header_in_time_order_and_no_block_is_silent_for_long() {
    let header = Regex::new(r"^\d{6} \d{6} \d+ (INFO|WARN) dfs\.[\w$]+: .*blk_-?\d+.*\n$").unwrap();
    let mut earlier = 0;
    let mut heard = HashMap::new();
    for (text, line) in lines(HdfsConfig {
        anomalous: 0.3,
        drift: Some(Drift { at: 0.5 }),
        ..sessions(5_000)
    }) {
        assert!(header.is_match(&text), "{text}");
        assert!(text.contains(&format!("blk_{}", line.block)), "{text}");
        let now = second(&text);
        assert!(now >= earlier, "{text}");
        let silence = now - heard.insert(line.block, now).unwrap_or(now);
        assert!(silence <= LARGEST_GAP_SECONDS as i64, "{silence} s before {text}");
        earlier = now;
    }
}

#[test]
fn drift_changes_the_blocks_that_start_behind_its_point() {
    let new = |text: &str| text.contains("Closing responder") || text.contains("BLOCK* allocate ");
    let run = |at| {
        lines(HdfsConfig {
            drift: Some(Drift { at }),
            anomalous: 0.0,
            concurrent: 50,
            ..sessions(400)
        })
    };
    let mut born = BTreeMap::new();
    let mut upgraded = BTreeSet::new();
    for (text, line) in run(0.5) {
        born.entry(line.block).or_insert(second(&text));
        if new(&text) {
            upgraded.insert(line.block);
        }
        assert!(
            line.event <= 29 || upgraded.contains(&line.block),
            "a new step in an old life: {text}"
        );
    }
    assert_eq!(upgraded.len(), 200);
    let last_old = born
        .iter()
        .filter(|(block, _)| !upgraded.contains(block))
        .map(|(_, at)| at)
        .max()
        .unwrap();
    let first_new = born
        .iter()
        .filter(|(block, _)| upgraded.contains(block))
        .map(|(_, at)| at)
        .min()
        .unwrap();
    // A block's first line comes up to a few seconds after its start.
    assert!(first_new + 4 >= *last_old, "new at {first_new}, old at {last_old}");

    let events: BTreeSet<u8> = run(0.5).into_iter().map(|(_, line)| line.event).collect();
    assert!(
        events.contains(&31) && events.contains(&32),
        "no added steps: {events:?}"
    );
    assert!(run(1.0).iter().all(|(text, _)| !new(text)));
    assert!(
        run(0.0)
            .iter()
            .all(|(text, _)| !text.contains("terminating") && !text.contains("allocateBlock"))
    );
}

#[test]
fn all_mistakes_in_a_config_are_told_at_once() {
    let config = HdfsConfig {
        anomalous: f64::NAN,
        nodes: 4,
        concurrent: 0,
        ..HdfsConfig::default()
    };
    let told = config.validate().unwrap_err();
    assert_eq!(told.0.len(), 4);
    for field in ["sessions: ", "anomalous: NaN", "nodes: 4", "concurrent: 0"] {
        assert!(told.to_string().contains(field), "{told}");
    }
    assert!(
        HdfsSimulator::new(HdfsConfig {
            lines: Some(0),
            ..HdfsConfig::default()
        })
        .is_err()
    );
    assert!(
        HdfsSimulator::new(HdfsConfig {
            drift: Some(Drift { at: 1.5 }),
            ..sessions(1)
        })
        .is_err()
    );
    assert!(toml::from_str::<HdfsConfig>("sesions = 3").is_err());
    let read: HdfsConfig = toml::from_str("sessions = 3\ndrift = { at = 0.5 }").unwrap();
    assert_eq!(
        read,
        HdfsConfig {
            drift: Some(Drift { at: 0.5 }),
            ..sessions(3)
        }
    );
}

#[test]
fn a_sink_that_fails_ends_the_run_with_its_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut simulator = HdfsSimulator::new(sessions(10)).unwrap();
    assert_eq!(
        simulator.write_to(&mut Full, &mut |_| {}).unwrap_err().kind(),
        io::ErrorKind::StorageFull
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_small_run_ends_with_bounded_open_blocks(
        seed: u64, count in 1_u64..120, anomalous in 0.0..=1.0_f64, nodes in 5_u32..40, concurrent in 1_u32..30,
        drift in proptest::option::of(0.0..=1.0_f64),
    ) {
        let drift = drift.map(|at| Drift { at });
        let config = HdfsConfig { seed, sessions: Some(count), lines: None, anomalous, nodes, concurrent, drift };
        let mut simulator = HdfsSimulator::new(config).unwrap();
        let (mut open, mut labels, mut buffer) = (BTreeSet::new(), 0, Vec::new());
        while let Some(line) = simulator.next_line(&mut buffer) {
            open.insert(line.block);
            prop_assert!(open.len() <= concurrent as usize);
            if line.label.is_some() {
                open.remove(&line.block);
                labels += 1;
            }
        }
        prop_assert_eq!(labels, count);
        prop_assert!(open.is_empty());
    }
}
