//! Edited templates on real lines.

use drain_parser::{Edit, Edits, FrozenParser, Parser, Scratch, Splitting, Template};

use super::{cases, data};

/// One edit of each kind, made from what half of the lines taught; and how many kinds there was something for.
fn edits(parser: &FrozenParser, contents: &[&[u8]]) -> (Edits, usize) {
    let count = parser.templates().len();
    let mut edits = Edits::default();
    let pairs = || (0..count).flat_map(|one| (one + 1..count).map(move |other| [one, other]));
    let merge = pairs().find_map(|pair| parser.merge(&pair, None).ok());
    let into = parser
        .merge(&[count - 1, count - 2], Some("merged from <*> forms"))
        .unwrap();
    let mut scratch = Scratch::default();
    let split = (0..count).rev().find_map(|template| {
        let mut splitting = Splitting::new(parser, template, 1).ok()?;
        for content in contents {
            splitting.add(&parser.parse(content, &mut scratch)?);
        }
        splitting.finish().ok()
    });
    let name = Edit::rename(parser.templates()[0].id, "first").unwrap();
    let all = [merge, Some(into), split, parser.pin(0), Some(name)];
    let made: Vec<Edit> = all.into_iter().flatten().collect();
    let kinds = made.len();
    made.into_iter().for_each(|edit| edits.push(edit));
    (edits, kinds)
}

fn total(parser: &FrozenParser) -> u64 {
    parser.templates().iter().map(|template| template.count).sum()
}

#[test]
fn edits_hold_over_retraining_and_merging() {
    let Some(data) = data() else { return };
    let mut kinds = Vec::new();
    for (system, config) in cases(&data) {
        let contents = system.contents();
        let (first, second) = contents.split_at(contents.len() / 2);
        let mine = |contents: &[&[u8]]| {
            let mut parser = Parser::new(config.clone()).unwrap();
            contents.iter().for_each(|content| {
                parser.learn(content);
            });
            parser
        };
        let mut parser = mine(first);
        let (edits, count) = edits(&parser.freeze(), first);
        kinds.push(count);
        let (early, gone) = parser.freeze().edited(&edits);
        assert!(gone.is_empty(), "{}: {gone:?}", system.name);
        let mut mined = parser.mined();
        mined.merge(&mine(second).mined()).unwrap();
        second.iter().for_each(|content| {
            parser.learn(content);
        });
        let (later, _) = parser.freeze().edited(&edits);
        let (merged, _) = mined.freeze().unwrap().edited(&edits);
        let mut scratch = Scratch::default();
        for (edited, contents) in [(&early, first), (&later, &contents[..]), (&merged, &contents[..])] {
            assert_eq!(total(edited), contents.len() as u64, "{}", system.name);
            for content in contents {
                let shown = String::from_utf8_lossy(content);
                let line = edited
                    .parse(content, &mut scratch)
                    .expect("a learnt line has a template");
                assert!(line.exact, "{}: {shown}", system.name);
                assert_eq!(edited.restore(&line), *content, "{}: {shown}", system.name);
            }
        }
        // Lines of templates that were merged or split stay apart or together as decided.
        let pinned = |parser: &FrozenParser| -> Vec<String> {
            let all = 0..parser.templates().len();
            let pinned = all.filter(|&template| parser.is_pinned(template));
            let mut texts: Vec<String> = pinned
                .map(|template| parser.templates()[template].text.clone())
                .collect();
            texts.sort();
            texts
        };
        assert_eq!(pinned(&early), pinned(&later), "{}", system.name);
        assert_eq!(pinned(&early), pinned(&merged), "{}", system.name);
        for content in first {
            let text = |parser: &FrozenParser, scratch: &mut Scratch| -> Option<Template> {
                let template = parser.matches(content, scratch)?;
                parser.is_pinned(template).then(|| parser.templates()[template].clone())
            };
            let (early, later) = (text(&early, &mut scratch), text(&later, &mut scratch));
            let id = |template: Option<Template>| template.map(|template| template.id);
            assert_eq!(
                id(early),
                id(later),
                "{}: {}",
                system.name,
                String::from_utf8_lossy(content)
            );
        }
    }
    // There is something of each kind almost everywhere.
    assert!(kinds.iter().sum::<usize>() >= 5 * kinds.len() - 8, "{kinds:?}");
}
