use proptest::prelude::*;

use super::*;
use crate::config::{AutoConfig, DrainConfig};
use crate::parser::Parser;
use crate::prepared::Prepared;
use crate::template::TemplateId;

fn frozen(config: &DrainConfig, texts: &[&str]) -> FrozenParser {
    let config = ParserConfig::Drain(config.clone());
    let templates: Vec<_> = texts
        .iter()
        .map(|text| serde_json::json!({"text": text, "count": 1}))
        .collect();
    serde_json::from_value(serde_json::json!({"config": config, "templates": templates})).unwrap()
}

#[test]
fn the_best_template_wins() {
    let texts = [
        "a <*> <*>",
        "a <*> c",
        "a b <*>",
        "<*> <*> c",
        "<*> <*> <*> d",
        "x y",
        "",
    ];
    let reversed: Vec<_> = texts.iter().rev().copied().collect();
    let smaller = if TemplateId::of("a <*> c") < TemplateId::of("a b <*>") {
        "a <*> c"
    } else {
        "a b <*>"
    };
    let table = [
        ("a b c", Some(smaller)),
        ("a x c", Some("a <*> c")),
        ("a x x", Some("a <*> <*>")),
        ("x x c", Some("<*> <*> c")),
        ("x x x", None),
        ("1 2 3 d", Some("<*> <*> <*> d")),
        ("x  y ", Some("x y")),
        ("x", None),
        (" ", Some("")),
        ("<*> <*> c", Some("<*> <*> c")),
        ("<*> y", None),
    ];
    let mut scratch = Scratch::default();
    for frozen in [
        frozen(&DrainConfig::default(), &texts),
        frozen(&DrainConfig::default(), &reversed),
    ] {
        for (content, expected) in table {
            let found = frozen.matches(content.as_bytes(), &mut scratch);
            assert_eq!(
                found.map(|template| frozen.templates()[template].text.as_str()),
                expected,
                "{content}"
            );
        }
    }
}

#[test]
fn parameters_are_slices_of_the_content() {
    let masks = vec![r"\d+\.\d+".into(), r"<\*>:\d+".into(), r"t \d+ s".into()];
    let config = DrainConfig {
        masks,
        extra_delimiters: vec!["=".into()],
        ..DrainConfig::default()
    };
    let frozen = frozen(
        &config,
        &["from <*>, to (<*>|<*>) <*>", "size <*> at port 80 x", "blk_1", "r <*>"],
    );
    /// A content, and its parameters with whether the match is exact.
    type Row = (&'static str, Option<(&'static [&'static str], bool)>);
    let table: [Row; 8] = [
        (
            "from 1.2, to (3.4|5.6) end",
            Some((&["1.2", "3.4", "5.6", "end"], true)),
        ),
        (
            "from 1.2:99,  to=(3.4|5.6:7) <*>",
            Some((&["1.2:99", "3.4", "5.6:7", "<*>"], true)),
        ),
        ("from 1.2 to (3.4|5.6) end", None),
        ("r t 44 s", Some((&["t 44 s"], true))),
        ("size 5 at port 80 x", Some((&["5"], true))),
        ("size 5 at port 81 x", Some((&["5", "81"], false))),
        ("size 5 at port none x", None),
        // Numbers alone make no template.
        ("blk_2", None),
    ];
    let mut scratch = Scratch::default();
    for (content, expected) in table {
        let parsed = frozen.parse(content.as_bytes(), &mut scratch);
        let parsed = parsed.map(|line| {
            (
                line.parameters
                    .iter()
                    .map(|p| std::str::from_utf8(p.value).unwrap())
                    .collect::<Vec<_>>(),
                line.exact,
            )
        });
        assert_eq!(
            parsed,
            expected.map(|(parameters, exact)| (parameters.to_vec(), exact)),
            "{content}"
        );
    }
}

#[test]
fn what_was_the_same_in_every_line_may_change() {
    let mut parser = Parser::new(ParserConfig::default()).unwrap();
    for port in 1..8 {
        parser.learn(format!("login from 10.0.0.{port} port {port} tty=ssh level=INFO ssh2").as_bytes());
    }
    let frozen = parser.freeze();
    assert_eq!(
        frozen.templates()[0].text,
        "login from <*> port <*> tty=ssh level=INFO ssh2"
    );
    let mut scratch = Scratch::default();
    let mut values = |line: &'static str| {
        let parsed = frozen.parse(line.as_bytes(), &mut scratch)?;
        let values = parsed.parameters.iter().map(|p| std::str::from_utf8(p.value).unwrap());
        Some((values.collect::<Vec<_>>(), parsed.exact))
    };
    let table = [
        (
            "login from 10.0.0.9 port 9 tty=ssh level=INFO ssh2",
            Some((vec!["10.0.0.9", "9"], true)),
        ),
        (
            "login from 10.0.0.9 port 9 tty=console level=INFO ssh1",
            Some((vec!["10.0.0.9", "9", "console", "ssh1"], false)),
        ),
        ("logout from 10.0.0.9 port 9 tty=ssh level=INFO ssh2", None),
    ];
    for (line, expected) in table {
        assert_eq!(values(line), expected, "{line}");
    }
}

#[test]
fn equal_templates_become_one() {
    let frozen = frozen(&DrainConfig::default(), &["a <*>", "b", "a <*>"]);
    let templates: Vec<_> = frozen
        .templates()
        .iter()
        .map(|template| (template.text.as_str(), template.count))
        .collect();
    assert_eq!(templates, [("a <*>", 2), ("b", 1)]);
}

#[test]
fn threads_may_share_it() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<FrozenParser>();
    shared::<Parser>();
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop::sample::select(vec![
        &b" "[..],
        b" ",
        b"\t",
        b"=",
        b"(",
        b")",
        b":",
        b"\"",
        b"key",
        b"v=w",
        b"/a/b",
        b"true",
        b"10.0.0.1",
        b"<*>",
        b"<",
        b"*",
        b">",
        b"a",
        b"b",
        b"12",
        b"1.2",
        b"x",
        b"\\",
        b"\xff",
        b"\0",
        "é".as_bytes(),
    ]);
    let content = prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat());
    prop::collection::vec(content, 0..12)
}

fn configs() -> impl Strategy<Value = ParserConfig> {
    let masks =
        prop::sample::subsequence(vec![r"\d+", r"\.\d+|<\*>\.", "a b", r"[*>]", "<+", "x=*"], 0..=6).prop_shuffle();
    let masks = masks.prop_map(|masks| masks.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let auto = masks.clone().prop_map(|masks| {
        ParserConfig::Auto(AutoConfig {
            masks,
            ..AutoConfig::default()
        })
    });
    let drain = (masks, prop::bool::ANY, 3..6usize, 0..=4u8);
    let drain = drain.prop_map(|(masks, delimiters, depth, quarters)| {
        ParserConfig::Drain(DrainConfig {
            masks,
            extra_delimiters: if delimiters { vec!["=".into()] } else { Vec::new() },
            similarity: f64::from(quarters) / 4.0,
            depth,
            ..DrainConfig::default()
        })
    });
    prop_oneof![auto, drain]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_learnt_matches_and_comes_back(config in configs(), contents in contents()) {
        let mut parser = Parser::new(config).unwrap();
        contents.iter().for_each(|content| { parser.learn(content); });
        let frozen = parser.freeze();
        let reloaded: FrozenParser = serde_json::from_str(&serde_json::to_string(&frozen).unwrap()).unwrap();
        prop_assert_eq!(frozen.templates(), reloaded.templates());
        prop_assert_eq!(frozen.templates().iter().map(|template| template.count).sum::<u64>(), contents.len() as u64);
        let mut scratch = Scratch::default();
        for content in &contents {
            let line = frozen.parse(content, &mut scratch);
            prop_assert_eq!(&line, &reloaded.parse(content, &mut scratch));
            let line = line.expect("a learnt content has a template");
            prop_assert!(line.exact);
            prop_assert_eq!(frozen.matches(content, &mut scratch), Some(line.template));
            prop_assert_eq!(frozen.restore(&line), content.as_slice());
            let text = &frozen.templates()[line.template].text;
            prop_assert_eq!(text.matches("<*>").count(), line.parameters.len(), "{}", text);
            for parameter in &line.parameters {
                prop_assert_eq!(parameter.value.as_ptr(), content[parameter.start..].as_ptr());
            }
        }
    }

    #[test]
    fn prepared_contents_are_learnt_as_any(config in configs(), blocks in prop::collection::vec(contents(), 0..4)) {
        let (mut one, mut other) = (Parser::new(config.clone()).unwrap(), Parser::new(config).unwrap());
        let preparer = other.preparer();
        let (mut prepared, mut learnt) = (Prepared::default(), Vec::new());
        for block in &blocks {
            prepared.clear();
            block.iter().for_each(|content| preparer.prepare(content, &mut prepared));
            other.learn_prepared(&prepared, &mut learnt);
        }
        let expected: Vec<_> = blocks.iter().flatten().map(|content| one.learn(content)).collect();
        prop_assert_eq!(learnt, expected);
        prop_assert_eq!(one.clusters(), other.clusters());
    }

    #[test]
    fn any_line_that_matches_is_restored(config in configs(), learnt in contents(), others in contents()) {
        let mut parser = Parser::new(config).unwrap();
        learnt.iter().for_each(|content| { parser.learn(content); });
        let frozen = parser.freeze();
        let mut scratch = Scratch::default();
        for content in &others {
            if let Some(line) = frozen.parse(content, &mut scratch) {
                prop_assert_eq!(frozen.restore(&line), content.as_slice());
            }
        }
    }

    #[test]
    fn a_parser_goes_on_from_what_was_saved(config in configs(), contents in contents(), cut in 0usize..12) {
        let mut parser = Parser::new(config).unwrap();
        let (before, after) = contents.split_at(cut.min(contents.len()));
        before.iter().for_each(|content| { parser.learn(content); });
        let mut reloaded: Parser = serde_json::from_str(&serde_json::to_string(&parser).unwrap()).unwrap();
        for content in after {
            prop_assert_eq!(parser.learn(content), reloaded.learn(content));
        }
        prop_assert_eq!(parser.clusters(), reloaded.clusters());
    }
}
