//! Several seeds, grids, and two detectors compared.

use serde_json::Value;

use crate::harness::{Outcome, Room, data, finish, repository};
use crate::samples::{quickstart, quickstart_call};

/// The quickstart in little, with more arguments.
fn run_quickstart(room: &Room, more: &[&str]) -> Outcome {
    let call = quickstart_call();
    finish(&mut room.command(call.split_whitespace().chain(more.iter().copied())))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn several_seeds_leave_a_folder_each_and_their_mean() {
    let room = Room::new();
    let call = || {
        run_quickstart(
            &room,
            &["--set", "seeds=[3, 5]", "--set", "training.epochs=2", "--out", "out"],
        )
    };
    let outcome = call();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("means over 2 seeds"), "{}", outcome.stdout);
    let mean = json(&room.read("out/metrics.json"));
    let of = |seed: &str, field: &str| {
        let run = json(&room.read(&format!("out/runs/seed-{seed}/metrics.json")));
        run["test"][field].as_f64().unwrap()
    };
    let recall = f64::midpoint(of("3", "recall"), of("5", "recall"));
    assert!((mean["test"]["recall"].as_f64().unwrap() - recall).abs() < 1e-12);
    assert_eq!(mean["runs"][1]["seed"], 5);
    for file in [
        "out/report.html",
        "out/report.md",
        "out/runs/seed-5/model.deeplog",
        "out/runs/seed-3/scores.csv",
    ] {
        assert!(room.path(file).metadata().unwrap().len() > 0, "{file}");
    }
    // What is there stays there.
    let outcome = call();
    assert!(
        outcome.stdout.contains("2 runs were there already"),
        "{}",
        outcome.stdout
    );

    let compared = room.deeplog("compare out out@PCA");
    assert_eq!(compared.code, Some(0), "{compared:?}");
    let table = room.deeplog("report out");
    assert!(
        table.stdout.contains("| deeplog |") && table.stdout.contains('±'),
        "{table:?}"
    );
    let plots = room.deeplog("plot out --out pictures");
    assert_eq!(plots.code, Some(0), "{plots:?}");
    assert!(room.read("pictures/precision_recall.svg").contains("seed 5"));
}

#[test]
fn a_grid_has_a_cell_for_each_setting_and_its_curves() {
    let room = Room::new();
    let outcome = run_quickstart(
        &room,
        &[
            "--set",
            "grid.training.epochs=[1, 2]",
            "--split",
            "chronological,random",
            "--out",
            "out",
        ],
    );
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let grid = json(&room.read("out/metrics.json"));
    let settings: Vec<&str> = grid["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["settings"]["data.split.method"].as_str().unwrap())
        .collect();
    assert_eq!(settings, ["chronological", "chronological", "random", "random"]);
    assert!(room.path("out/plots/grid_recall.svg").exists());
    let whole = room.deeplog("compare out out");
    assert_eq!(whole.code, Some(1));
    assert!(whole.stderr.contains("4 settings"), "{}", whole.stderr);
    let picture = room.deeplog("plot out --out pictures");
    assert_eq!(picture.code, Some(0), "{picture:?}");
    assert!(room.path("pictures/grid_rivals_recall.png").exists());
}

#[test]
fn a_detector_is_compared_with_its_rival_in_the_same_run() {
    let room = Room::new();
    let results = quickstart().display().to_string();
    let outcome = room.call(&["compare", &results, &format!("{results}@unseen key set")]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let recall = outcome.stdout.lines().find(|line| line.starts_with("recall")).unwrap();
    let metrics = json(&std::fs::read_to_string(quickstart().join("metrics.json")).unwrap());
    for detector in [&metrics["test"], &metrics["baselines"]["unseen key set"]] {
        let expected = format!("{:.4}", detector["recall"].as_f64().unwrap());
        assert!(recall.contains(&expected), "{recall} {expected}");
    }
    let unknown = room.call(&["compare", &results, &format!("{results}@nobody")]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("unseen key set"), "{}", unknown.stderr);
    std::fs::create_dir(room.path("old")).unwrap();
    std::fs::copy(quickstart().join("metrics.json"), room.path("old/metrics.json")).unwrap();
    let old = room.deeplog("compare old old");
    assert!(old.code == Some(1) && old.stderr.contains("scores.csv"), "{old:?}");
    room.write(
        "old/scores.csv",
        "Session,Label,Sequence,deeplog,deeplog flagged\ns,Maybe,0,1,1\n",
    );
    let damaged = room.deeplog("compare old old");
    assert!(
        damaged.code == Some(1) && damaged.stderr.contains("line 2"),
        "{damaged:?}"
    );
}

#[test]
fn one_model_is_not_trained_of_several_runs() {
    let room = Room::new();
    room.write(
        "x.toml",
        "name = 'x'\nseeds = 2\n[data]\nkind = 'divided'\n[data.train]\nnormal = 'x.txt'\n",
    );
    let outcome = room.deeplog("train x.toml --out x.deeplog");
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("asks for 2 runs"), "{}", outcome.stderr);
    let check = room.deeplog("check x.toml");
    assert!(check.stdout.contains("x is a valid experiment of 2 runs"), "{check:?}");
}

#[test]
fn noise_in_the_training_hurts_rules_more_than_the_model() {
    let Some(data) = data("noise_in_the_training_hurts_rules_more_than_the_model") else {
        return;
    };
    let room = Room::new();
    let experiment = repository().join("experiments/hdfs.toml");
    let mut command = room.command([
        "run",
        "--out",
        "out",
        "--set",
        "data.stress.anomalous=0.05",
        "--set",
        "training.epochs=5",
    ]);
    let outcome = finish(command.arg(experiment).env("DEEPLOG_DATA", data));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let metrics = json(&room.read("out/metrics.json"));
    let model = metrics["test"]["average_precision"].as_f64().unwrap();
    let rule = metrics["baselines"]["unseen key set"]["average_precision"]
        .as_f64()
        .unwrap();
    assert!(model > 0.9 && rule < 0.7, "{model} {rule}");
    let audit = metrics["audit"].as_array().unwrap();
    assert!(
        audit
            .iter()
            .any(|check| check["finding"].as_str().unwrap().contains("put there on purpose"))
    );
}
