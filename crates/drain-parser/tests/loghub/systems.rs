//! The ten systems of Loghub, and how well a parser does on them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use drain_parser::{DrainConfig, HeaderFormat, Parser, ParserConfig};
use serde_json::Value;

/// One system of `drain_settings.json` with its 2,000 lines.
pub(crate) struct System {
    /// Its name, such as `HDFS`.
    pub(crate) name: String,
    /// Its header.
    pub(crate) format: HeaderFormat,
    /// The settings that logparser tuned for it.
    pub(crate) tuned: DrainConfig,
    log: Vec<u8>,
    folder: PathBuf,
}

/// Of a parser on one system, each 0 to 1. The last three are against the corrected truth.
pub(crate) struct Accuracy {
    /// Grouping accuracy against the published truth: the share of lines whose group holds exactly the lines that belong
    /// together (Zhu et al., ICSE-SEIP 2019).
    pub(crate) published: f64,
    /// The same against the corrected truth (Khan et al., ICSE 2022).
    pub(crate) corrected: f64,
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

impl System {
    /// All of them, in the order of the names.
    pub(crate) fn all(data: &Path) -> Vec<Self> {
        let settings = json(&data.join("drain_settings.json"));
        let systems = settings.as_object().unwrap().iter().map(|(name, settings)| {
            let folder = data.join("loghub_2k").join(name);
            Self {
                name: name.clone(),
                format: HeaderFormat::compile(settings["log_format"].as_str().unwrap()).unwrap(),
                tuned: DrainConfig {
                    similarity: settings["st"].as_f64().unwrap(),
                    depth: settings["depth"].as_u64().unwrap() as usize,
                    masks: serde_json::from_value(settings["regex"].clone()).unwrap(),
                    ..DrainConfig::default()
                },
                log: fs::read(folder.join(format!("{name}_2k.log"))).unwrap(),
                folder,
            }
        });
        let systems: Vec<_> = systems.collect();
        assert_eq!(systems.len(), 10);
        systems
    }

    /// The messages without their headers.
    pub(crate) fn contents(&self) -> Vec<&[u8]> {
        let lines = self.log.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| self.format.split(line).expect("line fits its header").content())
            .collect()
    }

    /// A column of the truth: `structured` (published) or `structured_corrected`.
    pub(crate) fn truth(&self, file: &str, column: &str) -> Vec<String> {
        let path = self.folder.join(format!("{}_2k.log_{file}.csv", self.name));
        let mut reader = csv::Reader::from_path(path).unwrap();
        let column = reader
            .headers()
            .unwrap()
            .iter()
            .position(|name| name == column)
            .unwrap();
        reader
            .records()
            .map(|record| record.unwrap()[column].to_owned())
            .collect()
    }

    /// The template of each line, learnt from all of them in the end.
    pub(crate) fn templates(&self, config: ParserConfig) -> Vec<String> {
        let mut parser = Parser::new(config).unwrap();
        let ids: Vec<_> = self
            .contents()
            .into_iter()
            .map(|content| parser.learn(content))
            .collect();
        let texts: HashMap<_, _> = parser
            .clusters()
            .into_iter()
            .map(|cluster| (cluster.id, cluster.template))
            .collect();
        ids.iter().map(|id| texts[id].clone()).collect()
    }

    /// How well the parser does.
    pub(crate) fn accuracy(&self, config: ParserConfig) -> Accuracy {
        let found = self.templates(config);
        let truth = self.truth("structured_corrected", "EventTemplate");
        let (groups_found, true_groups) = (groups(&found), groups(&truth));
        let right = groups_found.intersection(&true_groups).count();
        let text_right = found.iter().zip(&truth).filter(|(found, truth)| found == truth).count();
        let mut truths: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (found, truth) in found.iter().zip(&truth) {
            truths.entry(found).or_default().insert(truth);
        }
        let right_texts = truths
            .iter()
            .filter(|(found, truths)| truths.len() == 1 && truths.contains(*found))
            .count();
        let true_templates = truth.iter().collect::<HashSet<_>>().len();
        let f1 = |right: usize| 2.0 * right as f64 / (truths.len() + true_templates) as f64;
        Accuracy {
            published: grouping_accuracy(&found, &self.truth("structured", "EventId")),
            corrected: grouping_accuracy(&found, &truth),
            fga: f1(right),
            pa: text_right as f64 / truth.len() as f64,
            fta: f1(right_texts),
            templates: truths.len(),
            true_templates,
        }
    }
}

/// The share of lines whose group holds exactly the lines that belong together.
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

/// A file of the data.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
