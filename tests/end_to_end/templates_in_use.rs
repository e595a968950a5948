//! Edited templates in training, and on real logs.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::harness::{Room, data};
use crate::samples::job_experiment;
use crate::templates::{FINISHED, JOBS, STORED, id_of, learnt_room, listed, templates};

#[test]
fn training_begins_with_edited_templates() {
    let room = learnt_room();
    let (stored, finished) = (id_of(&room, STORED), id_of(&room, FINISHED));
    templates(
        &room,
        &["merge", "jobs.state", &stored, &finished, "--into", "done with <*>"],
    )
    .ok();
    templates(
        &room,
        &["rename", "jobs.state", &id_of(&room, "done with <*>"), "the end"],
    )
    .ok();
    for learn in ["", "learn = true", "learn = false"] {
        let parser = format!("state = \"jobs.state\"\n{learn}\n");
        room.write(
            "edited.toml",
            job_experiment().replace("masks = ['job_\\d+']\n", &parser),
        );
        room.deeplog("train edited.toml --out model.deeplog").ok();
        let shown = room.deeplog("inspect model.deeplog").ok().stdout;
        assert!(
            shown.contains("3 log keys") && shown.contains("the end: done with <*>"),
            "{learn}: {shown}"
        );
        let listed = templates(&room, &["list", "model.deeplog"]).ok().stdout;
        assert!(listed.contains("* the end: done with <*>"), "{listed}");
        // The model judges without the state.
        fs::rename(room.path("jobs.state"), room.path("away")).unwrap();
        let explained = room
            .deeplog("explain --model model.deeplog --session job_3 jobs.log")
            .ok()
            .stdout;
        assert!(explained.contains("the end: done with"), "{explained}");
        let matched = templates(&room, &["match", "model.deeplog", "jobs.log"]).ok();
        assert!(matched.stderr.contains(" 0 match no template"), "{}", matched.stderr);
        fs::rename(room.path("away"), room.path("jobs.state")).unwrap();
    }
    // Others take the settings from it.
    let dataset = format!(
        "[header]\nformat = '{JOBS}'\n[parser]\nstate = \"jobs.state\"\n[session]\nby = \"count\"\nevents = 5\n"
    );
    room.write("jobs_dataset.toml", dataset);
    room.deeplog("parse jobs.log --dataset jobs_dataset.toml --out again --no-structured")
        .ok();
    assert_eq!(room.read("again/templates.csv"), room.read("out/templates.csv"));
    // Settings beside it, and a state that is not there.
    room.write(
        "other.toml",
        job_experiment().replace("masks = ['job_\\d+']\n", "learn = false\n"),
    );
    room.deeplog("check other.toml").fails(2, &["dataset.parser.learn"]);
    let both = "state = \"jobs.state\"\nmasks = ['x']\n";
    room.write("both.toml", job_experiment().replace("masks = ['job_\\d+']\n", both));
    room.deeplog("check both.toml").fails(2, &["dataset.parser.masks"]);
    let missing = "state = \"missing\"\n";
    room.write(
        "missing.toml",
        job_experiment().replace("masks = ['job_\\d+']\n", missing),
    );
    room.deeplog("train missing.toml --out m").fails(1, &["missing"]);
    assert!(!room.path("m").exists());
}

#[test]
fn all_ten_systems_find_their_own_lines_edited() {
    let Some(data) = data("all_ten_systems_find_their_own_lines_edited") else {
        return;
    };
    let settings: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(data.join("drain_settings.json")).unwrap()).unwrap();
    assert_eq!(settings.len(), 10);
    for (system, settings) in settings {
        let folder = data.join("loghub_2k").join(&system);
        let log = folder.join(format!("{system}_2k.log"));
        let truth = folder.join(format!("{system}_2k.log_structured_corrected.csv"));
        let (log, truth) = (log.to_str().unwrap(), truth.to_str().unwrap());
        let format = settings["log_format"].as_str().unwrap();
        let similarity = settings["st"].to_string();
        for method in [&["--auto"][..], &["--similarity", &similarity]] {
            let room = Room::new();
            let call = [
                "parse",
                log,
                "--state",
                "state",
                "--out",
                "out",
                "--no-structured",
                "--format",
                format,
            ];
            room.call(&[&call[..], method].concat()).ok();
            let all = listed(&room, "state");
            let mut by_count: Vec<&(String, u64)> = all.values().collect();
            by_count.sort_by_key(|(_, count)| *count);
            let (rare, common) = (by_count[0].0.clone(), by_count[by_count.len() - 1].0.clone());
            templates(&room, &["merge", "state", &rare, &common, "--into", "two in one"]).ok();
            templates(&room, &["import", "state", truth]).ok();
            let matched = templates(&room, &["match", "state", log]).ok();
            assert_eq!(matched.stdout, "", "{system}");
            let wanted = " 0 match but for numbers, 0 match no template";
            assert!(matched.stderr.contains(wanted), "{system}: {}", matched.stderr);
        }
    }
}
