//! Sessions explained by the parts of a combined detector.

use detection::{Candidate, Detail, Finding, KeyCount, Outcome, Part, PartVerdict, Reason, Symbol, Verdict};
use sequence_windowing::KeyName;

use super::{HOSTILE, HostileTexts, assert_balanced, events, metrics, verdict};
use crate::*;

fn key(name: &str) -> Option<Symbol> {
    Some(Symbol::Key(name.into()))
}

fn at(position: usize, seen: &str, reason: Reason) -> Finding {
    Finding {
        position: Some(position),
        line: Some(100 + position as u64),
        seen: key(seen),
        ..Finding::of_session(reason)
    }
}

fn expecting(finding: Finding, expected: &[(&str, f64)]) -> Finding {
    let candidate = |&(name, probability): &(&str, f64)| Candidate {
        symbol: Symbol::Key(name.into()),
        probability,
    };
    Finding {
        expected: expected.iter().map(candidate).collect(),
        ..finding
    }
}

fn with(finding: Finding, detail: Detail) -> Finding {
    Finding {
        detail: Some(detail),
        ..finding
    }
}

fn order(before: u32, usual: u32) -> Finding {
    let other = "E11".into();
    with(
        at(13, "E9", Reason::UnusualOrder),
        Detail::Order { other, before, usual },
    )
}

fn counts(counts: &[(&str, u32, u32)]) -> Finding {
    let count = |&(key, seen, usual): &(&str, u32, u32)| KeyCount {
        key: key.into(),
        seen,
        usual,
    };
    with(
        Finding::of_session(Reason::UnusualCounts),
        Detail::Counts(counts.iter().map(count).collect()),
    )
}

#[test]
fn findings_are_put_in_words() {
    let likely = [("E11", 0.61), ("E26", 0.2), ("E5", 0.005)];
    let delay = Detail::Delay {
        seconds: 75.0,
        usual: 0.2,
    };
    let end = Finding {
        seen: Some(Symbol::End),
        ..at(20, "", Reason::UnexpectedEnd)
    };
    let table = [
        (
            expecting(at(13, "E9", Reason::OutsideTopCandidates), &likely),
            "E9, where E11 (61.0%), E26 (20.0%) were expected",
            "at event 14: one of E11 (61.0%), E26 (20.0%) instead of E9",
        ),
        (
            expecting(at(0, "E9", Reason::BelowProbability), &likely[2..]),
            "E9, where E5 (0.50%) was expected",
            "at event 1: E5 (0.50%) instead of E9",
        ),
        (
            expecting(end, &likely[..1]),
            "the end, where E11 (61.0%) was expected",
            "E11 (61.0%) instead of the end",
        ),
        (
            expecting(at(2, "E99", Reason::UnseenKey), &likely),
            "E99, which training never saw",
            "at event 3: not E99, which training never saw",
        ),
        (
            order(1, 2),
            "E9 after 1 event E11, mostly after 2",
            "at event 14: E9 after 2 events E11, not after 1",
        ),
        (
            order(3, 0),
            "E9 after 3 events E11, mostly before any",
            "at event 14: E9 before any E11, not after 3",
        ),
        (
            counts(&[("E5", 2, 3), ("E9", 0, 1), ("E7", 1, 0)]),
            "2 times E5, not 3; no E9, not once; once E7, not none",
            "3 times E5, not 2; once E9, not none; no E7, not once",
        ),
        (
            counts(&[("E1", 2, 3), ("E2", 2, 3), ("E3", 2, 3), ("E4", 2, 3), ("E5", 2, 3)]),
            "2 times E1, not 3; 2 times E2, not 3; 2 times E3, not 3; and 2 more",
            "3 times E1, not 2; 3 times E2, not 2; 3 times E3, not 2; and 2 more",
        ),
        (
            with(at(3, "E9", Reason::UnusualDelay), delay),
            "75.0 s after the event before, mostly about 200 ms",
            "at event 4: about 200 ms, not 75.0 s",
        ),
        (
            Finding::of_session(Reason::UnseenKeySet),
            "log keys that never occurred together in training",
            "anything but log keys that never occurred together in training",
        ),
    ];
    let wording = Wording {
        name: &|key: &KeyName| key.to_string(),
    };
    for (finding, found, instead) in table {
        assert_eq!(wording.found(&finding), found);
        assert_eq!(wording.instead_at_its_place(&finding), instead);
    }
}

#[test]
fn a_hash_is_called_by_its_template() {
    let table = [
        ("E9", Some("PacketResponder <*>"), "E9"),
        ("0f14796818a57a63", Some("PacketResponder <*>"), "“PacketResponder <*>”"),
        ("0f14796818a57a63", None, "0f14796818a57a63"),
        (
            "0f14796818a57a63",
            Some("BLOCK* NameSystem.addStoredBlock: blockMap updated: <*> is added"),
            "“BLOCK* NameSystem.addStoredBlock: blockMap updat…”",
        ),
    ];
    for (name, template, words) in table {
        assert_eq!(key_words(&name.into(), template), words);
    }
}

/// The verdict of a combined detector on the session of [`events`]: p-values and limits of its parts.
fn combined(values: [(f64, f64); 4]) -> Verdict {
    let worst = [
        verdict(1.0, Some(17), Some(Reason::OutsideTopCandidates))
            .findings
            .remove(0),
        order(1, 2),
        counts(&[("5", 2, 3)]),
        with(
            at(2, "9", Reason::UnusualDelay),
            Detail::Delay {
                seconds: 75.0,
                usual: 0.2,
            },
        ),
    ];
    let parts = Part::ALL.into_iter().zip(values).zip(worst);
    let mut verdict = verdict(12.5, None, Some(Reason::OutsideTopCandidates));
    verdict.findings.push(Finding {
        position: Some(1),
        ..order(1, 2)
    });
    Verdict {
        p_value: Some(0.0004),
        parts: parts
            .map(|((part, (p_value, limit)), worst)| PartVerdict {
                part,
                p_value,
                limit,
                worst: Some(worst),
            })
            .collect(),
        ..verdict
    }
}

const ONE_ALONE: [(f64, f64); 4] = [(0.0002, 0.0005), (0.12, 0.0005), (0.25, 0.001), (1.0, 0.0)];
const TOGETHER: [(f64, f64); 4] = [(0.002, 0.0005), (0.003, 0.0005), (0.25, 0.001), (1.0, 0.0)];

struct NoTexts;

impl Texts for NoTexts {
    fn template(&self, _: &KeyName) -> Option<String> {
        None
    }

    fn line(&self, _: u64) -> Option<String> {
        None
    }
}

#[test]
fn a_terminal_shows_what_each_part_says() {
    let explanation = Explanation::of(&combined(ONE_ALONE), &events(), None, &NoTexts);
    let text = explanation_text(&explanation, 80, false);
    let expected = "\
blk_1 is anomalous, score 12.5000, p-value 0.00040
left the normal path at event 2 of 3: the next log key is not among the top candidates

next key is at its limit, which is enough
  part        p-value      limit  where and what
▶ next key    0.00020    0.00050  event 2, line 8: 17, where 5 (75.0%), the end
                                  (25.0%) were expected
                                  accepts: one of 5 (75.0%), the end (25.0%)
                                  instead of 17
  order          0.12    0.00050  event 14, line 113: E9 after 1 event E11,
                                  mostly after 2
  counts         0.25     0.0010  the session as a whole: 2 times 5, not 3
  delays          1.0       none  event 3, line 102: 75.0 s after the event
                                  before, mostly about 200 ms

  #  line  key  event
";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("(E9 after 1 event"), "{text}");
    let together = Explanation::of(&combined(TOGETHER), &events(), None, &NoTexts);
    let text = explanation_text(&together, 80, false);
    assert!(
        text.contains("only together are they too unusual") && !text.contains("accepts"),
        "{text}"
    );
}

#[test]
fn a_session_that_passes_has_p_values_too() {
    let mut passes = combined([(0.5, 0.001), (0.12, 0.0), (0.25, 0.0), (1.0, 0.0)]);
    passes.parts.iter_mut().for_each(|part| part.worst = None);
    passes.findings.clear();
    passes.outcome = Outcome::Normal;
    let text = explanation_text(&Explanation::of(&passes, &events(), None, &NoTexts), 80, false);
    assert!(
        text.contains("no part is at its limit\n") && text.contains("  next key       0.50     0.0010\n"),
        "{text}"
    );
}

#[test]
fn several_parts_at_their_limits_are_named() {
    let sentence = |values| parts_sentence(&combined(values).parts, true);
    let low = (0.0005, 0.0005);
    assert_eq!(
        sentence([low; 4]),
        "next key, order, counts and delays are at their limits, each of which is enough"
    );
    assert_eq!(sentence(ONE_ALONE), "next key is at its limit, which is enough");
    assert_eq!(
        sentence([(0.5, 0.0); 4]),
        "no part is at its limit: only together are they too unusual"
    );
}

#[test]
fn a_session_file_names_no_lines_of_its_parts() {
    let mut events = events();
    events.iter_mut().for_each(|event| event.line = 4);
    let explanation = Explanation::of(&combined(ONE_ALONE), &events, None, &NoTexts);
    assert!(!explanation_text(&explanation, 80, false).contains("line 1"));
}

fn html(explanation: Explanation) -> String {
    report_html(&input(&metrics(), &[explanation]))
}

fn input<'a>(metrics: &'a Metrics, explanations: &'a [Explanation]) -> ReportInput<'a> {
    ReportInput {
        metrics,
        caveats: &[],
        plots: &[],
        explanations,
        flagged: 1,
    }
}

#[test]
fn markdown_says_what_would_pass() {
    let explained = |values| {
        let explanation = Explanation::of(&combined(values), &events(), None, &NoTexts);
        report_markdown(&input(&metrics(), &[explanation]))
    };
    let cell =
        "top candidates; p-value 0.00040; accepted, at event 2: one of 5 (75.0%), the end (25.0%) instead of 17 |";
    let text = explained(ONE_ALONE);
    assert!(text.contains(cell), "{text}");
    let low = (0.0002, 0.0005);
    let text = explained([low, low, (0.5, 0.0), (0.5, 0.0)]);
    assert!(
        text.contains("instead of 17, and at event 14: E9 after 2 events E11, not after 1 |"),
        "{text}"
    );
    let text = explained(TOGETHER);
    let cell = "top candidates; p-value 0.00040; no part is at its limit: only together are they too unusual |";
    assert!(text.contains(cell), "{text}");
}

#[test]
fn a_report_shows_parts_and_the_nearest_session_and_escapes_them() {
    let hostile: KeyName = format!("{HOSTILE} hostile").into();
    let usual = [vec!["5".into(), "9".into(), hostile.clone()], vec![hostile.clone(); 40]];
    let ids = ["<b>\u{202e}".into(), "2".into()];
    let normal = NormalSequences::of(ids.iter().zip(&usual));
    let keys: Vec<KeyName> = events().into_iter().map(|event| event.key).collect();
    let nearest = normal.nearest(&keys);
    let mut verdict = combined(ONE_ALONE);
    verdict.parts[0].worst = Some(at(1, hostile.as_str(), Reason::UnseenKey));
    let explanation = Explanation::of(&verdict, &events(), None, &HostileTexts).beside(nearest, &HostileTexts);
    let page = html(explanation);
    assert_balanced(&page);
    for part in [
        "p-value 0.00040, label",
        "Next key is at its limit",
        "accepts: not",
        "<u style=\"left:89.2%\"></u>",
        "The nearest normal session: 2 keys differ (&lt;b&gt;",
        "<tr class=\"added\"><td>2</td>",
        "<tr class=\"missing\"><td></td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("accepts: ").count(), 1);
    assert!(!page.contains("<script>alert") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

#[test]
fn what_is_alike_is_folded() {
    let usual: Vec<KeyName> = (0..30).map(|key: u32| KeyName::from(key.to_string())).collect();
    let mut keys = usual.clone();
    keys.splice(20..20, std::iter::repeat_n("again".into(), 7));
    let id = "a".into();
    let nearest = NormalSequences::of([(&id, &usual)]).nearest(&keys);
    let explanation = Explanation::of(&combined(ONE_ALONE), &events(), None, &NoTexts).beside(nearest, &NoTexts);
    let page = html(explanation);
    assert!(page.contains("18 events alike") && page.contains("8 events alike"));
    assert!(page.contains("<td>21–27</td><td>+</td>") && page.contains("<em>× 7</em>"));
}

#[test]
fn a_plain_verdict_has_no_parts() {
    let plain = verdict(12.5, Some(17), Some(Reason::OutsideTopCandidates));
    let page = html(Explanation::of(&plain, &events(), None, &HostileTexts));
    assert!(!page.contains("class=\"parts\"") && !page.contains("class=\"beside\""));
}
