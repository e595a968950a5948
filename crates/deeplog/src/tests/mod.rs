mod artefact;
mod experiment;
mod input;
mod pipeline;
mod runs;

use std::path::Path;

use deeplog_lstm::{Device, DeviceKind};

use crate::{Experiment, Training, Unobserved};

/// A small experiment on a simulated log, with a model that trains in no time.
pub(crate) fn small_experiment(more: &str) -> Experiment {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let dataset: toml::Table = std::fs::read_to_string(datasets.join("HDFS_v1.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let text = format!(
        r#"
        name = "small"
        [data]
        kind = "synthetic"
        [data.synthetic]
        sessions = 60
        anomalous = 0.2
        [model]
        hidden = 8
        layers = 1
        [training]
        epochs = 12
        {more}
        "#
    );
    let mut table: toml::Table = text.parse().unwrap();
    table.insert("dataset".into(), dataset.into());
    Experiment::from_table(table, &datasets, "test").unwrap()
}

/// Trains it; the simulated log is left in the folder.
pub(crate) fn trained(experiment: &Experiment, folder: &Path) -> Training {
    let device = Device::open(DeviceKind::Cpu).unwrap();
    let corpus = crate::read_corpus(experiment, folder, &mut Unobserved).unwrap();
    crate::train(experiment, &corpus, &device, folder, &mut Unobserved).unwrap()
}
