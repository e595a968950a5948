//! `deeplog synth hdfs`: simulated logs as files.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::Room;

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let room = Room::new();
    for (out, seed) in [("a", 5), ("b", 5), ("c", 6)] {
        room.deeplog(&format!("synth hdfs --sessions 200 --seed {seed} --out {out}"))
            .ok();
        assert_eq!(room.files(out), ["HDFS.log", "labels.csv"]);
    }
    let bytes = |name: &str| fs::read(room.path(name)).unwrap();
    for file in ["HDFS.log", "labels.csv"] {
        assert!(bytes(&format!("a/{file}")) == bytes(&format!("b/{file}")), "{file}");
        assert!(
            bytes(&format!("a/{file}")) != bytes(&format!("c/{file}")),
            "{file} of another seed"
        );
    }
}

#[test]
fn every_block_has_a_label_and_every_anomaly_a_kind() {
    let room = Room::new();
    room.deeplog("synth hdfs --sessions 1000 --anomalous 0.2 --out out")
        .ok();
    let labels = room.read("out/labels.csv");
    let mut rows = labels.lines();
    assert_eq!(rows.next(), Some("BlockId,Label,Kind"));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let log = room.read("out/HDFS.log");
    for row in rows {
        let [block, label, kind] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        assert!(log.contains(block), "{block} is in the log");
        assert_eq!(label == "Normal", kind == "normal", "{row}");
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds.values().sum::<usize>(), 1000);
    assert!((120..280).contains(&(1000 - kinds["normal"])), "{kinds:?}");
    assert!(kinds.len() >= 7, "{kinds:?}");
}

#[test]
fn lines_bound_the_log_and_drift_rewords_it() {
    let room = Room::new();
    room.deeplog("synth hdfs --lines 3000 --out plain").ok();
    room.deeplog("synth hdfs --lines 3000 --drift 0.5 --out drift").ok();
    assert_eq!(room.read("plain/HDFS.log").lines().count(), 3000);
    assert_ne!(room.read("drift/HDFS.log"), room.read("plain/HDFS.log"));
}

#[test]
fn impossible_settings_are_told() {
    let room = Room::new();
    for (flag, fact) in [
        ("--anomalous 1.5", "1.5"),
        ("--nodes 0", "nodes"),
        ("--concurrent 0", "concurrent"),
        ("--drift 7", "7"),
    ] {
        room.deeplog(&format!("synth hdfs --sessions 5 --out out {flag}"))
            .fails(2, &[fact]);
    }
    assert_eq!(room.files("out"), [""; 0]);
}

#[test]
fn a_log_that_is_there_is_not_overwritten_unasked() {
    let room = Room::new();
    room.write("out/HDFS.log", "precious\n");
    room.deeplog("synth hdfs --sessions 5 --out out")
        .fails(1, &["HDFS.log is there already"]);
    assert_eq!(room.read("out/HDFS.log"), "precious\n");
    room.deeplog("synth hdfs --sessions 5 --out out --force").ok();
    assert_ne!(room.read("out/HDFS.log"), "precious\n");
}
