use std::sync::Arc;

use deeplog_lstm::{Device, DeviceKind, Input, LstmModel, ModelConfig};
use proptest::prelude::*;
use sequence_windowing::{Alphabet, DistinctWindows, Event, KeyName, Session, SessionEnd, Vocabulary, Windowing};

use crate::{
    Closing, DeepLog, Detector, HeldOutRanks, Judge, LARGEST_SURPRISE, Reason, Rule, ShortSessions, Symbol, Verdict,
};

const HISTORY: usize = 4;

/// Random weights: their opinions are strong enough that every rule flags something.
fn detector(rule: Rule, short_sessions: ShortSessions) -> DeepLog {
    let config = ModelConfig {
        alphabet: Alphabet { keys: 5 },
        history: HISTORY,
        hidden: 8,
        layers: 2,
        input: Input::OneHot,
        dropout: 0.0,
    };
    let device = Device::open(DeviceKind::Cpu).unwrap();
    let model = LstmModel::new(config, &device, 3).unwrap();
    let held_out = held_out_windows(Windowing {
        alphabet: model.config().alphabet,
        history: HISTORY,
        framing: short_sessions.framing(),
    });
    let held_out = HeldOutRanks::of(&model, &held_out);
    DeepLog::new(model, vocabulary(), rule, short_sessions).with_held_out(held_out)
}

/// Some sessions that the ranks of [`detector`] were learnt from. Key 4 comes too seldom to have a g of its own.
fn held_out_windows(windowing: Windowing) -> DistinctWindows {
    let sessions: Vec<Session> = (0..40u8)
        .map(|i| {
            let keys: Vec<u8> = (0..9).map(|at| (at * (1 + i % 3) + i) % 4).chain([4; 1]).collect();
            session(&keys, SessionEnd::Explicit)
        })
        .collect();
    DistinctWindows::of(&windowing, &sessions)
}

fn vocabulary() -> Arc<Vocabulary> {
    Arc::new(Vocabulary::from(
        (0..5).map(|key| KeyName::from(key.to_string())).collect::<Vec<_>>(),
    ))
}

fn session(keys: &[u8], end: SessionEnd) -> Session {
    let vocabulary = vocabulary();
    let event = |(i, key): (usize, &u8)| Event {
        key: vocabulary.key(&KeyName::from(key.to_string())),
        line: 100 + i as u64,
        time: None,
    };
    Session {
        id: "s".into(),
        events: keys.iter().enumerate().map(event).collect(),
        end,
        dropped_events: 0,
    }
}

fn judge(detector: &DeepLog, keys: &[u8], end: SessionEnd) -> Verdict {
    detector.judge(&[session(keys, end)], &mut |_| ()).remove(0)
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1..7_u32).prop_map(Rule::TopG),
        (0.05..0.3).prop_map(Rule::Probability),
        (0.3..0.95).prop_map(Rule::Mass),
        (0.005..0.5).prop_map(Rule::ContextShare)
    ]
}

fn ends() -> impl Strategy<Value = SessionEnd> {
    prop_oneof![
        Just(SessionEnd::Explicit),
        Just(SessionEnd::Idle),
        Just(SessionEnd::EndOfInput),
        Just(SessionEnd::Evicted)
    ]
}

fn short() -> impl Strategy<Value = ShortSessions> {
    prop_oneof![
        Just(ShortSessions::Model),
        Just(ShortSessions::Flag),
        Just(ShortSessions::Pass)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Batch is a stream that ends, and a stream may be written down and read back at any event.
    #[test]
    fn streamed_sessions_get_the_verdicts_of_whole_ones(
        sessions in prop::collection::vec((prop::collection::vec(0..7_u8, 0..14), ends()), 1..6),
        rule in rules(),
        short in short(),
        restart_at in 0..14_usize,
    ) {
        let detector = detector(rule, short);
        let sessions: Vec<Session> = sessions.iter().map(|(keys, end)| session(keys, *end)).collect();
        let whole = detector.judge(&sessions, &mut |_| ());
        for (session, verdict) in sessions.iter().zip(whole) {
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
            prop_assert!(streamed.findings.starts_with(&found));
            prop_assert_eq!(streamed, verdict);
        }
    }

    /// What a judge remembers of a sequence is not the lines, names and end of the session that it was first seen in.
    #[test]
    fn sessions_of_one_sequence_get_verdicts_of_their_own(
        keys in prop::collection::vec(0..7_u8, 0..14),
        twins in prop::collection::vec((prop::collection::vec(5..9_u8, 14), 0..9_u64, ends(), 0..2_u64), 1..9),
        rule in rules(),
        short in short(),
        room in prop::sample::select(&[0, 600, 1 << 20][..]),
    ) {
        let detector = detector(rule, short);
        let mut judge = Judge::with_room(detector.clone(), room);
        for (unseen, first_line, end, dropped_events) in twins {
            let keys: Vec<u8> = keys.iter().zip(unseen).map(|(&key, unseen)| if key < 5 { key } else { unseen }).collect();
            let mut session = session(&keys, end);
            session.dropped_events = dropped_events;
            session.id = format!("s{first_line}").into();
            session.events.iter_mut().for_each(|event| event.line += 3 * first_line);
            let mut state = detector.open();
            for event in &session.events {
                detector.step(&mut state, event);
            }
            let streamed = detector.close(state, &Closing::of(&session));
            prop_assert_eq!(judge.judge(&[session.clone(), session], &mut |_| ()), [streamed.clone(), streamed]);
        }
    }

    /// "Outside the top g" and "the worst rank is above g" are the same thing, which the g sweep relies on.
    #[test]
    fn the_worst_rank_decides_for_every_g(keys in prop::collection::vec(0..6_u8, 0..14), g in 1..7_u32) {
        let verdict = judge(&detector(Rule::TopG(g), ShortSessions::Model), &keys, SessionEnd::Explicit);
        prop_assert_eq!(verdict.is_anomalous(), verdict.worst_rank.unwrap() > g);
    }

    /// What curves over the score rest on: a session is flagged exactly if its score reaches the rule's threshold.
    #[test]
    fn the_score_decides(keys in prop::collection::vec(0..6_u8, 0..14), rule in rules()) {
        let detector = detector(rule, ShortSessions::Model);
        let verdict = judge(&detector, &keys, SessionEnd::Explicit);
        if let Some(threshold) = rule.threshold() {
            prop_assert_eq!(verdict.is_anomalous(), verdict.score >= threshold, "{} {}", verdict.score, threshold);
        }
    }

    /// A key passes exactly if it is in the smallest set of most probable symbols that holds the mass, made here one by one.
    #[test]
    fn keys_pass_within_the_smallest_set_that_holds_the_mass(
        history in prop::collection::vec(0..5_u32, HISTORY), mass in 0.05..0.999,
    ) {
        let detector = detector(Rule::Mass(mass), ShortSessions::Model);
        let mut held = 0.0;
        for (code, probability) in detector.model().candidates(&history, 6).remove(0) {
            let inside = held < mass;
            let near = (held - mass).abs() < 1e-5;
            let score = detector.model().score(&history, &[code])[0];
            prop_assert!(near || detector.departs(&history, &score) != inside, "{code}: {held} of {mass}");
            held += f64::from(probability);
        }
    }

    /// The g of a context leaves out no more of its held-out targets than the share, and a smaller one would.
    #[test]
    fn the_g_of_a_context_is_the_smallest_that_keeps_to_the_share(share in 0.002..0.5, context in 0..7_u32) {
        let detector = detector(Rule::ContextShare(share), ShortSessions::Model);
        let windows = held_out_windows(detector.windowing());
        let scores = detector.model().score(&windows.histories, &windows.targets);
        let lasts = windows.histories.chunks(HISTORY).map(|history| history[HISTORY - 1]);
        let ranks: Vec<(u32, u32, u32)> = lasts
            .zip(scores)
            .zip(&windows.weights)
            .map(|((last, score), &weight)| (last, score.rank, weight))
            .collect();
        let count = |of: &dyn Fn(u32, u32) -> bool| -> u32 {
            ranks.iter().filter(|(last, rank, _)| of(*last, *rank)).map(|(.., weight)| weight).sum()
        };
        let seldom = 1.0 / f64::from(1 + count(&|last, _| last == context)) > share;
        let all = f64::from(1 + count(&|last, _| seldom || last == context));
        let left_out = |g: u32| f64::from(1 + count(&|last, rank| (seldom || last == context) && rank > g)) / all;
        let held_out = HeldOutRanks::of(detector.model(), &windows);
        let g = held_out.top_g(context, share);
        prop_assert!(left_out(g) <= share && (g == 0 || left_out(g - 1) > share), "{g}");
        for rank in 1..8 {
            prop_assert_eq!(held_out.share(context, rank, share) <= share, rank > g);
        }
    }

    #[test]
    fn an_unseen_key_is_always_a_finding_and_the_largest_surprise(
        mut keys in prop::collection::vec(0..5_u8, 0..12), at in 0..12_usize,
        rule in prop::sample::select(vec![Rule::TopG(6), Rule::Probability(1e-9), Rule::Mass(1.0 - 1e-9), Rule::ContextShare(1e-9)]),
    ) {
        let at = at.min(keys.len());
        keys.insert(at, 9);
        let verdict = judge(&detector(rule, ShortSessions::Model), &keys, SessionEnd::EndOfInput);
        prop_assert_eq!(verdict.findings.len(), 1);
        let finding = &verdict.findings[0];
        prop_assert_eq!((finding.reason, finding.position), (Reason::UnseenKey, Some(at)));
        prop_assert_eq!(finding.line, Some(100 + at as u64));
        prop_assert_eq!(&finding.seen, &Some(Symbol::Key(KeyName::from("9"))));
        prop_assert_eq!(verdict.score, LARGEST_SURPRISE);
        prop_assert_eq!(verdict.worst_rank, Some(u32::MAX));
    }
}

#[test]
fn findings_show_what_was_expected_best_first() {
    let verdict = judge(
        &detector(Rule::TopG(1), ShortSessions::Model),
        &[0, 1, 2, 3, 4, 0, 1],
        SessionEnd::Explicit,
    );
    assert!(!verdict.findings.is_empty());
    for finding in &verdict.findings {
        assert_eq!(finding.expected.len(), 1);
        assert_ne!(Some(&finding.expected[0].symbol), finding.seen.as_ref());
        assert!(finding.expected[0].probability > finding.probability.unwrap());
        assert!(finding.rank.unwrap() > 1);
    }
}

#[test]
fn the_score_is_the_largest_surprise() {
    let everything = detector(Rule::Probability(0.999), ShortSessions::Model);
    let verdict = judge(&everything, &[0, 1, 2], SessionEnd::Explicit);
    let surprises = verdict
        .findings
        .iter()
        .map(|finding| -finding.probability.unwrap().ln());
    let largest = surprises.fold(0.0, f64::max);
    assert_eq!(verdict.findings.len(), 4, "three keys and the end");
    assert!((verdict.score - largest).abs() < 1e-9, "{} {largest}", verdict.score);
}

#[test]
fn a_cut_session_says_nothing_about_its_end() {
    let everything = detector(Rule::Probability(0.999), ShortSessions::Model);
    for (end, findings) in [
        (SessionEnd::Explicit, 3),
        (SessionEnd::Idle, 3),
        (SessionEnd::EndOfInput, 2),
        (SessionEnd::Evicted, 2),
    ] {
        assert_eq!(judge(&everything, &[0, 1], end).findings.len(), findings, "{end:?}");
    }
    let last = judge(&everything, &[0, 1], SessionEnd::Explicit)
        .findings
        .pop()
        .unwrap();
    assert_eq!(
        (last.reason, last.position, last.line, last.seen),
        (Reason::UnexpectedEnd, Some(2), None, Some(Symbol::End))
    );
}

#[test]
fn classic_windows_do_not_see_short_sessions() {
    for (short, flagged) in [(ShortSessions::Flag, true), (ShortSessions::Pass, false)] {
        let detector = detector(Rule::TopG(1), short);
        for length in 0..=HISTORY {
            let verdict = judge(&detector, &vec![9; length], SessionEnd::Explicit);
            assert_eq!(verdict.is_anomalous(), flagged, "{short:?} {length}");
        }
        let longer = judge(&detector, &[9; HISTORY + 1], SessionEnd::Explicit);
        assert_eq!(longer.decisive().unwrap().reason, Reason::UnseenKey);
        assert_eq!(longer.decisive().unwrap().position, Some(HISTORY));
    }
}

#[test]
fn events_over_the_cap_leave_the_end_unjudged() {
    let everything = detector(Rule::Probability(0.999), ShortSessions::Model);
    let session = Session {
        dropped_events: 1,
        ..session(&[0, 1], SessionEnd::Explicit)
    };
    let verdict = everything.judge(&[session], &mut |_| ()).remove(0);
    assert_eq!((verdict.findings.len(), verdict.dropped_events), (2, 1));
}
