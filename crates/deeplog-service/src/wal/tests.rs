use std::io::Write;

use proptest::prelude::*;
use sequence_windowing::Timestamp;

use super::*;
use crate::{Batch, FileId, FilePosition, IdempotencyKey, Origin};

fn entries() -> impl Strategy<Value = Entry> {
    let position = (any::<u64>(), any::<u64>(), "[a-zé/]{0,20}", any::<u32>(), any::<u64>()).prop_map(
        |(device, offset, path, prefix_length, prefix_hash)| FilePosition {
            id: FileId {
                device,
                inode: offset / 3,
            },
            path,
            prefix_length,
            prefix_hash,
            offset,
        },
    );
    let origin = prop_oneof![
        Just(Origin::Pushed(None)),
        any::<u128>().prop_map(|key| Origin::Pushed(Some(IdempotencyKey(key)))),
        position.prop_map(Origin::File),
        Just(Origin::Stream),
    ];
    let lines = (
        "[a-z]{0,9}",
        origin,
        any::<i64>(),
        prop::collection::vec(any::<u8>(), 0..300),
    );
    let definition = prop::option::of("[0-9a-f]{8}").prop_map(|model| {
        model.map(|model| Definition {
            model,
            dataset: Some("session.idle = '1s'\n[header]\nformat = '<Content>'".parse().unwrap()),
            alerts: None,
        })
    });
    prop_oneof![
        5 => lines.prop_map(|(source, origin, received, block)| Entry::Lines(Batch {
            source: source.as_str().into(),
            origin,
            received: Timestamp(received),
            block,
        })),
        1 => any::<i64>().prop_map(|time| Entry::Silence(Timestamp(time))),
        1 => ("[a-z]{1,9}", definition).prop_map(|(source, definition)| Entry::Define {
            source: source.as_str().into(),
            definition,
        }),
    ]
}

fn read(folder: &Path) -> (Vec<Record>, Wal) {
    let mut records = Vec::new();
    let wal = Wal::open(folder, 1, |record| {
        records.push(record);
        Ok(())
    });
    (records, wal.unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What was appended is read, in whatever groups and however often it was opened, and only from the segments that are kept.
    #[test]
    fn what_was_written_is_read(groups in prop::collection::vec(prop::collection::vec(entries(), 1..6), 1..12), limit in 50..2000u64) {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for group in &groups {
            let (records, mut wal) = read(folder.path());
            prop_assert_eq!(&records, &expected);
            wal.limit = limit;
            let first = wal.append(group.iter()).unwrap();
            expected.extend((first..).zip(group).map(|(number, entry)| Record { number, entry: entry.clone() }));
        }
        prop_assert_eq!(expected.iter().map(|record| record.number).collect::<Vec<_>>(), (1..=expected.len() as u64).collect::<Vec<_>>());
        let kept = expected.len() as u64 / 2;
        forget_before(folder.path(), kept).unwrap();
        let (records, _) = read(folder.path());
        let first = records.first().map_or(0, |record| record.number);
        prop_assert!(first <= kept.max(1));
        prop_assert_eq!(&records[..], &expected[first.saturating_sub(1) as usize..]);
    }

    /// A log that ends anywhere holds the records that are whole, and goes on behind them.
    #[test]
    fn a_torn_end_is_cut_off(group in prop::collection::vec(entries(), 1..5), cut in any::<prop::sample::Index>(), junk in prop::collection::vec(any::<u8>(), 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let (_, mut wal) = read(folder.path());
        let mut ends = Vec::new();
        for entry in &group {
            wal.append([entry].into_iter()).unwrap();
            ends.push(wal.length);
        }
        let path = path_of(folder.path(), 1);
        let bytes = fs::read(&path).unwrap();
        let at = cut.index(bytes.len() + 1);
        fs::write(&path, &bytes[..at]).unwrap();
        if at > MAGIC.len() {
            OpenOptions::new().append(true).open(&path).unwrap().write_all(&junk).unwrap();
        }
        let whole = ends.iter().filter(|&&end| end <= at as u64).count();
        let (records, mut wal) = read(folder.path());
        let entries: Vec<&Entry> = records.iter().map(|record| &record.entry).collect();
        prop_assert_eq!(entries, group[..whole].iter().collect::<Vec<_>>());
        wal.append(group.iter()).unwrap();
        prop_assert_eq!(read(folder.path()).0.len(), whole + group.len());
    }
}

fn silence(i: i64) -> Entry {
    Entry::Silence(Timestamp(i))
}

#[test]
fn what_was_damaged_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut wal) = read(folder.path());
    wal.limit = 100;
    for i in 0..20 {
        wal.append([silence(i)].iter()).unwrap();
    }
    drop(wal);
    let segments = segments(folder.path()).unwrap();
    assert!(segments.len() > 3);
    let last = path_of(folder.path(), *segments.last().unwrap());
    let refused = || {
        let before: Vec<Vec<u8>> = segments
            .iter()
            .filter_map(|&first| fs::read(path_of(folder.path(), first)).ok())
            .collect();
        let error = Wal::open(folder.path(), 1, |_| Ok(())).err().expect("it is damaged");
        let after: Vec<Vec<u8>> = segments
            .iter()
            .filter_map(|&first| fs::read(path_of(folder.path(), first)).ok())
            .collect();
        assert_eq!(before, after);
        assert!(error.hint().is_some_and(|hint| hint.contains("nothing was changed")));
        error.to_string()
    };
    // Any byte of a segment that others follow, and any but the last record's of the last one.
    for (path, spared) in [(path_of(folder.path(), segments[1]), 0), (last, FRAME + 17)] {
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() - spared {
            let mut turned = bytes.clone();
            turned[at] ^= 1 << (at % 8);
            fs::write(&path, &turned).unwrap();
            refused();
        }
        fs::write(&path, b"DLWAL99\n").unwrap();
        assert!(refused().contains("another version"));
        fs::write(&path, &bytes).unwrap();
    }
    fs::remove_file(path_of(folder.path(), segments[2])).unwrap();
    assert!(refused().contains("missing"));
}

#[test]
fn an_empty_log_begins_where_the_checkpoint_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(folder.path(), 42, |_| Ok(())).unwrap();
    assert_eq!(wal.append([silence(0), silence(1)].iter()).unwrap(), 42);
    drop(wal);
    let (records, mut wal) = read(folder.path());
    assert_eq!(records.iter().map(|record| record.number).collect::<Vec<_>>(), [42, 43]);
    assert_eq!(wal.append([silence(2)].iter()).unwrap(), 44);
}
