use proptest::prelude::*;

use super::*;
use crate::config::{AutoConfig, DrainConfig};
use crate::frozen::FrozenParser;
use crate::parser::{Parser, ParserConfig};
use crate::reading::Scratch;

fn drain() -> ParserConfig {
    ParserConfig::Drain(DrainConfig {
        similarity: 0.9,
        ..DrainConfig::default()
    })
}

fn learnt(config: ParserConfig, lines: &[&str]) -> Parser {
    let mut parser = Parser::new(config).unwrap();
    for line in lines {
        parser.learn(line.as_bytes());
    }
    parser
}

/// Index of the template with this text.
fn at(parser: &FrozenParser, text: &str) -> usize {
    let found = parser.templates().iter().position(|template| template.text == text);
    found.unwrap_or_else(|| panic!("{text} is not among {:?}", counts(parser)))
}

fn counts(parser: &FrozenParser) -> Vec<(&str, u64)> {
    let templates = parser.templates().iter();
    templates.map(|template| (&*template.text, template.count)).collect()
}

fn text_for<'p>(parser: &'p FrozenParser, line: &str) -> &'p str {
    let found = parser.matches(line.as_bytes(), &mut Scratch::default());
    found.map_or("", |template| &parser.templates()[template].text)
}

/// The parser with one more edit.
fn with(parser: &FrozenParser, edit: Edit) -> FrozenParser {
    let mut edits = parser.edits().clone();
    edits.push(edit);
    parser.edited(&edits).0
}

fn split(parser: &FrozenParser, text: &str, parameter: usize, lines: &[&str]) -> Result<Edit, EditError> {
    let mut splitting = Splitting::new(parser, at(parser, text), parameter)?;
    let mut scratch = Scratch::default();
    for line in lines {
        splitting.add(&parser.parse(line.as_bytes(), &mut scratch).unwrap());
    }
    splitting.finish()
}

const LINES: [&str; 5] = ["job started", "job ended", "disk full", "net is up", "net is down"];

#[test]
fn a_merge_takes_what_it_covers_for_good() {
    for config in [ParserConfig::default(), drain()] {
        let mut parser = learnt(config, &LINES[..3]);
        let frozen = parser.freeze();
        let merge = frozen.merge(&[at(&frozen, "job started"), at(&frozen, "job ended")], None);
        let edited = with(&frozen, merge.unwrap());
        assert_eq!(counts(&edited), [("disk full", 1), ("job <*>", 2)]);
        // What comes later too, and what was learnt is still there.
        parser.learn(b"job paused");
        let (later, gone) = parser.freeze().edited(edited.edits());
        assert_eq!((counts(&later), gone), (vec![("disk full", 1), ("job <*>", 3)], vec![]));
        let (undone, _) = later.edited(&Edits::default());
        assert_eq!(counts(&undone), counts(&parser.freeze()));
    }
}

#[test]
fn other_lengths_become_forms_of_one_text() {
    for config in [ParserConfig::default(), drain()] {
        let frozen = learnt(config, &LINES).freeze();
        let two = [at(&frozen, "job started"), at(&frozen, "disk full")];
        let both = [at(&frozen, "disk full"), at(&frozen, "net is up")];
        assert!(matches!(frozen.merge(&both, None), Err(EditError::Shape(..))));
        assert_eq!(frozen.merge(&two, None), Err(EditError::NoConstant("<*> <*>".into())));
        assert_eq!(frozen.merge(&[two[0], two[0]], None), Err(EditError::One));
        let edited = with(&frozen, frozen.merge(&both, Some("trouble: <*>")).unwrap());
        let total: u64 = counts(&edited).iter().map(|(_, count)| count).sum();
        assert_eq!(total, LINES.len() as u64);
        let mut scratch = Scratch::default();
        for line in ["disk full", "net is up", "trouble: fire"] {
            let parsed = edited.parse(line.as_bytes(), &mut scratch).unwrap();
            assert_eq!(edited.templates()[parsed.template].text, "trouble: <*>");
            assert_eq!(edited.restore(&parsed), line.as_bytes());
            assert_eq!(
                edited.parse_as(parsed.template, line.as_bytes(), &mut scratch),
                Some(parsed)
            );
        }
        let merged = at(&edited, "trouble: <*>");
        assert_eq!(Splitting::new(&edited, merged, 1).unwrap_err(), EditError::Forms);
    }
}

#[test]
fn a_split_makes_events_of_values() {
    let lines = ["user ann came in", "user bob came in", "user ann came in"];
    for config in [ParserConfig::default(), drain()] {
        let mut parser = learnt(config, &lines);
        let frozen = with(&parser.freeze(), {
            let frozen = parser.freeze();
            Edit::Pin {
                templates: vec![frozen.wording("user <*> came in").unwrap()],
            }
        });
        let edited = with(&frozen, split(&frozen, "user <*> came in", 1, &lines).unwrap());
        let expected = [
            ("user <*> came in", 0),
            ("user ann came in", 2),
            ("user bob came in", 1),
        ];
        assert_eq!(counts(&edited), expected);
        parser.learn(b"user eve came in");
        let (later, _) = parser.freeze().edited(edited.edits());
        assert_eq!(text_for(&later, "user bob came in"), "user bob came in");
        assert_eq!(text_for(&later, "user eve came in"), "user <*> came in");
        // A later edit overrides.
        let merge = later.merge(&[at(&later, "user ann came in"), at(&later, "user bob came in")], None);
        assert_eq!(counts(&with(&later, merge.unwrap())), [("user <*> came in", 4)]);
    }
}

#[test]
fn what_cannot_be_split() {
    let masks = vec![r"\d+".to_owned()];
    let config = ParserConfig::Drain(DrainConfig {
        masks,
        ..DrainConfig::default()
    });
    let lines = ["send a to port 1 x=2 now", "send b to port 1 x=2 now"];
    let parser = learnt(config, &lines).freeze();
    let text = "send <*> to port <*> x=<*> now";
    let table = [
        (0, EditError::Place { asked: 0, has: 3 }),
        (4, EditError::Place { asked: 4, has: 3 }),
        (2, EditError::Masked(2, "<MASK1>".into())),
        (3, EditError::Masked(3, "a mask".into())),
    ];
    for (parameter, error) in table {
        assert_eq!(split(&parser, text, parameter, &lines), Err(error));
    }
    assert_eq!(split(&parser, text, 1, &[]), Err(EditError::NoValues(1)));
    let many: Vec<String> = (0..101)
        .map(|i| format!("send {}a to port 1 x=2 now", "v".repeat(i)))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(split(&parser, text, 1, &many), Err(EditError::Values(1, 100)));
    assert!(split(&parser, text, 1, &many[..100]).is_ok());
    // A value that a mask has a part of is never seen as it is.
    let odd = ["send a7 to port 1 x=2 now"];
    assert_eq!(
        split(&parser, text, 1, &odd),
        Err(EditError::Masked(1, "a mask".into()))
    );
}

#[test]
fn pins_are_there_and_first() {
    for config in [ParserConfig::default(), drain()] {
        let mut parser = learnt(config, &LINES[..2]);
        let frozen = parser.freeze();
        let texts = ["job <*>", "job started", "never <*> seen"];
        let templates = texts.iter().map(|text| frozen.wording(text).unwrap()).collect();
        let edited = with(&frozen, Edit::Pin { templates });
        // Of the pins the most specific one has a line.
        assert_eq!(
            counts(&edited),
            [("job started", 1), ("job <*>", 1), ("never <*> seen", 0)]
        );
        assert_eq!(text_for(&edited, "never was seen"), "never <*> seen");
        assert!((0..3).all(|template| edited.is_pinned(template)) && !frozen.is_pinned(0));
        for _ in 0..9 {
            for line in ["job paused", "never ever seen", "job started"] {
                parser.learn(line.as_bytes());
            }
        }
        let (later, _) = parser.freeze().edited(edited.edits());
        assert_eq!(text_for(&later, "job started"), "job started");
        assert_eq!(text_for(&later, "never ever seen"), "never <*> seen");
        let mut edits = edited.edits().clone();
        assert!(edits.unpin(TemplateId::of("job <*>")) && !edits.unpin(TemplateId::of("job <*>")));
        assert_eq!(
            edits.iter().next(),
            Some(&Edit::Pin {
                templates: pins(&frozen, &[texts[1], texts[2]])
            })
        );
        assert!(edits.unpin(TemplateId::of(texts[1])) && edits.unpin(TemplateId::of(texts[2])));
        assert!(edits.is_empty());
    }
}

#[test]
fn a_pin_comes_before_what_is_more_specific() {
    let config = ParserConfig::Drain(DrainConfig {
        similarity: 0.5,
        ..DrainConfig::default()
    });
    let frozen = learnt(config, &["send x to y", "send x at y"]).freeze();
    assert_eq!(counts(&frozen), [("send x <*> y", 2)]);
    let edited = with(
        &frozen,
        Edit::Pin {
            templates: pins(&frozen, &["send <*> to <*>"]),
        },
    );
    assert_eq!(text_for(&edited, "send x to y"), "send <*> to <*>");
    assert_eq!(text_for(&edited, "send x at y"), "send x <*> y");
}

fn pins(parser: &FrozenParser, texts: &[&str]) -> Vec<Wording> {
    texts.iter().map(|text| parser.wording(text).unwrap()).collect()
}

#[test]
fn names_and_what_is_gone() {
    let frozen = learnt(drain(), &LINES[..3]).freeze();
    let id = frozen.templates()[at(&frozen, "disk full")].id;
    let named = with(&frozen, Edit::rename(id, "out of space").unwrap());
    let of = |parser: &FrozenParser| parser.templates()[at(parser, "disk full")].name.clone();
    assert_eq!((of(&named).as_deref(), of(&frozen)), (Some("out of space"), None));
    for wrong in ["", " x", "x ", "a\nb", "\u{1b}[31m", &"x".repeat(101)] {
        assert_eq!(Edit::rename(id, wrong), Err(EditError::Name(wrong.into())));
    }
    // Learnt from other lines, neither is there.
    let other = learnt(drain(), &["something else"]).freeze();
    let merge = frozen.merge(&[0, 1], None).unwrap();
    let mut edits = named.edits().clone();
    edits.push(merge);
    let (edited, gone) = other.edited(&edits);
    let gone: Vec<(usize, &str)> = gone.iter().map(|gone| (gone.edit, &*gone.template)).collect();
    let id = id.to_string();
    assert_eq!(gone, [(1, "job started"), (1, "job ended"), (0, &*id)]);
    assert_eq!(counts(&edited), [("something else", 1), ("job <*>", 0)]);
}

#[test]
fn texts_are_read_as_lines_are() {
    let auto = learnt(ParserConfig::default(), &[]).freeze();
    let drain = learnt(drain(), &[]).freeze();
    let table = [
        ("from <*>:<*>, port 22", "from <*>, port 22", "from <*>:<*>, port 22"),
        ("got (<*>)  x=<*>", "got (<*>) x=<*>", "got (<*>) x=<*>"),
        (r"a\xff \x5cx", r"a\xff \x", r"a\xff \x5cx"),
        (r"C:\xyz a", r"C:\xyz a", r"C:\x5cxyz a"),
    ];
    for (text, by_auto, by_drain) in table {
        assert_eq!(auto.wording(text).unwrap().text(), by_auto);
        assert_eq!(drain.wording(text).unwrap().text(), by_drain);
    }
    assert_eq!(
        auto.wording("<*> (<*>)"),
        Err(EditError::NoConstant("<*> (<*>)".into()))
    );
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let words = vec![
        "a", "b", "c", "up", "12", "k=v", "(", "+x+", "<*>", " ", "\t", "\"q r\"", "1.2.3.4", "\u{fffd}",
    ];
    let word = prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let word = prop_oneof![9 => word, 1 => prop::collection::vec(any::<u8>(), 1..4)];
    let line = prop::collection::vec(word, 0..6).prop_map(|words| words.join(&b' '));
    prop::collection::vec(line, 1..12)
}

/// What to do to which templates.
fn plans() -> impl Strategy<Value = Vec<(u8, usize, usize)>> {
    prop::collection::vec((0..6u8, any::<usize>(), any::<usize>()), 1..6)
}

/// Carries plans out as far as they can be.
fn follow(parser: &FrozenParser, plans: &[(u8, usize, usize)], lines: &[Vec<u8>]) -> FrozenParser {
    let mut parser = parser.clone();
    for &(what, one, other) in plans {
        let count = parser.templates().len();
        let (one, other) = (one % count, other % count);
        let edit = match what {
            0 => parser.pin(one),
            1 => parser.merge(&[one, other], None).ok(),
            2 => parser.merge(&[one, other], Some("one <*> of many")).ok(),
            3 => Edit::rename(parser.templates()[one].id, "name").ok(),
            4 => parser
                .wording(&parser.templates()[one].text)
                .ok()
                .map(|form| Edit::Pin { templates: vec![form] }),
            _ => Splitting::new(&parser, one, 1).ok().and_then(|mut splitting| {
                let mut scratch = Scratch::default();
                for line in lines {
                    splitting.add(&parser.parse(line, &mut scratch)?);
                }
                splitting.finish().ok()
            }),
        };
        if let Some(edit) = edit {
            parser = with(&parser, edit);
        }
    }
    parser
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn edited_parsers_find_what_was_learnt(
        auto in any::<bool>(), lines in lines(), more in lines(), plans in plans(),
    ) {
        let masks = vec![r"\d+".to_owned()];
        let config = match auto {
            true => ParserConfig::Auto(AutoConfig { masks, ..AutoConfig::default() }),
            false => ParserConfig::Drain(DrainConfig { masks, ..DrainConfig::default() }),
        };
        let mut parser = Parser::new(config).unwrap();
        lines.iter().for_each(|line| {
            parser.learn(line);
        });
        let edited = follow(&parser.freeze(), &plans, &lines);
        more.iter().for_each(|line| {
            parser.learn(line);
        });
        let (later, _) = parser.freeze().edited(edited.edits());
        let all: Vec<&Vec<u8>> = lines.iter().chain(&more).collect();
        let mut scratch = Scratch::default();
        for (frozen, lines) in [(&edited, &all[..lines.len()]), (&later, &all[..])] {
            let reloaded: FrozenParser = serde_json::from_str(&serde_json::to_string(frozen).unwrap()).unwrap();
            prop_assert_eq!(frozen.templates(), reloaded.templates());
            prop_assert_eq!(frozen.edits(), reloaded.edits());
            let total: u64 = frozen.templates().iter().map(|template| template.count).sum();
            prop_assert_eq!(total, lines.len() as u64);
            for line in lines {
                let parsed = frozen.parse(line, &mut scratch).expect("a learnt line has a template");
                prop_assert!(parsed.exact);
                prop_assert_eq!(frozen.restore(&parsed), line.as_slice());
                prop_assert_eq!(&frozen.parse_as(parsed.template, line, &mut scratch).unwrap().template, &parsed.template);
                prop_assert_eq!(reloaded.parse(line, &mut scratch), Some(parsed));
            }
        }
        // Edits on top of edits, and none at all.
        let (undone, _) = later.edited(&Edits::default());
        let unedited = parser.freeze();
        prop_assert_eq!(undone.templates(), unedited.templates());
    }

    #[test]
    fn wordings_are_read_as_they_are_written(words in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
        let words = words.into_iter().map(|word| Word::Text(word.into()));
        let wording = Wording(words.chain([Word::Wildcard, Word::Run, Word::Text(b"+a+"[..].into())]).collect());
        let saved = serde_json::to_string(&wording).unwrap();
        prop_assert_eq!(serde_json::from_str::<Wording>(&saved).unwrap(), wording);
    }
}
