//! The engine judges as batch detection does, whatever the blocks, through restarts and redefinitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use deeplog::Unobserved;
use detection::Verdict;
use sequence_windowing::Timestamp;

use super::{TRAINED, batch, blocks, defined, definition};
use crate::engine::Snapshot;
use crate::wal::Record;
use crate::{Change, Engine, Entry, FindingRecord, Models};

struct Run {
    engine: Engine,
    models: Arc<Models>,
    changes: Vec<Change>,
    _folder: tempfile::TempDir,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let models = Arc::new(Models::in_folder(folder.path().join("models")).unwrap());
        let mut run = Self {
            engine: Engine::new(models.clone()),
            models,
            changes: Vec::new(),
            _folder: folder,
        };
        run.apply(defined("a", definition(&run.models)));
        run
    }

    fn apply(&mut self, entry: Entry) {
        let record = Record {
            number: self.engine.record() + 1,
            entry,
        };
        let changes = &mut self.changes;
        self.engine.apply(record, &mut |new| changes.extend(new)).unwrap();
    }

    fn restart(&mut self) {
        let text = serde_json::to_vec(&self.engine.snapshot()).unwrap();
        let snapshot: Snapshot = serde_json::from_slice(&text).unwrap();
        self.engine = Engine::restored(self.models.clone(), snapshot).unwrap();
    }

    /// Findings as they stand at the end.
    fn findings(&self) -> BTreeMap<u64, FindingRecord> {
        let mut findings = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Found(record) => {
                    assert!(findings.insert(record.id, (**record).clone()).is_none());
                }
                Change::Ended { version, id, ended } => {
                    let record = findings.get_mut(id).unwrap();
                    record.version = *version;
                    record.ended = Some((**ended).clone());
                }
            }
        }
        findings
    }
}

fn batch_verdicts() -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let model = TRAINED.model();
    model
        .detect(
            std::slice::from_ref(&TRAINED.log),
            &mut Unobserved,
            &mut |_, verdict| {
                verdicts.extend(verdict.is_anomalous().then(|| verdict.clone()));
                Ok(())
            },
        )
        .unwrap();
    verdicts
}

#[test]
fn a_log_pushed_in_pieces_gets_the_verdicts_of_a_log_judged_whole() {
    let expected = batch_verdicts();
    assert!(expected.len() > 5, "{}", expected.len());
    let mut first: Option<Vec<Change>> = None;
    for size in [1, 7, 100_000] {
        let mut run = Run::new();
        for block in blocks(&TRAINED.lines(), size) {
            run.apply(Entry::Lines(batch(&block)));
        }
        run.apply(Entry::Define {
            source: "a".into(),
            definition: None,
        });
        let findings = run.findings();
        let mut told: Vec<_> = findings
            .values()
            .map(|record| (record.session.as_str(), record))
            .collect();
        told.sort_by_key(|&(session, _)| session);
        let mut expected: Vec<_> = expected.iter().map(|verdict| (&*verdict.session, verdict)).collect();
        expected.sort_by_key(|&(session, _)| session);
        assert_eq!(told.len(), expected.len());
        for ((session, record), (other, verdict)) in told.into_iter().zip(expected) {
            assert_eq!(session, other);
            let finding = verdict.decisive().unwrap();
            let ended = record.ended.as_ref().unwrap();
            assert_eq!((record.reason, record.line), (finding.reason, finding.line));
            assert_eq!(record.position, finding.position.map(|position| position as u64));
            assert_eq!(
                (ended.score, ended.events, ended.end),
                (verdict.score, verdict.events, verdict.end)
            );
            assert_eq!(ended.findings, verdict.findings.len() as u64);
        }
        // However the lines came, the changes are the same, one by one.
        match &first {
            None => first = Some(run.changes),
            Some(first) => assert!(run.changes == *first, "blocks of {size}"),
        }
    }
}

#[test]
fn a_finding_tells_its_way_and_shows_its_lines() {
    let mut run = Run::new();
    let lines = TRAINED.lines();
    run.apply(Entry::Lines(batch(&lines)));
    let texts: Vec<&[u8]> = lines.split(|&byte| byte == b'\n').collect();
    let findings = run.findings();
    assert!(findings.len() > 5);
    for record in findings.values() {
        let last = record.path.last().unwrap();
        if let Some(line) = record.line {
            assert_eq!((last.line, Some(last.position)), (line, record.position));
            assert_eq!(record.seen.as_ref().unwrap().template, last.template);
            assert!(record.explanation.starts_with(record.reason.describe()));
        }
        let own: Vec<u64> = record.path.iter().map(|step| step.line).collect();
        assert!(!own.is_empty());
        for line in &record.lines {
            assert_eq!(line.text.as_bytes(), texts[line.number as usize - 1]);
            assert_eq!(line.is_of_session, own.contains(&line.number));
            assert!(!line.is_of_session || line.text.contains(&record.session));
        }
        assert!(
            own.iter()
                .all(|number| record.lines.iter().any(|line| line.number == *number))
        );
        assert!(record.time.is_some());
    }
}

#[test]
fn an_engine_goes_on_from_its_snapshot_as_if_nothing_had_happened() {
    let blocks = blocks(&TRAINED.lines(), 50);
    let mut whole = Run::new();
    let mut parts = Run::new();
    let mut before = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        whole.apply(Entry::Lines(batch(block)));
        parts.apply(Entry::Lines(batch(block)));
        before.push((parts.engine.record(), batch(block)));
        if i % 5 == 4 {
            parts.restart();
            parts.engine.refill(before.clone());
        }
    }
    assert!(whole.changes.len() > 5);
    assert!(parts.changes == whole.changes);
    assert_eq!(
        serde_json::to_value(parts.engine.snapshot()).unwrap(),
        serde_json::to_value(whole.engine.snapshot()).unwrap()
    );
}

#[test]
fn sessions_of_a_silent_log_end_by_the_clock_of_this_machine() {
    let mut run = Run::new();
    let lines = TRAINED.lines();
    run.apply(Entry::Lines(batch(&lines)));
    let open = run.engine.source("a").unwrap().pipeline().open_sessions();
    assert!(open > 0);
    let after = |seconds: i64| Timestamp(batch(b"").received.0 + seconds * 1_000_000);
    assert!(!run.engine.is_due(after(5)));
    // What came last was quiet for longer than a minute, five seconds later.
    assert!(run.engine.is_due(after(67)));
    run.apply(Entry::Silence(after(67)));
    assert_eq!(run.engine.source("a").unwrap().pipeline().open_sessions(), 0);
    assert!(!run.engine.is_due(after(1_000_000)));
    // The same as if the log had gone on, and the end of a session was judged.
    let verdicts = batch_verdicts();
    assert!(run.findings().len() >= verdicts.len());
    assert!(run.findings().values().all(|record| record.ended.is_some()));
}

#[test]
fn a_source_that_is_defined_anew_ends_its_sessions_and_numbers_its_lines_on() {
    let mut run = Run::new();
    let lines = TRAINED.lines();
    let count = lines.iter().filter(|&&byte| byte == b'\n').count() as u64;
    run.apply(Entry::Lines(batch(&lines)));
    let mut other = definition(&run.models);
    other.dataset = Some("[session]\nidle = '30s'".parse().unwrap());
    run.apply(defined("a", other));
    let before = run.findings();
    assert!(before.values().all(|record| record.ended.is_some()));
    run.apply(Entry::Lines(batch(&lines)));
    assert_eq!(run.engine.source("a").unwrap().lines(), 2 * count);
    let findings = run.findings();
    assert!(findings.len() > before.len());
    let new = findings.iter().filter(|(id, _)| !before.contains_key(id));
    for (_, record) in new {
        assert!(record.lines.iter().all(|line| line.number > count));
        assert!(record.lines.iter().any(|line| line.is_of_session));
    }
    run.restart();
    assert_eq!(run.engine.source("a").unwrap().lines(), 2 * count);
    // Lines of nobody are counted.
    let mut homeless = batch(b"x\ny\n");
    homeless.source = "b".into();
    run.apply(Entry::Lines(homeless));
    assert_eq!(run.engine.homeless(), 2);
}

/// Entries of systemd's journal take several lines, and a finding shows the message rather than the first of these.
#[test]
fn records_of_several_lines_are_shown_by_their_messages() {
    let mut run = Run::new();
    let mut journal = definition(&run.models);
    let dataset = "[header]\nformat = 'journald'\n[time]\nfields = ['Time']\nformat = '%s%6f'\n[session]\nidle = '61s'";
    journal.dataset = Some(dataset.parse().unwrap());
    run.apply(defined("a", journal));
    let messages = [
        "Receiving block blk_1 src: /10.0.0.1:50010 dest: /10.0.0.2:50010",
        "what is this about blk_1",
    ];
    let mut entries = String::new();
    for (i, message) in messages.iter().enumerate() {
        entries += &format!(
            "__CURSOR=c{i}\n__REALTIME_TIMESTAMP={}\nMESSAGE={message}\n_PID=7\n\n",
            1_700_000_000_000_000 + i
        );
    }
    run.apply(Entry::Lines(batch(entries.as_bytes())));
    let findings = run.findings();
    let record = findings.values().last().unwrap();
    assert_eq!(record.reason, detection::Reason::UnseenKey);
    assert_eq!(record.seen.as_ref().unwrap().template, messages[1]);
    let shown: Vec<(u64, &str)> = record.lines.iter().map(|line| (line.number, &*line.text)).collect();
    assert_eq!(shown, [(1, messages[0]), (6, messages[1])]);
    assert!(record.time.is_some());
}
