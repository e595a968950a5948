//! Sessions beside the nearest normal one.

use std::sync::Arc;

use proptest::prelude::*;
use sequence_windowing::KeyName;

use crate::*;

fn keys(text: &str) -> Vec<KeyName> {
    text.chars().map(|key| key.to_string().into()).collect()
}

/// Normal sessions 1, 2, 3, … of keys of one letter.
fn normal(sessions: &[String]) -> NormalSequences {
    let sessions: Vec<(Arc<str>, Vec<KeyName>)> = sessions
        .iter()
        .enumerate()
        .map(|(place, session)| ((place + 1).to_string().into(), keys(session)))
        .collect();
    NormalSequences::of(sessions.iter().map(|(id, keys)| (id, keys)))
}

/// Pairs in short: `a`, `+a`, `-a`, `a/b` (seen and usual).
fn short(alignment: &Alignment) -> String {
    let pair = |pair: &Pair| match pair {
        Pair::Same(key) => key.to_string(),
        Pair::Added(key) => format!("+{key}"),
        Pair::Missing(key) => format!("-{key}"),
        Pair::Replaced { seen, usual } => format!("{seen}/{usual}"),
    };
    alignment.pairs.iter().map(pair).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_session_lies_beside_its_nearest_normal_one() {
    // Normal sessions, a session, the nearest one and how many are like it, the alignment.
    let table: [(&[&str], &str, &str, u64, &str); 9] = [
        (&["abc"], "abc", "1", 1, "a b c"),
        (&["abc", "ac"], "ac", "2", 1, "a c"),
        (&["abcd"], "abd", "1", 1, "a b -c d"),
        (&["abcd"], "abxcd", "1", 1, "a b +x c d"),
        (&["abcd"], "abXd", "1", 1, "a b X/c d"),
        (&["abab"], "aabb", "1", 1, "a -b a +b b"),
        (&["xab", "aby", "aby", "zzz"], "ab", "2", 2, "a b -y"),
        (&["xab", "aby"], "ab", "1", 1, "-x a b"),
        (&["ab", ""], "", "2", 1, ""),
    ];
    for (sessions, session, nearest, like_it, pairs) in table {
        let sessions: Vec<String> = sessions.iter().map(|&session| session.to_owned()).collect();
        let found = normal(&sessions).nearest(&keys(session)).unwrap();
        assert_eq!(
            (&*found.nearest, found.sessions, short(&found)),
            (nearest, like_it, pairs.to_owned()),
            "{session} beside {sessions:?}"
        );
        assert!(found.exhaustive);
    }
    assert_eq!(NormalSequences::default().nearest(&keys("ab")), None);
}

#[test]
fn endless_sessions_are_not_compared_for_ever() {
    let long = normal(&["ab".repeat(50_000)]);
    assert_eq!(long.nearest(&keys(&"ba".repeat(50_001))), None);
    // What differs little is compared however long it is.
    let found = long.nearest(&keys(&format!("{}c", "ab".repeat(50_000)))).unwrap();
    assert_eq!((found.edits, found.pairs.len(), found.exhaustive), (1, 100_001, true));
    let mixed = normal(&["ab".repeat(50_000), "ab".repeat(10)]);
    let found = mixed.nearest(&keys(&"ba".repeat(50_000))).map(|found| found.exhaustive);
    assert_eq!(found, Some(false));
}

proptest! {
    #[test]
    fn the_nearest_is_the_nearest_and_the_pairs_are_both_sessions(
        sessions in prop::collection::vec("[a-d]{0,8}", 1..12),
        session in "[a-e]{0,8}",
    ) {
        let found = normal(&sessions).nearest(&keys(&session)).unwrap();
        let edits = |other: &String| strsim::levenshtein(&session, other);
        let key = |other: &&String| (edits(other), std::cmp::Reverse(sessions.iter().filter(|one| one == other).count()));
        let expected = sessions.iter().min_by_key(key).unwrap();
        let (mut seen, mut usual, mut differing) = (String::new(), String::new(), 0);
        for pair in &found.pairs {
            let (one, other) = match pair {
                Pair::Same(key) => (Some(key), Some(key)),
                Pair::Added(key) => (Some(key), None),
                Pair::Missing(key) => (None, Some(key)),
                Pair::Replaced { seen, usual } => (Some(seen), Some(usual)),
            };
            seen.extend(one.map(KeyName::as_str));
            usual.extend(other.map(KeyName::as_str));
            differing += usize::from(one != other);
        }
        prop_assert_eq!(&seen, &session);
        prop_assert_eq!(&usual, expected);
        prop_assert_eq!((found.edits, differing), (edits(expected), edits(expected)));
        prop_assert_eq!(&*sessions[found.nearest.parse::<usize>().unwrap() - 1], &**expected);
    }
}
