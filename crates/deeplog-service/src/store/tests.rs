use deeplog::Error;
use detection::Reason;
use proptest::prelude::*;
use rusqlite::Connection;
use sequence_windowing::{SessionEnd, Timestamp};
use tempfile::TempDir;

use super::{FILE, Filter, Store, StoreError};
use crate::{Change, Ended, Expected, FindingRecord, PathStep, RawLine, Seen};

pub(crate) fn found(version: u64, source: &str, session: &str, reason: Reason, key: &str) -> FindingRecord {
    FindingRecord {
        id: version,
        version,
        source: source.to_owned(),
        session: session.to_owned(),
        time: version.is_multiple_of(2).then_some(Timestamp(7)),
        received: Timestamp(1_000_000 * i64::try_from(version).unwrap()),
        reason,
        explanation: "it is \u{202e}odd".to_owned(),
        position: Some(3),
        line: Some(12),
        seen: Some(Seen {
            key: key.to_owned(),
            template: format!("template of {key} <*>"),
        }),
        expected: vec![Expected {
            key: "end".to_owned(),
            template: "the end of the session".to_owned(),
            probability: 0.1 + 0.2,
        }],
        rank: None,
        probability: Some(1e-300),
        detail: None,
        path: vec![PathStep {
            position: 3,
            line: 12,
            key: key.to_owned(),
            template: "a\0b".to_owned(),
        }],
        lines: vec![RawLine {
            number: 12,
            text: "<script>\u{1b}[31m".to_owned(),
            is_of_session: true,
        }],
        ended: None,
    }
}

fn change(version: u64) -> Change {
    Change::Found(Box::new(found(version, "default", "s", Reason::UnseenKey, "k")))
}

fn ended() -> Ended {
    Ended {
        score: 12.75,
        p_value: Some(0.003),
        parts: Vec::new(),
        findings: 2,
        events: 40,
        end: SessionEnd::Idle,
    }
}

fn end(version: u64, id: u64) -> Change {
    Change::Ended {
        version,
        id,
        ended: Box::new(ended()),
    }
}

fn store(keep: u64) -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), keep).unwrap();
    (folder, store)
}

fn ids(store: &Store, filter: &Filter) -> Vec<u64> {
    let page = store.reader().page(filter, None, 1000).unwrap();
    page.iter().map(|item| item.id).collect()
}

#[test]
fn what_goes_in_comes_out() {
    let (folder, mut store) = store(100);
    let record = found(1, "a", "s\0", Reason::OutsideTopCandidates, "k");
    store.append(&[Change::Found(Box::new(record.clone()))]).unwrap();
    assert_eq!(store.reader().one(1).unwrap(), Some(record.clone()));
    assert_eq!(store.reader().one(2).unwrap(), None);

    store.append(&[end(2, 1)]).unwrap();
    drop(store);
    let store = Store::open(folder.path(), 100).unwrap();
    assert_eq!(store.last_version(), 2);
    let mut expected = record;
    expected.version = 2;
    expected.ended = Some(ended());
    assert_eq!(store.reader().one(1).unwrap(), Some(expected.clone()));

    let items = store.reader().page(&Filter::default(), None, 10).unwrap();
    let [item] = &items[..] else { panic!("{items:?}") };
    assert_eq!((item.id, item.version, item.received), (1, 2, expected.received));
    assert_eq!(
        (&item.session, &item.seen, &item.ended),
        (&expected.session, &expected.seen, &expected.ended)
    );
    assert_eq!(
        (item.reason.as_str(), &item.explanation),
        ("outside_top_candidates", &expected.explanation)
    );
}

#[test]
fn a_finding_may_come_with_the_end_of_its_session() {
    let (_folder, mut store) = store(100);
    let mut record = found(1, "a", "s", Reason::UnusualCounts, "k");
    record.ended = Some(ended());
    store.append(&[Change::Found(Box::new(record.clone()))]).unwrap();
    assert_eq!(store.reader().since(0, 10).unwrap()[0].ended, record.ended);
    assert_eq!(store.reader().one(1).unwrap(), Some(record));
}

#[test]
fn a_change_is_stored_once_however_often_it_comes() {
    let (_folder, mut store) = store(100);
    store.append(&[change(1), change(2)]).unwrap();
    store.append(&[change(1), change(2), end(3, 1), change(4)]).unwrap();
    store.append(&[end(3, 1)]).unwrap();
    assert_eq!((store.last_version(), store.kept()), (4, 3));
    assert_eq!(ids(&store, &Filter::default()), [4, 2, 1]);
    let since = store.reader().since(1, 10).unwrap();
    assert_eq!(since.iter().map(|item| item.version).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(store.reader().since(3, 10).unwrap().len(), 1);
    assert_eq!(store.reader().since(0, 2).unwrap().len(), 2);
}

#[test]
fn the_oldest_make_room_and_are_counted() {
    let (folder, mut store) = store(3);
    let changes: Vec<_> = (1..=5).map(change).collect();
    store.append(&changes).unwrap();
    assert_eq!(ids(&store, &Filter::default()), [5, 4, 3]);
    store.append(&[end(6, 1), change(7)]).unwrap();
    drop(store);
    let store = Store::open(folder.path(), 3).unwrap();
    assert_eq!(ids(&store, &Filter::default()), [7, 5, 4]);
    assert_eq!((store.last_version(), store.kept(), store.dropped()), (7, 3, 3));
}

#[test]
fn a_locked_database_changes_nothing_and_the_call_can_be_made_again() {
    let (folder, mut store) = store(100);
    store.append(&[change(1)]).unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.append(&[change(2)]), Err(StoreError::Locked)));
    assert_eq!((store.last_version(), store.kept()), (1, 1));
    assert_eq!(ids(&store, &Filter::default()), [1], "readers go on");
    other.execute_batch("ROLLBACK").unwrap();
    store.append(&[change(2)]).unwrap();
    assert_eq!(ids(&store, &Filter::default()), [2, 1]);
}

#[test]
fn an_error_half_way_leaves_nothing_of_the_call() {
    let (folder, mut store) = store(1000);
    store.append(&[change(1)]).unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    let pages: i64 = other.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    // As a full disk: this connection may use no page more.
    store
        .connection
        .pragma_update(None, "max_page_count", pages + 1)
        .unwrap();
    let many: Vec<_> = (2..500).map(change).collect();
    assert!(matches!(store.append(&many), Err(StoreError::Full)));
    assert_eq!(ids(&store, &Filter::default()), [1]);
    store
        .connection
        .pragma_update(None, "max_page_count", 1_000_000)
        .unwrap();
    store.append(&many).unwrap();
    assert_eq!((store.last_version(), store.kept()), (499, 499));
}

#[test]
fn foreign_files_are_refused_and_kept() {
    for version in [0, 7] {
        let (folder, store) = store(100);
        drop(store);
        let path = folder.path().join(FILE);
        let other = Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        let text = format!("written by another version (format {version}, ");
        let error = Store::open(folder.path(), 100).err().unwrap();
        assert!(error.to_string().contains(&text), "{error}");
        assert!(matches!(&error, Error::Run { hint, .. } if hint.contains("run that version")));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(&path, "these are no findings, but a text of somebody").unwrap();
    let error = Store::open(folder.path(), 100).err().unwrap();
    assert!(error.to_string().contains("is kept as it is"), "{error}");
    assert_eq!(
        std::fs::read(&path).unwrap(),
        b"these are no findings, but a text of somebody"
    );
}

#[test]
fn cursors_survive() {
    let (folder, mut store) = store(100);
    store.append(&[change(1)]).unwrap();
    let reader = store.reader();
    assert_eq!(reader.cursor("alerts").unwrap(), 0);
    reader.set_cursor("alerts", 1).unwrap();
    reader.set_cursor("other", 9).unwrap();
    drop((store, reader));
    let reader = Store::open(folder.path(), 100).unwrap().reader();
    assert_eq!(
        (reader.cursor("alerts").unwrap(), reader.cursor("other").unwrap()),
        (1, 9)
    );
}

#[test]
fn a_histogram_counts_every_finding_of_its_span_once() {
    let (_folder, mut store) = store(100);
    let changes: Vec<_> = (1..=10).map(change).collect();
    store.append(&changes).unwrap();
    let reader = store.reader();
    let counts = |from: i64, to: i64, parts| {
        let second = |time: i64| Timestamp(time * 1_000_000);
        let buckets = reader
            .histogram(second(from), second(to), parts, &Filter::default())
            .unwrap();
        buckets.iter().map(|bucket| bucket.findings).collect::<Vec<_>>()
    };
    assert_eq!(counts(1, 11, 2), [5, 5]);
    assert_eq!(counts(0, 20, 4), [4, 5, 1, 0]);
    assert_eq!(counts(3, 4, 1), [1]);
    assert_eq!(counts(4, 4, 3), [0; 0]);
    assert_eq!(counts(5, 4, 3), [0; 0]);
    assert_eq!(counts(1, 11, 3).iter().sum::<u64>(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn filters_and_pages_are_those_of_a_list(
        rows in prop::collection::vec((0..2_usize, 0..3_usize, 0..2_usize, 0..3_usize), 1..40),
        source in prop::option::of(0..2_usize),
        session in prop::option::of(0..3_usize),
        reason in prop::option::of(0..2_usize),
        template in prop::option::of(0..3_usize),
        from in prop::option::of(0..40_i64),
        to in prop::option::of(0..40_i64),
        limit in 1..7_usize,
    ) {
        let (sources, sessions, keys) = (["a", "b"], ["x", "y'", "z%"], ["k", "end", "none"]);
        let reasons = [Reason::UnseenKey, Reason::UnusualOrder];
        let records: Vec<_> = (1..).zip(&rows).map(|(version, &(source, session, reason, key))| {
            found(version, sources[source], sessions[session], reasons[reason], keys[key])
        }).collect();
        let (_folder, mut store) = store(1000);
        let changes: Vec<_> = records.iter().cloned().map(|record| Change::Found(Box::new(record))).collect();
        store.append(&changes).unwrap();
        let filter = Filter {
            source: source.map(|at| sources[at].to_owned()),
            reason: reason.map(|at| reasons[at].name().to_owned()),
            template: template.map(|at| keys[at].to_owned()),
            session: session.map(|at| sessions[at].to_owned()),
            from: from.map(|time| Timestamp(time * 1_000_000)),
            to: to.map(|time| Timestamp(time * 1_000_000)),
        };
        let fits = |record: &&FindingRecord| {
            source.is_none_or(|at| record.source == sources[at])
                && session.is_none_or(|at| record.session == sessions[at])
                && reason.is_none_or(|at| record.reason == reasons[at])
                && template.is_none_or(|at| record.seen.as_ref().is_some_and(|seen| seen.key == keys[at]))
                && filter.from.is_none_or(|from| record.received >= from)
                && filter.to.is_none_or(|to| record.received < to)
        };
        let expected: Vec<_> = records.iter().rev().filter(fits).map(|record| record.id).collect();
        let (mut listed, mut before) = (Vec::new(), None);
        loop {
            let page = store.reader().page(&filter, before, limit).unwrap();
            prop_assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            listed.extend(page.iter().map(|item| item.id));
        }
        prop_assert_eq!(listed, expected);
    }
}
