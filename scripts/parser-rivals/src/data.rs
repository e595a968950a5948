//! The contents that are parsed, and the truth about some of them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::Hash;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use drain_parser::HeaderFormat;

use crate::redraw::redraw;

/// A log to be measured on, with its labelled lines.
pub struct Sample {
    file: &'static str,
    format: &'static str,
    truth: &'static str,
}

impl Sample {
    pub const HDFS: Self = Self {
        file: "hdfs_raw/HDFS_20000.log",
        format: "<Date> <Time> <Pid> <Level> <Component>: <Content>",
        truth: "loghub_2k/HDFS/HDFS_2k.log_structured.csv",
    };
    pub const HEALTH_APP: Self = Self {
        file: "throughput/HealthApp_20000.log",
        format: r"<Time>\|<Component>\|<Pid>\|<Content>",
        truth: "loghub_2k/HealthApp/HealthApp_2k.log_structured.csv",
    };

    /// At least so many contents, one a line.
    pub fn large(&self, data: &Path, lines: u64, seed: u64) -> Result<Vec<u8>> {
        let path = data.join(self.file);
        let log = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let format = HeaderFormat::compile(self.format)?;
        let headers = log.split(|&byte| byte == b'\n').filter_map(|line| format.split(line));
        let contents: Vec<Vec<u8>> = headers
            .map(|header| {
                String::from_utf8_lossy(header.content())
                    .replace('\r', " ")
                    .into_bytes()
            })
            .collect();
        ensure!(!contents.is_empty(), "{} has no line with a header", path.display());
        Ok(redraw(&contents, lines.div_ceil(contents.len() as u64), seed))
    }

    /// The contents of the labelled lines, one a line, and their published groups.
    pub fn labelled(&self, data: &Path) -> Result<(String, Vec<String>)> {
        let path = data.join(self.truth);
        let mut reader = csv::Reader::from_path(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let (mut contents, mut truth) = (String::new(), Vec::new());
        for record in reader.deserialize() {
            let mut row: HashMap<String, String> = record?;
            let mut field = |name: &str| {
                let missing = || format!("{} has no column {name}", path.display());
                row.remove(name).with_context(missing)
            };
            contents.push_str(&field("Content")?.replace(['\r', '\n'], " "));
            contents.push('\n');
            truth.push(field("EventId")?);
        }
        Ok((contents, truth))
    }
}

/// The share of lines whose group holds exactly the lines that belong together (Zhu et al., ICSE-SEIP 2019).
pub fn grouping_accuracy(found: &[u64], truth: &[String]) -> f64 {
    let right = groups(truth);
    let hits = groups(found).into_iter().filter(|group| right.contains(group));
    hits.map(|group| group.len()).sum::<usize>() as f64 / truth.len() as f64
}

/// The line numbers of each group.
fn groups<G: Hash + Eq>(lines: &[G]) -> HashSet<Vec<usize>> {
    let mut groups: HashMap<&G, Vec<usize>> = HashMap::new();
    for (line, group) in lines.iter().enumerate() {
        groups.entry(group).or_default().push(line);
    }
    groups.into_values().collect()
}
