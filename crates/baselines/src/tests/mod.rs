//! What the tests of this crate share, and the rules that have no settings.

mod each;
mod exchangeable;
mod properties;
mod reference;

use detection::{Detector, Reason};
use sequence_windowing::{Event, KeyName, Session, SessionEnd, Vocabulary};

use crate::{FALSE_ALARMS, Learner, Lesson, Rival, UnseenKey, UnseenKeySet};

/// Learners that need labels, and give the same for the same seed.
const SUPERVISED: [Learner; 3] = [Learner::LogisticRegression, Learner::DecisionTree, Learner::LinearSvm];

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

/// Every kind of rival.
fn all() -> Vec<Rival> {
    let mut all = Rival::cheap();
    all.extend([
        Rival::FrequentKeys { top_g: 2, history: 3 },
        Rival::EditDistance,
        Rival::LocalOutlierFactor { neighbours: 3 },
        Rival::Invariants { support: 0.98 },
        Rival::LogClustering { distance: 0.5 },
    ]);
    all
}

fn lesson<'l>(normal: &'l [&'l Session], vocabulary: &'l Vocabulary) -> Lesson<'l> {
    Lesson {
        normal,
        anomalous: &[],
        vocabulary,
        false_alarms: FALSE_ALARMS,
        seed: 1,
    }
}

#[test]
fn unseen_keys_are_found_where_they_stand() {
    let normal = [session("a b c")];
    let vocabulary = Vocabulary::from_sessions(&normal);
    let normal = encoded(&vocabulary, &normal);
    let tests = encoded(&vocabulary, &[session("c b a a"), session("a x b y"), session("")]);
    let verdicts = Detector::judge(&UnseenKey::fit(&[&normal[0]]), &tests, &mut |_| ());
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
    let normal = encoded(&vocabulary, &normal);
    let rule = UnseenKeySet::fit(&[&normal[0], &normal[1]]);
    assert_eq!(rule.scorer().len(), 2);
    let tests = ["b a", "c c b a a", "a", "a c", "", "a b x", "a b c x y"];
    let verdicts = Detector::judge(&rule, &encoded(&vocabulary, &tests.map(session)), &mut |_| ());
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
