//! What a run depends on, as one number: a run that is there already need not be done again.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use deeplog_lstm::Device;
use sha2::{Digest, Sha256};

use crate::experiment::{Experiment, LabelRule, Source};
use crate::input::expand;

/// SHA-256, in hexadecimal digits, of all settings, of the program and the device, and of names, sizes and times of the files.
pub(super) fn of(experiment: &Experiment, device: &Device) -> String {
    let mut table = experiment.table.clone();
    for told in ["name", "description", "analysis", "expect"] {
        table.remove(told);
    }
    let mut hash = Sha256::new();
    hash.update(table.to_string());
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(device.kind().to_string());
    // A program that was built anew may well compute otherwise.
    for file in std::env::current_exe().into_iter().chain(files(experiment)) {
        hash.update(file.as_os_str().as_encoded_bytes());
        if let Ok(about) = file.metadata() {
            hash.update(about.len().to_le_bytes());
            let age = about
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            hash.update(age.map_or(0, |age| age.as_nanos()).to_le_bytes());
        }
    }
    format!("{:x}", hash.finalize())
}

fn files(experiment: &Experiment) -> Vec<PathBuf> {
    let data = &experiment.data;
    let mut files: Vec<PathBuf> = match &data.source {
        Source::Divided {
            train_normal,
            train_abnormal,
            test_normal,
            test_abnormal,
        } => [
            Some(train_normal),
            train_abnormal.as_ref(),
            test_normal.as_ref(),
            test_abnormal.as_ref(),
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect(),
        Source::Sessions { file } | Source::Structured { file } => vec![file.clone()],
        Source::Raw { log } => expand(log).unwrap_or_default(),
        Source::Synthetic(_) => Vec::new(),
    };
    let profile = experiment.profile.as_ref();
    let beside = |path: &Path| match profile.and_then(|profile| profile.labels.as_ref()) {
        Some(LabelRule::Session { file: Some(file), .. }) => Some(path.with_file_name(file)),
        _ => None,
    };
    let labels = files.first().and_then(|path| beside(path));
    files.extend(labels);
    files.extend(data.labels.clone());
    files.extend(data.templates.clone());
    files.extend(
        profile
            .and_then(|profile| profile.known.as_ref())
            .map(|known| known.state.clone()),
    );
    files
}
