//! `deeplog synth augment`: varied copies of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::harness::{Room, repository};
use crate::samples::JOBS;

/// Lines of forty jobs, interleaved; with a hostile line, a trace and a line end of another system among them.
fn log() -> Vec<u8> {
    let mut log = Vec::new();
    for n in 0..400_u32 {
        let job = 1000 + n % 40;
        let (level, content) = match n / 40 % 4 {
            0 => ("INFO", format!("job-{job} taken by worker {} of 9", n % 9)),
            1 => ("INFO", format!("job-{job} reads {} bytes", n * 17)),
            2 => ("WARN", format!("job-{job} waits for disk {}", n % 3)),
            _ => ("INFO", format!("job-{job} done in {} ms", n * 3)),
        };
        log.extend(format!("{} {level} {content}\n", 1_700_000_000 + n).into_bytes());
    }
    log.extend(b"1700001000 ERROR job-1001 read \xff\xfe\0 failed: Connection refused\r\n\tat worker.read(7)\n\n");
    log
}

fn jobs(log: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut jobs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(log).lines() {
        let Some(at) = line.find("job-") else { continue };
        let words: Vec<&str> = line[at..].split(' ').collect();
        jobs.entry(words[0].to_owned()).or_default().push(words[1].to_owned());
    }
    jobs
}

#[test]
fn copies_have_the_same_events_under_other_names_and_values() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write("jobs.log", log());
    room.deeplog("synth augment jobs.log --dataset jobs.toml --variations 3 --out out")
        .ok();
    assert_eq!(
        room.files("out"),
        ["variation-01.log", "variation-02.log", "variation-03.log"]
    );
    let original = jobs(&log());
    let mut sizes = BTreeSet::new();
    for file in room.files("out") {
        let copy = fs::read(room.path(&format!("out/{file}"))).unwrap();
        assert_eq!(
            copy.split(|&byte| byte == b'\n').count(),
            log().split(|&byte| byte == b'\n').count()
        );
        let stamps = |log: &[u8]| {
            let lines = log.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"17"));
            lines.map(|line| line[..10].to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(stamps(&copy), stamps(&log()), "stamps stay in their order");
        let varied = jobs(&copy);
        assert_eq!(varied.len(), 40, "as many jobs, {file}");
        assert!(
            varied.keys().all(|job| job.len() == 8 && !original.contains_key(job)),
            "{varied:?}"
        );
        let sorted = |jobs: &BTreeMap<String, Vec<String>>| {
            let sessions = jobs.values().map(|events| {
                let mut events = events.clone();
                events.sort();
                events
            });
            let mut sessions: Vec<_> = sessions.collect();
            sessions.sort();
            sessions
        };
        assert_eq!(sorted(&varied), sorted(&original), "the same events in each job");
        let in_order: BTreeSet<&Vec<String>> = original.values().collect();
        assert!(
            varied.values().any(|events| !in_order.contains(events)),
            "some order is another"
        );
        let wanted = b"\xff\xfe\0 failed: Connection refused\r\n\tat worker.read(7)\n\n";
        let survives = copy.windows(wanted.len()).any(|bytes| bytes == wanted);
        assert!(
            survives,
            "hostile bytes, line ends and traces survive, wherever they are"
        );
        sizes.insert(copy);
    }
    assert_eq!(sizes.len(), 3, "no two copies are the same");
}

#[test]
fn the_same_seed_gives_the_same_copies_and_lines_are_labelled_by_rules() {
    let room = Room::new();
    room.write("jobs.log", log());
    for (out, seed) in [("a", 5), ("b", 5), ("c", 6)] {
        room.deeplog(&format!(
            "synth augment jobs.log --variations 1 --label --seed {seed} --out {out}"
        ))
        .ok();
    }
    for file in ["variation-01.log", "variation-01.csv"] {
        let bytes = |out: &str| fs::read(room.path(&format!("{out}/{file}"))).unwrap();
        assert_eq!(bytes("a"), bytes("b"), "{file}");
        assert_ne!(bytes("a"), bytes("c"), "{file} of another seed");
    }
    let mut rows = csv::Reader::from_path(room.path("a/variation-01.csv")).unwrap();
    assert_eq!(rows.headers().unwrap(), vec!["Line", "Label", "Rule"]);
    let rows: Vec<csv::ByteRecord> = rows.byte_records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 401, "a row a message");
    let last = rows.last().unwrap();
    assert_eq!((&last[1], &last[2]), (&b"abnormal"[..], &b"connection"[..]));
    assert!(last[0].windows(3).any(|bytes| bytes == b"\xff\xfe\0"));
    let other = rows[..400].iter().filter(|row| &row[1] == b"abnormal").count();
    assert!(
        other < 10,
        "only a level that was drawn anew makes the others abnormal: {other}"
    );
}

#[test]
fn numbers_come_from_the_same_place_and_levels_vary() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write("jobs.log", log());
    room.deeplog("synth augment jobs.log --dataset jobs.toml --variations 1 --out out")
        .ok();
    let copy = fs::read(room.path("out/variation-01.log")).unwrap();
    let copy = String::from_utf8_lossy(&copy);
    let mut levels = BTreeMap::<&str, u32>::new();
    let mut changed = 0;
    for (line, before) in copy.lines().zip(String::from_utf8_lossy(&log()).lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        if words.get(3) == Some(&"reads") {
            assert!(words[4].parse::<u32>().is_ok_and(|bytes| bytes % 17 == 0), "{line}");
            changed += u32::from(!before.ends_with(&line[line.find("reads").unwrap()..]));
        }
        if words.get(3) == Some(&"taken") {
            *levels.entry(words[1]).or_default() += 1;
        }
    }
    assert!(changed > 80, "{changed}");
    assert!(
        levels["INFO"] > 80 && levels.get("WARN").is_some_and(|&count| count > 0),
        "{levels:?}"
    );
}

#[test]
fn a_copy_of_real_wording_trains_and_detects() {
    let room = Room::new();
    room.deeplog("synth hdfs --sessions 150 --anomalous 0 --out hdfs").ok();
    let dataset = repository().join("datasets/HDFS_v1.toml");
    room.call(&[
        "synth",
        "augment",
        "hdfs/HDFS.log",
        "--dataset",
        dataset.to_str().unwrap(),
        "--variations",
        "2",
        "--out",
        "out",
    ])
    .ok();
    room.write(
        "copies.toml",
        format!(
            "name = 'copies'\ndataset = '{}'\n[data]\nkind = 'raw'\nroot = '.'\nlog = 'out'\n[data.inject]\n[model]\nhidden = 8\nlayers = 1\n[training]\nepochs = 2\n",
            dataset.display()
        ),
    );
    let said = room.deeplog("run copies.toml --out results").ok().stderr;
    assert!(
        said.contains("300 sessions in"),
        "blocks of two copies are blocks of their own: {said}"
    );
    assert!(said.contains("delayed"), "blocks have times: {said}");
}

#[test]
fn what_cannot_be_varied_is_told() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write("empty.log", "");
    room.write("other.log", "nothing\nthat\nfits\n");
    room.write("out/variation-01.log", "precious\n");
    room.write("jobs.log", log());
    room.deeplog("synth augment other.log --dataset jobs.toml --out new")
        .fails(1, &["none of the 3 lines fits the header format"]);
    let some = [&b"nothing\n".repeat(450)[..], &log()].concat();
    room.write("some.log", some);
    let said = |log: &str| {
        let call = format!("synth augment {log} --dataset jobs.toml --variations 1 --force --out some");
        room.deeplog(&call).ok().stderr
    };
    let warned = said("some.log");
    assert!(
        warned.contains("451 of 853 lines do not fit the header and were not varied"),
        "{warned}"
    );
    assert!(!said("jobs.log").contains("do not fit"), "one trace is no tenth");
    room.deeplog("synth augment empty.log --dataset jobs.toml --out new")
        .fails(1, &["none of the 0 lines"]);
    room.deeplog("synth augment jobs.log --variations 1 --out out")
        .fails(1, &["variation-01.log is there already"]);
    assert_eq!(room.read("out/variation-01.log"), "precious\n");
    room.deeplog("synth augment jobs.log --variations 0 --out new").ended(2);
    assert_eq!(room.files("new"), [""; 0]);
}
