//! Recall by kind of fault, and delay.

use super::*;

/// Figures of a kind with a hostile name, of three sessions.
pub(super) fn figures(found: u64) -> std::collections::BTreeMap<String, KindFigures> {
    let figures = KindFigures {
        sessions: 3,
        found,
        recall: Some(found as f64 / 3.0),
        early: 1,
        placed: found,
        median_delay: (found > 0).then_some(1.5),
        largest_delay: (found > 0).then_some(4),
    };
    [("out_of|<range>\u{202e}".to_owned(), figures)].into()
}

/// A verdict with findings at these positions; `None` for one about the session.
fn found_at(positions: &[Option<usize>]) -> Verdict {
    let findings = positions.iter().map(|&position| Finding {
        position,
        ..Finding::of_session(Reason::OutsideTopCandidates)
    });
    Verdict {
        findings: findings.collect(),
        outcome: if positions.is_empty() {
            Outcome::Normal
        } else {
            Outcome::Anomalous
        },
        ..verdict(1.0, None, None)
    }
}

#[test]
fn delay_counts_from_the_fault_and_what_came_before_is_early() {
    let fault = |position| Fault {
        kind: "moved".into(),
        position,
    };
    let cases: [(&[Option<usize>], Option<usize>); 6] = [
        (&[Some(5)], Some(5)),
        (&[Some(2), Some(8)], Some(5)),
        (&[Some(4)], Some(5)),
        (&[None], Some(5)),
        (&[Some(3)], None),
        (&[], Some(5)),
    ];
    let judged: Vec<_> = cases.map(|(found, at)| (found_at(found), fault(at))).into();
    let kinds = by_kind(judged.iter().map(|(verdict, fault)| (verdict, fault)));
    let expected = KindFigures {
        sessions: 6,
        found: 5,
        recall: Some(5.0 / 6.0),
        early: 2,
        placed: 2,
        median_delay: Some(1.5),
        largest_delay: Some(3),
    };
    assert_eq!(kinds, [("moved".to_owned(), expected)].into());
}

#[test]
fn kinds_are_told_apart_and_medians_of_odd_numbers_are_one_of_them() {
    let verdicts = [Some(1), Some(2), Some(9)].map(|at| found_at(&[at]));
    let fault = |kind: &str| Fault {
        kind: kind.into(),
        position: Some(0),
    };
    let (a, b) = (fault("a"), fault("b"));
    let kinds = by_kind(verdicts.iter().map(|verdict| (verdict, &a)).chain([(&verdicts[0], &b)]));
    assert_eq!(kinds["a"].median_delay, Some(2.0));
    assert_eq!(kinds["b"].sessions, 1);
    assert_eq!(by_kind([]), Default::default());
}

#[test]
fn every_report_shows_them_and_escapes_their_names() {
    let metrics = metrics();
    let input = ReportInput {
        metrics: &metrics,
        caveats: &[],
        plots: &[],
        explanations: &[],
        flagged: 0,
    };
    let (html, markdown, text) = (report_html(&input), report_markdown(&input), results_table(&metrics));
    for report in [&html, &markdown, &text] {
        assert!(report.to_lowercase().contains("recall by kind of fault"), "{report}");
        assert!(!report.contains('\u{202e}'), "{report}");
    }
    for report in [&html, &markdown] {
        assert!(report.contains("1.5 (≤ 4)") && report.contains("33.3%"), "{report}");
    }
    assert!(text.contains("1.5") && text.contains("best rival"), "{text}");
    assert!(html.contains("out of|&lt;range&gt;") && !html.contains("<range>"));
    assert!(markdown.contains("out of\\|"), "{markdown}");
}
