use proptest::prelude::*;
use regex::bytes::RegexBuilder;

use super::*;

fn mask(pattern: &str) -> Mask {
    Mask::new(pattern, RegexBuilder::new(pattern).unicode(false).build().unwrap())
}

fn masks(patterns: &[&str]) -> Masks {
    Masks::new(patterns.iter().map(|pattern| mask(pattern)).collect())
}

fn apply(masks: &Masks, content: &[u8]) -> MaskedText {
    let mut masked = MaskedText::default();
    masks.apply(content, &mut masked);
    masked
}

#[test]
fn masks_see_the_work_of_those_before() {
    let table: [(&[&str], &str, &str, &[&str]); 6] = [
        (&[r"\d+"], "a 1 b 22", "a <*> b <*>", &["1", "22"]),
        (
            &[r"\d+", r"<\*>:<\*>"],
            "1:2 3 4:5",
            "<*> <*> <*>",
            &["1:2", "3", "4:5"],
        ),
        (&[r"\d+", r"\*"], "x1*2", "x<*><*><*>", &["1", "*", "2"]),
        (&[r"\d+", "a<|>b"], "a1b", "<*>", &["a1b"]),
        (&[r"\d+", "x"], "1 <*> x 2", "<*> <*> <*> <*>", &["1", "<*>", "x", "2"]),
        (&["^|x$|z"], "xx", "x<*>", &["x"]),
    ];
    for (patterns, content, expected, originals) in table {
        let masked = apply(&masks(patterns), content.as_bytes());
        assert_eq!(String::from_utf8_lossy(&masked.text), expected);
        let found: Vec<_> = masked
            .pieces
            .iter()
            .map(|piece| &content[piece.original.clone()])
            .collect();
        assert_eq!(found, originals, "{content}");
    }
}

#[test]
fn pieces_know_their_mask() {
    let masked = apply(&masks(&["x", r"\d+", "<.>y"]), b"<*> 1 x 2 <*>y");
    let found: Vec<_> = masked.pieces.iter().map(|piece| piece.mask).collect();
    assert_eq!(found, [None, Some(1), Some(0), Some(1), Some(2)]);
}

#[test]
fn masks_that_keep_apart_share_a_pass() {
    let table: [(&[&str], usize); 11] = [
        (&[r"blk_-?\d+", r"(\d+\.){3}\d+(:\d+)?"], 1),
        // The first may begin within the second, which is looked at line by line.
        (&[r"(\d{1,3}\.){3}\d{1,3}", r"\d+"], 1),
        (&[r"\b(\d{1,3}\.){3}\d{1,3}\b", r"\b0x[0-9a-f]+\b", r"\b\d+\b"], 1),
        // `\b` behind the second sees the first or its `<*>`.
        (&["x", r"\b\d+\b"], 2),
        (&[r"x\b", r"\b\d+\b"], 2),
        (&[r"\bx", r"\b\d+\b"], 2),
        // What takes a `<*>` must wait for it.
        (&[r"\d+", r"<\*>:<\*>"], 2),
        (&[r"\d+", "[^ ]=[^ ]"], 2),
        (&["(?u:ä)", "b"], 1),
        (&[r"(?u:\bä)", "b"], 2),
        (&["a|^", "b"], 2),
    ];
    for (patterns, expected) in table {
        assert_eq!(masks(patterns).0.len(), expected, "{patterns:?}");
    }
}

#[test]
fn many_masks_share_a_pass_if_they_begin_and_end_at_word_boundaries() {
    let patterns = [
        r"\bhttps?://[^ ]+",
        r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
        r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b",
        r"\bblk_-?\d+\b",
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b",
        r"\b0x[0-9a-f]+\b",
        r"\b[0-9a-f]{12,}\b",
        r"\b\d+\.\d+\b",
        r"\b\d+ [kmg]b\b",
        r"\b\d+\b",
    ];
    // The first takes what stands for others, so they follow.
    assert_eq!(masks(&patterns).0.len(), 2);
    assert_eq!(masks(&patterns[1..]).0.len(), 1);
    // An address begins within what would be a decimal fraction.
    let masked = apply(&masks(&patterns[1..]), b"1000.2.3.4.5 1.5 7 gb 7 mb");
    assert_eq!(String::from_utf8_lossy(&masked.text), "<*>.<*> <*> <*> <*>");
    let found: Vec<_> = masked.pieces.iter().map(|piece| piece.mask).collect();
    assert_eq!(found, [9, 4, 7, 8, 8].map(Some));
}

#[test]
fn long_lines_are_read_a_few_times_at_most() {
    let digits = vec![b'7'; 10_000_000];
    for patterns in [&[r"\d+x"] as &[_], &[r"(\d\d\d)+x", "y"], &[r"\d*(1|2)\d*3"]] {
        let masked = apply(&masks(patterns), &digits);
        assert!(masked.pieces.is_empty() && masked.text == digits, "{patterns:?}");
    }
}

#[test]
fn a_mask_too_large_for_an_automaton_is_looked_for_as_a_regex() {
    let large = r"a[ab]{14}c|[ab]*a[ab]{16}c";
    let masks = masks(&[large, r"\d+"]);
    // Together they would be one pass, since neither can get into the other.
    assert_eq!(masks.0.len(), 2);
    let masked = apply(&masks, b"1 abbbbbbbbbbbbbbbbc 2");
    assert_eq!(String::from_utf8_lossy(&masked.text), "<*> <*> <*>");
}

const PATTERNS: &[&str] = &[
    "a+b?",
    r"\d+",
    r"\b\d+\b",
    r"\d+x",
    r"(\d\.)+\d",
    r"\b(\d\.)+\d\b",
    "[ab]*c",
    r"\bab",
    r"ab\b",
    r"\Ba",
    "a$",
    "^b",
    "b|bc",
    "bc|b",
    "ab?|b+?a",
    r"\b[0-9a-c]{2,}\b",
    "<",
    r"\*>",
    r"<\*>",
    "[^ ]b",
    r"\.",
    r"\b-?\d",
    "(?m)^a",
    "x-?",
    "-+",
    r"\s+b",
    "(?u)ü",
    r"c\d{2}",
    "(?i)A",
    r"\b=\b",
    "=.",
    ".=",
];

proptest! {
    #[test]
    fn passes_find_what_one_mask_after_the_other_finds(
        patterns in prop::collection::vec(prop::sample::select(PATTERNS), 1..6),
        lines in prop::collection::vec("([abcx1-3.=\\-<*> \\n]|<\\*>|ü){0,24}", 1..8),
    ) {
        let together = masks(&patterns);
        let alone: Vec<Mask> = patterns.iter().map(|pattern| mask(pattern)).collect();
        for line in &lines {
            let found = apply(&together, line.as_bytes());
            let mut expected = apply(&masks(&[]), line.as_bytes());
            for (index, mask) in alone.iter().enumerate() {
                expected.mask_by(mask.regex(), index);
            }
            prop_assert_eq!(String::from_utf8_lossy(&found.text), String::from_utf8_lossy(&expected.text));
            prop_assert_eq!(&found.pieces, &expected.pieces);
        }
    }
}
