//! Accuracy of both methods: `cargo run --release -p drain-parser --example accuracy [SYSTEM…]` on the ten systems of Loghub, which
//! lie where `DEEPLOG_DATA` says; `… accuracy FOLDER [SYSTEM…]` on any labelled contents. In such a folder, `NAME.log` has a content a
//! line and `NAME.truth` the true template of each. Of systems that are named, the templates that are wrong are shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a missing file ends it, and that is all there is to say"
)]

#[path = "../tests/loghub/accuracy.rs"]
mod accuracy;
#[path = "../tests/loghub/systems.rs"]
mod systems;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use accuracy::{Accuracy, templates};
use drain_parser::{AutoConfig, DrainConfig, ParserConfig};
use systems::System;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first().filter(|(first, _)| Path::new(first).is_dir()) {
        Some((folder, shown)) => labelled(Path::new(folder), shown),
        None => loghub(&arguments),
    }
}

fn loghub(shown: &[String]) {
    let data = PathBuf::from(std::env::var_os("DEEPLOG_DATA").expect("DEEPLOG_DATA says where the data lies"));
    let mut table = Table::new(["tuned Drain", "auto"], Some("GA published"));
    for system in System::all(&data) {
        for (method, config) in [ParserConfig::Drain(system.tuned.clone()), auto()]
            .into_iter()
            .enumerate()
        {
            let (accuracy, published) = system.accuracy(config);
            table.row(&system.name, method, &accuracy, Some(published));
        }
        if shown.contains(&system.name) {
            let truth = system.truth("structured_corrected", "EventTemplate");
            show_wrong(&system.templates(auto()), &truth);
        }
    }
    table.means();
}

fn labelled(folder: &Path, shown: &[String]) {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    logs.sort();
    let mut table = Table::new(["Drain", "auto"], None);
    for log in &logs {
        let name = log.file_stem().unwrap().to_string_lossy();
        let (text, truth) = (
            fs::read(log).unwrap(),
            fs::read_to_string(log.with_extension("truth")).unwrap(),
        );
        let contents: Vec<&[u8]> = text
            .strip_suffix(b"\n")
            .unwrap_or(&text)
            .split(|&byte| byte == b'\n')
            .collect();
        let truth: Vec<String> = truth.lines().map(str::to_owned).collect();
        for (method, config) in [ParserConfig::Drain(DrainConfig::default()), auto()]
            .into_iter()
            .enumerate()
        {
            let found = templates(&contents, config);
            table.row(&name, method, &Accuracy::of(&found, &truth), None);
            if method == 1 && shown.iter().any(|shown| *shown == name) {
                show_wrong(&found, &truth);
            }
        }
    }
    table.means();
}

fn auto() -> ParserConfig {
    ParserConfig::Auto(AutoConfig::default())
}

/// Prints rows, and in the end their means.
struct Table {
    methods: [&'static str; 2],
    sums: [Vec<f64>; 2],
    rows: [usize; 2],
}

impl Table {
    /// `more`: the name of a figure before all others.
    fn new(methods: [&'static str; 2], more: Option<&str>) -> Self {
        let figures: Vec<&str> = more.into_iter().chain(["GA", "FGA", "PA", "FTA"]).collect();
        println!("| system | method | {} | templates (true) |", figures.join(" | "));
        println!("|---|---|{}---|", "---:|".repeat(figures.len()));
        Self {
            methods,
            sums: [vec![0.0; figures.len()], vec![0.0; figures.len()]],
            rows: [0; 2],
        }
    }

    fn row(&mut self, system: &str, method: usize, accuracy: &Accuracy, more: Option<f64>) {
        let four = [accuracy.grouping, accuracy.fga, accuracy.pa, accuracy.fta];
        let figures: Vec<f64> = more.into_iter().chain(four).collect();
        self.print(
            system,
            method,
            &figures,
            &format!("{} ({})", accuracy.templates, accuracy.true_templates),
        );
        self.rows[method] += 1;
        self.sums[method]
            .iter_mut()
            .zip(figures)
            .for_each(|(sum, figure)| *sum += figure);
    }

    fn means(&self) {
        for method in 0..2 {
            let means: Vec<f64> = self.sums[method]
                .iter()
                .map(|sum| sum / self.rows[method] as f64)
                .collect();
            self.print("mean", method, &means, "");
        }
    }

    fn print(&self, system: &str, method: usize, figures: &[f64], templates: &str) {
        let figures: Vec<String> = figures.iter().map(|figure| format!("{figure:.4}")).collect();
        println!(
            "| {system} | {} | {} | {templates} |",
            self.methods[method],
            figures.join(" | ")
        );
    }
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
