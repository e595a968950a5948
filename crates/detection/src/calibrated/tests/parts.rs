//! What each part says, counted by hand.

use sequence_windowing::{Alphabet, Timestamp};

use super::super::fold::Fold;
use super::*;
use crate::{Delays, KnownCounts, Learnt, OrderRelations};

/// Key 1 came three times first: after one 0, after one 0, and after two.
fn relations() -> OrderRelations {
    let mut relations = OrderRelations::default();
    relations.learn(&[], 0, 0);
    for before in [1, 1, 2] {
        relations.learn(&[(0, before)], 1, 0);
    }
    relations
}

#[test]
fn order_is_as_probable_as_it_was_frequent() {
    // Of three times; at any time (seen + 1/2) / (3 + 9/2), which counts as two more here.
    for (before, probability) in [
        (1, (2.0 + 2.0 * 2.5 / 7.5) / 5.0),
        (2, (1.0 + 2.0 * 1.5 / 7.5) / 5.0),
        (0, (0.0 + 2.0 * 0.5 / 7.5) / 5.0),
        (3, (0.0 + 2.0 * 0.5 / 7.5) / 5.0),
    ] {
        let counts: &[(u32, u32)] = if before == 0 { &[] } else { &[(0, before)] };
        let relation = relations().least_usual(counts, 1, 0).unwrap();
        let surprise = -f64::ln(probability);
        assert!(
            (relation.surprise - surprise).abs() < 1e-12,
            "{before}: {relation:?}, {surprise}"
        );
        assert_eq!((relation.other, relation.before, relation.usual), (0, before, 1));
    }
}

#[test]
fn a_time_that_never_came_has_what_holds_at_any_time() {
    let relation = relations().least_usual(&[(0, 1)], 1, 1).unwrap();
    assert!((relation.surprise + f64::ln(2.5 / 7.5)).abs() < 1e-12, "{relation:?}");
    assert_eq!(relation.usual, 1);
}

#[test]
fn order_says_nothing_of_keys_it_never_saw() {
    let relations = relations();
    assert!(relations.knows(0) && relations.knows(1) && !relations.knows(2));
    assert_eq!(relations.least_usual(&[(0, 1)], 2, 0), None);
    // Nor does it look at one that came before, nor at the key's own count.
    let known = relations.least_usual(&[(0, 1)], 1, 0);
    assert_eq!(relations.least_usual(&[(0, 1), (1, 5), (2, 5)], 1, 0), known);
    assert_eq!(relations.least_usual(&[], 0, 0), None, "0 was seen beside nothing");
}

#[test]
fn order_tells_counts_and_times_apart_up_to_eight() {
    let mut relations = relations();
    relations.learn(&[(0, 9)], 1, 9);
    let say = |before, came| relations.least_usual(&[(0, before)], 1, came).unwrap();
    for came in [8, 9, 30] {
        for before in [8, 10, 1_000] {
            assert_eq!(say(before, came).surprise, say(9, 9).surprise, "{before} at {came}");
        }
        assert_eq!(say(8, came).usual, 8);
        assert!(say(7, came).surprise > say(9, 9).surprise);
    }
    assert!(say(9, 7).surprise > say(9, 9).surprise);
}

#[test]
fn of_equally_unusual_relations_the_first_key_is_told() {
    let mut relations = OrderRelations::default();
    (0..3).for_each(|key| relations.learn(&[], key, 0));
    relations.learn(&[(0, 1), (1, 1), (2, 1)], 3, 0);
    for (counts, other) in [
        (&[][..], 0),
        (&[(0, 1)], 1),
        (&[(0, 1), (1, 1)], 2),
        (&[(1, 1)], 0),
        (&[(0, 2), (1, 2)], 0),
    ] {
        assert_eq!(relations.least_usual(counts, 3, 0).unwrap().other, other, "{counts:?}");
    }
}

#[test]
fn the_end_is_a_key_and_a_cut_session_has_none() {
    let end = Alphabet { keys: KEYS }.end();
    let learn = |end: SessionEnd| {
        let session = session(&[(0, None), (1, None)], end);
        serde_json::to_value(Learnt::fit(&[&session], &windowing())).unwrap()
    };
    let knows = |learnt: serde_json::Value| {
        let relations: OrderRelations = serde_json::from_value(learnt["order"].clone()).unwrap();
        (relations.knows(0), relations.knows(end))
    };
    assert_eq!(knows(learn(SessionEnd::Explicit)), (true, true));
    assert_eq!(knows(learn(SessionEnd::EndOfInput)), (true, false));
    assert_eq!(
        learn(SessionEnd::EndOfInput)["counts"],
        serde_json::json!([]),
        "half a session has no counts"
    );
    assert_eq!(learn(SessionEnd::Idle)["counts"], serde_json::json!([[[0, 1], [1, 1]]]));
}

#[test]
fn a_key_that_only_a_fold_has_is_unseen_to_its_fit_in_histories_too() {
    let learnt = Learnt::fit(&[&timeless(&[0, 1])], &windowing());
    let fold = Fold::new(model(1), learnt);
    let Alphabet { keys: begin } = windowing().alphabet;
    let unseen = windowing().alphabet.unseen();
    assert_eq!(
        *fold.history(&[begin, 1, 2, unseen, 0], &windowing()),
        [begin, 1, unseen, unseen, 0]
    );
}

#[test]
fn counts_differ_from_the_nearest_ones_and_sets_weigh_three_times() {
    let known = KnownCounts::fit([vec![(0, 1), (1, 2)], vec![(0, 1), (1, 2)], vec![(0, 1), (2, 1)]]);
    for (counts, unseen, score, is_unseen_set, keys) in [
        (&[(0, 1), (1, 2)][..], 0, 0.0, false, &[][..]),
        (&[(0, 1), (2, 1)], 0, 0.0, false, &[]),
        (&[(0, 1), (1, 5)], 0, 1.0, false, &[(1, 5, 2)]),
        (&[(0, 3), (1, 5)], 0, 2.0, false, &[(0, 3, 1), (1, 5, 2)]),
        // One key of the set is missing.
        (&[(0, 1)], 0, 4.0, true, &[(1, 0, 2)]),
        // One is too many, by either set.
        (&[(0, 1), (1, 2), (2, 1)], 0, 4.0, true, &[(2, 1, 0)]),
        // Missing both: the set of either is two keys away.
        (&[], 0, 8.0, true, &[(0, 0, 1), (1, 0, 2)]),
        // Known counts beside keys that nobody knows, however many.
        (&[(0, 1), (1, 2)], 1, 4.0, true, &[]),
        (&[(0, 1), (1, 2)], 7, 4.0, true, &[]),
    ] {
        let found = known.difference(counts, unseen);
        assert_eq!(
            (found.score, found.is_unseen_set, &*found.keys),
            (score, is_unseen_set, keys),
            "{counts:?} {unseen}"
        );
    }
    assert_eq!(
        KnownCounts::default().difference(&[(0, 1)], 1),
        crate::Difference::default()
    );
}

#[test]
fn of_equally_near_counts_the_most_frequent_are_told_after_reading_too() {
    let known = KnownCounts::fit([vec![(0, 1)], vec![(0, 3)], vec![(0, 3)]]);
    let again: KnownCounts = serde_json::from_str(&serde_json::to_string(&known).unwrap()).unwrap();
    assert_eq!(again, known);
    assert_eq!(again.difference(&[(0, 2)], 0).keys, [(0, 2, 3)]);
}

#[test]
fn delays_are_off_by_deviations_of_their_logarithm() {
    let at = |seconds: f64| Timestamp((seconds * 1e6) as i64);
    let e = std::f64::consts::E;
    // Logarithms of 1 + seconds: 1 and 3 for one pair, 2 for the other. Squares of 2 in all, by three delays.
    let seconds = |logarithm: i32| e.powi(logarithm) - 1.0;
    let delays = Delays::fit([
        ((0, 1), at(5.0), at(5.0 + seconds(1))),
        ((0, 1), at(0.0), at(seconds(3))),
        ((1, 1), at(0.0), at(seconds(2))),
    ]);
    let all = 2.0 / 3.0;
    for (pair, after, off) in [
        ((0, 1), seconds(2), 0.0),
        ((0, 1), seconds(4), 2.0 / f64::sqrt((2.0 + all) / 2.0)),
        ((0, 1), -seconds(1), 3.0 / f64::sqrt((2.0 + all) / 2.0)),
        ((1, 1), 0.0, 2.0 / f64::sqrt(all)),
    ] {
        let delay = delays.look(pair, at(100.0), at(100.0 + after)).unwrap();
        assert!((delay.off - off).abs() < 1e-4, "{pair:?} {after}: {delay:?}, {off}");
        assert!(
            (delay.usual - seconds(2)).abs() < 1e-4 && (delay.seconds - after).abs() < 1e-4,
            "{delay:?}"
        );
    }
    assert_eq!(delays.look((1, 0), at(0.0), at(1.0)), None);
    // What was always the same has a clock's spread.
    let steady = Delays::fit([((0, 0), at(0.0), at(0.0)), ((0, 0), at(3.0), at(3.0))]);
    let off = steady.look((0, 0), at(0.0), at(e - 1.0)).unwrap().off;
    assert!((off - 100.0).abs() < 1e-3, "{off}");
}
