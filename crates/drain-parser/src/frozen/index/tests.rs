use proptest::prelude::*;

use super::*;
use crate::vocabulary::UNKNOWN;
use crate::words::Mark;

fn index(patterns: &[Vec<u32>]) -> TemplateIndex {
    TemplateIndex::new(patterns.iter().map(|pattern| pattern.clone().into()).enumerate())
}

/// How many branches a line comes to, and with how many templates it is compared at most.
fn steps(index: &TemplateIndex, ids: &[u32]) -> usize {
    let mut steps = 0;
    let mut ahead: Vec<u32> = index.roots.get(&shape(ids)).copied().into_iter().collect();
    while let Some(node) = ahead.pop() {
        match &index.nodes[node as usize] {
            Node::Branch { place, .. } => {
                steps += 1;
                ahead.extend(index.edges.get(&(node, WILDCARD)));
                ahead.extend(index.edges.get(&(node, ids[*place])));
            }
            Node::Leaf(range) => steps += range.len(),
        }
    }
    steps
}

#[test]
fn a_line_meets_few_of_many_templates() {
    /// What the set is, its templates by number, the tokens of a line of that number, and the most steps.
    type Row = (&'static str, fn(u32) -> Vec<u32>, fn(u32) -> Vec<u32>, usize);
    let table: [Row; 5] = [
        ("one telling word", |i| vec![1, 2, 100 + i], |i| vec![1, 2, 100 + i], 9),
        (
            "telling in the middle, parameters at the ends",
            |i| vec![0, 1, 100 + i, 2, 0],
            |i| vec![77, 1, 100 + i, 2, 78],
            9,
        ),
        (
            "only together do words tell",
            |i| vec![100 + i / 100, 5, 300 + i % 100],
            |i| vec![100 + i / 100, 5, 300 + i % 100],
            11,
        ),
        (
            "sometimes here, sometimes there",
            |i| {
                let mut words = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
                words[1 + i as usize % 9] = 100 + i;
                words
            },
            |i| {
                let mut words = vec![1, 90, 91, 92, 93, 94, 95, 96, 97, 98, 2];
                words[1 + i as usize % 9] = 100 + i;
                words
            },
            20,
        ),
        (
            "a digit of the number at each place",
            |i| (0..14).map(|bit| 100 + (i >> bit & 1)).collect(),
            |i| (0..14).map(|bit| 100 + (i >> bit & 1)).collect(),
            22,
        ),
    ];
    for (what, template, line, most) in table {
        let patterns: Vec<_> = (0..10_000).map(template).collect();
        let index = index(&patterns);
        for i in 0..10_000 {
            let line = line(i);
            assert_eq!(index.find(&line), Some(i as usize), "{what}");
            let steps = steps(&index, &line);
            assert!(steps <= most, "{what}: {steps}");
        }
    }
}

/// The tokens of a template, or of a line.
fn tokens(of_line: bool) -> impl Strategy<Value = Vec<u32>> {
    let mark = |byte, left, right| Mark { byte, left, right }.id();
    let wild = if of_line { UNKNOWN } else { WILDCARD };
    let token = prop::sample::select(vec![
        wild,
        wild,
        WILDCARD,
        1,
        2,
        3,
        4,
        mark(b'=', true, true),
        mark(b'=', false, true),
        mark(b':', true, false),
    ]);
    prop::collection::vec(token, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_finds_what_a_look_at_all_finds(
        templates in prop::collection::vec(tokens(false), 0..300),
        lines in prop::collection::vec(tokens(true), 1..60),
    ) {
        let index = index(&templates);
        for line in lines {
            let expected = templates.iter().position(|template| all_fit(template, &line));
            prop_assert_eq!(index.find(&line), expected);
        }
    }
}
