//! Counts, rates, curves, intervals.

use detection::{Reason, Verdict};
use proptest::prelude::*;

use super::{judged, labels, sequences, verdict};
use crate::*;

fn confusion(true_positives: u64, false_positives: u64, true_negatives: u64, false_negatives: u64) -> Confusion {
    Confusion {
        true_positives,
        false_positives,
        true_negatives,
        false_negatives,
    }
}

fn assert_near(left: Option<f64>, right: Option<f64>) {
    match (left, right) {
        (Some(left), Some(right)) => assert!((left - right).abs() < 1e-9, "{left} is not {right}"),
        _ => assert_eq!(left, right),
    }
}

#[test]
fn rates_by_hand() {
    // tp, fp, tn, fn → precision, recall, F1, specificity, MCC
    let table = [
        (
            (6, 2, 8, 4),
            [
                Some(0.75),
                Some(0.6),
                Some(2.0 / 3.0),
                Some(0.8),
                Some(40.0 / 9_600.0_f64.sqrt()),
            ],
        ),
        ((5, 0, 5, 0), [Some(1.0), Some(1.0), Some(1.0), Some(1.0), Some(1.0)]),
        ((0, 5, 0, 5), [Some(0.0), Some(0.0), Some(0.0), Some(0.0), Some(-1.0)]),
        ((0, 0, 5, 5), [None, Some(0.0), Some(0.0), Some(1.0), None]),
        ((0, 0, 5, 0), [None, None, None, Some(1.0), None]),
        ((3, 0, 0, 1), [Some(1.0), Some(0.75), Some(6.0 / 7.0), None, None]),
        ((0, 0, 0, 0), [None; 5]),
    ];
    for ((tp, fp, tn, fn_), [precision, recall, f1, specificity, mcc]) in table {
        let rates = confusion(tp, fp, tn, fn_).rates();
        assert_near(rates.precision, precision);
        assert_near(rates.recall, recall);
        assert_near(rates.f1, f1);
        assert_near(rates.specificity, specificity);
        assert_near(rates.false_alarm_rate, specificity.map(|passed| 1.0 - passed));
        assert_near(rates.mcc, mcc);
    }
}

#[test]
fn rates_of_a_large_log_do_not_overflow() {
    let rates = confusion(u64::MAX / 8, 0, u64::MAX / 8, 0).rates();
    assert_near(rates.mcc, Some(1.0));
}

#[test]
fn prevalence_weighs_the_classes() {
    // Half the anomalous sessions and a tenth of the normal ones are flagged; of 1,000 natural sessions with 100
    // anomalous that makes 50 + 90.
    let rates = confusion(50, 10, 90, 50)
        .rates_at(Prevalence::new(0.1).unwrap())
        .unwrap();
    assert_near(rates.precision, Some(50.0 / 140.0));
    assert_near(rates.recall, Some(0.5));
    assert_near(rates.f1, Some(100.0 / (100.0 + 90.0 + 50.0)));
    let half = confusion(50, 10, 90, 50)
        .rates_at(Prevalence::new(0.5).unwrap())
        .unwrap();
    assert_near(half.precision, confusion(50, 10, 90, 50).rates().precision);
    assert_eq!(confusion(1, 0, 0, 1).rates_at(Prevalence::new(0.1).unwrap()), None);
    for share in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(Prevalence::new(share).is_err(), "{share}");
    }
}

fn scored(scores: &[f64]) -> Vec<Verdict> {
    scores.iter().map(|&score| verdict(score, None, None)).collect()
}

#[test]
fn average_precision_by_hand() {
    let table: [(&[f64], &str, Option<f64>); 6] = [
        (&[4.0, 3.0, 2.0, 1.0], "++--", Some(1.0)),
        // 1/1 at half the recall, 2/3 at all of it.
        (&[4.0, 3.0, 2.0, 1.0], "+-+-", Some(0.5 + 0.5 * 2.0 / 3.0)),
        // One tie: a single step of precision 1/2, whatever the order within.
        (&[1.0, 1.0, 1.0, 1.0], "+-+-", Some(0.5)),
        (&[0.0, -0.0, 1.0, 1.0], "+-+-", Some(0.5 * 0.5 + 0.5 * 0.5)),
        (&[1.0, 2.0], "--", None),
        (&[], "", None),
    ];
    for (scores, signs, expected) in table {
        let verdicts = scored(scores);
        let judged = judged(&verdicts, &labels(signs));
        assert_near(average_precision(&score_steps(&judged), None), expected);
    }
}

#[test]
fn average_precision_at_a_prevalence() {
    let verdicts = scored(&[4.0, 3.0, 2.0, 1.0]);
    let judged = judged(&verdicts, &labels("-+-+"));
    let rare = average_precision(&score_steps(&judged), Some(Prevalence::new(0.1).unwrap()));
    // Each anomalous session weighs 0.05 and each normal one 0.45.
    assert_near(rare, Some(0.5 * 0.05 / 0.5 + 0.5 * 0.1 / 1.0));
}

/// The definition, word by word: for each anomalous session the precision among all that score at least as high.
fn average_precision_by_definition(sessions: &[(u8, bool)]) -> Option<f64> {
    let anomalous: Vec<u8> = sessions
        .iter()
        .filter(|session| session.1)
        .map(|session| session.0)
        .collect();
    let precision = |least: &u8| {
        let flagged = sessions.iter().filter(|session| session.0 >= *least);
        let (right, all) = flagged.fold((0, 0), |(right, all), session| (right + u32::from(session.1), all + 1));
        f64::from(right) / f64::from(all)
    };
    (!anomalous.is_empty()).then(|| anomalous.iter().map(precision).sum::<f64>() / anomalous.len() as f64)
}

fn session_signs(sessions: &[(u8, bool)]) -> Vec<Label> {
    sessions
        .iter()
        .map(|session| if session.1 { Label::Anomalous } else { Label::Normal })
        .collect()
}

proptest! {
    #[test]
    fn average_precision_is_its_definition(sessions in prop::collection::vec((0..12_u8, any::<bool>()), 0..60)) {
        let verdicts: Vec<_> = sessions.iter().map(|session| verdict(f64::from(session.0), None, None)).collect();
        let judged = judged(&verdicts, &session_signs(&sessions));
        assert_near(average_precision(&score_steps(&judged), None), average_precision_by_definition(&sessions));
    }

    #[test]
    fn each_g_flags_what_ranks_above_it(sessions in prop::collection::vec((1..9_u8, any::<bool>()), 1..60)) {
        let ranked = |&(rank, _): &(u8, bool)| if rank == 8 { u32::MAX } else { u32::from(rank) };
        let verdicts: Vec<_> = sessions.iter().map(|session| verdict(0.0, Some(ranked(session)), None)).collect();
        let labels = session_signs(&sessions);
        let points = sweep_candidates(&judged(&verdicts, &labels), 6);
        prop_assert_eq!(points.iter().map(|point| point.g).collect::<Vec<_>>(), (1..=6).collect::<Vec<_>>());
        for point in points {
            let reason = |rank| (rank > point.g).then_some(Reason::OutsideTopCandidates);
            let rule: Vec<_> = sessions.iter().map(|session| verdict(0.0, None, reason(ranked(session)))).collect();
            prop_assert_eq!(point.confusion, Confusion::of(&judged(&rule, &labels)));
        }
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_its_best(scores in prop::collection::vec((0..2_000_u32, any::<bool>()), 300..900)) {
        let verdicts: Vec<_> = scores.iter().map(|score| verdict(f64::from(score.0), None, None)).collect();
        let labels: Vec<_> = scores.iter().map(|score| labels(if score.1 { "+" } else { "-" })[0]).collect();
        let steps = score_steps(&judged(&verdicts, &labels));
        let kept = thin(&steps, 200);
        prop_assert!(kept.len() <= 200 && kept.len() > 100, "{} points", kept.len());
        prop_assert_eq!((kept.first(), kept.last()), (steps.first(), steps.last()));
        prop_assert_eq!(best_f1(&kept), best_f1(&steps));
        prop_assert!(kept.windows(2).all(|pair| pair[0].threshold > pair[1].threshold));
    }

    #[test]
    fn reasons_and_bins_add_up(sessions in prop::collection::vec((0..4_u8, any::<bool>()), 0..60)) {
        let reasons = [None, Some(Reason::UnseenKey), Some(Reason::UnexpectedEnd), Some(Reason::UnseenKeySet)];
        let verdicts: Vec<_> =
            sessions.iter().map(|session| verdict(f64::from(session.0), None, reasons[session.0 as usize])).collect();
        let judged = judged(&verdicts, &session_signs(&sessions));
        let assessment = Assessment::of(&judged, None, 1);
        let sum = |count: fn(&ReasonCount) -> u64| assessment.by_reason.values().map(count).sum::<u64>();
        prop_assert_eq!(sum(|count| count.true_positives), assessment.test.confusion.true_positives);
        prop_assert_eq!(sum(|count| count.false_positives), assessment.test.confusion.false_positives);
        let histogram = ScoreHistogram::of(&judged);
        prop_assert_eq!(histogram.normal.iter().sum::<u64>(), assessment.test.confusion.normal());
        prop_assert_eq!(histogram.anomalous.iter().sum::<u64>(), assessment.test.confusion.anomalous());
    }
}

#[test]
fn candidates_need_ranks() {
    let verdicts = [verdict(0.0, Some(1), None), verdict(0.0, None, None)];
    assert!(sweep_candidates(&judged(&verdicts, &labels("+-")), 3).is_empty());
}

#[test]
fn oracles_are_the_best_and_the_most_careful() {
    let verdicts: Vec<_> = [(9.0, 9), (8.0, 8), (2.0, 2), (1.0, 1)]
        .map(|(s, r)| verdict(s, Some(r), None))
        .into();
    let oracle = Sweeps::of(&judged(&verdicts, &labels("++--")), 9).oracle;
    assert_eq!(oracle.g.map(|point| (point.g, point.f1)), Some((2, Some(1.0))));
    assert_eq!(
        oracle.threshold.map(|point| (point.threshold, point.f1)),
        Some((8.0, Some(1.0)))
    );
}

#[test]
fn intervals_follow_the_seed_and_not_the_order() {
    let reason = |flagged: bool| flagged.then_some(Reason::UnseenKey);
    let verdicts: Vec<_> = (0..90)
        .map(|session| verdict(0.0, None, reason(session % 5 < 2)))
        .collect();
    let labels = labels(&"++--+-".repeat(15));
    let sequences = sequences((0..90).map(|session| session / 3));
    let judged = pair(&verdicts, &labels, &sequences).unwrap();
    let intervals = bootstrap(&judged, 1);
    let reversed: Vec<_> = judged.iter().rev().copied().collect();
    assert_eq!(intervals, bootstrap(&reversed, 1));
    assert_ne!(intervals, bootstrap(&judged, 2));
    let precision = Confusion::of(&judged).rates().precision.unwrap();
    let Interval { low, high } = intervals.precision.unwrap();
    assert!(
        low < precision && precision < high && high - low < 0.6,
        "{low} {precision} {high}"
    );
}

#[test]
fn intervals_resample_whole_sequences() {
    // A thousand sessions of one sequence carry no more news than one.
    let verdicts = vec![verdict(0.0, None, Some(Reason::UnseenKey)); 1_000];
    let labels = labels(&"+-".repeat(500));
    let one = pair(&verdicts, &labels, &sequences(vec![7; 1_000])).unwrap();
    assert_eq!(bootstrap(&one, 1).precision, Some(Interval { low: 0.5, high: 0.5 }));
    assert_eq!(bootstrap(&[], 1), Intervals::default());
    let nothing_flagged = [verdict(0.0, None, None)];
    assert_eq!(bootstrap(&judged(&nothing_flagged, &labels[..1]), 1).precision, None);
}

#[test]
fn distinct_counts_each_sequence_and_label_once() {
    let verdicts = vec![verdict(0.0, None, Some(Reason::UnseenKey)); 5];
    let judged = pair(&verdicts, &labels("++-+-"), &sequences([1, 1, 1, 2, 1])).unwrap();
    assert_eq!(Confusion::of(&distinct(&judged)), confusion(2, 1, 0, 0));
}

#[test]
fn novel_leaves_out_what_training_has() {
    let verdicts = vec![verdict(0.0, None, Some(Reason::UnseenKey)); 5];
    let judged = pair(&verdicts, &labels("++-+-"), &sequences([1, 2, 4, 2, 3])).unwrap();
    assert_eq!(Confusion::of(&novel(&judged)), confusion(2, 1, 0, 0));
    let assessment = Assessment::of(&judged, None, 1);
    assert_eq!(assessment.novel.confusion, confusion(2, 1, 0, 0));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let verdicts = [verdict(0.0, None, None)];
    assert!(matches!(
        pair(&verdicts, &[], &sequences([1])),
        Err(EvaluationError::UnequalLengths {
            verdicts: 1,
            labels: 0,
            ..
        })
    ));
    let endless = [verdict(f64::INFINITY, None, None)];
    assert!(matches!(
        pair(&endless, &labels("+"), &sequences([1])),
        Err(EvaluationError::ScoreNotFinite { .. })
    ));
}

#[test]
fn the_most_anomalous_come_first() {
    let mut verdicts: Vec<_> = (0..300)
        .map(|n| verdict(f64::from(n / 2), None, Some(Reason::UnseenKey)))
        .collect();
    verdicts[299] = verdict(1_000.0, None, None);
    let first = most_anomalous(&verdicts);
    assert_eq!(
        (first.len(), &first[..4]),
        (EXPLAINED_SESSIONS, &[298, 296, 297, 294][..])
    );
}
