//! drain-parser beside other Drains: lines per second on the same contents in one run, and grouping accuracy.

mod data;
mod redraw;
mod rivals;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser as _;
use data::{Sample, grouping_accuracy};
use rivals::{Parser, Settings};

/// Measures Drain parsers side by side and prints tables as Markdown. Standard error tells how far it is.
#[derive(clap::Parser)]
struct Arguments {
    /// The folder of the real data.
    #[arg(long, env = "DEEPLOG_DATA")]
    data: PathBuf,
    /// A Python that has Drain3.
    #[arg(long)]
    python: PathBuf,
    /// Lines of each log, made from copies with redrawn values.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    lines: u64,
    /// How often each parser runs; medians are shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds after which a parser stops; its speed is that of the lines it came to.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// What the values are redrawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A parser on one workload.
struct Row {
    parser: Parser,
    /// Lines per second, one for each round.
    speeds: Vec<f64>,
    lines: usize,
    templates: usize,
    accuracy: f64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let hdfs_masks = [r"blk_-?\d+", r"(\d+\.){3}\d+(:\d+)?"];
    let workloads = [
        ("HDFS without masks", Sample::HDFS, &[] as &[&str]),
        ("HDFS with two masks", Sample::HDFS, &hdfs_masks),
        ("HealthApp without masks", Sample::HEALTH_APP, &[]),
    ];
    for (title, sample, masks) in workloads {
        let settings = Settings {
            similarity: 0.4,
            depth: 4,
            masks: masks.iter().map(ToString::to_string).collect(),
        };
        print(title, &measure(title, &sample, &settings, &arguments)?);
    }
    Ok(())
}

fn measure(title: &str, sample: &Sample, settings: &Settings, arguments: &Arguments) -> Result<Vec<Row>> {
    let limit = Duration::from_secs(arguments.limit);
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("large.txt");
    fs::write(&large, sample.large(&arguments.data, arguments.lines, arguments.seed)?)?;
    let (labelled, truth) = sample.labelled(&arguments.data)?;
    let small = folder.path().join("small.txt");
    fs::write(&small, labelled)?;
    let mut rows = Vec::new();
    for parser in Parser::ALL {
        let groups = parser.run(settings, &small, &arguments.python, limit)?.groups;
        rows.push(Row {
            parser,
            speeds: Vec::new(),
            lines: 0,
            templates: 0,
            accuracy: grouping_accuracy(&groups, &truth),
        });
    }
    for round in 1..=arguments.rounds {
        for row in &mut rows {
            let outcome = row.parser.run(settings, &large, &arguments.python, limit)?;
            eprintln!("{title}, round {round}: {} {:.2} s", row.parser.name(), outcome.seconds);
            row.lines = outcome.groups.len();
            row.speeds.push(row.lines as f64 / outcome.seconds);
            let mut groups = outcome.groups;
            groups.sort_unstable();
            groups.dedup();
            row.templates = groups.len();
        }
    }
    Ok(rows)
}

fn print(title: &str, rows: &[Row]) {
    println!("\n**{title}**\n");
    println!(
        "| parser | lines/s | drain-parser is faster by | slowest to fastest round | lines read | templates | GA, 2k file |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let ours = median(&rows[0].speeds);
    for row in rows {
        let speed = median(&row.speeds);
        let slowest = row.speeds.iter().copied().fold(f64::INFINITY, f64::min);
        let fastest = row.speeds.iter().copied().fold(0.0, f64::max);
        println!(
            "| {} | {speed:.0} | {:.2} | {slowest:.0}–{fastest:.0} | {} | {} | {:.4} |",
            row.parser.name(),
            ours / speed,
            row.lines,
            row.templates,
            row.accuracy
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
