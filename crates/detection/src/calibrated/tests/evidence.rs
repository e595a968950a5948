//! What p-values are, by hand and for any scores.

use proptest::prelude::*;
use serde_json::json;

use super::super::Evidence;
use crate::{Part, TooFew};

const TWO: [Part; 2] = [Part::NextKey, Part::Order];

/// Evidence of sessions with these folds and scores.
fn evidence(parts: &[Part], rows: &[(usize, Vec<f64>)]) -> Evidence {
    let row = |(fold, scores): &(usize, Vec<f64>)| json!({"fold": fold, "sessions": 1, "scores": scores});
    let rows: Vec<_> = rows.iter().map(row).collect();
    serde_json::from_value(json!({"parts": parts, "rows": rows})).unwrap()
}

/// Four sessions. Among themselves their p-values are 3/5 and 4/5, 1/5 and 2/5, 2/5 and 1/5, 4/5 and 3/5, so their means
/// 24/35, 4/15, 4/15 and 24/35.
fn four() -> Evidence {
    let rows = [
        (0, vec![1.0, 0.0]),
        (0, vec![3.0, 2.0]),
        (1, vec![2.0, 5.0]),
        (1, vec![0.0, 1.0]),
    ];
    evidence(&TWO, &rows)
}

#[test]
fn each_fold_compares_with_its_own_sessions() {
    // Scores by either fold's fit, and how many of the first fold's scores 1 and 3, and of the second's 0 and 2, are as high.
    for (scores, as_high) in [
        ([0.0, 0.0], 4),
        ([3.0, 1.0], 2),
        ([1.0, 3.0], 2),
        ([3.5, 2.5], 0),
        ([3.0, 2.0], 2),
    ] {
        assert_eq!(
            four().p_value_of(0, &scores),
            f64::from(1 + as_high) / 5.0,
            "{scores:?}"
        );
    }
    assert_eq!(four().p_value_of(1, &[2.0, 5.0]), 0.6);
}

#[test]
fn the_harmonic_mean_is_ranked_among_those_of_the_training_sessions() {
    for (p_values, mean, p_value) in [
        ([0.2, 0.2], 0.2, 0.2),
        ([0.2, 0.4], 4.0 / 15.0, 0.6),
        ([0.4, 0.2], 4.0 / 15.0, 0.6),
        ([1.0, 0.2], 1.0 / 3.0, 0.6),
        ([0.8, 0.6], 24.0 / 35.0, 1.0),
        ([1.0, 1.0], 1.0, 1.0),
    ] {
        let (found, p) = four().combine(&p_values);
        assert!((found - mean).abs() < 1e-12, "{p_values:?}: {found}");
        assert_eq!(p, p_value, "{p_values:?}");
    }
    assert!((four().threshold(0.6) + f64::ln(24.0 / 35.0)).abs() < 1e-12);
    assert!((four().threshold(0.4) + f64::ln(4.0 / 15.0)).abs() < 1e-12);
}

#[test]
fn limits_are_what_a_part_flags_by_alone() {
    assert_eq!(four().limits(0.6), Ok(vec![0.4, 0.4]));
    assert_eq!(
        four().limits(0.5),
        Ok(vec![0.0, 0.0]),
        "one alone has a mean of 1/3 at least, and two are lower"
    );
    for budget in [0.19, 0.01] {
        let needed = crate::needed(budget);
        assert_eq!(four().limits(budget), Err(TooFew { sessions: 4, needed }), "{budget}");
    }
    assert_eq!(crate::needed(0.19), 5);
}

#[test]
fn fewer_parts_are_calibrated_anew() {
    let one = four().with_parts(&[Part::Order]);
    assert_eq!(one.parts(), [Part::Order]);
    assert_eq!(one.p_value_of(0, &[2.0, 5.0]), 0.6);
    assert_eq!(one.limits(0.4), Ok(vec![0.4]));
    assert_eq!(four().with_parts(&TWO), four());
    assert_eq!(
        four().with_parts(&[Part::Delays, Part::Order]),
        one,
        "parts that it has not are none"
    );
}

/// Sessions of up to four folds with scores by two parts, few enough for ties.
fn rows() -> impl Strategy<Value = Vec<(usize, Vec<f64>)>> {
    let score = || (0..12_u8).prop_map(f64::from);
    prop::collection::vec((0..4_usize, (score(), score()).prop_map(|(a, b)| vec![a, b])), 1..40)
}

proptest! {
    #[test]
    fn at_the_limit_a_part_flags_alone_and_one_rank_above_not(rows in rows(), budget in 0.02..0.9_f64) {
        let evidence = evidence(&TWO, &rows);
        let Ok(limits) = evidence.limits(budget) else {
            prop_assert!(rows.len() < crate::needed(budget));
            return Ok(());
        };
        let all = (1 + rows.len()) as f64;
        for (part, &limit) in limits.iter().enumerate() {
            let flags = |p: f64| {
                let mut p_values = vec![1.0; 2];
                p_values[part] = p;
                evidence.combine(&p_values).1 <= budget
            };
            prop_assert!(limit == 0.0 || flags(limit), "{limit}");
            prop_assert!(limit >= 1.0 || !flags(limit + 1.0 / all), "{limit}");
        }
    }

    /// One part is calibrated already: what it flags is what its own p-values say, down to the least budget.
    #[test]
    fn the_p_value_of_one_part_is_its_own(rows in rows(), scores in prop::collection::vec(0..13_u8, 4), budget in 0.01..0.9_f64) {
        let one = evidence(&TWO, &rows).with_parts(&[Part::Order]);
        let p = one.p_value_of(0, &scores.into_iter().map(f64::from).collect::<Vec<_>>());
        let (mean, p_value) = one.combine(&[p]);
        prop_assert!((p_value - p).abs() < 1e-12, "{p_value} {p}");
        if let Ok(limits) = one.limits(budget) {
            prop_assert!(limits[0] > 0.0, "{} sessions never flag at {budget}", rows.len());
            prop_assert_eq!(p <= limits[0], p <= budget);
            prop_assert_eq!(-mean.ln() > one.threshold(budget) + 1e-9, p <= budget);
        }
    }

    #[test]
    fn written_evidence_is_read_back_the_same(rows in rows()) {
        let evidence = evidence(&TWO, &rows);
        let text = serde_json::to_string(&evidence).unwrap();
        prop_assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
    }
}

#[test]
fn a_budget_is_kept_to_the_rank_whatever_its_digits() {
    // 0.7 / 100 is a little less than 7 / 1000.
    let rows: Vec<(usize, Vec<f64>)> = (0..999).map(|i| (i % 5, vec![i as f64])).collect();
    let evidence = evidence(&[Part::Counts], &rows);
    for (percent, ranks) in [(0.1, 1), (0.3, 3), (0.7, 7), (1.1, 11), (2.9, 29), (5.7, 57)] {
        assert_eq!(
            evidence.limits(percent / 100.0),
            Ok(vec![f64::from(ranks) / 1000.0]),
            "{percent}%"
        );
    }
}
