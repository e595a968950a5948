use std::fs;
use std::path::Path;

use detection::{Detector, Reason};
use sequence_windowing::{Event, KeyName, Session, SessionEnd, Vocabulary};

use crate::{UnseenKey, UnseenKeySet};

fn session(keys: &str) -> Session<KeyName> {
    let event = |(i, key): (usize, &str)| Event {
        key: KeyName::from(key),
        line: i as u64 + 1,
        time: None,
    };
    Session {
        id: keys.into(),
        events: keys.split_ascii_whitespace().enumerate().map(event).collect(),
        end: SessionEnd::Explicit,
        dropped_events: 0,
    }
}

fn encoded(vocabulary: &Vocabulary, sessions: &[Session<KeyName>]) -> Vec<Session> {
    sessions.iter().map(|session| vocabulary.encode(session)).collect()
}

#[test]
fn unseen_keys_are_found_where_they_stand() {
    let vocabulary = Vocabulary::from_sessions(&[session("a b c")]);
    let tests = encoded(&vocabulary, &[session("c b a a"), session("a x b y"), session("")]);
    let verdicts = UnseenKey.judge(&tests, &mut |_| ());
    let found: Vec<Vec<Option<usize>>> = verdicts
        .iter()
        .map(|verdict| verdict.findings.iter().map(|finding| finding.position).collect())
        .collect();
    assert_eq!(found, [vec![], vec![Some(1), Some(3)], vec![]]);
    assert_eq!(verdicts[1].score, 0.5);
    assert_eq!(verdicts[1].findings[1].line, Some(4));
}

#[test]
fn key_sets_know_neither_order_nor_number() {
    let normal = [session("a b c"), session("a b")];
    let vocabulary = Vocabulary::from_sessions(&normal);
    let rule = UnseenKeySet::fit(&encoded(&vocabulary, &normal));
    assert_eq!(rule.len(), 2);
    let tests = ["b a", "c c b a a", "a", "a c", "", "a b x", "a b c x y"];
    let verdicts = rule.judge(&encoded(&vocabulary, &tests.map(session)), &mut |_| ());
    let scores: Vec<f64> = verdicts.iter().map(|verdict| verdict.score).collect();
    assert_eq!(scores, [0.0, 0.0, 1.0, 1.0, 2.0, 1.0, 2.0]);
    for verdict in &verdicts {
        assert_eq!(verdict.is_anomalous(), verdict.score > 0.0);
        assert!(
            verdict
                .findings
                .iter()
                .all(|finding| finding.reason == Reason::UnseenKeySet)
        );
    }
}

/// The rows "unseen key" and "unseen key-set" of the reference figures on the same data.
#[test]
fn the_reference_figures_on_hdfs_are_reproduced() {
    let Some(data) = std::env::var_os("DEEPLOG_DATA") else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("left out: the reference figures on HDFS need DEEPLOG_DATA\n"),
        )
        .unwrap();
        return;
    };
    let read = |name: &str| -> Vec<Session<KeyName>> {
        let text = fs::read_to_string(Path::new(&data).join("hdfs").join(name)).unwrap();
        text.lines()
            .map(|line| session(line.split_once(',').map_or(line, |(_, keys)| keys)))
            .collect()
    };
    let normal = read("normal_train.txt");
    let vocabulary = Vocabulary::from_sessions(&normal);
    let normal = encoded(&vocabulary, &normal);
    let tests = [read("normal_dev.csv"), read("abnormal_dev.txt")].map(|sessions| encoded(&vocabulary, &sessions));
    assert_eq!(tests.each_ref().map(Vec::len), [5_583, 7_255]);
    let flagged = |detector: &dyn Fn(&[Session]) -> usize| tests.each_ref().map(|sessions| detector(sessions));
    let count = |verdicts: Vec<detection::Verdict>| verdicts.iter().filter(|verdict| verdict.is_anomalous()).count();
    assert_eq!(
        flagged(&|sessions| count(UnseenKey.judge(sessions, &mut |_| ()))),
        [2, 3_931]
    );
    let rule = UnseenKeySet::fit(&normal);
    assert_eq!(rule.len(), 11);
    assert_eq!(
        flagged(&|sessions| count(rule.judge(sessions, &mut |_| ()))),
        [2, 7_248]
    );
}
