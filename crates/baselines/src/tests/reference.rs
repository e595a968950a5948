//! The rows of the reference figures that name these rivals, on the same data.

use std::fs;
use std::path::Path;

use detection::{Detector, Verdict};
use sequence_windowing::{KeyName, Session, Vocabulary};

use super::{encoded, lesson, session};
use crate::{CountVector, ForestSize, FrequentKeys, Rival, SessionLength, UnseenKey, UnseenKeySet, UnseenNgram};

struct Hdfs {
    vocabulary: Vocabulary,
    normal: Vec<Session>,
    /// Normal and abnormal ones.
    tests: [Vec<Session>; 2],
}

fn hdfs() -> Option<Hdfs> {
    let Some(data) = std::env::var_os("DEEPLOG_DATA") else {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("left out: the reference figures on HDFS need DEEPLOG_DATA\n"),
        )
        .unwrap();
        return None;
    };
    let read = |name: &str| -> Vec<Session<KeyName>> {
        let text = fs::read_to_string(Path::new(&data).join("hdfs").join(name)).unwrap();
        text.lines()
            .map(|line| session(line.split_once(',').map_or(line, |(_, keys)| keys)))
            .collect()
    };
    let normal = read("normal_train.txt");
    let vocabulary = Vocabulary::from_sessions(&normal);
    let tests = [read("normal_dev.csv"), read("abnormal_dev.txt")].map(|sessions| encoded(&vocabulary, &sessions));
    assert_eq!(tests.each_ref().map(Vec::len), [5_583, 7_255]);
    Some(Hdfs {
        normal: encoded(&vocabulary, &normal),
        vocabulary,
        tests,
    })
}

impl Hdfs {
    fn judge(&self, detector: &impl Detector) -> [Vec<Verdict>; 2] {
        self.tests
            .each_ref()
            .map(|sessions| Detector::judge(detector, sessions, &mut |_| ()))
    }

    fn flagged(&self, detector: &impl Detector) -> [usize; 2] {
        self.judge(detector)
            .map(|verdicts| count(&verdicts, Verdict::is_anomalous))
    }
}

fn count(verdicts: &[Verdict], is_flagged: impl Fn(&Verdict) -> bool) -> usize {
    verdicts.iter().filter(|verdict| is_flagged(verdict)).count()
}

#[test]
fn rules_reach_the_reference_figures_on_hdfs() {
    let Some(hdfs) = hdfs() else { return };
    let normal: Vec<&Session> = hdfs.normal.iter().collect();
    assert_eq!(hdfs.flagged(&UnseenKey::fit(&normal)), [2, 3_931]);
    let key_set = UnseenKeySet::fit(&normal);
    assert_eq!(key_set.scorer().len(), 11);
    assert_eq!(hdfs.flagged(&key_set), [2, 7_248]);
    assert_eq!(
        hdfs.flagged(&UnseenNgram::fit(&normal, 2, &hdfs.vocabulary)),
        [5, 6_834]
    );

    let length = SessionLength::fit(&normal);
    assert_eq!(length.scorer().range, (13, 42));
    let short = hdfs
        .judge(&length)
        .map(|verdicts| count(&verdicts, |verdict| verdict.is_anomalous() && verdict.events < 13));
    assert_eq!(short, [0, 1_986]);

    let frequent = FrequentKeys::fit(&normal, 9, 10, &hdfs.vocabulary);
    assert_eq!(hdfs.flagged(&frequent), [29, 7_174]);
}

/// "Unseen count vector", and "unseen key-set or count-vector Hamming > 2", whose recall is 0.99986.
#[test]
fn count_vectors_reach_the_reference_figures_on_hdfs() {
    let Some(hdfs) = hdfs() else { return };
    let normal: Vec<&Session> = hdfs.normal.iter().collect();
    let distances = hdfs.judge(&CountVector::fit(&normal, 0.0));
    let flagged = distances
        .each_ref()
        .map(|verdicts| count(verdicts, |verdict| verdict.score > 0.0));
    assert_eq!(flagged, [19, 7_255]);
    let key_sets = hdfs.judge(&UnseenKeySet::fit(&normal));
    let either = [0, 1].map(|class| {
        let both = key_sets[class].iter().zip(&distances[class]);
        both.filter(|(key_set, distance)| key_set.is_anomalous() || distance.score > 2.0)
            .count()
    });
    assert_eq!(either, [2, 7_254]);
}

/// What each rival flags on the same data, so that a change in one is seen; nothing was chosen by these figures.
#[test]
fn every_rival_judges_hdfs() {
    let Some(hdfs) = hdfs() else { return };
    let normal: Vec<&Session> = hdfs.normal.iter().collect();
    let tests = hdfs.tests.concat();
    for (rival, expected) in [
        (Rival::UnseenNgram { n: 3 }, [29, 6_866]),
        (Rival::NgramModel { n: 5 }, [17, 6_970]),
        (Rival::SessionLength, [1, 2_021]),
        (Rival::CountVector, [19, 7_255]),
        (Rival::Pca { variance: 0.95 }, [66, 4_044]),
        (Rival::IsolationForest(ForestSize::default()), [7, 46]),
        (Rival::EditDistance, [17, 3_844]),
        (Rival::LocalOutlierFactor { neighbours: 20 }, [48, 44]),
        (Rival::Invariants { support: 0.98 }, [19, 7_255]),
        (Rival::LogClustering { distance: 0.5 }, [4, 2_738]),
    ] {
        let detector = rival.fit(&lesson(&normal, &hdfs.vocabulary)).unwrap();
        let verdicts = detector.judge(&tests, &mut |_| ());
        let parts = [&verdicts[..5_583], &verdicts[5_583..]];
        assert_eq!(
            parts.map(|part| count(part, Verdict::is_anomalous)),
            expected,
            "{rival:?}"
        );
    }
}
