//! Sessions to windows.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::{Alphabet, DistinctWindows, Event, Framing, Key, KeyName, Session, SessionEnd, Vocabulary, Windowing};

fn session(keys: &[u32], end: SessionEnd) -> Session<KeyName> {
    let event = |(line, key): (u64, &u32)| Event {
        key: key.to_string().into(),
        line,
        time: None,
    };
    Session {
        id: "s".into(),
        events: (1..).zip(keys).map(event).collect(),
        end,
        dropped_events: 0,
    }
}

fn windowing(vocabulary: &Vocabulary, history: usize, framing: Framing) -> Windowing {
    Windowing {
        alphabet: Alphabet {
            keys: vocabulary.len() as u32,
        },
        history,
        framing,
    }
}

#[test]
fn begin_and_end_frame_a_session() {
    let vocabulary = Vocabulary::from_sessions(&[session(&[30, 4, 100], SessionEnd::Explicit)]);
    let windowing = windowing(&vocabulary, 2, Framing::BeginEnd);
    let encoded = vocabulary.encode(&session(&[4, 7, 100], SessionEnd::Idle));
    assert_eq!(vocabulary.name_of(&encoded.events[1].key).as_str(), "7");
    assert_eq!(windowing.codes(&encoded), [3, 3, 0, 4, 2, 3]);
}

#[test]
fn a_session_that_lost_events_has_no_end() {
    let vocabulary = Vocabulary::from_sessions(&[session(&[1], SessionEnd::Explicit)]);
    let mut encoded = vocabulary.encode(&session(&[1], SessionEnd::Explicit));
    let windowing = windowing(&vocabulary, 2, Framing::BeginEnd);
    assert_eq!(windowing.codes(&encoded), [1, 1, 0, 1]);
    encoded.dropped_events = 1;
    assert_eq!(windowing.codes(&encoded), [1, 1, 0]);
}

#[test]
fn names_are_numbered_by_value_then_by_text() {
    let names = ["b", "10", "9", "-1", "a"].map(KeyName::from);
    let events = names
        .iter()
        .map(|name| Event {
            key: name.clone(),
            line: 1,
            time: None,
        })
        .collect();
    let session = Session {
        id: "s".into(),
        events,
        end: SessionEnd::Explicit,
        dropped_events: 0,
    };
    let vocabulary = Vocabulary::from_sessions(&[session]);
    assert_eq!(vocabulary.names(), ["-1", "9", "10", "a", "b"].map(KeyName::from));
    let written = serde_json::to_string(&vocabulary).unwrap();
    assert_eq!(serde_json::from_str::<Vocabulary>(&written).unwrap(), vocabulary);
}

fn ends() -> impl Strategy<Value = SessionEnd> {
    use SessionEnd::{EndOfInput, Evicted, Explicit, Idle};
    prop_oneof![Just(Explicit), Just(Idle), Just(EndOfInput), Just(Evicted)]
}

proptest! {
    #[test]
    fn n_events_give_so_many_windows(keys in vec(0..5u32, 0..30), end in ends(), history in 0..12usize) {
        let vocabulary = Vocabulary::from(vec![KeyName::from("0"), KeyName::from("1")]);
        let session = vocabulary.encode(&session(&keys, end));
        let n = keys.len();
        for (framing, windows) in [
            (Framing::BeginEnd, n + usize::from(end.is_natural())),
            (Framing::Classic, n.saturating_sub(history)),
        ] {
            let windowing = windowing(&vocabulary, history, framing);
            let codes = windowing.codes(&session);
            prop_assert_eq!(codes.windows(history + 1).count(), windows);
            for (at, window) in (windowing.first_position()..).zip(codes.windows(history + 1)) {
                let code = |at: usize| session.events.get(at).map(|event| windowing.alphabet.code(&event.key));
                prop_assert_eq!(window[history], code(at).unwrap_or(windowing.alphabet.end()));
                for (back, input) in (1..).zip(window[..history].iter().rev()) {
                    let expected = at.checked_sub(back).and_then(code).unwrap_or(windowing.alphabet.begin());
                    prop_assert_eq!(*input, expected);
                }
            }
        }
    }

    #[test]
    fn distinct_windows_add_up(sessions in vec((vec(0..3u32, 0..12), ends()), 0..10), history in 0..4usize) {
        let vocabulary = Vocabulary::from(vec![KeyName::from("0"), KeyName::from("1")]);
        let sessions: Vec<Session<Key>> =
            sessions.iter().map(|(keys, end)| vocabulary.encode(&session(keys, *end))).collect();
        for framing in [Framing::BeginEnd, Framing::Classic] {
            let windowing = windowing(&vocabulary, history, framing);
            let windows = DistinctWindows::of(&windowing, &sessions);
            let mut expected: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
            for session in &sessions {
                for window in windowing.codes(session).windows(history + 1) {
                    *expected.entry(window.to_vec()).or_default() += 1;
                }
            }
            expected.retain(|window, _| window[history] != windowing.alphabet.unseen());
            prop_assert_eq!(windows.total(), expected.values().map(|&count| u64::from(count)).sum::<u64>());
            prop_assert_eq!(windows.histories.len(), windows.len() * history);
            prop_assert_eq!(windows.len(), expected.len());
            for (i, (target, weight)) in windows.targets.iter().zip(&windows.weights).enumerate() {
                let window = [&windows.histories[i * history..(i + 1) * history], &[*target]].concat();
                prop_assert_eq!(expected.get(&window), Some(weight));
            }
        }
    }
}
