//! The detector on random sessions, with random models.

use proptest::prelude::*;
use sequence_windowing::SessionEnd;

use super::*;
use crate::{CalibratedState, Closing, Detail, Detector, Judge, Reason, Symbol, Verdict};

type Events = Vec<(u8, Option<u32>)>;

fn ends() -> impl Strategy<Value = SessionEnd> {
    prop_oneof![
        4 => Just(SessionEnd::Explicit),
        1 => Just(SessionEnd::Idle),
        1 => Just(SessionEnd::EndOfInput),
        1 => Just(SessionEnd::Evicted)
    ]
}

/// Keys below a bound, with and without times, and how they end.
fn sessions(keys: u8) -> impl Strategy<Value = (Events, SessionEnd)> {
    let event = (0..keys, prop::option::weighted(0.8, 0..20_000_u32));
    (prop::collection::vec(event, 0..10), ends())
}

/// Normal sessions. Some keys are in one fold only, and some nowhere.
fn corpora() -> impl Strategy<Value = Vec<Session>> {
    let sessions = prop::collection::vec(sessions(4), 12..30);
    sessions.prop_map(|sessions| sessions.iter().map(|(events, end)| session(events, *end)).collect())
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    prop::sample::subsequence(Part::ALL.to_vec(), 1..=4)
}

/// What an open session would come to if its input were cut now.
fn cut(detector: &Calibrated, state: &CalibratedState) -> Verdict {
    let closing = Closing {
        session: "s".into(),
        end: SessionEnd::EndOfInput,
        dropped_events: 0,
    };
    detector.close(state.clone(), &closing)
}

fn p_values(verdict: &Verdict) -> Vec<f64> {
    let parts = verdict.parts.iter().map(|part| part.p_value);
    parts.chain(verdict.p_value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Batch is a stream that ends, and a stream may be written down and read back at any event.
    #[test]
    fn streamed_sessions_get_the_verdicts_of_whole_ones(
        corpus in corpora(), parts in parts(), budget in 0.08..0.6_f64,
        judged in prop::collection::vec(sessions(7), 1..5), restart_at in 0..10_usize,
        room in prop::sample::select(&[0, 600, 1 << 20][..]),
    ) {
        let detector = detector(&corpus, &parts, budget).unwrap();
        let sessions: Vec<Session> = judged.iter().map(|(events, end)| session(events, *end)).collect();
        let whole = detector.judge(&sessions, &mut |_| ());
        let mut judge = Judge::with_room(detector.clone(), room);
        for time in ["first", "second"] {
            prop_assert_eq!(&judge.judge(&sessions, &mut |_| ()), &whole, "{} time", time);
        }
        for (session, verdict) in sessions.iter().zip(whole) {
            let mut state = detector.open();
            let mut found = Vec::new();
            for (i, event) in session.events.iter().enumerate() {
                if i == restart_at {
                    state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
                }
                found.extend(detector.step(&mut state, event));
            }
            let streamed = detector.close(state, &Closing::of(session));
            prop_assert!(streamed.findings.starts_with(&found) && streamed.findings.len() <= found.len() + 1);
            prop_assert_eq!(streamed, verdict);
        }
    }

    /// A judge remembers sequences of keys, and neither their lines, names and ends, nor what depends on times.
    #[test]
    fn sessions_of_one_sequence_get_verdicts_of_their_own(
        corpus in corpora(), parts in parts(), budget in 0.08..0.6_f64, keys in prop::collection::vec(0..7_u8, 1..10),
        twins in prop::collection::vec((5..9_u8, 0..9_u64, ends(), 0..2_u64, prop::option::of(0..20_000_u32)), 1..6),
    ) {
        let detector = detector(&corpus, &parts, budget).unwrap();
        let mut judge = Judge::new(detector.clone());
        for (unseen, first_line, end, dropped_events, after) in twins {
            let events: Events = keys.iter().map(|&key| (if key < 5 { key } else { unseen }, after)).collect();
            let mut session = session(&events, end);
            session.dropped_events = dropped_events;
            session.id = format!("s{first_line}").into();
            session.events.iter_mut().for_each(|event| event.line += 3 * first_line);
            let alone = detector.judge(std::slice::from_ref(&session), &mut |_| ());
            prop_assert_eq!(judge.judge(&[session], &mut |_| ()), alone);
        }
    }

    #[test]
    fn a_session_is_anomalous_if_its_p_value_is_within_the_budget_and_only_then(
        corpus in corpora(), parts in parts(), budget in 0.05..0.7_f64,
        judged in prop::collection::vec(sessions(7), 1..8),
    ) {
        let Ok(detector) = detector(&corpus, &parts, budget) else {
            prop_assert!(corpus.len() < crate::needed(budget));
            return Ok(());
        };
        for (events, end) in judged {
            let session = session(&events, end);
            let verdict = detector.judge(std::slice::from_ref(&session), &mut |_| ()).remove(0);
            let p_value = verdict.p_value.unwrap();
            let all = (corpus.len() + 1) as f64;
            prop_assert!(p_value >= 1.0 / all && p_value <= 1.0, "{p_value}");
            prop_assert_eq!(verdict.is_anomalous(), p_value <= budget);
            prop_assert_eq!(verdict.is_anomalous(), !verdict.findings.is_empty());
            prop_assert_eq!(verdict.is_anomalous(), verdict.score > detector.threshold() + 1e-8);
            prop_assert_eq!(verdict.parts.iter().map(|part| part.part).collect::<Vec<_>>(), detector.parts());
            for part in &verdict.parts {
                prop_assert!(part.p_value > part.limit || verdict.is_anomalous(), "{part:?} flags by itself");
                // Where it is most unusual is told for sessions that are flagged.
                prop_assert!(part.worst.is_none() || verdict.is_anomalous());
                prop_assert!(part.worst.is_some() || !verdict.is_anomalous() || part.p_value == 1.0);
            }
            for finding in verdict.findings.iter().chain(verdict.parts.iter().filter_map(|part| part.worst.as_ref())) {
                let position = finding.position.unwrap();
                let event = session.events.get(position);
                prop_assert_eq!(finding.line, event.map(|event| event.line));
                let seen = event.map_or(Symbol::End, |event| Symbol::Key(detector.vocabulary().name_of(&event.key).clone()));
                prop_assert_eq!(finding.seen.as_ref(), Some(&seen));
                let unseen = events.get(position).is_some_and(|&(key, _)| u32::from(key) >= KEYS);
                prop_assert_eq!(finding.reason == Reason::UnseenKey, unseen);
            }
            let positions: Vec<_> = verdict.findings.iter().map(|finding| finding.position).collect();
            prop_assert!(positions.windows(2).all(|two| two[0] < two[1]), "{positions:?}");
        }
    }

    /// Nothing that comes later makes a session more normal.
    #[test]
    fn p_values_never_rise_as_events_come(
        corpus in corpora(), (events, end) in sessions(7), budget in 0.1..0.6_f64,
    ) {
        let detector = detector(&corpus, &Part::ALL, budget).unwrap();
        let session = session(&events, end);
        let mut state = detector.open();
        let mut before = p_values(&cut(&detector, &state));
        prop_assert_eq!(&before, &vec![1.0; 5]);
        let closed = detector.judge(std::slice::from_ref(&session), &mut |_| ());
        for event in &session.events {
            detector.step(&mut state, event);
            let now = p_values(&cut(&detector, &state));
            prop_assert!(now.iter().zip(&before).all(|(now, before)| now <= before), "{now:?} after {before:?}");
            before = now;
        }
        prop_assert!(p_values(&closed[0]).iter().zip(&before).all(|(now, before)| now <= before));
    }

    /// Without times there are no delays to be unusual, whether training had times or not.
    #[test]
    fn delays_are_silent_without_times(
        corpus in corpora(), (events, end) in sessions(7),
    ) {
        let delays = |corpus: &[Session], session: Session| {
            let detector = detector(corpus, &Part::ALL, 0.3).unwrap();
            let verdict = detector.judge(&[session], &mut |_| ()).remove(0);
            verdict.parts[3].clone()
        };
        let without: Events = events.iter().map(|&(key, _)| (key, None)).collect();
        let mut timeless = corpus.clone();
        timeless.iter_mut().flat_map(|session| &mut session.events).for_each(|event| event.time = None);
        for silent in [delays(&corpus, session(&without, end)), delays(&timeless, session(&events, end))] {
            prop_assert_eq!((silent.part, silent.p_value, silent.worst), (Part::Delays, 1.0, None));
        }
    }

    #[test]
    fn a_detector_that_was_written_and_read_says_the_same(
        corpus in corpora(), parts in parts(), (events, end) in sessions(7),
    ) {
        let models: Vec<LstmModel> = (0..FOLDS as u64).map(model).collect();
        let fitted = fitted(&corpus, &models, &parts);
        let again: Fitted = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
        prop_assert_eq!(&again, &fitted);
        let say = |fitted: Fitted| {
            let detector = Calibrated::new(models.clone(), vocabulary(), windowing(), fitted, 0.2).unwrap();
            detector.judge(&[session(&events, end)], &mut |_| ())
        };
        prop_assert_eq!(say(again), say(fitted));
    }
}

/// Thirty sessions of a fixed path: `0 1 2 3`, a second after each other, with one `2` more here and there.
fn path() -> Vec<Session> {
    let second = |keys: &[u8]| {
        let events: Events = keys.iter().map(|&key| (key, Some(1_000))).collect();
        session(&events, SessionEnd::Explicit)
    };
    (0..30)
        .map(|i| {
            if i % 5 == 0 {
                second(&[0, 1, 2, 2, 3])
            } else {
                second(&[0, 1, 2, 3])
            }
        })
        .collect()
}

/// What each part alone says of a session: its reason, position and detail.
fn said(part: Part, events: &[(u8, Option<u32>)]) -> Option<(Reason, Option<usize>, Option<Detail>)> {
    let detector = detector(&path(), &[part], 0.1).unwrap();
    let verdict = detector
        .judge(&[session(events, SessionEnd::Explicit)], &mut |_| ())
        .remove(0);
    let worst = verdict.parts[0].worst.clone()?;
    assert!(
        verdict.findings.contains(&worst),
        "{worst:?} is not in {:?}",
        verdict.findings
    );
    Some((worst.reason, worst.position, worst.detail))
}

#[test]
fn each_part_names_its_reason_and_its_place() {
    let name = |key: &str| KeyName::from(key);
    let after = |keys: &[u8]| -> Events { keys.iter().map(|&key| (key, Some(1_000))).collect() };
    assert_eq!(said(Part::Order, &after(&[0, 1, 2, 3])), None);
    assert_eq!(said(Part::Counts, &after(&[0, 1, 2, 2, 3])), None);
    let (reason, position, detail) = said(Part::Order, &after(&[0, 2, 1, 3])).unwrap();
    assert_eq!((reason, position), (Reason::UnusualOrder, Some(1)));
    assert_eq!(
        detail,
        Some(Detail::Order {
            other: name("1"),
            before: 0,
            usual: 1
        })
    );
    let (reason, position, detail) = said(Part::Counts, &after(&[0, 1, 2, 2, 2, 3])).unwrap();
    assert_eq!((reason, position), (Reason::UnusualCounts, Some(6)));
    let count = crate::KeyCount {
        key: name("2"),
        seen: 3,
        usual: 1,
    };
    assert_eq!(detail, Some(Detail::Counts(vec![count])));
    let (reason, position, _) = said(Part::Counts, &after(&[0, 1, 3])).unwrap();
    assert_eq!((reason, position), (Reason::UnseenKeySet, Some(3)));
    let late = [(0, Some(0)), (1, Some(1_000)), (2, Some(1_000)), (3, Some(3_600_000))];
    let (reason, position, detail) = said(Part::Delays, &late).unwrap();
    assert_eq!((reason, position), (Reason::UnusualDelay, Some(3)));
    let Some(Detail::Delay { seconds, usual }) = detail else {
        panic!("{detail:?}")
    };
    assert!(
        (seconds - 3_600.0).abs() < 1e-6 && (usual - 1.0).abs() < 1e-6,
        "{seconds} {usual}"
    );
    for part in [Part::NextKey, Part::Order] {
        let (reason, position, detail) = said(part, &after(&[0, 1, 9, 2, 3])).unwrap();
        assert_eq!(
            (reason, position, detail),
            (Reason::UnseenKey, Some(2), None),
            "{part:?}"
        );
    }
}

#[test]
fn a_key_of_one_fold_is_unseen_to_its_own_fit_only() {
    let mut sessions = path();
    sessions.push(timeless(&[0, 1, 2, 4, 3]));
    let detector = detector(&sessions, &[Part::NextKey], 0.1).unwrap();
    // Two of three fits know the key, and the third has one session that is as surprising to it.
    let known = detector.judge(&[timeless(&[0, 1, 2, 4, 3])], &mut |_| ()).remove(0);
    let unseen = detector.judge(&[timeless(&[0, 1, 2, 9, 3])], &mut |_| ()).remove(0);
    assert!(
        unseen.p_value < known.p_value || known.p_value == Some(2.0 / 32.0),
        "{known:?}"
    );
    assert_eq!(
        unseen.p_value,
        Some(2.0 / 32.0),
        "the session with the key of its own is as unusual"
    );
}

#[test]
fn other_budgets_and_parts_change_verdicts_and_no_p_value_of_a_part() {
    let wide = detector(&path(), &Part::ALL, 0.5).unwrap();
    let session = timeless(&[0, 2, 2, 1, 3, 3]);
    let judge = |detector: &Calibrated| detector.judge(std::slice::from_ref(&session), &mut |_| ()).remove(0);
    let narrow = wide.with_budget(0.04).unwrap();
    assert_eq!((narrow.budget(), narrow.calibrated_on()), (0.04, 30));
    assert_eq!(p_values(&judge(&wide)), p_values(&judge(&narrow)));
    assert_eq!(
        wide.with_budget(0.03).err(),
        Some(TooFew {
            sessions: 30,
            needed: 33
        })
    );
    let two = wide.with_parts(&[Part::Order, Part::Counts]).unwrap();
    assert_eq!(two.parts(), [Part::Order, Part::Counts]);
    assert_eq!(p_values(&judge(&two))[..2], p_values(&judge(&wide))[1..3]);
}
