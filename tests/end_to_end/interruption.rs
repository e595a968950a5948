//! Runs that are stopped: asked to (Ctrl-C), or killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Room, files_below};
use crate::samples::{json_lines, quickstart, quickstart_call, session_room, weights};

const PATIENCE: Duration = Duration::from_secs(60);

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Starts a call, waits until standard error says something, and sends a signal then. Gives code and standard error.
pub(crate) fn stop_after(room: &Room, call: &str, said: &str, name: &str) -> (Option<i32>, String) {
    let mut command = room.command(call.split_whitespace());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut heard = String::new();
    while !heard.contains(said) {
        assert!(
            reader.read_line(&mut heard).unwrap() > 0,
            "it ended before it said {said:?}: {heard}"
        );
    }
    signal(&child, name);
    reader.read_to_string(&mut heard).unwrap();
    (child.wait().unwrap().code(), heard)
}

/// A training of 30 epochs that early stopping does not end, on sessions without two equal windows.
pub(crate) fn long_training() -> (Room, String) {
    let room = session_room();
    let mut state = 7_u32;
    let mut key = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!(" {}", state >> 28)
    };
    let mut sessions = String::new();
    for i in 0..200 {
        sessions += &format!("s{i},");
        (0..12).for_each(|_| sessions += &key());
        sessions += "\n";
    }
    room.write("sessions.txt", sessions);
    let sets =
        "--set training.batch=32 --set training.patience=100 --set training.validation=0.1 --set model.hidden=32";
    (room, format!("-v run sessions.toml {sets}"))
}

#[test]
fn an_interrupted_training_goes_on_to_the_same_weights() {
    let (room, call) = long_training();
    for (out, name, epochs) in [
        ("interrupted", "INT", &["epoch 2:", "epoch 9:"][..]),
        ("terminated", "TERM", &["epoch 2:"]),
    ] {
        let call = format!("{call} --out {out}");
        for epoch in epochs {
            let (code, said) = stop_after(&room, &call, epoch, name);
            assert_eq!(code, Some(130), "{said}");
            assert!(said.contains("interrupted\n  hint: "), "{said}");
            assert!(
                said.contains("of 30 epochs are done and kept in") && said.contains("the same command goes on"),
                "{said}"
            );
            assert_eq!(
                room.files(out),
                ["training.checkpoint"],
                "nothing but the checkpoint is there"
            );
        }
        let outcome = room.deeplog(&call).ok();
        assert!(outcome.stderr.contains("going on after epoch "), "{}", outcome.stderr);
        assert!(
            !outcome.stderr.contains("epoch 2:"),
            "no epoch is done twice: {}",
            outcome.stderr
        );
        assert!(!room.path(out).join("training.checkpoint").exists());
    }
    room.deeplog(&format!("{call} --out whole")).ok();
    for out in ["interrupted", "terminated"] {
        assert!(
            weights(&room.path(out).join("model.deeplog")) == weights(&room.path("whole/model.deeplog")),
            "{out}"
        );
        assert_eq!(
            room.read(&format!("{out}/verdicts.jsonl")),
            room.read("whole/verdicts.jsonl")
        );
        let losses = |out: &str| -> serde_json::Value {
            let metrics: serde_json::Value = serde_json::from_str(&room.read(&format!("{out}/metrics.json"))).unwrap();
            metrics["losses"].clone()
        };
        assert_eq!(losses(out), losses("whole"));
    }
}

#[test]
fn a_checkpoint_of_another_training_or_a_damaged_one_is_told_and_left() {
    let (room, call) = long_training();
    let (code, said) = stop_after(&room, &format!("{call} --out out"), "epoch 1:", "INT");
    assert_eq!(code, Some(130), "{said}");
    let checkpoint = fs::read(room.path("out/training.checkpoint")).unwrap();
    let again = |bytes: &[u8], more: &str| {
        room.write("out/training.checkpoint", bytes);
        room.deeplog(&format!("{call} --out out --set training.epochs=2 {more}"))
            .ok()
            .stderr
    };
    for said in [
        again(&checkpoint, "--set model.hidden=8"),
        again(&checkpoint[..checkpoint.len() / 2], ""),
        again(b"", ""),
        again(b"something else", ""),
    ] {
        assert!(
            said.contains("training begins anew") && said.contains("epoch 1:"),
            "{said}"
        );
    }
}

#[test]
fn a_training_outlives_an_interruption_behind_it() {
    let (room, call) = long_training();
    // Enough to judge that the signal comes while it is judged.
    let text = room.read("sessions.txt");
    room.write("sessions.txt", text.repeat(100));
    let call = format!("{call} --set data.split.train=0.01 --set training.epochs=4");
    let cases = [
        ("", "training epoch", "training.checkpoint"),
        (
            "--set training.trim=0.1",
            "the least normal ones",
            "first-training.checkpoint",
        ),
    ];
    for (number, (more, said, checkpoint)) in cases.into_iter().enumerate() {
        let call = format!("{call} {more} --out out{number}");
        let (code, said) = stop_after(&room, &call, said, "INT");
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("done and kept in"), "{said}");
        let outcome = room.deeplog(&call).ok();
        let from = format!("going on after epoch 4 from out{number}/{checkpoint}");
        assert!(outcome.stderr.contains(&from), "{}", outcome.stderr);
        let files = room.files(&format!("out{number}"));
        assert!(!files.iter().any(|file| file.contains("checkpoint")), "{files:?}");
    }
}

/// Waits until a folder holds anything.
fn wait_for_a_file(folder: &Path) {
    let started = Instant::now();
    while files_below(folder).is_empty() {
        assert!(
            started.elapsed() < PATIENCE,
            "nothing is written to {}",
            folder.display()
        );
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_interrupted_simulation_leaves_nothing() {
    let room = Room::new();
    let mut command = room.command(["synth", "hdfs", "--sessions", "100000000", "--out", "out"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_a_file(&room.path("out"));
    signal(&child, "INT");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(
        said.contains("interrupted") && said.contains("nothing was kept"),
        "{said}"
    );
    assert_eq!(room.files("out"), [""; 0]);
}

/// Every file with a name of its own is whole.
fn assert_whole(folder: &Path) {
    for name in files_below(folder) {
        let bytes = fs::read(folder.join(&name)).unwrap();
        let text = || String::from_utf8(bytes.clone()).unwrap();
        match &*name {
            "metrics.json" => drop(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()),
            "scores.csv" => assert_eq!(text().lines().count(), 151),
            "verdicts.jsonl" => assert_eq!(json_lines(&text()).len(), 150),
            "report.html" => assert!(text().trim_end().ends_with("</html>")),
            "HDFS.log" | "labels.csv" => {
                assert_eq!(bytes, fs::read(quickstart().join(&name)).unwrap(), "{name}");
            }
            "model.deeplog" => assert!(weights(&folder.join(&name)) == weights(&quickstart().join(&name))),
            "training.checkpoint" => assert!(bytes.starts_with(b"DLTRAIN\n")),
            "report.md" => assert!(text().ends_with('\n')),
            svg if svg.ends_with(".svg") => assert!(text().trim_end().ends_with("</svg>"), "{name}"),
            png if png.ends_with(".png") => assert!(bytes.windows(4).any(|four| four == b"IEND"), "{name}"),
            temporary => assert!(
                temporary.rsplit('/').next().unwrap().starts_with('.'),
                "{temporary} is no result"
            ),
        }
    }
}

#[test]
fn a_killed_run_leaves_whole_files_only_and_the_next_one_works() {
    let room = Room::new();
    let call = format!("{} --out out", quickstart_call());
    let started = Instant::now();
    room.deeplog(&call).ok();
    let usual = started.elapsed();
    fs::remove_dir_all(room.path("out")).unwrap();
    const MOMENTS: u32 = 10;
    for moment in 1..=MOMENTS {
        let mut command = room.command(call.split_whitespace());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(usual * moment / MOMENTS);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_whole(&room.path("out"));
    }
    room.deeplog(&call).ok();
    for name in ["verdicts.jsonl", "HDFS.log"] {
        assert_eq!(
            room.read(&format!("out/{name}")),
            fs::read_to_string(quickstart().join(name)).unwrap(),
            "{name}"
        );
    }
}
