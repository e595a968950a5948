use std::fs;

use deeplog_lstm::{Device, DeviceKind};
use detection::Verdict;

use super::{small_experiment, trained};
use crate::{Lines, Model, Output, Pipeline, Snapshot, Unobserved};

/// A log pushed line by line, through restarts, and the same log judged as a file give the same verdicts.
#[test]
fn live_and_batch_agree_through_restarts() {
    for rule in [
        "",
        "end_of_input = 'cut'\nidle = '40s'",
        "end_of_input = 'cut'\nmax_open = 9",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut experiment = small_experiment("[detection]\ntop_g = 9");
        let limits: toml::Table = rule.parse().unwrap();
        let mut table = experiment.table.clone();
        table["dataset"]["session"].as_table_mut().unwrap().extend(limits);
        experiment = crate::Experiment::from_table(table, folder.path(), "test").unwrap();
        let training = trained(&experiment, folder.path());
        let path = folder.path().join("model.deeplog");
        training.artefact.write(&path).unwrap();
        let model = Model::open(&path, &Device::open(DeviceKind::Cpu).unwrap()).unwrap();

        let log = folder.path().join("HDFS.log");
        let mut text = fs::read(&log).unwrap();
        text.extend_from_slice(b"\tat java.lang.Thread.run\n\n081109 235959 1 INFO a.B: never seen blk_1 before\n");
        fs::write(&log, text).unwrap();
        let mut batch: Vec<Verdict> = Vec::new();
        let counters = model
            .detect(std::slice::from_ref(&log), &mut Unobserved, &mut |_, verdict| {
                batch.push(verdict.clone());
                Ok(())
            })
            .unwrap();
        assert!(
            counters.anomalous > 0 && counters.anomalous < counters.sessions,
            "{rule}: {counters:?}"
        );

        let pipeline = || {
            let (profile, reader) = model.line_reader().unwrap().unwrap();
            Pipeline::new(profile, reader, model.detector.clone()).unwrap()
        };
        let mut live = pipeline();
        let mut outputs = Vec::new();
        let mut lines = Lines::of(vec![log]);
        while let Some((number, line)) = lines.next_line().unwrap() {
            if number % 173 == 0 {
                let text = serde_json::to_string(&live.snapshot()).unwrap();
                let snapshot: Snapshot<_> = serde_json::from_str(&text).unwrap();
                live = pipeline();
                live.restore(snapshot);
            }
            live.push(line, &mut outputs);
        }
        assert_eq!(live.reader().counters(), counters.lines.unwrap());
        assert_eq!(live.finish(&mut outputs), counters.groups.unwrap());
        let mut findings = Vec::new();
        let mut verdicts = Vec::new();
        for output in outputs {
            match output {
                Output::Finding { session, finding } => findings.push((session, finding)),
                Output::Verdict(verdict) => verdicts.push(verdict),
            }
        }
        assert_eq!(verdicts, batch, "{rule}");
        // Every finding but those at the end of a session was told when it happened.
        let at_events = |verdict: &Verdict| verdict.findings.iter().filter(|f| f.line.is_some()).count();
        assert_eq!(findings.len(), batch.iter().map(at_events).sum::<usize>());
    }
}
