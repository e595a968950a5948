//! Accuracy of both methods on the ten systems of Loghub: `cargo run --release -p drain-parser --example accuracy`.
//!
//! The data lies where `DEEPLOG_DATA` says. With names of systems behind, the templates that are wrong are shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a missing file ends it, and that is all there is to say"
)]

#[path = "../tests/loghub/systems.rs"]
mod systems;

use std::collections::BTreeMap;
use std::path::PathBuf;

use drain_parser::{AutoConfig, ParserConfig};
use systems::{Accuracy, System};

fn main() {
    let data = PathBuf::from(std::env::var_os("DEEPLOG_DATA").expect("DEEPLOG_DATA says where the data lies"));
    let shown: Vec<String> = std::env::args().skip(1).collect();
    println!("| system | method | GA published | GA corrected | FGA | PA | FTA | templates (true) |");
    println!("|---|---|---|---|---|---|---|---|");
    let auto = || ParserConfig::Auto(AutoConfig::default());
    let mut sums = [[0.0; 5]; 2];
    for system in System::all(&data) {
        let rows = [
            ("tuned Drain", ParserConfig::Drain(system.tuned.clone())),
            ("auto", auto()),
        ];
        for ((method, config), sum) in rows.into_iter().zip(&mut sums) {
            let accuracy = system.accuracy(config);
            row(
                &system.name,
                method,
                figures(&accuracy),
                &format!("{} ({})", accuracy.templates, accuracy.true_templates),
            );
            sum.iter_mut()
                .zip(figures(&accuracy))
                .for_each(|(sum, figure)| *sum += figure / 10.0);
        }
        if shown.contains(&system.name) {
            show_wrong(&system, auto());
        }
    }
    row("mean", "tuned Drain", sums[0], "");
    row("mean", "auto", sums[1], "");
}

fn figures(accuracy: &Accuracy) -> [f64; 5] {
    [
        accuracy.published,
        accuracy.corrected,
        accuracy.fga,
        accuracy.pa,
        accuracy.fta,
    ]
}

fn row(system: &str, method: &str, figures: [f64; 5], templates: &str) {
    let figures: Vec<String> = figures.iter().map(|figure| format!("{figure:.4}")).collect();
    println!("| {system} | {method} | {} | {templates} |", figures.join(" | "));
}

fn show_wrong(system: &System, config: ParserConfig) {
    let truth = system.truth("structured_corrected", "EventTemplate");
    let mut pairs: BTreeMap<(&String, &String), usize> = BTreeMap::new();
    let found = system.templates(config);
    for pair in truth.iter().zip(&found) {
        *pairs.entry(pair).or_default() += 1;
    }
    for ((truth, found), count) in pairs.iter().filter(|((truth, found), _)| truth != found) {
        println!("{count:5} true  {truth}\n      found {found}");
    }
}
