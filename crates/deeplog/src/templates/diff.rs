//! Two sets of templates side by side.

use std::collections::BTreeMap;

use drain_parser::{FrozenParser, Template, TemplateId};
use serde::Serialize;

/// How two sets of templates differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Only in the first, most frequent first.
    pub only_in_a: Vec<Change>,
    /// Only in the second, most frequent first.
    pub only_in_b: Vec<Change>,
    /// In both, those first whose share changed most.
    pub in_both: Vec<Change>,
}

/// A template in two sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: TemplateId,
    /// Its text.
    pub template: String,
    /// Its name, in the second set if it has one there.
    pub name: Option<String>,
    /// Lines that taught it to the first; 0 where it is not there.
    pub count_a: u64,
    /// Lines that taught it to the second.
    pub count_b: u64,
    /// Its share of all lines that taught the first, from 0 to 1.
    pub share_a: f64,
    /// Its share of all lines that taught the second.
    pub share_b: f64,
}

/// Compares by id, which is the same for the same text.
pub fn diff(a: &FrozenParser, b: &FrozenParser) -> Diff {
    let total = |parser: &FrozenParser| {
        parser
            .templates()
            .iter()
            .map(|template| template.count)
            .sum::<u64>()
            .max(1)
    };
    let (total_a, total_b) = (total(a), total(b));
    let mut all: BTreeMap<TemplateId, (Option<&Template>, Option<&Template>)> = BTreeMap::new();
    for template in a.templates() {
        all.entry(template.id).or_default().0 = Some(template);
    }
    for template in b.templates() {
        all.entry(template.id).or_default().1 = Some(template);
    }
    let mut diff = Diff {
        only_in_a: Vec::new(),
        only_in_b: Vec::new(),
        in_both: Vec::new(),
    };
    for (id, (a, b)) in all {
        let count = |template: Option<&Template>| template.map_or(0, |template| template.count);
        let either = b.or(a);
        let name = |template: Option<&Template>| template.and_then(|template| template.name.clone());
        let change = Change {
            id,
            template: either.map_or_else(String::new, |template| template.text.clone()),
            name: name(b).or_else(|| name(a)),
            count_a: count(a),
            count_b: count(b),
            share_a: count(a) as f64 / total_a as f64,
            share_b: count(b) as f64 / total_b as f64,
        };
        match (a, b) {
            (Some(_), Some(_)) => diff.in_both.push(change),
            (Some(_), None) => diff.only_in_a.push(change),
            _ => diff.only_in_b.push(change),
        }
    }
    diff.only_in_a
        .sort_by(|x, y| y.count_a.cmp(&x.count_a).then_with(|| x.template.cmp(&y.template)));
    diff.only_in_b
        .sort_by(|x, y| y.count_b.cmp(&x.count_b).then_with(|| x.template.cmp(&y.template)));
    let moved = |change: &Change| (change.share_b - change.share_a).abs();
    diff.in_both
        .sort_by(|x, y| moved(y).total_cmp(&moved(x)).then_with(|| x.template.cmp(&y.template)));
    diff
}
