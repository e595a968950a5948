//! Accuracy of `auto` and of Drain at its defaults on labelled contents:
//! `cargo run --release -p drain-parser --example accuracy_of FOLDER [SYSTEM…]`.
//!
//! For each `NAME.log` in the folder, a content a line, `NAME.truth` has the true template of each line. Of systems that are
//! named, the templates that are wrong are shown.

#![allow(
    clippy::unwrap_used,
    reason = "a missing file ends it, and that is all there is to say"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use drain_parser::{AutoConfig, DrainConfig, Parser, ParserConfig};

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap());
    let shown: HashSet<String> = args.collect();
    let mut logs: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    println!("| system | method | GA | FGA | PA | FTA | templates (true) |");
    println!("|---|---|---|---|---|---|---|");
    let mut sums = [[0.0; 4]; 2];
    for log in &logs {
        let name = log.file_stem().unwrap().to_string_lossy();
        let contents = lines(log);
        let truth: Vec<String> = lines(&log.with_extension("truth"));
        let methods = [
            ("Drain", ParserConfig::Drain(DrainConfig::default())),
            ("auto", ParserConfig::Auto(AutoConfig::default())),
        ];
        for ((method, config), sum) in methods.into_iter().zip(&mut sums) {
            let found = templates(&contents, config);
            let figures = figures(&found, &truth);
            sum.iter_mut()
                .zip(figures)
                .for_each(|(sum, figure)| *sum += figure / logs.len() as f64);
            let counts = [&found, &truth].map(|templates| templates.iter().collect::<HashSet<_>>().len());
            row(&name, method, figures, &format!("{} ({})", counts[0], counts[1]));
            if method == "auto" && shown.contains(&*name) {
                show_wrong(&found, &truth);
            }
        }
    }
    row("mean", "Drain", sums[0], "");
    row("mean", "auto", sums[1], "");
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn row(system: &str, method: &str, figures: [f64; 4], templates: &str) {
    let figures: Vec<String> = figures.iter().map(|figure| format!("{figure:.4}")).collect();
    println!("| {system} | {method} | {} | {templates} |", figures.join(" | "));
}

fn templates(contents: &[String], config: ParserConfig) -> Vec<String> {
    let mut parser = Parser::new(config).unwrap();
    let ids: Vec<_> = contents
        .iter()
        .map(|content| parser.learn(content.as_bytes()))
        .collect();
    let clusters = parser.clusters().into_iter();
    let texts: HashMap<_, _> = clusters.map(|cluster| (cluster.id, cluster.template)).collect();
    ids.iter().map(|id| texts[id].clone()).collect()
}

/// GA, FGA, PA and FTA.
fn figures(found: &[String], truth: &[String]) -> [f64; 4] {
    let (groups_found, true_groups) = (groups(found), groups(truth));
    let right: Vec<&Vec<usize>> = groups_found.intersection(&true_groups).collect();
    let lines_right = right.iter().map(|group| group.len()).sum::<usize>();
    let texts_right = found.iter().zip(truth).filter(|(found, truth)| found == truth).count();
    let mut truths: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (found, truth) in found.iter().zip(truth) {
        truths.entry(found).or_default().insert(truth);
    }
    let exact = truths
        .iter()
        .filter(|(found, truths)| truths.len() == 1 && truths.contains(*found))
        .count();
    let f1 = |right: usize| 2.0 * right as f64 / (groups_found.len() + true_groups.len()) as f64;
    let share = |count: usize| count as f64 / truth.len() as f64;
    [share(lines_right), f1(right.len()), share(texts_right), f1(exact)]
}

/// The line numbers of each group.
fn groups<G: Hash + Eq>(lines: &[G]) -> HashSet<Vec<usize>> {
    let mut groups: HashMap<&G, Vec<usize>> = HashMap::new();
    for (line, group) in lines.iter().enumerate() {
        groups.entry(group).or_default().push(line);
    }
    groups.into_values().collect()
}

fn show_wrong(found: &[String], truth: &[String]) {
    let mut pairs: BTreeMap<(&String, &String), usize> = BTreeMap::new();
    for pair in truth.iter().zip(found) {
        *pairs.entry(pair).or_default() += 1;
    }
    for ((truth, found), count) in pairs.iter().filter(|((truth, found), _)| truth != found) {
        println!("{count:5} true  {truth}\n      found {found}");
    }
}
