//! How well templates fit the truth.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use drain_parser::{Parser, ParserConfig};

/// Of a parser on one log, each 0 to 1.
pub(crate) struct Accuracy {
    /// Grouping accuracy.
    pub(crate) grouping: f64,
    /// F1 of groups that are exactly right (Jiang et al., ISSTA 2024).
    pub(crate) fga: f64,
    /// The share of lines whose template's text is right.
    pub(crate) pa: f64,
    /// F1 of templates whose text is right and whose lines have that template only.
    pub(crate) fta: f64,
    /// How many templates were found.
    pub(crate) templates: usize,
    /// How many there are.
    pub(crate) true_templates: usize,
}

impl Accuracy {
    /// Of the templates found, one a line, against the true ones.
    pub(crate) fn of(found: &[String], truth: &[String]) -> Self {
        let right = groups(found).intersection(&groups(truth)).count();
        let text_right = found.iter().zip(truth).filter(|(found, truth)| found == truth).count();
        let mut truths: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (found, truth) in found.iter().zip(truth) {
            truths.entry(found).or_default().insert(truth);
        }
        let right_texts = truths
            .iter()
            .filter(|(found, truths)| truths.len() == 1 && truths.contains(*found))
            .count();
        let true_templates = truth.iter().collect::<HashSet<_>>().len();
        let f1 = |right: usize| 2.0 * right as f64 / (truths.len() + true_templates) as f64;
        Self {
            grouping: grouping_accuracy(found, truth),
            fga: f1(right),
            pa: text_right as f64 / truth.len() as f64,
            fta: f1(right_texts),
            templates: truths.len(),
            true_templates,
        }
    }
}

/// The template of each content, learnt from all of them in the end.
pub(crate) fn templates(contents: &[&[u8]], config: ParserConfig) -> Vec<String> {
    let mut parser = Parser::new(config).unwrap();
    let ids: Vec<_> = contents.iter().map(|content| parser.learn(content)).collect();
    let clusters = parser.clusters().into_iter();
    let texts: HashMap<_, _> = clusters.map(|cluster| (cluster.id, cluster.template)).collect();
    // What had to make room has no template any more.
    ids.iter()
        .map(|id| texts.get(id).cloned().unwrap_or_default())
        .collect()
}

/// The share of lines whose group holds exactly the lines that belong together (Zhu et al., ICSE-SEIP 2019).
pub(crate) fn grouping_accuracy<P: Hash + Eq, T: Hash + Eq>(predicted: &[P], truth: &[T]) -> f64 {
    let (predicted, groups) = (groups(predicted), groups(truth));
    predicted.intersection(&groups).map(Vec::len).sum::<usize>() as f64 / truth.len() as f64
}

/// The line numbers of each group.
fn groups<G: Hash + Eq>(lines: &[G]) -> HashSet<Vec<usize>> {
    let mut groups: HashMap<&G, Vec<usize>> = HashMap::new();
    for (line, group) in lines.iter().enumerate() {
        groups.entry(group).or_default().push(line);
    }
    groups.into_values().collect()
}
