//! Small logs, session files and experiments.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;

use crate::harness::{Room, deeplog, finish, repository};

/// A model that learns these samples in a moment.
pub(crate) const SMALL: &str = "
[model]
history = 5
hidden = 16
layers = 1
[training]
epochs = 30
batch = 8
learning_rate = 0.02
validation = 0.0
[detection]
top_g = 2
";

/// The same for the quickstart, on the command line.
pub(crate) const SMALL_SETS: &str = "--set model.hidden=16 --set model.layers=1 --set training.epochs=4 \
     --set training.batch=32 --set training.learning_rate=0.05 --set detection.top_g=4";

/// A dataset whose sessions are jobs.
pub(crate) const JOBS: &str = r#"
name = "jobs"
[header]
format = '<Time> <Level> <Content>'
[time]
fields = ["Time"]
format = "%s"
[session]
by = "identifier"
pattern = 'job-\d+'
end_of_input = "complete"
"#;

/// Sessions named `s0`, `s1`, …: `open`, one to six times `read write`, `close`.
pub(crate) fn session_file(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "s{i},open{} close", " read write".repeat(1 + i % 6));
        text
    })
}

/// An experiment on `sessions.txt`.
pub(crate) fn session_experiment() -> String {
    format!("name = \"sessions\"\n[data]\nkind = \"sessions\"\nfile = \"sessions.txt\"\n{SMALL}")
}

/// A room with `sessions.toml` and `sessions.txt`.
pub(crate) fn session_room() -> Room {
    let room = Room::new();
    room.write("sessions.toml", session_experiment());
    room.write("sessions.txt", session_file(60));
    room
}

/// Lines of a log of jobs; job `i` has one to five steps. Jobs overlap, two at a time.
pub(crate) fn job_lines(jobs: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in (0..jobs).step_by(2) {
        let mut mine: Vec<Vec<String>> = (pair..jobs.min(pair + 2))
            .map(|job| job_messages(job, 1 + job % 5))
            .collect();
        while mine.iter().any(|messages| !messages.is_empty()) {
            for messages in &mut mine {
                if !messages.is_empty() {
                    lines.push(messages.remove(0));
                }
            }
        }
    }
    let stamp = |(i, line): (usize, String)| {
        format!(
            "2024-05-01 {:02}:{:02}:{:02} INFO worker: {line}",
            i / 3600,
            i / 60 % 60,
            i % 60
        )
    };
    lines.into_iter().enumerate().map(stamp).collect()
}

fn job_messages(job: usize, steps: usize) -> Vec<String> {
    let mut messages = vec![format!("accepted job_{job} from client {}", job % 7)];
    for step in 0..steps {
        messages.push(format!("running step {step} of job_{job}"));
        messages.push(format!("stored result {step} of job_{job} on disk"));
    }
    messages.push(format!("finished job_{job} without error"));
    messages
}

/// The lines as a file, with this line end.
pub(crate) fn text(lines: &[String], end: &str) -> String {
    lines.iter().fold(String::new(), |text, line| text + line + end)
}

/// An experiment on `jobs.log`, without labels.
pub(crate) fn job_experiment() -> String {
    format!(
        r#"name = "jobs"
[dataset]
name = "jobs"
[dataset.header]
format = '<Date> <Time> <Level> <Component>: <Content>'
[dataset.time]
fields = ["Date", "Time"]
format = "%Y-%m-%d %H:%M:%S"
[dataset.parser]
masks = ['job_\d+']
[dataset.session]
by = "identifier"
pattern = 'job_\d+'
end_of_input = "complete"
[data]
kind = "raw"
log = "jobs.log"
{SMALL}"#
    )
}

/// A room with `jobs.toml` and `jobs.log`.
pub(crate) fn job_room() -> Room {
    let room = Room::new();
    room.write("jobs.toml", job_experiment());
    room.write("jobs.log", text(&job_lines(60), "\n"));
    room
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstandard(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// The results of the quickstart in little, made once.
pub(crate) fn quickstart() -> &'static Path {
    static RESULTS: OnceLock<PathBuf> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quickstart");
        let _ = fs::remove_dir_all(&out);
        let mut command = deeplog(&repository());
        command
            .args(quickstart_call().split_whitespace())
            .arg("--out")
            .arg(&out);
        finish(&mut command).ok();
        out
    })
}

/// `deeplog` arguments for the quickstart in little, but for `--out`.
pub(crate) fn quickstart_call() -> String {
    let experiment = repository().join("experiments/quickstart.toml");
    format!(
        "run {} --set data.synthetic.sessions=300 {SMALL_SETS}",
        experiment.display()
    )
}

/// A model of session files, made once, and the folder it lies in, with `sessions.txt`.
pub(crate) fn session_model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session-model");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sessions.toml"), session_experiment()).unwrap();
        fs::write(folder.join("sessions.txt"), session_file(60)).unwrap();
        finish(deeplog(&folder).args(["train", "sessions.toml", "--out", "model.deeplog"])).ok();
        folder.join("model.deeplog")
    })
}

/// The values of a JSON lines file.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The bytes of the weights in a model file: what follows the description, up to the checksum.
pub(crate) fn weights(model: &Path) -> Vec<u8> {
    let bytes = fs::read(model).unwrap();
    let length = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
    let weights = bytes[20 + length..bytes.len() - 8].to_vec();
    assert!(weights.len() > 1000, "{} holds no weights", model.display());
    weights
}
