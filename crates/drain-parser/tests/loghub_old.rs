//! Drain on the ten systems of Loghub, beside logparser's own figures. The data lies where `DEEPLOG_DATA` says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "clippy knows test functions, not their helpers"
)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use drain_parser::{ClusterId, Drain, DrainConfig, HeaderFormat, Scratch};
use serde_json::Value;

/// One system of `drain_settings.json` with its 2,000 lines.
struct System {
    name: String,
    format: HeaderFormat,
    config: DrainConfig,
    log: Vec<u8>,
    folder: PathBuf,
}

impl System {
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.log.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
    }

    fn contents(&self) -> Vec<&[u8]> {
        self.lines()
            .map(|line| self.format.split(line).expect("line fits its header").content())
            .collect()
    }

    fn truth(&self, file: &str, column: &str) -> Vec<String> {
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
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("DEEPLOG_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Straight to standard error: the test runner hides what a passing test prints.
        std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("LEFT OUT: DEEPLOG_DATA is not set, so nothing was tested on Loghub's lines\n"),
        )
        .unwrap();
    }
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn systems(data: &Path) -> Vec<System> {
    let settings = json(&data.join("drain_settings.json"));
    let systems = settings.as_object().unwrap().iter().map(|(name, settings)| {
        let folder = data.join("loghub_2k").join(name);
        System {
            name: name.clone(),
            format: HeaderFormat::compile(settings["log_format"].as_str().unwrap()).unwrap(),
            config: DrainConfig {
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

/// The share of lines whose group holds exactly the lines that belong together (Zhu et al., ICSE-SEIP 2019).
fn grouping_accuracy<P: Hash + Eq, T: Hash + Eq>(predicted: &[P], truth: &[T]) -> f64 {
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

#[test]
fn grouping_accuracy_counts_whole_groups_only() {
    assert_eq!(grouping_accuracy(&[1, 1, 2, 2, 3], &["a", "a", "b", "c", "d"]), 0.6);
    assert_eq!(grouping_accuracy(&[1, 1, 1], &["a", "a", "b"]), 0.0);
}

#[test]
fn groups_as_logparser_does() {
    let Some(data) = data() else { return };
    let reference = json(&data.join("reference.json"));
    println!("system     published  reference  corrected  reference  templates  reference");
    for system in systems(&data) {
        let mut drain = Drain::new(system.config.clone()).unwrap();
        let ids: Vec<ClusterId> = system
            .contents()
            .into_iter()
            .map(|content| drain.learn(content))
            .collect();
        let texts: HashMap<_, _> = drain.clusters().map(|cluster| (cluster.id, cluster.template)).collect();
        let predicted: Vec<_> = ids.iter().map(|id| texts[id].as_str()).collect();

        let published = grouping_accuracy(&predicted, &system.truth("structured", "EventId"));
        let corrected = grouping_accuracy(&predicted, &system.truth("structured_corrected", "EventTemplate"));
        let reference = &reference["parsing"]["systems"][&system.name]["logparser_drain"];
        let figure = |name: &str| reference[name].as_f64().unwrap();
        let templates = drain.freeze().templates().len();
        println!(
            "{:<10} {published:9.4}  {:9.4}  {corrected:9.4}  {:9.4}  {templates:9}  {:9}",
            system.name,
            figure("ga_published"),
            figure("ga_corrected"),
            reference["templates"]
        );
        assert!(
            published >= figure("ga_published") - 0.002,
            "{}: {published}",
            system.name
        );
        assert!(
            corrected >= figure("ga_corrected") - 0.002,
            "{}: {corrected}",
            system.name
        );
        assert_eq!(
            templates as u64,
            reference["templates"].as_u64().unwrap(),
            "{}",
            system.name
        );
    }
}

#[test]
fn headers_give_the_published_contents() {
    let Some(data) = data() else { return };
    for system in systems(&data) {
        for (i, (content, truth)) in system
            .contents()
            .iter()
            .zip(system.truth("structured", "Content"))
            .enumerate()
        {
            let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(
                words(&String::from_utf8_lossy(content)),
                words(&truth),
                "{} line {}",
                system.name,
                i + 1
            );
        }
    }
}

#[test]
fn what_was_learnt_matches_exactly() {
    let Some(data) = data() else { return };
    for system in systems(&data) {
        let mut drain = Drain::new(system.config.clone()).unwrap();
        let contents = system.contents();
        for content in &contents {
            drain.learn(content);
        }
        let frozen = drain.freeze();
        let mut scratch = Scratch::default();
        for content in contents {
            let parsed = frozen
                .parse(content, &mut scratch)
                .expect("a learnt line has a template");
            assert!(parsed.exact);
            let text = &frozen.templates()[parsed.template].text;
            let line = String::from_utf8_lossy(content);
            assert_eq!(text.matches("<*>").count(), parsed.parameters.len(), "{text} | {line}");
            assert_eq!(rebuild(text, &parsed.parameters), words(content), "{text} | {line}");
        }
    }
}

/// A template with its parameters put in, without white space: masked pieces may hold some.
fn rebuild(text: &str, parameters: &[&[u8]]) -> Vec<u8> {
    let mut line = Vec::new();
    for (constant, parameter) in text
        .split("<*>")
        .zip(parameters.iter().copied().chain([b"".as_slice()]))
    {
        line.extend(words(constant.as_bytes()));
        line.extend(words(parameter));
    }
    line
}

fn words(content: &[u8]) -> Vec<u8> {
    content
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}
