//! Tests of the parts together, on a model that is trained once.

mod engine;
mod http;
mod running;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use deeplog::{Experiment, Model, Unobserved};
use deeplog_lstm::{Device, DeviceKind};
use sequence_windowing::Timestamp;

use crate::{Batch, Change, Definition, Entry, Models, Origin, Sink};

/// Simulated logs: sessions close a minute after their last line.
const EXPERIMENT: &str = r#"
    name = "live"
    [data]
    kind = "synthetic"
    [data.synthetic]
    sessions = 400
    anomalous = 0.05
    seed = SEED
    [dataset.header]
    format = "<Date> <Time> <Pid> <Level> <Component>: <Content>"
    [dataset.time]
    fields = ["Date", "Time"]
    format = "%y%m%d %H%M%S"
    [dataset.parser]
    method = "drain"
    masks = ['blk_-?\d+', '(\d+\.){3}\d+(:\d+)?']
    [dataset.session]
    by = "identifier"
    pattern = 'blk_-?\d+'
    idle = "61s"
    [model]
    hidden = 16
    layers = 1
    [training]
    epochs = 6
"#;

/// A folder with `model.deeplog` and `HDFS.log`, which the model has not seen.
struct Trained {
    _folder: tempfile::TempDir,
    model: PathBuf,
    log: PathBuf,
}

static TRAINED: LazyLock<Trained> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::open(DeviceKind::Cpu).unwrap();
    let read = |seed: &str, place: &Path| {
        std::fs::create_dir_all(place).unwrap();
        let table = EXPERIMENT.replace("SEED", seed).parse().unwrap();
        let experiment = Experiment::from_table(table, place, "live").unwrap();
        let corpus = deeplog::read_corpus(&experiment, place, &mut Unobserved).unwrap();
        (experiment, corpus)
    };
    let (experiment, corpus) = read("1", &folder.path().join("train"));
    let training = deeplog::train(&experiment, &corpus, &device, folder.path(), &mut Unobserved).unwrap();
    let model = folder.path().join("model.deeplog");
    training.artefact.write(&model).unwrap();
    let other = folder.path().join("other");
    read("2", &other);
    Trained {
        model,
        log: other.join("HDFS.log"),
        _folder: folder,
    }
});

impl Trained {
    fn model(&self) -> Model {
        Model::open(&self.model, &Device::open(DeviceKind::Cpu).unwrap()).unwrap()
    }

    fn lines(&self) -> Vec<u8> {
        std::fs::read(&self.log).unwrap()
    }
}

fn definition(models: &Models) -> Definition {
    Definition {
        model: models.keep(&TRAINED.model).unwrap(),
        dataset: None,
        alerts: None,
    }
}

fn batch(block: &[u8]) -> Batch {
    Batch {
        source: "a".into(),
        origin: Origin::Pushed(None),
        // Far ahead, so that no log ever falls silent by the real clock.
        received: Timestamp(4_000_000_000_000_000),
        block: block.to_vec(),
    }
}

/// Lines in groups of so many.
fn blocks(lines: &[u8], size: usize) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = lines.split_inclusive(|&byte| byte == b'\n').collect();
    lines.chunks(size).map(<[&[u8]]>::concat).collect()
}

fn defined(source: &str, definition: Definition) -> Entry {
    Entry::Define {
        source: source.into(),
        definition: Some(definition),
    }
}

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Change>>>);

impl Sink for Kept {
    fn last_version(&self) -> u64 {
        self.0.lock().unwrap().last().map_or(0, Change::version)
    }

    fn take(&mut self, changes: &[Change]) -> Result<(), String> {
        self.0.lock().unwrap().extend_from_slice(changes);
        Ok(())
    }
}
