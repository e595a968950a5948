//! The ten systems of Loghub.

use std::fs;
use std::path::{Path, PathBuf};

use drain_parser::{DrainConfig, HeaderFormat, ParserConfig};
use serde_json::Value;

use crate::accuracy::{Accuracy, grouping_accuracy, templates};

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
        templates(&self.contents(), config)
    }

    /// How well the parser does against the corrected truth (Khan et al., ICSE 2022), and its grouping accuracy against
    /// the published one.
    pub(crate) fn accuracy(&self, config: ParserConfig) -> (Accuracy, f64) {
        let found = self.templates(config);
        let published = grouping_accuracy(&found, &self.truth("structured", "EventId"));
        let corrected = Accuracy::of(&found, &self.truth("structured_corrected", "EventTemplate"));
        (corrected, published)
    }
}

/// A file of the data.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
