//! What holds for every rival, whatever the sessions.

use detection::{Closing, Detector};
use proptest::prelude::*;
use sequence_windowing::{KeyName, Session, SessionEnd, Timestamp, Vocabulary};

use super::{SUPERVISED, all, encoded, lesson, session};
use crate::*;

const FALSE_ALARMS: f64 = 0.1;

fn sessions(most: usize) -> impl Strategy<Value = Vec<Session<KeyName>>> {
    let ends = prop::sample::select(vec![
        SessionEnd::Explicit,
        SessionEnd::Idle,
        SessionEnd::EndOfInput,
        SessionEnd::Evicted,
    ]);
    let keys = prop::collection::vec((0..6_u8, 0..3_000_000_i64), 0..9);
    let one = (keys, ends, 0..4_u64).prop_map(|(keys, end, dropped)| {
        let text: Vec<String> = keys.iter().map(|(key, _)| key.to_string()).collect();
        let mut session = session(&text.join(" "));
        let mut now = 0;
        for (event, (_, delay)) in session.events.iter_mut().zip(&keys) {
            now += delay;
            event.time = Some(Timestamp(now));
        }
        session.end = end;
        session.dropped_events = dropped / 3;
        session
    });
    prop::collection::vec(one, 0..most)
}

/// Batch is a stream that ends, and a stream may be written down and read back at any event.
fn assert_streamed_as_whole<D: Detector>(detector: &D, tests: &[Session], restart_at: usize) {
    let whole = Detector::judge(detector, tests, &mut |_| ());
    for (session, verdict) in tests.iter().zip(whole) {
        assert!(verdict.score.is_finite() && verdict.score >= 0.0, "{verdict:?}");
        assert_eq!(verdict.is_anomalous(), !verdict.findings.is_empty());
        let mut state = detector.open();
        let mut found = Vec::new();
        for (i, event) in session.events.iter().enumerate() {
            if i == restart_at {
                let text = serde_json::to_string(&state).unwrap();
                state = serde_json::from_str(&text).unwrap();
            }
            found.extend(detector.step(&mut state, event));
        }
        let streamed = detector.close(state, &Closing::of(session));
        assert!(streamed.findings.starts_with(&found));
        assert_eq!(streamed, verdict);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn streamed_sessions_get_the_verdicts_of_whole_ones(
        train in sessions(12),
        tests in sessions(6),
        restart_at in 0..9_usize,
        n in 1..5_usize,
        seed in 0..9_u64,
    ) {
        let vocabulary = Vocabulary::from_sessions(&train);
        let keys = vocabulary.len();
        let (train, tests) = (encoded(&vocabulary, &train), encoded(&vocabulary, &tests));
        let normal: Vec<&Session> = train.iter().collect();
        let size = ForestSize { trees: 5, sample: 4 };
        assert_streamed_as_whole(&UnseenKey::fit(&normal), &tests, restart_at);
        assert_streamed_as_whole(&UnseenKeySet::fit(&normal), &tests, restart_at);
        assert_streamed_as_whole(&UnseenNgram::fit(&normal, n, &vocabulary), &tests, restart_at);
        assert_streamed_as_whole(&NgramModel::fit(&normal, n, FALSE_ALARMS, &vocabulary), &tests, restart_at);
        assert_streamed_as_whole(&FrequentKeys::fit(&normal, n, n, &vocabulary), &tests, restart_at);
        assert_streamed_as_whole(&EventTime::fit(&normal, FALSE_ALARMS, &vocabulary), &tests, restart_at);
        assert_streamed_as_whole(&SessionLength::fit(&normal), &tests, restart_at);
        assert_streamed_as_whole(&CountVector::fit(&normal, FALSE_ALARMS), &tests, restart_at);
        assert_streamed_as_whole(&EditDistance::fit(&normal, FALSE_ALARMS), &tests, restart_at);
        assert_streamed_as_whole(&Pca::fit(&normal, keys, 0.9, FALSE_ALARMS), &tests, restart_at);
        assert_streamed_as_whole(&IsolationForest::fit(&normal, keys, size, seed, FALSE_ALARMS), &tests, restart_at);
        assert_streamed_as_whole(&LocalOutlierFactor::fit(&normal, keys, n, FALSE_ALARMS), &tests, restart_at);
        assert_streamed_as_whole(&Invariants::fit(&normal, keys, 0.98), &tests, restart_at);
        assert_streamed_as_whole(&LogClustering::fit(&normal, keys, 0.5, FALSE_ALARMS), &tests, restart_at);
        let anomalous: Vec<&Session> = tests.iter().collect();
        for learner in SUPERVISED {
            match WithLabels::fit(&normal, &anomalous, keys, learner, seed) {
                Ok(detector) => assert_streamed_as_whole(&detector, &tests, restart_at),
                Err(_) => prop_assert!(normal.is_empty() || anomalous.is_empty()),
            }
        }
    }

    /// A p-value and a threshold are two ways to say one thing, and no rival that learns from normal sessions lacks one.
    #[test]
    fn what_is_flagged_has_a_small_p_value(train in sessions(30), tests in sessions(9), share in 0.0..0.5_f64) {
        let vocabulary = Vocabulary::from_sessions(&train);
        let (train, tests) = (encoded(&vocabulary, &train), encoded(&vocabulary, &tests));
        let normal: Vec<&Session> = train.iter().collect();
        for rival in all() {
            let lesson = Lesson { false_alarms: share, ..lesson(&normal, &vocabulary) };
            let Ok(detector) = rival.fit(&lesson) else { continue };
            prop_assert_eq!(detector.calibrated_on(), Some(normal.len() as u64));
            let largest = ((share * normal.len() as f64).floor() + 1.0) / (normal.len() as f64 + 1.0);
            let has_threshold = !matches!(
                rival,
                Rival::UnseenKey | Rival::UnseenKeySet | Rival::UnseenNgram { .. } | Rival::FrequentKeys { .. }
                    | Rival::SessionLength | Rival::Invariants { .. }
            );
            for verdict in detector.judge(&tests, &mut |_| ()) {
                let p = verdict.p_value.unwrap();
                prop_assert!(p > 0.0 && p <= 1.0, "{rival:?}: {p}");
                if has_threshold && !normal.is_empty() {
                    prop_assert_eq!(verdict.is_anomalous(), p <= largest + 1e-12, "{:?}: {:?}", rival, verdict);
                }
            }
        }
    }

    /// A rival may flag none of the sessions it learnt from if its threshold is the highest score of those held out and
    /// all sessions are alike.
    #[test]
    fn sessions_like_all_others_are_normal(keys in prop::collection::vec(0..5_u8, 1..9), copies in 10..20_usize) {
        let text: Vec<String> = keys.iter().map(u8::to_string).collect();
        let train = vec![session(&text.join(" ")); copies];
        let vocabulary = Vocabulary::from_sessions(&train);
        let train = encoded(&vocabulary, &train);
        let normal: Vec<&Session> = train.iter().collect();
        for rival in all() {
            if matches!(rival, Rival::EventTime | Rival::FrequentKeys { .. }) {
                continue;
            }
            let detector = rival.fit(&lesson(&normal, &vocabulary)).unwrap();
            let verdict = &detector.judge(&train[..1], &mut |_| ())[0];
            prop_assert!(!verdict.is_anomalous(), "{rival:?}: {verdict:?}");
        }
    }

    /// The probabilities of all next keys and the end sum to 1 after any history.
    #[test]
    fn an_ngram_models_probabilities_sum_to_one(train in sessions(9), history in prop::collection::vec(0..8_u32, 0..5), n in 1..5_usize) {
        let vocabulary = Vocabulary::from_sessions(&train);
        let train = encoded(&vocabulary, &train);
        let model = NgramModel::fit(&train.iter().collect::<Vec<_>>(), n, FALSE_ALARMS, &vocabulary);
        let history = &history[..history.len().min(n - 1)];
        let sum: f64 = (0..=vocabulary.len() as u32).map(|code| model.scorer().probability(history, code)).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    /// Leaving out what cannot be nearest changes no distance.
    #[test]
    fn the_nearest_sequence_is_the_nearest_of_all(train in sessions(12), tests in sessions(6)) {
        let vocabulary = Vocabulary::from_sessions(&train);
        let (train, tests) = (encoded(&vocabulary, &train), encoded(&vocabulary, &tests));
        let detector = EditDistance::fit(&train.iter().collect::<Vec<_>>(), FALSE_ALARMS);
        let keys = |session: &Session| session.events.iter().map(|event| event.key.clone()).collect::<Vec<_>>();
        for (session, verdict) in tests.iter().zip(Detector::judge(&detector, &tests, &mut |_| ())) {
            let share = |other: &Session| {
                let edits = strsim::generic_levenshtein(&keys(session), &keys(other));
                edits as f64 / session.events.len().max(other.events.len()).max(1) as f64
            };
            prop_assert_eq!(verdict.score, train.iter().map(share).fold(1.0, f64::min));
        }
    }
}
