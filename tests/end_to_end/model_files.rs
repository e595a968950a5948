//! Model files of another version, cut short, with one bit turned, or none of ours.

use std::fs;

use crate::samples::{job_lines, quickstart, session_model, session_room, text};

fn model() -> Vec<u8> {
    fs::read(session_model()).unwrap()
}

#[test]
fn a_model_of_another_version_is_told_with_both_versions() {
    let room = session_room();
    let mut bytes = model();
    bytes[8..12].copy_from_slice(&7_u32.to_le_bytes());
    room.write("model", bytes);
    for call in [
        "inspect model",
        "detect --model model sessions.txt",
        "explain --model model sessions.txt",
    ] {
        room.deeplog(call)
            .fails(1, &["model: is a model of format 7", "reads format 1"]);
    }
}

#[test]
fn a_model_cut_short_anywhere_is_told() {
    let room = session_room();
    let whole = model();
    let steps = (0..whole.len()).step_by(whole.len() / 25);
    for length in (1..24).chain(steps).chain([whole.len() - 1, whole.len() - 8]) {
        room.write("model", &whole[..length]);
        let outcome = room.deeplog("inspect model").fails(1, &["model: is "]);
        assert!(
            length < 8 || !outcome.stderr.contains("is not a deeplog model"),
            "{length}: {}",
            outcome.stderr
        );
    }
    room.write("model", [&whole[..], b"more"].concat());
    room.deeplog("detect --model model sessions.txt")
        .fails(1, &["model: is damaged"]);
}

#[test]
fn one_turned_bit_anywhere_is_told() {
    let room = session_room();
    let whole = model();
    let bits = whole.len() * 8;
    let head = (0..20 * 8).step_by(5);
    let spread = (0..bits)
        .step_by(bits / 60)
        .enumerate()
        .map(|(i, bit)| (bit / 8 * 8 + i % 8).min(bits - 1));
    for bit in head.chain(spread).chain(bits - 8 * 8..bits).filter(|bit| bit % 3 != 1) {
        let mut turned = whole.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        room.write("model", turned);
        room.deeplog("inspect model").fails(1, &["model: is "]);
    }
}

#[test]
fn a_foreign_file_is_no_model() {
    let room = session_room();
    room.write("empty", "");
    room.write("zip", b"PK\x03\x04 and so on");
    let log = quickstart().join("HDFS.log");
    for name in ["empty", "zip", "sessions.toml", &log.to_string_lossy()] {
        for call in ["inspect", "detect sessions.txt --model", "explain sessions.txt --model"] {
            room.deeplog(&format!("{call} {name}"))
                .fails(1, &[name, "is not a deeplog model"]);
        }
    }
    room.deeplog("inspect missing").fails(1, &["missing", "no such file"]);
    room.deeplog("inspect .").fails(1, &["is a directory"]);
}

#[test]
fn a_model_of_sessions_does_not_judge_logs_nor_the_other_way_round() {
    let room = session_room();
    room.write("jobs.log", text(&job_lines(9), "\n"));
    let facts = ["jobs.log holds none of the 4 keys that the model knows"];
    room.deeplog(&format!("detect --model {} jobs.log", session_model().display()))
        .fails(1, &facts);
    let facts = ["none of the 60 lines of sessions.txt fits the model's header format"];
    room.deeplog(&format!(
        "detect --model {} sessions.txt",
        quickstart().join("model.deeplog").display()
    ))
    .fails(1, &facts);
}
