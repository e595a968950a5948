//! Each rival on sessions small enough to know the answer.

use detection::{Detector, LARGEST_SURPRISE, Reason, Verdict};
use sequence_windowing::{Key, KeyName, Session, Timestamp, Vocabulary};

use super::{FALSE_ALARMS, SUPERVISED, all, encoded, lesson, session};
use crate::held_out::HeldOut;
use crate::*;

struct Trained {
    vocabulary: Vocabulary,
    normal: Vec<Session>,
}

fn trained(normal: &[&str]) -> Trained {
    let normal: Vec<Session<KeyName>> = normal.iter().map(|keys| session(keys)).collect();
    let vocabulary = Vocabulary::from_sessions(&normal);
    Trained {
        normal: encoded(&vocabulary, &normal),
        vocabulary,
    }
}

impl Trained {
    fn normal(&self) -> Vec<&Session> {
        self.normal.iter().collect()
    }

    fn keys(&self) -> usize {
        self.vocabulary.len()
    }

    fn judge(&self, detector: &impl Detector, tests: &[&str]) -> Vec<Verdict> {
        let tests: Vec<Session<KeyName>> = tests.iter().map(|keys| session(keys)).collect();
        Detector::judge(detector, &encoded(&self.vocabulary, &tests), &mut |_| ())
    }

    fn scores(&self, detector: &impl Detector, tests: &[&str]) -> Vec<f64> {
        self.judge(detector, tests)
            .iter()
            .map(|verdict| verdict.score)
            .collect()
    }
}

fn positions(verdict: &Verdict) -> Vec<(Reason, Option<usize>)> {
    verdict
        .findings
        .iter()
        .map(|finding| (finding.reason, finding.position))
        .collect()
}

#[test]
fn a_threshold_is_the_lowest_that_flags_no_more_than_the_share() {
    let lengths: Vec<String> = (0..100).map(|length| "a ".repeat(length)).collect();
    let trained = trained(&lengths.iter().map(String::as_str).collect::<Vec<_>>());
    let normal = trained.normal();
    for (sessions, share, threshold) in [
        (0, 0.0, 0.0),
        (1, 0.0, 0.0),
        (3, 0.0, 2.0),
        (100, 0.0, 99.0),
        (100, 0.009, 99.0),
        (100, 0.01, 98.0),
        (100, 0.1, 89.0),
    ] {
        let held_out = HeldOut::of(&normal[..sessions], |_, held| {
            held.iter().map(|session| session.events.len() as f64).collect()
        });
        let off = held_out.threshold(Limit::Share(share)) - threshold;
        assert!((0.0..1e-6).contains(&off), "{sessions} sessions, {share}: {off}");
        assert_eq!(held_out.sessions(), sessions as u64);
    }
}

#[test]
fn nothing_is_scored_by_what_learnt_from_it() {
    // "a" is in sessions 0, 5 and 10, which are one fold; "b" in all.
    let keys: Vec<&str> = (0..12).map(|i| if i % 5 == 0 { "a b" } else { "b" }).collect();
    let trained = trained(&keys);
    let held_out = HeldOut::of(&trained.normal(), |rest, held| {
        assert_eq!(rest.len() + held.len(), 12);
        let unseen = |session: &Session| {
            session
                .events
                .iter()
                .filter(|event| matches!(event.key, Key::Unseen(_)))
                .count()
        };
        held.iter()
            .map(|session| {
                let learnt = rest
                    .iter()
                    .any(|&i| trained.normal[i].id == session.id && keys[i] == "a b");
                assert!(!learnt, "{session:?}");
                unseen(session) as f64
            })
            .collect()
    });
    let p_values = [0.0, 0.5, 1.0, 1.5].map(|score| held_out.p_value(score));
    assert_eq!(
        p_values,
        [1.0, 4.0 / 13.0, 4.0 / 13.0, 1.0 / 13.0],
        "three sessions hold a key that is theirs alone"
    );
}

#[test]
fn unseen_ngrams_are_found_where_they_end() {
    let trained = trained(&["a b c d", "a c b d"]);
    let verdicts = trained.judge(
        &UnseenNgram::fit(&trained.normal(), 2, &trained.vocabulary),
        &["a b c d", "a c b c b d", "b c d", "a b c", "a d", "a x d", ""],
    );
    let found: Vec<_> = verdicts.iter().map(positions).collect();
    let at = |position| (Reason::UnseenNgram, Some(position));
    let end = |position| (Reason::UnexpectedEnd, Some(position));
    assert_eq!(
        found,
        [
            vec![],
            vec![],
            vec![at(0)],
            vec![end(3)],
            vec![at(1)],
            vec![(Reason::UnseenKey, Some(1)), at(2)],
            vec![end(0)]
        ]
    );
    let scores: Vec<f64> = verdicts.iter().map(|verdict| verdict.score).collect();
    assert_eq!(scores, [0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0]);
    let longer = UnseenNgram::fit(&trained.normal(), 3, &trained.vocabulary);
    assert_eq!(positions(&trained.judge(&longer, &["a c b c b d"])[0]), [at(3), at(4)]);
}

#[test]
fn an_ngram_model_backs_off_to_shorter_histories() {
    let trained = trained(&["a b c", "a b c", "a b c", "b c"]);
    let model = NgramModel::fit(&trained.normal(), 3, FALSE_ALARMS, &trained.vocabulary);
    let p = |history: &[u32], target| model.scorer().probability(history, target);
    // a, b, c and the end: 3, 4, 4 and 4 of 15; 4 kinds of follower.
    let unigram = |count: f64| (count + 4.0 * 0.25) / (15.0 + 4.0);
    assert!((p(&[], 0) - unigram(3.0)).abs() < 1e-12);
    let after_b = (4.0 + unigram(4.0)) / 5.0;
    assert!((p(&[1], 2) - after_b).abs() < 1e-12);
    assert!((p(&[0, 1], 2) - (3.0 + after_b) / 4.0).abs() < 1e-12);
    assert_eq!(p(&[2, 1], 2), p(&[1], 2), "c b never occurred");
    assert_eq!(trained.scores(&model, &["a x c"]), [LARGEST_SURPRISE]);
    assert!(p(&[0], 2) > 0.0, "what never followed is improbable, not impossible");
}

#[test]
fn frequent_keys_are_counted_behind_the_history() {
    let trained = trained(&["a b a a b c", "b a b b a c"]);
    let rule = FrequentKeys::fit(&trained.normal(), 2, 2, &trained.vocabulary);
    let found: Vec<_> = trained
        .judge(&rule, &["c c a b", "a a c", "a b", "a b x"])
        .iter()
        .map(positions)
        .collect();
    assert_eq!(
        found,
        [
            vec![],
            vec![(Reason::OutsideTopCandidates, Some(2))],
            vec![(Reason::ShortSession, Some(2))],
            vec![(Reason::UnseenKey, Some(2))]
        ]
    );
}

#[test]
fn count_vectors_differ_in_so_many_keys() {
    let trained = trained(&["a b b c", "a c"]);
    let detector = CountVector::fit(&trained.normal(), 0.0);
    let tests = ["c b a b", "a b c", "a a b c", "", "a b b", "a c x x y"];
    assert_eq!(trained.scores(&detector, &tests), [0.0, 1.0, 2.0, 2.0, 1.0, 2.0]);
}

#[test]
fn sessions_are_as_far_off_as_their_edits() {
    let trained = trained(&["a b c d", "a b"]);
    let detector = EditDistance::fit(&trained.normal(), 0.0);
    let tests = ["a b c d", "a c b d", "a b c", "x y", "", "a b c d d d d d"];
    assert_eq!(trained.scores(&detector, &tests), [0.0, 0.5, 0.25, 1.0, 1.0, 0.5]);
}

#[test]
fn delays_are_judged_by_their_pair_of_keys() {
    let timed = |keys: &str, seconds: &[f64]| {
        let mut session = session(keys);
        for (event, seconds) in session.events.iter_mut().zip(seconds) {
            event.time = Some(Timestamp((seconds * 1e6) as i64));
        }
        session
    };
    let normal: Vec<Session<KeyName>> = (0..20)
        .map(|i| timed("a b c", &[0.0, 1.0 + 0.01 * f64::from(i % 5), 100.0 + f64::from(i)]))
        .collect();
    let vocabulary = Vocabulary::from_sessions(&normal);
    let encode = |sessions: &[Session<KeyName>]| encoded(&vocabulary, sessions);
    let train = encode(&normal);
    let detector = EventTime::fit(&train.iter().collect::<Vec<_>>(), 0.0, &vocabulary);
    let tests = [
        timed("a b c", &[0.0, 1.02, 105.0]),
        timed("a b c", &[0.0, 60.0, 170.0]),
        timed("a b c", &[0.0, 1.02, 1.03]),
        timed("c b a", &[0.0, 1e9, -1e9]),
        session("a b c"),
        timed("a x b", &[0.0, 1e6, 2e6]),
    ];
    let verdicts = Detector::judge(&detector, &encode(&tests), &mut |_| ());
    let found: Vec<_> = verdicts.iter().map(positions).collect();
    let late = |position| vec![(Reason::UnusualDelay, Some(position))];
    assert_eq!(found, [vec![], late(1), late(2), vec![], vec![], vec![]]);
}

#[test]
fn pca_tells_what_varies_together_from_what_does_not() {
    let normal: Vec<String> = (0..30)
        .map(|i| ["a b "; 9][..i % 10].concat() + ["c"; 3][..i % 3].concat().as_str())
        .collect();
    let normal: Vec<&str> = normal.iter().map(String::as_str).collect();
    let trained = trained(&normal);
    let detector = Pca::fit(&trained.normal(), trained.keys(), 0.95, FALSE_ALARMS);
    let together = ["a b "; 12].concat();
    let apart = ["a "; 9].concat();
    let scores = trained.scores(&detector, &[&together, &apart]);
    assert!(scores[0] < 0.1 * scores[1], "{scores:?}");
    assert!(trained.judge(&detector, &[&apart])[0].is_anomalous());
}

#[test]
fn components_of_a_large_vocabulary_are_left_out() {
    let keys: Vec<String> = (0..=Pca::MOST_KEYS).map(|key| key.to_string()).collect();
    let trained = trained(&[&keys.join(" ")]);
    let unfit = Rival::Pca { variance: 0.95 }
        .fit(&lesson(&trained.normal(), &trained.vocabulary))
        .err();
    assert_eq!(unfit, Some(Unfit::TooManyKeys { keys: 501, most: 500 }));
}

#[test]
fn a_forest_isolates_what_is_far_off_and_grows_the_same_from_a_seed() {
    let normal: Vec<String> = (0..200)
        .map(|i| ["a "; 10][..5 + i % 5].concat() + &["b "; 9][..i % 7].concat())
        .collect();
    let normal: Vec<&str> = normal.iter().map(String::as_str).collect();
    let trained = trained(&normal);
    let forest = |seed| {
        IsolationForest::fit(
            &trained.normal(),
            trained.keys(),
            ForestSize::default(),
            seed,
            FALSE_ALARMS,
        )
    };
    let many = ["a "; 60].concat();
    let tests = [normal[3], &*many];
    let scores = trained.scores(&forest(1), &tests);
    assert!(scores[0] < 0.55 && scores[1] > scores[0] + 0.05, "{scores:?}");
    assert_eq!(scores, trained.scores(&forest(1), &tests));
    assert_ne!(scores, trained.scores(&forest(2), &tests));
}

#[test]
fn density_is_compared_with_that_of_the_neighbours() {
    let normal: Vec<String> = (0..100)
        .map(|i| ["a "; 10][..i / 10].concat() + &["b "; 10][..i % 10].concat())
        .collect();
    let normal: Vec<&str> = normal.iter().map(String::as_str).collect();
    let trained = trained(&normal);
    let detector = LocalOutlierFactor::fit(&trained.normal(), trained.keys(), 5, FALSE_ALARMS);
    let far = ["a "; 40].concat();
    let scores = trained.scores(&detector, &["a a a a b b b b b", &far]);
    assert!((0.9..1.1).contains(&scores[0]) && scores[1] > 5.0, "{scores:?}");
}

#[test]
fn invariants_are_found_and_their_breach_counted() {
    let trained = trained(&[
        "open close",
        "open open close close read",
        "open close read read write",
        "",
        "open close write read",
    ]);
    let detector = Invariants::fit(&trained.normal(), trained.keys(), 1.0);
    let scores = trained.scores(&detector, &["open close", "open", "open close read read read x"]);
    assert!(scores[0] == 0.0 && scores[1] >= 1.0 && scores[2] >= 1.0, "{scores:?}");
    assert_eq!(detector.threshold(), 0.0, "one broken relation is an anomaly");
    let relations = detector.scorer().len();
    assert!(
        (2..12).contains(&relations),
        "{relations}: open = close, no unseen key, and what chance adds"
    );
}

#[test]
fn clusters_are_found_and_their_centres_compared() {
    let trained = trained(&["a a b", "a b", "c c d", "c d d", "c d"]);
    let detector = LogClustering::fit(&trained.normal(), trained.keys(), 0.5, FALSE_ALARMS);
    let scores = trained.scores(&detector, &["a a b", "c d", "a c", "x", ""]);
    assert!(scores[0] < 0.1 && scores[1] < 0.1, "{scores:?}");
    assert!((0.2..0.8).contains(&scores[2]), "between two clusters: {scores:?}");
    assert_eq!(scores[3..], [1.0, 1.0]);
}

#[test]
fn training_without_sessions_or_times_or_variation_is_no_accident() {
    let tests = [session("a b"), session(""), session("x")];
    for normal in [&[][..], &[session("")], &[session("a")], &[session("a"), session("a")]] {
        let vocabulary = Vocabulary::from_sessions(normal);
        let (normal, tests) = (encoded(&vocabulary, normal), encoded(&vocabulary, &tests));
        let normal: Vec<&Session> = normal.iter().collect();
        for rival in all() {
            match rival.fit(&lesson(&normal, &vocabulary)) {
                Ok(detector) => {
                    let verdicts = detector.judge(&tests, &mut |_| ());
                    assert!(
                        verdicts.iter().all(|verdict| verdict.score.is_finite()),
                        "{rival:?}: {verdicts:?}"
                    );
                }
                Err(unfit) => assert_eq!((rival, unfit), (Rival::EventTime, Unfit::NoTimes)),
            }
        }
    }
}

#[test]
fn labels_teach_what_anomalies_look_like() {
    let trained = trained(&[
        "open read close",
        "open write close",
        "open read write close",
        "open close",
    ]);
    let anomalous = [
        "open read read read read close",
        "open retry close",
        "open read retry retry",
        "open write retry",
    ];
    let anomalous: Vec<Session<KeyName>> = anomalous.iter().map(|keys| session(keys)).collect();
    let anomalous = encoded(&trained.vocabulary, &anomalous);
    let anomalous: Vec<&Session> = anomalous.iter().collect();
    let normal = trained.normal();
    for learner in SUPERVISED {
        let rival = Rival::WithLabels(learner);
        assert!(rival.uses_labels() && rival.name().ends_with(WITH_LABELS));
        let lesson = Lesson {
            anomalous: &anomalous,
            ..lesson(&normal, &trained.vocabulary)
        };
        let tests = ["open write read close", "retry open"].map(session);
        let detector = rival.fit(&lesson).unwrap();
        let judged = detector.judge(&encoded(&trained.vocabulary, &tests), &mut |_| ());
        assert!(detector.calibrated_on().is_none() && judged.iter().all(|verdict| verdict.p_value.is_none()));
        assert!(!judged[0].is_anomalous(), "{rival:?}: {:?}", judged[0]);
        assert_eq!(
            positions(&judged[1]),
            [(Reason::LikeAnomalies, None)],
            "{rival:?}: keys that are no normal one's are one"
        );
        assert!(
            judged.iter().all(|verdict| (0.0..=1.0).contains(&verdict.score)),
            "{judged:?}"
        );
        assert!(judged[0].score < 0.5 && judged[1].score > 0.5, "{judged:?}");
    }
}

#[test]
fn without_anomalous_sessions_there_is_nothing_to_learn_with_labels() {
    let trained = trained(&["open read close"]);
    let normal = trained.normal();
    for learner in SUPERVISED {
        let unfit = Rival::WithLabels(learner)
            .fit(&lesson(&normal, &trained.vocabulary))
            .err();
        assert_eq!(unfit, Some(Unfit::NoneAnomalous));
    }
    assert!(
        all().iter().chain(&Rival::cheap()).all(|rival| !rival.uses_labels()),
        "never unasked"
    );
}
