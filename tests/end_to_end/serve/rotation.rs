//! `deeplog watch`: a log that is rotated while its watcher is killed, and the same verdicts as those of `detect`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::until;
use super::writer::LogWriter;
use super::{Dice, LAST, simulated};
use crate::harness::{Room, data, repository};
use crate::samples::json_lines;

/// A running `deeplog watch`.
struct Watcher {
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Watcher {
    fn start(room: &Room) -> Self {
        let model = super::model().to_str().unwrap();
        let args = [
            "watch", "--model", model, "--state", "state", "--format", "jsonl", "live.log",
        ];
        let mut command: Command = room.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let heard = shown.clone();
        let reading = spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                heard.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { child, shown, reading }
    }

    /// What it has shown in whole lines.
    fn shown(&self) -> Findings {
        let shown = self.shown.lock().unwrap();
        let end = shown.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        Findings::of(std::str::from_utf8(&shown[..end]).unwrap())
    }

    /// SIGKILL.
    fn kill(mut self) -> Findings {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.shown_at_end()
    }

    fn shown_at_end(&self) -> Findings {
        until("the end of what is shown", || self.reading.is_finished());
        self.shown()
    }

    /// Ctrl-C, after which it says something and ends well.
    fn interrupt(mut self) -> (Findings, String) {
        let sent = Command::new("kill")
            .arg("-INT")
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        (self.shown_at_end(), said)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Findings by number; with how their sessions ended, once they have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Findings(BTreeMap<u64, Value>);

impl Findings {
    fn of(text: &str) -> Self {
        let mut findings = Self::default();
        for line in json_lines(text) {
            findings.add(line);
        }
        findings
    }

    /// What comes twice is the same both times.
    fn add(&mut self, mut line: Value) {
        let fields = line.as_object_mut().unwrap();
        for field in ["received", "version"] {
            fields.remove(field);
        }
        let id = fields["id"].as_u64().unwrap();
        let known = self.0.entry(id).or_insert_with(|| json!({}));
        for (name, value) in fields {
            let before = known.as_object_mut().unwrap().insert(name.clone(), value.clone());
            assert!(before.is_none_or(|before| before == *value), "{name} of {id}");
        }
    }

    fn join(&mut self, other: Self) {
        other.0.into_values().for_each(|finding| self.add(finding));
    }
}

#[test]
fn a_rotated_log_is_read_once_whatever_happens_to_its_watcher() {
    const KILLS: u64 = 12;
    const WRITES: usize = 500;
    let (room, mut dice) = (Room::new(), Dice::new(3));
    let lines = simulated(WRITES * 40, 21);
    let mut batches: Vec<Vec<u8>> = lines.chunks(40).take(WRITES).map(<[Vec<u8>]>::concat).collect();
    batches.push(LAST.to_vec());
    let all = batches.concat();
    let model = super::model().display();
    let whole = room.feed(&format!("watch --model {model} --format jsonl -"), &all).ok();
    let expected = Findings::of(&whole.stdout);
    assert!(expected.0.len() > 50, "there is something to lose");

    let mut log = LogWriter::new(room.path("live.log"), Dice::new(4), 10);
    log.append(&batches[0]);
    // Once it has looked at the log, whatever is rotated is read.
    let watcher = Watcher::start(&room);
    until("a first look", || {
        room.path("state/wal").exists()
            && fs::read_dir(room.path("state/wal"))
                .unwrap()
                .any(|file| file.unwrap().metadata().unwrap().len() > 2_000)
    });
    let mut found = watcher.kill();
    let (sender, is_written) = std::sync::mpsc::channel();
    let writing = spawn(move || {
        for batch in &batches[1..] {
            log.write(batch);
            sleep(Duration::from_millis(dice.below(12)));
        }
        sender.send(()).unwrap();
    });
    let mut dice = Dice::new(5);
    for _ in 0..KILLS {
        let watcher = Watcher::start(&room);
        sleep(Duration::from_millis(dice.below(400)));
        found.join(watcher.kill());
    }
    is_written.recv().unwrap();
    writing.join().unwrap();
    let watcher = Watcher::start(&room);
    until("all findings", || {
        let mut all = found.clone();
        all.join(watcher.shown());
        all.0.len() >= expected.0.len() && all.0.values().all(|finding| finding["ended"].is_object())
    });
    let (last, said) = watcher.interrupt();
    found.join(last);
    for (id, finding) in &expected.0 {
        assert_eq!(&found.0[id], finding);
    }
    assert_eq!(found.0.len(), expected.0.len());
    let lines = all.iter().filter(|&&byte| byte == b'\n').count();
    assert!(said.contains(&format!(" findings in {lines} lines")), "{said}");
}

#[test]
fn ctrl_c_ends_with_a_summary() {
    let room = Room::new();
    let lines = simulated(1_000, 31)[..600].concat();
    room.write("live.log", &lines);
    let watcher = Watcher::start(&room);
    let model = super::model().display();
    let expected = room
        .feed(&format!("watch --model {model} --format jsonl -"), &lines)
        .ok();
    // Those that are told before their session ends.
    let mut expected = Findings::of(&expected.stdout);
    expected.0.retain(|_, finding| finding["line"].is_u64());
    assert!(!expected.0.is_empty());
    until("findings", || watcher.shown().0.len() == expected.0.len());
    let (found, said) = watcher.interrupt();
    let sessions =
        |findings: &Findings| -> Vec<Value> { findings.0.values().map(|finding| finding["session"].clone()).collect() };
    assert_eq!(sessions(&found), sessions(&expected));
    let summary = format!("{} findings in 600 lines, ", expected.0.len());
    assert!(
        said.contains(&summary) && said.contains("sessions still open and remembered"),
        "{said}"
    );
}

/// Sessions, reasons, lines and scores of a log, as `watch` and as `detect` have them.
fn both(room: &Room, model: &Path, log: &Path) -> [Vec<Value>; 2] {
    let bytes = fs::read(log).unwrap();
    let watched = room
        .feed(&format!("watch --model {} --format jsonl -", model.display()), &bytes)
        .ok();
    let detected = room
        .deeplog(&format!(
            "detect --model {} --format jsonl {}",
            model.display(),
            log.display()
        ))
        .ok();
    let watched = Findings::of(&watched.stdout).0.into_values().map(|finding| {
        let ended = &finding["ended"];
        json!([
            finding["session"],
            finding["reason"],
            finding["position"],
            finding["line"],
            finding["seen"]["key"],
            finding["rank"],
            finding["probability"],
            ended["score"],
            ended["events"],
            ended["findings"],
            ended["end"],
        ])
    });
    let detected = json_lines(&detected.stdout)
        .into_iter()
        .filter(|verdict| verdict["outcome"] == "anomalous");
    let detected = detected.map(|verdict| {
        let findings = verdict["findings"].as_array().unwrap();
        let first = &findings[0];
        let seen = if first["seen"] == "end" {
            &first["seen"]
        } else {
            &first["seen"]["key"]
        };
        json!([
            verdict["session"],
            first["reason"],
            first["position"],
            first["line"],
            seen,
            first["rank"],
            first["probability"],
            verdict["score"],
            verdict["events"],
            findings.len(),
            verdict["end"],
        ])
    });
    let sorted = |mut rows: Vec<Value>| {
        rows.sort_by_key(Value::to_string);
        rows
    };
    [sorted(watched.collect()), sorted(detected.collect())]
}

#[test]
fn a_pipe_gets_the_verdicts_of_detect() {
    let room = Room::new();
    let log = room.write("pipe.log", simulated(20_000, 41).concat());
    let [watched, detected] = both(&room, super::model(), &log);
    assert!(watched.len() > 50, "{}", watched.len());
    assert_eq!(watched, detected);
}

#[test]
fn real_lines_get_the_verdicts_of_detect() {
    let Some(data) = data("real_lines_get_the_verdicts_of_detect") else {
        return;
    };
    let room = Room::new();
    let experiment = repository().join("experiments/hdfs-raw.toml");
    let mut train = room.command(["train", experiment.to_str().unwrap(), "--out", "raw.deeplog"]);
    crate::harness::finish(train.env("DEEPLOG_DATA", &data)).ok();
    let [watched, detected] = both(&room, &room.path("raw.deeplog"), &data.join("hdfs_raw/HDFS_5k.log"));
    assert!(watched.len() > 5, "{}", watched.len());
    assert_eq!(watched, detected);
}
