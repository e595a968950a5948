//! Patterns, bounds and merging.

use proptest::prelude::*;

use crate::config::AutoConfig;
use crate::mined::Mined;
use crate::parser::{Parser, ParserConfig};
use crate::reading::Scratch;

fn bounded(max_patterns: usize) -> Parser {
    let config = AutoConfig {
        max_patterns,
        ..AutoConfig::default()
    };
    Parser::new(ParserConfig::Auto(config)).unwrap()
}

fn learn<'c>(parser: &mut Parser, contents: impl IntoIterator<Item = &'c str>) {
    for content in contents {
        parser.learn(content.as_bytes());
    }
}

/// A word for a number, without digits.
fn word(mut number: u32) -> String {
    let mut word = String::from("w");
    while number > 0 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

#[test]
fn the_least_recently_matched_pattern_makes_room() {
    let mut parser = bounded(2);
    learn(&mut parser, ["one", "two", "one", "three"]);
    let alive: Vec<_> = parser
        .clusters()
        .into_iter()
        .map(|c| (c.id.0, c.template, c.count))
        .collect();
    assert_eq!(alive, [(0, "one".into(), 2), (2, "three".into(), 1)]);
    assert_eq!(parser.evicted(), 1);
    // It comes back as a new one.
    assert_eq!(parser.learn(b"two").0, 3);
    assert_eq!(parser.evicted(), 2);
}

#[test]
fn many_distinct_contents_are_bounded_and_counted() {
    const CONTENTS: u64 = 1_000_000;
    let auto = bounded(1000);
    let drain = crate::config::DrainConfig {
        max_clusters: Some(1000),
        ..Default::default()
    };
    for mut parser in [auto, Parser::new(ParserConfig::Drain(drain)).unwrap()] {
        for i in 0..CONTENTS as u32 {
            let word = word(i);
            parser.learn(format!("{word} {word}x {word}y").as_bytes());
        }
        let clusters = parser.clusters();
        assert_eq!(clusters.len(), 1000);
        assert_eq!(parser.evicted() + clusters.len() as u64, CONTENTS);
        assert!(
            clusters
                .iter()
                .all(|cluster| cluster.count == 1 && cluster.id.0 >= CONTENTS - 1000)
        );
        let state = serde_json::to_string(&parser).unwrap();
        assert!(state.len() < 200 * 1000, "{}", state.len());
    }
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    let state = |patterns: &str| {
        let text =
            format!(r#"{{"method": "auto", "config": {{}}, "next_id": 5, "evicted": 0, "patterns": [{patterns}]}}"#);
        serde_json::from_str::<Parser>(&text).map_err(|error| error.to_string())
    };
    let pattern = r#"{"id": 4, "count": 2, "key": "a \\x00", "values": [[["b"], false]]}"#;
    assert!(state(pattern).is_ok());
    for (from, to) in [
        (r#""id": 4"#, r#""id": 5"#),
        (r#""count": 2"#, r#""count": 0"#),
        (r#"\\x00"#, r#"\\x0"#),
        (r#"\\x00"#, "b"),
        (r#"[["b"], false]"#, ""),
        (r#"["b"], false"#, r#"["b"], true"#),
    ] {
        let error = state(&pattern.replace(from, to)).unwrap_err();
        assert!(
            error.contains("of the saved parser is broken: learn the parser anew"),
            "{to}: {error}"
        );
    }
    assert!(state(&format!("{pattern}, {pattern}")).is_err());
    assert!(state(r#"{"id": 4}"#).unwrap_err().contains("missing field"));
    let error = serde_json::from_str::<Parser>(r#"{"method": "spell"}"#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("unknown variant `spell`"), "{error}");
}

fn contents() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "open", "file", "x=y", "7", "r2", "[]", "READY", "DONE", "/a/b", "host", "port", "\"q\"",
    ]);
    let content = prop::collection::vec(word, 0..5).prop_map(|words| words.join(" "));
    prop::collection::vec(content, 0..40)
}

/// What a frozen state knows, without the order in which it was learnt.
fn known(mined: &Mined) -> Vec<(String, u64)> {
    let frozen = mined.freeze().unwrap();
    let mut known: Vec<_> = frozen
        .templates()
        .iter()
        .map(|template| (template.text.clone(), template.count))
        .collect();
    known.sort_unstable();
    known
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn parts_give_together_what_the_log_gives(
        contents in contents(),
        parts in prop::collection::vec(0..4usize, 40),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        let mut whole = bounded(100_000);
        learn(&mut whole, contents.iter().map(String::as_str));
        let mined = order.iter().map(|part| {
            let mut parser = bounded(100_000);
            let own = contents.iter().zip(&parts).filter(|(_, of)| *of == part);
            learn(&mut parser, own.map(|(content, _)| content.as_str()));
            parser.mined()
        });
        let merged = mined.reduce(|mut one, other| {
            one.merge(&other).unwrap();
            one
        });
        let merged = merged.unwrap();
        prop_assert_eq!(known(&merged), known(&whole.mined()));
        let (frozen, expected) = (merged.freeze().unwrap(), whole.freeze());
        let mut scratch = Scratch::default();
        for content in &contents {
            let found = frozen.matches(content.as_bytes(), &mut scratch).map(|t| &frozen.templates()[t].text);
            let expected = expected.matches(content.as_bytes(), &mut scratch).map(|t| &expected.templates()[t].text);
            prop_assert_eq!(found, expected);
        }
    }
}
