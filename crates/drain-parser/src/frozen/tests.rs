use proptest::prelude::*;

use super::*;
use crate::drain::Drain;
use crate::template::tokens_of;
use crate::tokens::is_space;

fn frozen(config: &DrainConfig, texts: &[&str]) -> FrozenDrain {
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
                    .map(|p| std::str::from_utf8(p).unwrap())
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
    shared::<FrozenDrain>();
    shared::<Drain>();
}

/// Walks a content along its template: every constant and every parameter must stand where the last one ended, with
/// nothing but separators between tokens.
fn walk(content: &[u8], template: &Template, parameters: &[&[u8]], delimiters: &[String]) -> Result<(), String> {
    let mut parameters = parameters.iter();
    let mut rest = content;
    let take = |rest: &mut &[u8], piece: &[u8]| {
        let fits = rest.starts_with(piece);
        *rest = rest.get(piece.len()..).unwrap_or_default();
        fits.then_some(())
            .ok_or_else(|| format!("{piece:?} of `{}` not in {content:?}", template.text))
    };
    let separates = |byte: &u8| is_space(*byte) || delimiters.iter().any(|text| text.as_bytes() == [*byte]);
    let skip = |rest: &mut &[u8]| *rest = &rest[rest.iter().take_while(|byte| separates(byte)).count()..];
    for token in tokens_of(&template.text).ok_or("broken text")? {
        skip(&mut rest);
        let mut token = token.as_slice();
        while let Some(at) = memchr::memmem::find(token, b"<*>") {
            take(&mut rest, &token[..at])?;
            let parameter = parameters.next().ok_or("too few parameters")?;
            if parameter.as_ptr() != rest.as_ptr() {
                return Err(format!("{parameter:?} stands elsewhere in {content:?}"));
            }
            take(&mut rest, parameter)?;
            token = &token[at + 3..];
        }
        take(&mut rest, token)?;
    }
    skip(&mut rest);
    (rest.is_empty() && parameters.next().is_none())
        .then_some(())
        .ok_or_else(|| format!("left over: {rest:?}"))
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop::sample::select(vec![
        &b" "[..],
        b" ",
        b"\t",
        b"=",
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

fn configs() -> impl Strategy<Value = DrainConfig> {
    let masks =
        prop::sample::subsequence(vec![r"\d+", r"\.\d+|<\*>\.", "a b", r"[*>]", "<+", "x=*"], 0..=6).prop_shuffle();
    (masks, prop::bool::ANY, 3..6usize, 0..=4u8).prop_map(|(masks, delimiters, depth, quarters)| DrainConfig {
        masks: masks.into_iter().map(str::to_owned).collect(),
        extra_delimiters: if delimiters { vec!["=".into()] } else { Vec::new() },
        similarity: f64::from(quarters) / 4.0,
        depth,
        ..DrainConfig::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_learnt_matches_and_comes_back(config in configs(), contents in contents()) {
        let mut drain = Drain::new(config).unwrap();
        contents.iter().for_each(|content| { drain.learn(content); });
        let frozen = drain.freeze();
        let reloaded: FrozenDrain = serde_json::from_str(&serde_json::to_string(&frozen).unwrap()).unwrap();
        prop_assert_eq!(frozen.templates().iter().map(|template| template.count).sum::<u64>(), contents.len() as u64);
        let mut scratch = Scratch::default();
        for content in &contents {
            let line = frozen.parse(content, &mut scratch);
            prop_assert_eq!(&line, &reloaded.parse(content, &mut scratch));
            let line = line.expect("a learnt content has a template");
            prop_assert!(line.exact);
            prop_assert_eq!(frozen.matches(content, &mut scratch), Some(line.template));
            let template = &frozen.templates()[line.template];
            prop_assert_eq!(walk(content, template, &line.parameters, &frozen.config().extra_delimiters), Ok(()));
        }
    }
}
