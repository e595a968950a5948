//! Lines per second of each step on one thread: `cargo run --release --example speed -- LOG [FORMAT]`.
//!
//! The format is that of HDFS unless given. The file is gone through for a second a step; the best round counts.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use drain_parser::{AutoConfig, DrainConfig, HeaderFormat, Parser, ParserConfig, Scratch};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let log = std::fs::read(arguments.next().ok_or("name a log file")?)?;
    let format = arguments
        .next()
        .unwrap_or_else(|| "<Date> <Time> <Pid> <Level> <Component>: <Content>".into());
    let lines: Vec<&[u8]> = log.split(|&byte| byte == b'\n').collect();
    let format = HeaderFormat::compile(&format)?;
    let contents: Vec<&[u8]> = lines
        .iter()
        .filter_map(|line| Some(format.split(line)?.content()))
        .collect();
    let masks = vec![r"blk_-?\d+".into(), r"(\d+\.){3}\d+(:\d+)?".into()];
    let masked = DrainConfig {
        similarity: 0.5,
        masks,
        ..DrainConfig::default()
    };

    measure("split", lines.len(), || {
        lines
            .iter()
            .filter_map(|line| format.split(line))
            .map(|h| h.content().len())
            .sum()
    });
    let methods = [
        ("auto", ParserConfig::Auto(AutoConfig::default())),
        ("without masks", ParserConfig::Drain(DrainConfig::default())),
        ("with two masks", ParserConfig::Drain(masked)),
    ];
    for (name, config) in methods {
        let mut drain = Parser::new(config)?;
        for content in &contents {
            drain.learn(content);
        }
        let frozen = drain.freeze();
        let mut scratch = Scratch::default();
        println!("{name}: {} templates", frozen.templates().len());
        measure("  learn", contents.len(), || {
            contents.iter().map(|content| drain.learn(content).0 as usize).sum()
        });
        measure("  match", contents.len(), || {
            contents.iter().filter_map(|c| frozen.matches(c, &mut scratch)).sum()
        });
        measure("  parse", contents.len(), || {
            contents
                .iter()
                .filter_map(|c| frozen.parse(c, &mut scratch))
                .map(|line| line.parameters.len())
                .sum()
        });
    }
    Ok(())
}

fn measure(what: &str, lines: usize, mut round: impl FnMut() -> usize) {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        black_box(round());
        best = best.min(start.elapsed());
    }
    let nanoseconds = best.as_nanos() as f64 / lines as f64;
    println!(
        "{what:8} {:12.0} lines/s  {nanoseconds:7.1} ns a line",
        1e9 / nanoseconds
    );
}
