//! On the real data that `DEEPLOG_DATA` names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{identifier, limits};
use crate::{
    Alphabet, Clock, Collector, DistinctWindows, Event, Framing, Identifier, KeyName, Limits, Session, SessionEnd,
    TimeFormat, Vocabulary, Windowing, chronological,
};

fn data(file: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("DEEPLOG_DATA") else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("left out, as DEEPLOG_DATA is not set: test on {file}\n"),
        )
        .unwrap();
        return None;
    };
    Some(PathBuf::from(root).join(file))
}

fn hdfs_sessions(limits: Limits) -> Option<Vec<Session<()>>> {
    let log = std::fs::read(data("hdfs_raw/HDFS_5k.log")?).unwrap();
    let blocks = Identifier::new(r"blk_-?\d+").unwrap();
    let format = TimeFormat::new("%y%m%d %H%M%S", None).unwrap();
    let mut clock = Clock::default();
    let mut collector = Collector::new(identifier(), limits).unwrap();
    for (line, text) in (1..).zip(log.split(|&byte| byte == b'\n').filter(|text| !text.is_empty())) {
        let time = format.parse(&mut clock, &text[..13]);
        assert!(time.is_some(), "line {line}");
        collector.push(&Event { key: (), line, time }, blocks.find_all(text), false);
    }
    let (sessions, counters) = collector.finish();
    assert_eq!((counters.events, counters.without_session), (4_519, 0));
    Some(sessions)
}

#[test]
fn the_raw_log_holds_the_blocks_that_its_labels_name() {
    let Some(sessions) = hdfs_sessions(Limits::default()) else {
        return;
    };
    let Some(labels) = data("hdfs_raw/HDFS_5k.labels.csv") else {
        return;
    };
    let labels = std::fs::read_to_string(labels).unwrap();
    let labelled: BTreeSet<&str> = labels
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    let found: BTreeSet<&str> = sessions.iter().map(|session| &*session.id).collect();
    assert_eq!(sessions.len(), 110);
    assert_eq!(found, labelled);
    assert!(sessions.iter().all(|session| session.end == SessionEnd::EndOfInput));

    let split = chronological(&sessions, 0.8);
    assert_eq!((split.train.len(), split.test.len()), (88, 22));
    assert!(split.straddlers > 0, "blocks live long and begin in the first quarter");
}

#[test]
fn idle_time_and_a_bound_on_open_sessions_only_cut_finer() {
    let Some(whole) = hdfs_sessions(Limits::default()) else {
        return;
    };
    let by_block = |sessions: &[Session<()>]| {
        let mut blocks: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for session in sessions {
            let block = session.id.split('#').next().unwrap_or_default();
            blocks
                .entry(block.into())
                .or_default()
                .extend(session.events.iter().map(|event| event.line));
        }
        blocks
    };
    let bounded = hdfs_sessions(limits("idle = \"1m\"\nmax_open = 100")).unwrap();
    assert!(bounded.len() > whole.len());
    assert_eq!(by_block(&bounded), by_block(&whole));
}

#[test]
fn hdfs_training_windows_are_few() {
    let Some(file) = data("hdfs/normal_train.txt") else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let session = |(line, keys): (u64, &str)| Session {
        id: line.to_string().into(),
        events: keys
            .split_whitespace()
            .map(|key| Event {
                key: KeyName::from(key),
                line,
                time: None,
            })
            .collect(),
        end: SessionEnd::Explicit,
        dropped_events: 0,
    };
    let sessions: Vec<Session<KeyName>> = (1..).zip(text.lines()).map(session).collect();
    let vocabulary = Vocabulary::from_sessions(&sessions);
    assert_eq!((sessions.len(), vocabulary.len()), (4_855, 14));
    let sessions: Vec<_> = sessions.iter().map(|session| vocabulary.encode(session)).collect();
    let windowing = Windowing {
        alphabet: Alphabet { keys: 14 },
        history: 10,
        framing: Framing::BeginEnd,
    };
    let windows = DistinctWindows::of(&windowing, &sessions);
    assert_eq!((windows.total(), windows.len()), (99_980, 4_727));
}
