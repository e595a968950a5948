use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use deeplog_lstm::{Device, DeviceKind};
use detection::Verdict;
use drain_parser::LineFormat;

use super::{small_experiment, trained};
use crate::{DetectCounters, Lines, Model, Output, Pipeline, Snapshot, Unobserved};

/// A model of a simulated log, which is left in the folder.
fn model(folder: &Path, limits: &str) -> Model {
    let mut experiment = small_experiment("[detection]\ntop_g = 9");
    let limits: toml::Table = limits.parse().unwrap();
    let mut table = experiment.table.clone();
    table["dataset"]["session"].as_table_mut().unwrap().extend(limits);
    experiment = crate::Experiment::from_table(table, folder, "test").unwrap();
    let training = trained(&experiment, folder);
    let path = folder.join("model.deeplog");
    training.artefact.write(&path).unwrap();
    Model::open(&path, &Device::open(DeviceKind::Cpu).unwrap()).unwrap()
}

/// The verdicts on a log, which are the same judged as a file and pushed line by line through restarts.
#[track_caller]
fn verdicts(model: &mut Model, log: &Path) -> Vec<Verdict> {
    let mut batch: Vec<Verdict> = Vec::new();
    let counters = model
        .detect(&[log.to_owned()], &mut Unobserved, &mut |_, verdict| {
            batch.push(verdict.clone());
            Ok(())
        })
        .unwrap();
    assert!(
        counters.anomalous > 0 && counters.anomalous < counters.sessions,
        "{counters:?}"
    );
    let lines = counters.lines.unwrap();
    let parts = lines.messages + lines.joined + lines.blank + lines.continuations + lines.without_header;
    assert_eq!(parts, lines.lines, "every line is counted once: {lines:?}");

    ensure_same_in_parts(model, log, &batch, counters);
    let pipeline = || {
        let (profile, reader) = model.line_reader().unwrap().unwrap();
        Pipeline::new(profile, reader, model.detector.clone()).unwrap()
    };
    let mut live = pipeline();
    let mut outputs = Vec::new();
    let mut lines = Lines::of(vec![log.to_owned()]);
    while let Some((number, line)) = lines.next_line().unwrap() {
        if number % 173 == 0 {
            let text = serde_json::to_string(&live.snapshot()).unwrap();
            let snapshot: Snapshot<_> = serde_json::from_str(&text).unwrap();
            live = pipeline();
            live.restore(snapshot);
        }
        live.push(line, &mut outputs);
    }
    assert_eq!(live.finish(&mut outputs), counters.groups.unwrap());
    let mut findings = Vec::new();
    let mut verdicts = Vec::new();
    for output in outputs {
        match output {
            Output::Finding { session, finding, .. } => findings.push((session, finding)),
            Output::Verdict { verdict, .. } => verdicts.push(verdict),
        }
    }
    assert_eq!(verdicts, batch);
    // Every finding but those at the end of a session was told when it happened.
    let at_events = |verdict: &Verdict| verdict.findings.iter().filter(|f| f.line.is_some()).count();
    assert_eq!(findings.len(), batch.iter().map(at_events).sum::<usize>());
    batch
}

/// The log in many files, whose blocks of lines go to any number of threads.
#[track_caller]
fn ensure_same_in_parts(model: &mut Model, log: &Path, expected: &[Verdict], counters: DetectCounters) {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read(log).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let parts = lines.chunks(97).enumerate().map(|(i, lines)| {
        let part = folder.path().join(i.to_string());
        fs::write(&part, lines.concat()).unwrap();
        part
    });
    let parts: Vec<PathBuf> = parts.collect();
    for threads in [1, 2, 7] {
        model.threads = NonZeroUsize::new(threads).unwrap();
        let mut verdicts = Vec::new();
        let in_parts = model
            .detect(&parts, &mut Unobserved, &mut |_, verdict| {
                verdicts.push(verdict.clone());
                Ok(())
            })
            .unwrap();
        assert_eq!(in_parts, counters, "{threads} threads");
        assert!(verdicts == expected, "{threads} threads");
    }
}

#[test]
fn live_and_batch_agree_through_restarts() {
    for limits in [
        "",
        "end_of_input = 'cut'\nidle = '40s'",
        "end_of_input = 'cut'\nmax_open = 9",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut model = model(folder.path(), limits);
        let log = folder.path().join("HDFS.log");
        let mut text = fs::read(&log).unwrap();
        text.extend_from_slice(b"\tat java.lang.Thread.run\n\n081109 235959 1 INFO a.B: never seen blk_1 before\n");
        fs::write(&log, text).unwrap();
        verdicts(&mut model, &log);
    }
}

/// The same log in formats whose records take several lines gets the same verdicts, but for the line numbers.
#[test]
fn records_of_several_lines_are_judged_as_single_lines_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = model(folder.path(), "");
    let plain = folder.path().join("HDFS.log");
    let without_lines = |verdicts: Vec<Verdict>| -> Vec<_> {
        let told = |verdict: &Verdict| {
            let findings: Vec<_> = verdict
                .findings
                .iter()
                .map(|found| (found.reason, found.position))
                .collect();
            (verdict.session.clone(), verdict.events, verdict.score, findings)
        };
        verdicts.iter().map(told).collect()
    };
    let expected = without_lines(verdicts(&mut model, &plain));
    let cri = |(i, line): (usize, &str)| {
        let whole = |tag: &str, text: &str| format!("2024-01-02T03:04:05Z stdout {tag} {text}\n");
        match i % 5 {
            0 => whole("P", &line[..40]) + "2024-01-02T03:04:05Z stderr P odd\n" + &whole("F", &line[40..]),
            _ => whole("F", line),
        }
    };
    let header = model.experiment.profile.as_ref().unwrap().header.source().to_owned();
    let parts = |line: &str| -> Vec<String> { line.splitn(6, ' ').map(str::to_owned).collect() };
    let entry = |(_, line): (usize, &str)| {
        let parts = parts(line);
        format!("DATE={}\nCLOCK={}\nMESSAGE={}\n\n", parts[0], parts[1], parts[5])
    };
    let row = |(i, line): (usize, &str)| {
        let parts = parts(line);
        let more = if i % 3 == 0 {
            "\nand \"\"more\"\", on two\nlines"
        } else {
            ""
        };
        format!("{},\"{}{more}\",{}\n", parts[0], parts[5], parts[1])
    };
    let text = fs::read_to_string(&plain).unwrap();
    let lines = || text.lines().enumerate();
    for (format, log, fields) in [
        (
            format!("cri inner='{header}'"),
            lines().map(cri).collect::<String>(),
            ["Date", "Time"],
        ),
        (
            "journald fields=DATE,CLOCK".to_owned(),
            lines().map(entry).collect(),
            ["DATE", "CLOCK"],
        ),
        (
            "csv fields=day,clock".to_owned(),
            lines()
                .map(row)
                .fold("day,message,clock\n".to_owned(), |log, row| log + &row),
            ["day", "clock"],
        ),
    ] {
        let path = folder.path().join("other.log");
        fs::write(&path, log).unwrap();
        let profile = model.experiment.profile.as_mut().unwrap();
        profile.header = LineFormat::compile(&format).unwrap();
        profile.time.as_mut().unwrap().fields = fields.map(str::to_owned).to_vec();
        assert_eq!(without_lines(verdicts(&mut model, &path)), expected, "{format}");
    }
}
