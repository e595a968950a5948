use proptest::prelude::*;

use super::*;

fn rows(values: &[(&[f64], u64)]) -> Rows {
    let mut rows = Rows::new(values.first().map_or(0, |(row, _)| row.len()));
    values.iter().for_each(|(row, times)| rows.push(row, *times));
    rows
}

/// A thousand rows by a rule with both columns in it, a third one that says nothing and a fourth that is constant.
fn made() -> (Rows, Vec<bool>) {
    let mut rows = Rows::new(4);
    let mut labels = Vec::new();
    for i in 0..1000_u32 {
        let (x, y, z) = (f64::from(i % 10), f64::from(i / 10 % 10), f64::from(i * 7919 % 101));
        rows.push(&[x, y, z, 3.0], 1);
        labels.push(x + y > 13.5);
    }
    (rows, labels)
}

#[test]
fn what_can_be_separated_is_learnt_by_every_supervised_learner() {
    let (rows, labels) = made();
    for learner in Learner::all().into_iter().filter(Learner::is_supervised) {
        let classifier = learner.fit(&rows, &labels, 1).unwrap();
        let wrong = (0..rows.len()).filter(|&i| classifier.is_anomalous(rows.row(i)) != labels[i]);
        assert!(wrong.count() <= 10, "{}", learner.name());
        let moved = classifier.contributions(&[9.0, 9.0, 50.0, 3.0]);
        assert!(moved[0] > 0.0 && moved[1] > 0.0, "{}: {moved:?}", learner.name());
        assert!(moved[2].abs() < 0.1 * moved[0], "{}: {moved:?}", learner.name());
        assert_eq!(moved[3], 0.0);
    }
}

#[test]
fn an_isolation_forest_needs_no_label_and_flags_a_twentieth_at_most() {
    let (mut rows, mut labels) = made();
    rows.push(&[90.0, 90.0, 9000.0, 3.0], 1);
    labels.push(true);
    let forest = Learner::IsolationForest(ForestSize::default());
    let classifier = forest.fit(&rows, &labels, 1).unwrap();
    assert!(classifier.is_anomalous(rows.row(1000)));
    let flagged = (0..rows.len()).filter(|&i| classifier.is_anomalous(rows.row(i)));
    assert!(flagged.count() <= 50);
    assert_eq!(classifier, forest.fit(&rows, &vec![false; 1001], 1).unwrap());
}

/// With these two rows the minimum of the penalised logistic loss is known: the intercept is 0, and the weight of the
/// standardised column solves w = 2 / (1 + e^w).
#[test]
fn logistic_regression_finds_the_minimum() {
    let classifier = Learner::LogisticRegression
        .fit(&rows(&[(&[4.0], 1), (&[6.0], 1)]), &[false, true], 1)
        .unwrap();
    let p = classifier.score(&[6.0]);
    let weight = (p / (1.0 - p)).ln();
    assert!((weight - 2.0 / (1.0 + weight.exp())).abs() < 1e-6, "{weight}");
    assert!((classifier.score(&[5.0]) - 0.5).abs() < 1e-9);
}

/// Two rows at −1 and 1: the cost is 2 (1 − w)² + w² / 2, its minimum at w = 4 / 5.
#[test]
fn a_support_vector_machine_finds_the_minimum() {
    let classifier = Learner::LinearSvm
        .fit(&rows(&[(&[-1.0], 1), (&[1.0], 1)]), &[false, true], 1)
        .unwrap();
    assert!(
        (classifier.score(&[1.0]) - 0.8).abs() < 1e-6,
        "{}",
        classifier.score(&[1.0])
    );
}

#[test]
fn a_class_that_is_missing_is_an_error_and_constant_columns_are_none() {
    for learner in Learner::all() {
        let fit = |values: &[(&[f64], u64)], labels: &[bool]| learner.fit(&rows(values), labels, 1);
        assert_eq!(fit(&[], &[]), Err(Unfit::NothingToLearnFrom));
        assert_eq!(fit(&[(&[1.0], 0)], &[true]), Err(Unfit::NothingToLearnFrom));
        let one = fit(&[(&[1.0], 2), (&[2.0], 1)], &[false, false]);
        let other = fit(&[(&[1.0], 2), (&[2.0], 1)], &[true, true]);
        if learner.is_supervised() {
            assert_eq!((one, other), (Err(Unfit::NoneAnomalous), Err(Unfit::NoneNormal)));
        } else {
            assert!(one.is_ok() && other.is_ok());
        }
        let constant = fit(&[(&[1.0, 0.0], 3), (&[1.0, 0.0], 1)], &[false, true]).unwrap();
        assert!(constant.fits(2));
        let score = constant.score(&[1.0, 0.0]);
        assert_eq!(score, constant.score(&[5.0, -2.0]), "{}", learner.name());
        assert!(!constant.is_anomalous(&[1.0, 0.0]), "three of four are normal: {score}");
        assert!(
            fit(&[(&[], 3), (&[], 1)], &[false, true])
                .unwrap()
                .score(&[])
                .is_finite()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A row that occurs several times counts as that many rows, and a written classifier is the same one.
    #[test]
    fn occurrences_are_rows_and_files_keep_everything(
        values in prop::collection::vec((prop::collection::vec(-3_i8..4, 3), 1..4_u64, any::<bool>()), 1..12),
        seed in 0..4_u64,
    ) {
        let (mut once, mut each) = (Rows::new(3), Rows::new(3));
        let (mut once_labels, mut each_labels) = (Vec::new(), Vec::new());
        for (row, times, label) in &values {
            let row: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
            once.push(&row, *times);
            once_labels.push(*label);
            for _ in 0..*times {
                each.push(&row, 1);
                each_labels.push(*label);
            }
        }
        for learner in Learner::all() {
            let (first, second) = (learner.fit(&once, &once_labels, seed), learner.fit(&each, &each_labels, seed));
            let (Ok(first), Ok(second)) = (&first, &second) else {
                prop_assert_eq!(first, second);
                continue;
            };
            let written = serde_json::to_string(&first).unwrap();
            prop_assert_eq!(first, &serde_json::from_str::<Classifier>(&written).unwrap());
            prop_assert!(first.fits(3));
            let is_linear = matches!(learner, Learner::LogisticRegression | Learner::LinearSvm);
            prop_assert!(!(is_linear && first.fits(2)));
            for i in 0..once.len() {
                let (score, other) = (first.score(once.row(i)), second.score(once.row(i)));
                prop_assert!(score.is_finite());
                // Which of equally good cuts comes first may depend on the order of the drawn rows.
                prop_assert!((score - other).abs() < 1e-6, "{}: {score} {other}", learner.name());
            }
        }
    }
}
