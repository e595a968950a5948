//! The parsers, each with the same settings and the same contents.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use drain_parser::{AutoConfig, ClusterId, DrainConfig, Parser as Ours, ParserConfig, Prepared};
use serde::Deserialize;

/// What all parsers are told.
pub struct Settings {
    pub similarity: f64,
    pub depth: usize,
    pub masks: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub enum Parser {
    Drain,
    DrainOnTwoThreads,
    Auto,
    AutoOnTwoThreads,
    Logdrain,
    LogdrainShallow,
    Drain3Crate,
    Drain3,
}

/// How far a parser came before its time was up, and the group of each line.
#[derive(Deserialize)]
pub struct Outcome {
    pub seconds: f64,
    pub groups: Vec<u64>,
}

/// Lines between two looks at the clock.
const BLOCK: usize = 1000;

impl Parser {
    pub const ALL: [Self; 8] = [
        Self::Drain,
        Self::DrainOnTwoThreads,
        Self::Auto,
        Self::AutoOnTwoThreads,
        Self::Logdrain,
        Self::LogdrainShallow,
        Self::Drain3Crate,
        Self::Drain3,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Drain => "drain-parser",
            Self::DrainOnTwoThreads => "drain-parser, two threads",
            Self::Auto => "drain-parser, auto",
            Self::AutoOnTwoThreads => "drain-parser, auto, two threads",
            Self::Logdrain => "logdrain 0.3.2",
            Self::LogdrainShallow => "logdrain, one leading token",
            Self::Drain3Crate => "drain3 0.3.0 (crate)",
            Self::Drain3 => "Drain3 0.9.11 (Python)",
        }
    }

    /// Learns the lines of `contents` until `limit` is over.
    pub fn run(self, settings: &Settings, contents: &Path, python: &Path, limit: Duration) -> Result<Outcome> {
        let text = fs::read_to_string(contents).with_context(|| format!("{} cannot be read", contents.display()))?;
        let lines: Vec<&str> = text.lines().collect();
        match self {
            Self::Drain => ours(drain(settings), &lines, limit),
            Self::DrainOnTwoThreads => ours_on_two_threads(drain(settings), &lines),
            Self::Auto => ours(auto(settings), &lines, limit),
            Self::AutoOnTwoThreads => ours_on_two_threads(auto(settings), &lines),
            // Its depth counts one layer less: 4 is two leading tokens there, one everywhere else. Both are shown.
            Self::Logdrain => logdrain(settings, settings.depth, &lines, limit),
            Self::LogdrainShallow => logdrain(settings, settings.depth - 1, &lines, limit),
            Self::Drain3Crate => drain3_crate(settings, &lines, limit),
            Self::Drain3 => drain3_python(settings, contents, python, limit),
        }
    }
}

fn timed(lines: &[&str], limit: Duration, mut learn: impl FnMut(&str) -> Result<u64>) -> Result<Outcome> {
    let mut groups = Vec::with_capacity(lines.len());
    let begin = Instant::now();
    for block in lines.chunks(BLOCK) {
        for line in block {
            groups.push(learn(line)?);
        }
        if begin.elapsed() > limit {
            break;
        }
    }
    Ok(Outcome {
        seconds: begin.elapsed().as_secs_f64(),
        groups,
    })
}

fn drain(settings: &Settings) -> ParserConfig {
    ParserConfig::Drain(DrainConfig {
        similarity: settings.similarity,
        depth: settings.depth,
        masks: settings.masks.clone(),
        ..DrainConfig::default()
    })
}

fn auto(settings: &Settings) -> ParserConfig {
    ParserConfig::Auto(AutoConfig {
        masks: settings.masks.clone(),
        ..AutoConfig::default()
    })
}

fn ours(config: ParserConfig, lines: &[&str], limit: Duration) -> Result<Outcome> {
    let mut parser = Ours::new(config)?;
    let outcome = timed(lines, limit, |line| Ok(parser.learn(line.as_bytes()).0))?;
    let groups = templates(&parser, outcome.groups.into_iter().map(ClusterId));
    Ok(Outcome { groups, ..outcome })
}

/// A number for the template of each cluster: by the auto method, several clusters may be one template in the end.
fn templates(parser: &Ours, clusters: impl Iterator<Item = ClusterId>) -> Vec<u64> {
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut of_cluster: HashMap<ClusterId, u64> = HashMap::new();
    for cluster in parser.clusters() {
        let next = numbers.len() as u64;
        of_cluster.insert(cluster.id, *numbers.entry(cluster.template).or_insert(next));
    }
    clusters.map(|cluster| of_cluster[&cluster]).collect()
}

/// Each thread prepares the next block of lines, and learns it when the blocks before have been learnt.
fn ours_on_two_threads(config: ParserConfig, lines: &[&str]) -> Result<Outcome> {
    let drain = Ours::new(config)?;
    let preparer = drain.preparer();
    let blocks: Vec<&[&str]> = lines.chunks(BLOCK).collect();
    let next = AtomicUsize::new(0);
    let learning = Mutex::new((0, drain, Vec::with_capacity(lines.len())));
    let turn = Condvar::new();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let preparer = preparer.clone();
            let (blocks, next, learning, turn) = (&blocks, &next, &learning, &turn);
            scope.spawn(move || {
                let mut prepared = Prepared::default();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(block) = blocks.get(at) else { return };
                    prepared.clear();
                    block.iter().for_each(|line| preparer.prepare(line.as_bytes(), &mut prepared));
                    // Where the other thread has failed, so does the call.
                    let Ok(learning) = learning.lock() else { return };
                    let Ok(mut learning) = turn.wait_while(learning, |learning| learning.0 != at) else {
                        return;
                    };
                    let (learnt, drain, clusters) = &mut *learning;
                    drain.learn_prepared(&prepared, clusters);
                    *learnt += 1;
                    turn.notify_all();
                }
            });
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let (_, parser, clusters) = learning
        .into_inner()
        .map_err(|_| anyhow!("a thread of drain-parser failed"))?;
    Ok(Outcome {
        seconds,
        groups: templates(&parser, clusters.into_iter()),
    })
}

fn logdrain(settings: &Settings, depth: usize, lines: &[&str], limit: Duration) -> Result<Outcome> {
    let masks = settings.masks.iter().map(|mask| logdrain::Mask::new(mask, "<*>"));
    let options = logdrain::Miner::builder()
        .sim_threshold(settings.similarity)
        .depth(depth)
        .masks(masks.collect::<Result<Vec<_>, _>>()?)
        .build_options()?;
    let miner = logdrain::Miner::from_options(options);
    timed(lines, limit, |line| Ok(miner.add(line).cluster_id))
}

fn drain3_crate(settings: &Settings, lines: &[&str], limit: Duration) -> Result<Outcome> {
    let masks = settings.masks.iter().map(|mask| drain3::MaskingInstruction {
        pattern: mask.clone(),
        mask: "<*>".into(),
    });
    let config = drain3::Config::builder()
        .depth(settings.depth)
        .similarity_threshold(settings.similarity)
        .max_tokens(100_000)
        .max_bytes(10_000_000)
        .masking(masks.collect())
        .build();
    let mut matcher = drain3::Matcher::new(config);
    timed(lines, limit, |line| Ok(matcher.add_log_message(line)?.id() as u64))
}

fn drain3_python(settings: &Settings, contents: &Path, python: &Path, limit: Duration) -> Result<Outcome> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("drain3_rival.py");
    let mut command = Command::new(python);
    command.arg(script).arg(contents);
    command.args([
        settings.similarity.to_string(),
        settings.depth.to_string(),
        limit.as_secs_f64().to_string(),
    ]);
    let output = command.args(&settings.masks).output();
    let output = output.with_context(|| format!("{} cannot be run", python.display()))?;
    ensure!(
        output.status.success(),
        "Drain3 failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("Drain3's outcome cannot be read")
}
