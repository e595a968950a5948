//! `deeplog init`: an unknown log to an experiment that runs.

use crate::harness::{Room, data, finish};
use crate::samples::{SMALL_SETS, job_room};

#[test]
fn what_init_writes_is_checked_and_runs() {
    let room = job_room();
    let outcome = room.deeplog("init jobs.log --out new").ok();
    assert_eq!(room.files("new"), ["jobs.dataset.toml", "jobs.toml"]);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        said.contains("job_") && said.contains('%') && said.contains("deeplog run"),
        "{said}"
    );
    room.deeplog("check new/jobs.toml").ok();
    let run = room.deeplog(&format!("run new/jobs.toml --out out {SMALL_SETS}")).ok();
    assert!(run.stdout.contains("of 30 sessions"), "{}", run.stdout);
}

#[test]
fn init_replaces_nothing_unless_forced() {
    let room = job_room();
    room.deeplog("init jobs.log --out new").ok();
    room.write("new/jobs.toml", "mine");
    room.deeplog("init jobs.log --out new")
        .fails(1, &["new/jobs.dataset.toml is there already"]);
    assert_eq!(room.read("new/jobs.toml"), "mine");
    room.deeplog("init jobs.log --out new --force").ok();
    assert_ne!(room.read("new/jobs.toml"), "mine");
}

#[test]
fn init_tells_what_it_cannot_look_at() {
    let room = job_room();
    room.write("empty.log", "");
    for name in ["missing.log", "empty.log"] {
        room.deeplog(&format!("init {name} --out new")).fails(1, &[name]);
    }
    assert_eq!(room.files("new"), [""; 0]);
}

#[test]
fn init_on_the_ten_systems_writes_experiments_that_run() {
    let Some(data) = data("init_on_the_ten_systems_writes_experiments_that_run") else {
        return;
    };
    let room = Room::new();
    let mut count = 0;
    for system in std::fs::read_dir(data.join("loghub_2k")).unwrap() {
        let system = system.unwrap().file_name().into_string().unwrap();
        let log = data.join(format!("loghub_2k/{system}/{system}_2k.log"));
        finish(room.command(["init", "--out", &system]).arg(&log)).ok();
        let experiment = format!("{system}/{system}_2k.toml");
        room.deeplog(&format!("check {experiment}")).ok();
        room.deeplog(&format!(
            "run {experiment} --out {system}/out {SMALL_SETS} --set training.epochs=1"
        ))
        .ok();
        assert!(room.path(&system).join("out/report.html").exists());
        count += 1;
    }
    assert_eq!(count, 10);
}
