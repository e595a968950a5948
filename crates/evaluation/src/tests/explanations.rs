//! Explanations and what is shown of the log in them.

use detection::{Finding, Reason, Symbol};
use proptest::prelude::*;

use super::{HOSTILE, HostileTexts, events, verdict};
use crate::*;

#[test]
fn hidden_characters_are_spelt_out() {
    let table = [
        ("plain, ünïcode 漢字 🙂", "plain, ünïcode 漢字 🙂"),
        ("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("a\u{202e}b\u{2066}c\u{200f}", r"a\u{202e}b\u{2066}c\u{200f}"),
        ("tab\tcr\rlf\nnul\0bell\u{7}", r"tab\tcr\rlf\nnul\u{0}bell\u{7}"),
        (
            "c1 \u{9b}31m, bom \u{feff}, zero \u{200b}, tag \u{e0041}",
            r"c1 \u{9b}31m, bom \u{feff}, zero \u{200b}, tag \u{e0041}",
        ),
    ];
    for (text, shown) in table {
        assert_eq!(visible(text), shown);
    }
    assert_eq!(
        escape("<script>\"a\" & 'b'</script>\u{1b}"),
        r"&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;\u{1b}"
    );
    assert_eq!(escape_markdown("a|b `c` [d](e) <f>"), r"a\|b \`c\` \[d\](e) &lt;f&gt;");
}

fn explanation() -> Explanation {
    let verdict = verdict(12.5, Some(17), Some(Reason::OutsideTopCandidates));
    Explanation::of(&verdict, &events(), Some(Label::Anomalous), &HostileTexts)
}

#[test]
fn the_departure_lies_on_its_event() {
    let explanation = explanation();
    let departs: Vec<_> = explanation
        .steps
        .iter()
        .map(|step| !step.departures.is_empty())
        .collect();
    assert_eq!(departs, [false, true, false]);
    let (step, departure) = explanation.decisive().unwrap();
    assert_eq!(step.map(|step| (step.position, step.line)), Some((1, Some(8))));
    assert_eq!(departure.expected[0].symbol, Symbol::Key("5".into()));
    assert!(
        departure.expected[0]
            .template
            .as_ref()
            .unwrap()
            .starts_with("Receiving block")
    );
    let headline = "left the normal path at event 2 of 3: the next log key is not among the top candidates";
    assert_eq!(explanation.headline(), headline);
}

#[test]
fn departures_without_an_event_are_kept() {
    let mut verdict = verdict(1.0, None, Some(Reason::UnexpectedEnd));
    verdict.findings[0].position = Some(3);
    verdict.findings.push(Finding::of_session(Reason::UnseenKeySet));
    let explanation = Explanation::of(&verdict, &events(), None, &HostileTexts);
    assert_eq!(
        explanation.end_departures.first().map(|departure| departure.reason),
        Some(Reason::UnexpectedEnd)
    );
    assert_eq!(explanation.whole.len(), 1);
    assert_eq!(explanation.headline(), "the session ends where more was expected");
    let text = explanation_text(&explanation, 80, false);
    assert!(
        text.contains("▶") && text.contains("log keys that never occurred together"),
        "{text}"
    );
}

#[test]
fn a_session_file_has_no_lines_of_its_events() {
    let mut events = events();
    events.iter_mut().for_each(|event| event.line = 4);
    let explanation = Explanation::of(&verdict(1.0, None, None), &events, None, &HostileTexts);
    assert!(
        explanation
            .steps
            .iter()
            .all(|step| step.line.is_none() && step.text.is_none())
    );
    assert!(!explanation_text(&explanation, 80, false).contains("line"));
}

struct PlainTexts;

impl Texts for PlainTexts {
    fn template(&self, key: &sequence_windowing::KeyName) -> Option<String> {
        let template = match key.as_str() {
            "5" => "Receiving block <*> src: /<*> dest: /<*>",
            "17" => "writeBlock <*> received exception java.io.IOException: Could not read from stream",
            _ => return None,
        };
        Some(template.to_owned())
    }

    fn line(&self, number: u64) -> Option<String> {
        (number == 9).then(|| "raw line nine".to_owned())
    }
}

#[test]
fn text_is_aligned_and_wrapped() {
    let verdict = verdict(12.5, Some(17), Some(Reason::OutsideTopCandidates));
    let explanation = Explanation::of(&verdict, &events(), Some(Label::Anomalous), &PlainTexts);
    let expected = "\
blk_1 is anomalous, score 12.5000, labelled anomalous
left the normal path at event 2 of 3: the next log key is not among the top candidates

  #  line  key  event
  1     7    5  Receiving block <*> src: /<*> dest: /<*>
▶ 2     8   17  writeBlock <*> received exception java.io.IOException:
                Could not read from stream
                the next log key is not among the top candidates (rank
                17, probability 0%)
                expected instead:
             5  █████████     75.0%  Receiving block <*> src: /<*> dest:
                                     /<*>
           end  ███           25.0%  (the session ends)
                and 1 less likely
  3     9    9  raw line nine
                the session ends here
";
    assert_eq!(explanation_text(&explanation, 72, false), expected);
}

#[test]
fn endless_lines_are_cut() {
    let mut explanation = explanation();
    explanation.steps[1].template = Some("word ".repeat(100_000));
    explanation.steps[2].text = Some("x".repeat(1_000_000));
    let text = explanation_text(&explanation, 80, false);
    assert!(
        text.lines().count() < 40 && text.matches('…').count() >= 2,
        "{} lines",
        text.lines().count()
    );
}

#[test]
fn colour_only_where_asked_for() {
    assert!(!explanation_text(&explanation(), 80, false).contains('\u{1b}'));
    let coloured = explanation_text(&explanation(), 80, true);
    assert!(
        coloured.contains('\u{1b}') && !coloured.contains("\u{1b}[2J"),
        "{coloured:?}"
    );
}

proptest! {
    #[test]
    fn text_keeps_to_its_width(text in "\\PC{0,200}", width in 60..140_usize) {
        let mut explanation = explanation();
        for step in &mut explanation.steps {
            step.template = Some(format!("{text}{HOSTILE}"));
        }
        let lines = explanation_text(&explanation, width, false);
        for line in lines.lines().skip(3) {
            prop_assert!(line.chars().count() <= width, "{} columns of {width}: {line}", line.chars().count());
            prop_assert!(line == visible(line));
        }
    }
}
