//! Results that cannot be written.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Outcome, Room, deeplog, files_below, finish, left_out};
use crate::samples::{job_room, quickstart, quickstart_call, session_model, session_room};

#[test]
fn a_folder_that_cannot_be_is_known_before_any_work() {
    let room = session_room();
    room.write("file", "");
    for out in ["file/below", "file", "/proc/deeplog", "/dev/null/x"] {
        let outcome = room.deeplog(&format!("run sessions.toml --out {out}")).fails(1, &[out]);
        assert!(
            !outcome.stderr.contains("training"),
            "no training before it is known: {}",
            outcome.stderr
        );
        room.deeplog(&format!("train sessions.toml --out {out}/model"))
            .fails(1, &[out]);
        room.deeplog(&format!("synth hdfs --sessions 5 --out {out}"))
            .fails(1, &[out]);
        room.deeplog(&format!("plot {} --out {out}", quickstart().display()))
            .fails(1, &[out]);
    }
    assert_eq!(room.files("."), ["file", "sessions.toml", "sessions.txt"]);
}

#[test]
fn a_parsing_that_cannot_be_written_is_told() {
    let room = job_room();
    room.write("file", "");
    room.deeplog("parse jobs.log --format <Content> --out file/below")
        .fails(1, &["file/below"]);
    assert_eq!(room.files("."), ["file", "jobs.log", "jobs.toml"]);
}

#[test]
fn a_model_in_the_place_of_a_folder_is_told() {
    let room = session_room();
    std::fs::create_dir(room.path("model")).unwrap();
    room.deeplog("train sessions.toml --out model").fails(1, &["model"]);
    assert_eq!(
        room.files("."),
        ["sessions.toml", "sessions.txt", "training.checkpoint"]
    );
    let said = room.deeplog("train sessions.toml --out model.deeplog").ok().stderr;
    assert!(
        said.contains("going on after epoch 30"),
        "the training is not lost: {said}"
    );
    assert_eq!(room.files("."), ["model.deeplog", "sessions.toml", "sessions.txt"]);
}

#[test]
fn standard_output_that_takes_nothing_is_told() {
    let room = session_room();
    let model = session_model().display().to_string();
    for call in [
        format!("detect --model {model} --format jsonl sessions.txt"),
        format!("explain --model {model} sessions.txt"),
        format!("inspect {model}"),
        "check sessions.toml".to_owned(),
        "report --schema".to_owned(),
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = room.command(call.split(' ')).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{call}: {said}");
        assert!(
            said.contains("error:") && said.contains("o space left"),
            "{call}: {said}"
        );
    }
}

/// A disk of a few pages, gone with its test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn new(room: &Room, test: &str, kibibytes: usize) -> Option<Self> {
        let folder = room.path("disk");
        std::fs::create_dir_all(&folder).unwrap();
        let size = format!("size={kibibytes}k");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "none"])
            .arg(&folder)
            .output();
        if output.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        left_out(test, "may not mount a small disk");
        None
    }

    fn call(&self, line: &str) -> Outcome {
        finish(deeplog(&self.0).args(line.split_whitespace()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_no_file_is_half_written() {
    // The log does not fit, the pictures do not, the report does not.
    for kibibytes in [64, 1000, 1400] {
        let room = Room::new();
        let Some(disk) = SmallDisk::new(&room, "a_full_disk_is_told_and_no_file_is_half_written", kibibytes) else {
            return;
        };
        disk.call(&format!("{} --out out", quickstart_call()))
            .fails(1, &["cannot write out/", "no space left"]);
        let whole = files_below(quickstart());
        let mut left = files_below(&disk.0.join("out"));
        // It is removed once the results are written.
        left.retain(|name| name != "training.checkpoint");
        for name in left {
            assert!(whole.contains(&name), "{name} is left behind on {kibibytes} KiB");
            if !name.ends_with(".png") && name != "model.deeplog" {
                let written = std::fs::read(disk.0.join("out").join(&name)).unwrap();
                assert!(
                    written.len() >= std::fs::read(quickstart().join(&name)).unwrap().len() / 2,
                    "{name} is whole"
                );
            }
        }
        assert!(!disk.0.join("out/metrics.json").exists(), "{kibibytes} KiB were enough");
        disk.call("synth hdfs --sessions 3000 --out synth")
            .fails(1, &["cannot write synth/HDFS.log", "no space left"]);
        assert_eq!(files_below(&disk.0.join("synth")), [""; 0]);
    }
}

#[test]
fn training_and_parsing_on_a_full_disk_leave_nothing() {
    let room = job_room();
    let Some(disk) = SmallDisk::new(&room, "training_and_parsing_on_a_full_disk_leave_nothing", 8) else {
        return;
    };
    let (experiment, log) = (room.path("jobs.toml"), room.path("jobs.log"));
    let (experiment, log) = (experiment.display(), log.display());
    disk.call(&format!("train {experiment} --set model.hidden=64 --out model"))
        .fails(1, &["cannot write", "no space left"]);
    disk.call(&format!("parse {log} --format <Content> --out parsed"))
        .fails(1, &["no space left"]);
    assert_eq!(files_below(&disk.0), [""; 0]);
}
