//! How the simulator compares with a file of real normal sessions, and how fast it writes.
//!
//! `cargo run --release -p log-synthesis --example resemblance -- hdfs/normal_train.txt [SEED]`

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use log_synthesis::{HdfsConfig, HdfsSimulator};

type Sessions = Vec<Vec<u8>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: resemblance SESSION_FILE [SEED]")?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let real = std::fs::read_to_string(&path)?
        .lines()
        .map(|line| line.split_whitespace().map(str::parse).collect())
        .collect::<Result<Sessions, _>>()?;
    let simulated = simulate(real.len() as u64, seed)?;

    println!("{:<34}{:>10}{:>10}", "", "real", "simulated");
    for ((name, real), (_, simulated)) in figures(&real).into_iter().zip(figures(&simulated)) {
        println!("{name:<34}{real:>10.3}{simulated:>10.3}");
    }
    println!(
        "\nsessions with each event\n{:<34}{:>10}{:>10}",
        "", "real", "simulated"
    );
    for event in 1..=30 {
        let holding = |sessions: &Sessions| sessions.iter().filter(|session| session.contains(&event)).count();
        println!(
            "{:<34}{:>10}{:>10}",
            format!("E{event}"),
            holding(&real),
            holding(&simulated)
        );
    }

    let config = HdfsConfig {
        seed,
        lines: Some(5_000_000),
        ..HdfsConfig::default()
    };
    let start = Instant::now();
    let lines = HdfsSimulator::new(config)?.write_to(&mut std::io::sink(), &mut |_| {})?;
    println!(
        "\n{:.2} million lines/s",
        lines as f64 / start.elapsed().as_secs_f64() / 1e6
    );
    Ok(())
}

/// Normal sessions in the order in which they end.
fn simulate(sessions: u64, seed: u64) -> Result<Sessions, Box<dyn std::error::Error>> {
    let config = HdfsConfig {
        seed,
        sessions: Some(sessions),
        anomalous: 0.0,
        ..HdfsConfig::default()
    };
    let mut simulator = HdfsSimulator::new(config)?;
    let (mut open, mut done, mut buffer) = (BTreeMap::<i64, Vec<u8>>::new(), Vec::new(), Vec::new());
    while let Some(line) = simulator.next_line(&mut buffer) {
        buffer.clear();
        open.entry(line.block).or_default().push(line.event);
        if line.label.is_some() {
            done.extend(open.remove(&line.block));
        }
    }
    Ok(done)
}

fn figures(sessions: &Sessions) -> [(&'static str, f64); 8] {
    let count = sessions.len() as f64;
    let key_set = |session: &Vec<u8>| session.iter().copied().collect::<BTreeSet<u8>>();
    let lengths = || sessions.iter().map(Vec::len);
    [
        ("sessions", count),
        (
            "distinct sequences",
            sessions.iter().collect::<BTreeSet<_>>().len() as f64,
        ),
        (
            "distinct key sets",
            sessions.iter().map(key_set).collect::<BTreeSet<_>>().len() as f64,
        ),
        (
            "distinct keys",
            sessions.iter().flatten().collect::<BTreeSet<_>>().len() as f64,
        ),
        ("mean length", lengths().sum::<usize>() as f64 / count),
        ("shortest", lengths().min().unwrap_or(0) as f64),
        ("longest", lengths().max().unwrap_or(0) as f64),
        ("share novel in a fifth", novelty(sessions)),
    ]
}

/// The share of sessions whose sequence does not occur in the other fifths, over all five fifths.
fn novelty(sessions: &Sessions) -> f64 {
    let mut fifths = BTreeMap::<&Vec<u8>, BTreeMap<usize, usize>>::new();
    for (index, session) in sessions.iter().enumerate() {
        *fifths.entry(session).or_default().entry(index % 5).or_default() += 1;
    }
    let novel: usize = fifths
        .values()
        .filter(|places| places.len() == 1)
        .flat_map(BTreeMap::values)
        .sum();
    novel as f64 / sessions.len() as f64
}
