//! Stated against achieved budgets.

use detection::{Calibration, Verdict};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{HOSTILE, judged, labels, metrics, verdict};
use crate::*;

fn verdicts(p_values: &[f64]) -> Vec<Verdict> {
    let one = |p: &f64| Verdict {
        p_value: Some(*p),
        ..verdict(0.0, None, None)
    };
    p_values.iter().map(one).collect()
}

/// Two anomalous sessions and four normal ones.
pub(super) fn budgets(calibrated_on: u64) -> Budgets {
    let verdicts = verdicts(&[0.0005, 0.3, 0.0005, 0.005, 0.0051, 1.0]);
    Budgets::of(&judged(&verdicts, &labels("++----")), calibrated_on).unwrap()
}

#[test]
fn sessions_are_flagged_up_to_the_budget() {
    let found: Vec<_> = budgets(1_999)
        .points
        .iter()
        .map(|point| (point.budget, point.false_alarms, point.false_alarm_rate, point.recall))
        .collect();
    assert_eq!(
        found,
        [
            (0.0005, Some(1), Some(0.25), Some(0.5)),
            (0.001, Some(1), Some(0.25), Some(0.5)),
            (0.005, Some(2), Some(0.5), Some(0.5)),
            (0.01, Some(3), Some(0.75), Some(0.5)),
        ]
    );
}

#[test]
fn a_budget_says_how_many_sessions_it_needs() {
    for (calibrated_on, needed) in [
        (1_999, [None; 4]),
        (1_998, [Some(1_999), None, None, None]),
        (199, [Some(1_999), Some(999), None, None]),
        (0, [Some(1_999), Some(999), Some(199), Some(99)]),
    ] {
        let points = budgets(calibrated_on).points;
        assert_eq!(points.iter().map(|point| point.needed).collect::<Vec<_>>(), needed);
        for point in points {
            assert_eq!(point.needed.is_some(), point.expected.is_none(), "{point:?}");
            assert_eq!(point.needed.is_some(), point.false_alarms.is_none(), "{point:?}");
        }
    }
}

#[test]
fn without_p_values_there_is_nothing_to_say() {
    let mut verdicts = verdicts(&[0.1, 0.2]);
    verdicts[1].p_value = None;
    assert_eq!(Budgets::of(&judged(&verdicts, &labels("+-")), 5_000), None);
    assert_eq!(Budgets::of(&[], 5_000), None);
}

#[test]
fn figures_from_before_there_were_budgets_can_be_read() {
    let metrics = metrics();
    assert!(!metrics.budgets.is_empty());
    let mut old = serde_json::to_value(&metrics).unwrap();
    old.as_object_mut().unwrap().remove("budgets").unwrap();
    let old: Metrics = serde_json::from_value(old).unwrap();
    assert_eq!((old.budgets.len(), old.detector), (0, metrics.detector.clone()));
    let series = Series::of(&[("run".to_owned(), metrics)], Default::default());
    let mut old = serde_json::to_value(&series).unwrap();
    old.as_object_mut().unwrap().remove("budgets").unwrap();
    assert_eq!(serde_json::from_value::<Series>(old).unwrap().detector.budgets, None);
}

#[test]
fn runs_are_averaged_where_they_had_enough_sessions() {
    let mut other = budgets(2_001);
    other.points[3].false_alarms = Some(1);
    let averaged = AveragedBudgets::of(&[&budgets(1_998), &other]).unwrap();
    assert_eq!(averaged.calibrated_on, 1_999.5);
    assert_eq!(averaged.points[0].needed, None);
    let single = MeanAndSpread { mean: 1.0, spread: 0.0 };
    assert_eq!(
        averaged.points[0].false_alarms,
        Some(single),
        "of the one run that had enough"
    );
    assert_eq!(
        averaged.points[3].false_alarms,
        Some(MeanAndSpread {
            mean: 2.0,
            spread: 2.0_f64.sqrt()
        })
    );
    assert_eq!(AveragedBudgets::of(&[&budgets(3)]).unwrap().points[2].needed, Some(199));
    assert_eq!(AveragedBudgets::of(&[]), None);
}

#[test]
fn reports_state_budgets_beside_what_was_achieved() {
    let metrics = Metrics {
        budgets: [("deeplog", 3_999), ("a|rival<", 199)]
            .map(|(name, sessions)| (name.to_owned(), budgets(sessions)))
            .into(),
        ..metrics()
    };
    let input = ReportInput {
        metrics: &metrics,
        caveats: &[],
        plots: &[],
        explanations: &[],
        flagged: 0,
    };
    let text = report_markdown(&input);
    for row in [
        "| detector | calibrated on | false alarms at 0.05% | recall at 0.05% | false alarms at 0.1% |",
        "| to expect | 3,999 | 0–0 |  | 0–0 |  | 0–0 |  | 0–1 |",
        "| to expect | 199 | – |  | – |  | 0–0 |  | 0–1 |",
        "| deeplog (oracle) | 3,999 | 25% (1) | 0.5000 | 25% (1) | 0.5000 | 50% (2) |",
        "| a\\|rival&lt; | 199 | needs 1,999 sessions | – | needs 999 sessions | – | 50% (2) |",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
    let html = report_html(&input);
    assert!(html.contains("<section id=\"budgets\">") && html.contains("a|rival&lt;"));
    assert!(!html.contains(HOSTILE) && text.contains("exchangeable"));

    let mut other = metrics.clone();
    for point in &mut other.budgets.get_mut("deeplog").unwrap().points {
        *point = BudgetPoint {
            false_alarms: Some(3),
            ..*point
        };
    }
    let runs = [("1".to_owned(), metrics), ("2".to_owned(), other)];
    let series = Series::of(&runs, Default::default());
    let text = many_markdown(Many::Seeds(&series));
    assert!(text.contains("25% (2.0 ± 1.4)"), "{text}");
    assert!(many_html(Many::Seeds(&series), &[]).contains("<section id=\"budgets\">"));
}

/// Sessions from one urn: the interval holds 95% of the splits, whatever the budget, and not far more or fewer.
#[test]
fn exchangeable_splits_are_as_expected() {
    const SPLITS: usize = 300;
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut inside = [0; BUDGETS.len()];
    for _ in 0..SPLITS {
        let mut draw = |sessions: usize| (0..sessions).map(|_| random.random::<f64>()).collect::<Vec<_>>();
        let calibration = Calibration::new(draw(2_500));
        let p_values: Vec<f64> = draw(2_000)
            .into_iter()
            .map(|score| calibration.p_value(score))
            .collect();
        let verdicts = verdicts(&p_values);
        let found = Budgets::of(&judged(&verdicts, &labels(&"-".repeat(2_000))), 2_500).unwrap();
        for (inside, point) in inside.iter_mut().zip(found.points) {
            let Interval { low, high } = point.expected.unwrap();
            *inside += usize::from((low..=high).contains(&(point.false_alarms.unwrap() as f64)));
        }
    }
    // Counts are whole numbers, so that an interval of small ones holds more than 95%.
    for (inside, budget) in inside.into_iter().zip(BUDGETS) {
        let share = inside as f64 / SPLITS as f64;
        assert!((0.93..=1.0).contains(&share), "{budget}: {share}");
    }
    assert!(inside[3] < SPLITS * 99 / 100, "{inside:?}");
}

proptest! {
    /// More budget flags no fewer sessions.
    #[test]
    fn a_larger_budget_flags_no_less(p_values in prop::collection::vec(0.0001..0.02_f64, 1..40), anomalous in any::<u64>()) {
        let verdicts = verdicts(&p_values);
        let signs: String = (0..p_values.len()).map(|i| if anomalous >> i & 1 == 1 { '+' } else { '-' }).collect();
        let points = Budgets::of(&judged(&verdicts, &labels(&signs)), 9_999).unwrap().points;
        for pair in points.windows(2) {
            prop_assert!(pair[0].false_alarms <= pair[1].false_alarms && pair[0].recall <= pair[1].recall);
        }
    }
}
