//! Known faults in raw logs: a faulty log and its labels, and an experiment that measures detectors with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::harness::{Room, data, repository};
use crate::samples::JOBS;

/// Lines of jobs, four of which are under way at a time, that go through the same steps.
fn log(jobs: u32) -> String {
    let mut log = String::new();
    let steps = [
        "taken by worker",
        "reads bytes",
        "writes bytes",
        "waits for disk",
        "done in ms",
    ];
    for step in 0..jobs * 5 {
        let (four, step) = (step / 20, step % 20);
        let (job, number) = (100 + four * 4 + step % 4, 7 + step * 13 % 31);
        let (time, text) = (1_700_000_000 + four * 40 + step * 2, steps[step as usize / 4]);
        writeln!(log, "{time} INFO job-{job} {text} {number}").unwrap();
    }
    log
}

/// The rows of `labels.csv`: session, label, kind, position, line.
fn rows(room: &Room, out: &str) -> Vec<[String; 5]> {
    let text = room.read(&format!("{out}/labels.csv"));
    let rows = text.lines().skip(1);
    rows.map(|row| {
        row.split(',')
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    })
    .collect()
}

#[test]
fn every_kind_is_in_the_log_where_its_label_says() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write("jobs.log", log(200));
    let said = room
        .deeplog("synth inject jobs.log --dataset jobs.toml --out out")
        .ok()
        .stderr;
    assert!(said.contains("100 faults in 200 sessions"), "{said}");
    assert_eq!(room.files("out"), ["faulty.log", "labels.csv"]);
    assert!(
        room.read("out/labels.csv")
            .starts_with("Session,Label,Kind,Position,Line\n")
    );
    let faulty = room.read("out/faulty.log");
    let faulty: Vec<&str> = faulty.lines().collect();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for [id, label, kind, position, line] in rows(&room, "out") {
        *kinds.entry(kind.clone()).or_default() += 1;
        if kind == "normal" {
            assert_eq!((&*label, &*position, &*line), ("Normal", "", ""));
            continue;
        }
        assert_eq!(label, "Anomaly");
        let named = format!(" {id} ");
        let own: Vec<usize> = (1..)
            .zip(&faulty)
            .filter(|(_, text)| format!("{text} ").contains(&named))
            .map(|(n, _)| n)
            .collect();
        assert_eq!(
            own.get(position.parse::<usize>().unwrap())
                .map(usize::to_string)
                .unwrap_or_default(),
            line,
            "{id} {kind}"
        );
        assert_eq!(
            own.len(),
            match &*kind {
                "missing" => 4,
                "doubled" | "foreign" => 6,
                "truncated" => own.len().min(4),
                _ => 5,
            },
            "{id} {kind}"
        );
    }
    assert_eq!(kinds.remove("normal"), Some(100));
    assert_eq!(kinds.len(), 9, "all kinds: {kinds:?}");
    assert!(kinds.values().all(|&count| (11..=12).contains(&count)), "{kinds:?}");
    let stamps: Vec<&str> = faulty.iter().map(|line| &line[..10]).collect();
    assert!(stamps.is_sorted(), "in the order of time");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write("jobs.log", log(60));
    for (out, seed) in [("a", 5), ("b", 5), ("c", 6)] {
        room.deeplog(&format!(
            "synth inject jobs.log --dataset jobs.toml --seed {seed} --out {out}"
        ))
        .ok();
    }
    for file in ["faulty.log", "labels.csv"] {
        let bytes = |out: &str| fs::read(room.path(&format!("{out}/{file}"))).unwrap();
        assert_eq!(bytes("a"), bytes("b"), "{file}");
        assert_ne!(bytes("a"), bytes("c"), "{file} of another seed");
    }
}

#[test]
fn anomalous_sessions_stay_and_bytes_survive() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    let mut bytes = log(40).into_bytes();
    bytes.extend(b"1700009000 INFO job-100 \xff\xfe\0 fails 7\r\n\tat worker.read(7)\n\nno job at all\n");
    room.write("jobs.log", &bytes);
    let mut labels = String::from("Session,Label,Kind\njob-100,Anomaly,disk\njob-101,Anomaly,\n");
    (102..139).for_each(|job| writeln!(labels, "job-{job},normal,").unwrap());
    room.write("labels.csv", labels);
    let said = room
        .deeplog(
            "synth inject jobs.log --dataset jobs.toml --labels labels.csv --share 1 --kinds missing,delayed --out out",
        )
        .ok()
        .stderr;
    assert!(said.contains("2 sessions are anomalous already"), "{said}");
    assert!(said.contains("1 sessions have no label"), "{said}");
    let faulty = fs::read(room.path("out/faulty.log")).unwrap();
    let of = |log: &[u8], job: &str| {
        let lines = log
            .split(|&byte| byte == b'\n')
            .filter(|line| String::from_utf8_lossy(line).contains(job));
        lines.map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    for job in ["job-100 ", "job-101 ", "job-139 ", "no job"] {
        assert_eq!(of(&faulty, job), of(&bytes, job), "{job} stays as it is");
    }
    let wanted = b"\xff\xfe\0 fails 7\r\n\tat worker.read(7)\n\n";
    assert!(faulty.windows(wanted.len()).any(|found| found == wanted));
    let rows = rows(&room, "out");
    assert_eq!(rows.len(), 39, "who had no label has none");
    assert_eq!(rows[0], ["job-100", "Anomaly", "disk", "", ""]);
    assert_eq!(rows[1], ["job-101", "Anomaly", "labelled", "", ""]);
    assert!(
        rows[2..].iter().all(|row| row[1] == "Anomaly" && row[2] != "labelled"),
        "{rows:?}"
    );
}

#[test]
fn what_stands_in_the_way_of_a_log_is_told() {
    let room = Room::new();
    room.write("jobs.toml", JOBS);
    room.write(
        "counts.toml",
        JOBS.replace(
            "by = \"identifier\"\npattern = 'job-\\d+'",
            "by = \"count\"\nevents = 10",
        ),
    );
    room.write(
        "csv.toml",
        JOBS.replace("'<Time> <Level> <Content>'", "'csv message=what time=Time'"),
    );
    room.write("jobs.log", log(20));
    room.write("other.log", "nothing\nthat\nfits\n");
    room.write("bad.csv", "Session,Label\njob-999,Anomaly\n");
    room.write("there/faulty.log", "precious\n");
    for (call, code, fact) in [
        (
            "other.log --dataset jobs.toml",
            1,
            "none of the 3 lines of other.log belongs to a session",
        ),
        ("jobs.log --dataset counts.toml", 1, "sessions are counts of lines"),
        ("jobs.log --dataset csv.toml", 1, "mean nothing by themselves"),
        (
            "jobs.log --dataset jobs.toml --labels bad.csv",
            1,
            "no normal session is left",
        ),
        ("- --dataset jobs.toml", 2, "standard input only once"),
        ("nowhere.log --dataset jobs.toml", 1, "nowhere.log"),
    ] {
        room.deeplog(&format!("synth inject {call} --out out"))
            .fails(code, &[fact]);
    }
    room.deeplog("synth inject jobs.log --dataset jobs.toml --out there")
        .fails(1, &["faulty.log is there already"]);
    assert_eq!(room.read("there/faulty.log"), "precious\n");
    room.deeplog("synth inject jobs.log --dataset jobs.toml --known jobs.log --out out")
        .ended(2);
    room.deeplog("synth inject jobs.log --labels bad.csv --out out")
        .ended(2);
    assert_eq!(room.files("out"), [""; 0], "nothing is left behind");
}

#[test]
fn records_stay_records_and_streams_keep_their_names() {
    let room = Room::new();
    let dataset = "name = 'json'\n[header]\nformat = 'json'\n[time]\nfields = ['Time']\nformat = '%Y-%m-%dT%H:%M:%S%:z'\n[session]\nby = 'stream'\nfield = 'Pid'\nidle = '5m'\nend_of_input = 'complete'\n";
    room.write("json.toml", dataset);
    let mut log = String::new();
    for line in 0..900_u32 {
        let (pid, step) = (line / 30 * 6 + line % 6, line % 30 / 6);
        let message = ["opens", "reads \\\"all\\\" of", "writes", "waits for", "closes"][step as usize];
        let (hour, minute, second) = (line / 600, line / 10 % 60, line % 10 * 6);
        writeln!(
            log,
            r#"{{"time":"2024-05-01T{hour:02}:{minute:02}:{second:02}+02:00","pid":{pid},"msg":"{message} file {}"}}"#,
            step * 7 + line % 5
        )
        .unwrap();
    }
    room.write("app.jsonl", &log);
    room.deeplog("synth inject app.jsonl --dataset json.toml --out out")
        .ok();
    let faulty = room.read("out/faulty.log");
    let mut sessions: BTreeMap<String, Vec<(usize, serde_json::Value)>> = BTreeMap::new();
    for (number, line) in (1..).zip(faulty.lines()) {
        let record: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(record.as_object().unwrap().len(), 3, "{line}");
        sessions
            .entry(record["pid"].to_string())
            .or_default()
            .push((number, record));
    }
    let stamps: Vec<&str> = faulty.lines().map(|line| &line[9..34]).collect();
    assert!(
        stamps.is_sorted() && stamps.iter().all(|stamp| stamp.ends_with("+02:00")),
        "in order and in the log's zone"
    );
    let rows = rows(&room, "out");
    let kinds: BTreeSet<&str> = rows.iter().map(|row| &*row[2]).collect();
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    for [id, _, kind, position, line] in rows.iter().filter(|row| row[1] == "Anomaly") {
        let events = &sessions[id];
        let at = events.get(position.parse::<usize>().unwrap());
        assert_eq!(
            at.map(|(number, _)| number.to_string()).unwrap_or_default(),
            *line,
            "{id} {kind}"
        );
        if kind == "foreign" {
            assert_eq!(at.unwrap().1["msg"], "something unforeseen happened");
        }
    }
}

#[test]
fn labels_of_lines_give_way_to_those_that_are_named() {
    let room = Room::new();
    let dataset = JOBS.replace("<Level> ", "<Label> ") + "[labels]\nby = 'line'\nfield = 'Label'\nnormal = '-'\n";
    room.write("lines.toml", &dataset);
    let log = log(80)
        .replace("INFO job-105 writes", "FAIL job-105 writes")
        .replace("INFO", "-");
    room.write("jobs.log", log);
    let said = room
        .deeplog("synth inject jobs.log --dataset lines.toml --out out")
        .ok()
        .stderr;
    assert!(said.contains("1 sessions are anomalous already"), "{said}");
    assert!(room.read("out/labels.csv").contains("\njob-105,Anomaly,labelled,,\n"));
    let metrics = measured(&room, "lines.toml");
    let kinds = metrics["by_kind"]["deeplog"].as_object().unwrap();
    assert!(
        kinds.len() > 5,
        "the faults are labelled, though their lines are not: {kinds:?}"
    );
}

/// Runs an experiment on a faulty log, and gives its figures by detector, kind and name.
fn measured(room: &Room, dataset: &str) -> serde_json::Value {
    room.write(
        "faulty.toml",
        format!(
            "name = 'faulty'\ndataset = '{dataset}'\n[data]\nkind = 'raw'\nroot = '.'\nlog = 'out/faulty.log'\nlabels = 'out/labels.csv'\n[model]\nhidden = 16\nlayers = 1\n[training]\nepochs = 5\n[detection]\nprobability = 0.001\n"
        ),
    );
    room.deeplog("run faulty.toml --out results").ok();
    let report = room.read("results/report.md");
    assert!(
        report.contains("Faults of some kinds leave every key as it was"),
        "{report}"
    );
    serde_json::from_str(&room.read("results/metrics.json")).unwrap()
}

fn inject(room: &Room, log: &Path, dataset: &Path, more: &[&str]) {
    let call = [
        "synth",
        "inject",
        log.to_str().unwrap(),
        "--out",
        "out",
        "--dataset",
        dataset.to_str().unwrap(),
    ];
    room.call(&[&call[..], more].concat()).ok();
}

#[test]
fn a_detector_is_measured_on_real_blocks_with_faults() {
    let Some(data) = data("a_detector_is_measured_on_real_blocks_with_faults") else {
        return;
    };
    let room = Room::new();
    let (log, labels) = (
        data.join("hdfs_raw/HDFS_5k.log"),
        data.join("hdfs_raw/HDFS_5k.labels.csv"),
    );
    let dataset = repository().join("datasets/HDFS_v1.toml");
    inject(&room, &log, &dataset, &["--labels", labels.to_str().unwrap()]);
    let rows = rows(&room, "out");
    let kinds: BTreeSet<&str> = rows.iter().map(|row| &*row[2]).collect();
    assert_eq!(
        kinds.len(),
        11,
        "nine kinds, those labelled before, and normal ones: {kinds:?}"
    );
    assert!(
        room.read("out/labels.csv").starts_with("BlockId,Label,"),
        "in the dataset's own columns"
    );
    let metrics = measured(&room, dataset.to_str().unwrap());
    let unseen = &metrics["by_kind"]["unseen key"];
    assert_eq!(unseen["foreign"]["recall"], 1.0, "{unseen}");
    assert_eq!(unseen["foreign"]["largest_delay"], 0, "{unseen}");
    assert_eq!(
        unseen["out_of_range"]["recall"], 0.0,
        "keys say nothing of numbers: {unseen}"
    );
    assert_eq!(unseen["delayed"]["recall"], 0.0, "{unseen}");
    assert!(
        unseen["labelled"]["sessions"].as_u64().is_some_and(|count| count > 0),
        "{unseen}"
    );
}

#[test]
fn a_detector_is_measured_on_a_log_that_init_looked_at() {
    let Some(data) = data("a_detector_is_measured_on_a_log_that_init_looked_at") else {
        return;
    };
    let room = Room::new();
    let log = data.join("loghub_2k/OpenSSH/OpenSSH_2k.log");
    room.call(&["init", log.to_str().unwrap()]).ok();
    inject(&room, &log, &room.path("OpenSSH_2k.dataset.toml"), &[]);
    let (before, after) = (fs::read(&log).unwrap(), fs::read(room.path("out/faulty.log")).unwrap());
    let returns = |log: &[u8]| log.iter().filter(|&&byte| byte == b'\r').count() > 1900;
    assert_eq!(returns(&before), returns(&after), "line ends stay");
    let metrics = measured(&room, "OpenSSH_2k.dataset.toml");
    let late = &metrics["by_kind"]["event time"]["delayed"];
    assert!(
        late["recall"].as_f64().is_some_and(|recall| recall > 0.9),
        "a minute is long here: {late}"
    );
    assert_eq!(metrics["by_kind"]["deeplog"]["foreign"]["recall"], 1.0);
}
