//! Several runs, and two detectors on the same sessions.

use std::slice::from_ref;

use detection::Reason;
use proptest::prelude::*;

use super::{assert_balanced, judged, labels, metrics, verdict};
use crate::*;

/// The metrics of a run with some seed, whose detector has flagged so many of the first sessions.
fn run(seed: u64, flagged: usize) -> Metrics {
    let verdicts: Vec<_> = (0..20)
        .map(|session| verdict(1.0, None, (session < flagged).then_some(Reason::UnseenKey)))
        .collect();
    let labels = labels(&"+".repeat(10).chars().chain("-".repeat(10).chars()).collect::<String>());
    Metrics {
        seed,
        detector: Assessment::of(&judged(&verdicts, &labels), None, 1),
        ..metrics()
    }
}

fn series() -> Series {
    let runs = [(1, 4), (2, 6), (3, 8)].map(|(seed, flagged)| (format!("runs/seed-{seed}"), run(seed, flagged)));
    Series::of(&runs, [("model.hidden".to_owned(), "<64>".to_owned())].into())
}

#[test]
fn a_series_is_mean_and_spread() {
    let Series { detector, runs, .. } = series();
    let (mean, spread) = (detector.test.mean, detector.test.spread);
    let near = |figure: Option<f64>, expected: f64| assert!((figure.unwrap() - expected).abs() < 1e-12, "{figure:?}");
    near(mean.true_positives, 6.0);
    near(spread.true_positives, 2.0);
    near(mean.recall, 0.6);
    near(spread.recall, 0.2);
    near(mean.f1, (8.0 / 14.0 + 12.0 / 16.0 + 16.0 / 18.0) / 3.0);
    near(spread.false_alarm_rate, 0.0);
    assert_eq!(runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        MeanAndSpread::of(&[3.0]),
        Some(MeanAndSpread { mean: 3.0, spread: 0.0 })
    );
    assert_eq!(MeanAndSpread::of(&[]), None);
}

#[test]
fn a_rate_that_a_run_leaves_undefined_is_averaged_over_the_others() {
    let figures = [Some(0.5), None, Some(1.0)].map(|precision| Figures {
        precision,
        ..Figures::default()
    });
    let averaged = Averaged::of(&figures);
    assert_eq!(averaged.mean.precision, Some(0.75));
    assert_eq!(averaged.mean.recall, None);
}

#[test]
fn results_of_every_kind_survive_json() {
    let grid = Grid {
        schema_version: SCHEMA_VERSION,
        experiment: Experiment::default(),
        cells: vec![series()],
    };
    for (json, results) in [
        (serde_json::to_vec(&metrics()), Results::One(Box::new(metrics()))),
        (serde_json::to_vec(&series()), Results::Series(Box::new(series()))),
        (serde_json::to_vec(&grid), Results::Grid(grid)),
    ] {
        assert_eq!(Results::from_json(&json.unwrap()).unwrap(), results);
    }
    assert!(Results::from_json(b"{\"runs\": 3}").is_err());
}

#[test]
fn tables_of_several_runs_show_the_spread_and_escape() {
    let series = series();
    let text = series_table(&series);
    assert!(text.contains("0.6000 ± 0.2000") && text.contains("6.0 ± 2.0"), "{text}");
    let kinds = markdown_by(&Results::Series(Box::new(series.clone())), By::Kind).unwrap();
    assert!(
        kinds.starts_with("| detector | out of") && kinds.contains("| 1.00 |") && !kinds.contains('\u{202e}'),
        "{kinds}"
    );
    for text in [
        many_markdown(Many::Seeds(&series)),
        many_html(Many::Seeds(&series), &[]),
    ] {
        assert!(
            text.contains("What each part adds") && text.contains("without &lt;order&gt;"),
            "{text}"
        );
    }
    // Rivals agree in all runs, so they have no spread.
    let rival = text.lines().find(|line| line.contains("unseen_key")).unwrap();
    assert!(!rival.contains('±'), "{rival}");
    let html = many_html(Many::Seeds(&series), &[]);
    assert_balanced(html.split_once("<main>").unwrap().1.split_once("</main>").unwrap().0);
    assert!(html.contains("&lt;64&gt;") && html.contains("runs/seed-2/report.html"));
    let grid = Grid {
        schema_version: SCHEMA_VERSION,
        experiment: Experiment::default(),
        cells: vec![series],
    };
    for text in [many_markdown(Many::Settings(&grid)), grid_table(&grid)] {
        assert!(
            text.contains("model.hidden") && text.contains("0.6000 ± 0.2000"),
            "{text}"
        );
    }
}

#[test]
fn a_grid_is_drawn_over_its_longest_setting() {
    let cell = |hidden: &str, g: &str, flagged| {
        let settings =
            [("detection.top_g", g), ("model.hidden", hidden)].map(|(field, value)| (field.into(), value.into()));
        Series::of(&[("runs/1".to_owned(), run(1, flagged))], settings.into())
    };
    let cells = vec![
        cell("32", "5", 2),
        cell("64", "5", 4),
        cell("128", "5", 6),
        cell("32", "9", 1),
        cell("64", "9", 2),
        cell("128", "9", 3),
    ];
    let grid = Grid {
        cells,
        ..Grid::default()
    };
    let plots = grid_plots(&grid).unwrap();
    let names: Vec<&str> = plots.iter().map(|plot| plot.name).collect();
    assert!(
        names.contains(&"grid_recall") && names.contains(&"grid_rivals_average_precision"),
        "{names:?}"
    );
    let recall = plots.iter().find(|plot| plot.name == "grid_recall").unwrap();
    for text in ["model.hidden", "detection.top_g = 5", "detection.top_g = 9", "\n128\n"] {
        assert!(recall.svg.contains(text), "{text}");
    }
    assert_eq!(grid_plots(&Grid::default()).unwrap(), []);
}

fn scored(signs: &str, flags: &str, scores: &[f64]) -> Vec<Scored> {
    let sessions = labels(signs).into_iter().zip(flags.chars()).zip(scores).enumerate();
    sessions
        .map(|(place, ((label, flag), &score))| Scored {
            session: format!("s{place}"),
            label,
            sequence: place as u64 / 2,
            flagged: flag == '!',
            score,
        })
        .collect()
}

#[test]
fn a_detector_does_not_differ_from_itself() {
    let run = scored("++--", "!.!.", &[4.0, 3.0, 2.0, 1.0]);
    let comparison = compare(from_ref(&run), from_ref(&run)).unwrap();
    for difference in &comparison.differences {
        assert_eq!(difference.first, difference.second);
        if let Some(Interval { low, high }) = difference.interval {
            assert_eq!((low, high), (0.0, 0.0));
        }
    }
    assert_eq!(comparison.examples, [Vec::<String>::new(), Vec::new()]);
}

#[test]
fn a_clear_difference_is_called_clear_and_runs_are_averaged() {
    let signs = "+".repeat(200) + &"-".repeat(200);
    let scores = vec![1.0; 400];
    let none = scored(&signs, &".".repeat(400), &scores);
    let half = scored(&signs, &("!.".repeat(100) + &".".repeat(200)), &scores);
    let all = scored(&signs, &("!".repeat(200) + &".".repeat(200)), &scores);
    let comparison = compare(from_ref(&half), &[half.clone(), all.clone()]).unwrap();
    let recall = &comparison.differences[0];
    assert_eq!((recall.first, recall.second), (Some(0.5), Some(0.75)));
    let comparison = compare(&[none], &[all]).unwrap();
    let text = comparison_text(&comparison, ["none\u{202e}", "all"]);
    let recall = text.lines().find(|line| line.starts_with("recall")).unwrap();
    assert!(
        recall.contains("+1.0000 to +1.0000") && recall.ends_with("clear"),
        "{text}"
    );
    assert!(!text.contains('\u{202e}'));
    assert_eq!(comparison.agreement[0], (Label::Anomalous, [0, 0, 200, 0]));
    assert_eq!(comparison.examples[1].len(), 5);
}

#[test]
fn runs_that_draw_their_own_sessions_go_in_pairs() {
    let of = |name: &str, flags: &str| {
        let mut run = scored("++--", flags, &[4.0, 3.0, 2.0, 1.0]);
        run.iter_mut().for_each(|session| session.session.push_str(name));
        run
    };
    let (first, second) = ([of("a", "!..."), of("b", "....")], [of("a", "!!.."), of("b", "!...")]);
    let comparison = compare(&first, &second).unwrap();
    let recall = &comparison.differences[0];
    assert_eq!((recall.first, recall.second), (Some(0.25), Some(0.75)));
    // One run against two pairs with neither, or with one of them only.
    for other in [&second[..1], &[of("b", "!!.."), of("a", "!!..")][..]] {
        assert!(compare(&first, other).is_err());
    }
}

#[test]
fn other_sessions_cannot_be_compared() {
    let run = scored("+-", "!.", &[2.0, 1.0]);
    let mut other = run.clone();
    other[1].session = "another".into();
    for (first, second, fact) in [
        (vec![run.clone()], vec![other], "at session 2"),
        (vec![run.clone()], vec![run[..1].to_vec()], "2 sessions and another 1"),
        (vec![run.clone()], vec![], "no labelled session"),
        (vec![vec![]], vec![vec![]], "no labelled session"),
    ] {
        let error = compare(&first, &second).unwrap_err().to_string();
        assert!(error.contains(fact), "{error}");
    }
}

proptest! {
    /// Both ways of computing must agree where nothing is resampled.
    #[test]
    fn the_figures_of_a_comparison_are_those_of_a_report(
        sessions in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..4u8), 1..40)
    ) {
        let run: Vec<Scored> = sessions.iter().enumerate().map(|(place, &(anomalous, flagged, score))| Scored {
            session: place.to_string(),
            label: if anomalous { Label::Anomalous } else { Label::Normal },
            sequence: place as u64 % 5,
            flagged,
            score: f64::from(score),
        }).collect();
        let verdicts: Vec<_> = run.iter().map(|s| verdict(s.score, None, s.flagged.then_some(Reason::UnseenKey))).collect();
        let labels: Vec<Label> = run.iter().map(|session| session.label).collect();
        let judged = judged(&verdicts, &labels);
        let rates = Confusion::of(&judged).rates();
        let comparison = compare(from_ref(&run), from_ref(&run)).unwrap();
        let expected = [rates.recall, rates.false_alarm_rate, rates.precision, rates.f1, average_precision(&score_steps(&judged), None)];
        for (difference, expected) in comparison.differences.iter().zip(expected) {
            match (difference.first, expected) {
                (Some(found), Some(expected)) => prop_assert!((found - expected).abs() < 1e-9, "{} {found} {expected}", difference.figure),
                (found, expected) => prop_assert_eq!(found, expected),
            }
        }
    }
}
