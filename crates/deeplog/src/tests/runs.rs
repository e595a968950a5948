//! Many runs, harder training, the leak audit.

use std::path::Path;

use deeplog_lstm::{Device, DeviceKind};
use evaluation::{CheckOutcome, Label, Results};

use super::small_experiment;
use crate::{Corpus, Experiment, Plan, Ran, RunOptions, Unobserved, read_corpus, run_all};

fn plan(more: &str) -> crate::Result<Plan> {
    let mut table = small_experiment("").table;
    let more: toml::Table = more.parse().unwrap();
    table.extend(more);
    Plan::from_table(table, Path::new("."), "test")
}

fn corpus(more: &str) -> crate::Result<Corpus> {
    let folder = tempfile::tempdir().unwrap();
    read_corpus(&changed(more), folder.path(), &mut Unobserved)
}

/// The small experiment with more in its `[data]`.
fn changed(more: &str) -> Experiment {
    let mut table = small_experiment("").table;
    let more: toml::Table = more.parse().unwrap();
    table["data"].as_table_mut().unwrap().extend(more);
    Experiment::from_table(table, Path::new("."), "test").unwrap()
}

#[test]
fn seeds_and_a_grid_make_all_combinations() {
    let plan =
        plan("seeds = 2\nseed = 5\ngrid = { model = { hidden = [4, 8] }, 'training.epochs' = [1, 2, 3] }").unwrap();
    assert_eq!((plan.runs.len(), plan.is_series), (12, true));
    let of = |run: usize| {
        let experiment = &plan.runs[run].experiment;
        (
            experiment.model.hidden,
            experiment.training.config.epochs,
            experiment.seed,
        )
    };
    assert_eq!(
        [of(0), of(1), of(2), of(11)],
        [(4, 1, 5), (4, 1, 6), (4, 2, 5), (8, 3, 6)]
    );
    assert_eq!(plan.runs[0].settings["model.hidden"], "4");
    // The model's own file speaks of one run.
    assert!(!plan.runs[0].experiment.table.contains_key("grid"));
    assert_eq!(plan.runs[1].experiment.table["seed"].as_integer(), Some(6));
}

#[test]
fn a_threshold_in_a_grid_takes_the_place_of_the_file_s() {
    let plan = plan("detection = { top_g = 9 }\ngrid = { 'detection.probability' = [0.1, 0.01] }").unwrap();
    assert_eq!(
        plan.runs[1].experiment.detection.rule,
        detection::Rule::Probability(0.01)
    );
}

#[test]
fn a_plan_of_one_run_is_an_experiment() {
    assert!(!plan("seeds = 1").unwrap().is_series);
    assert_eq!(plan("seeds = [9]").unwrap().only().unwrap().seed, 9);
    let error = plan("seeds = 3").unwrap().only().unwrap_err();
    assert!(error.to_string().contains("3 runs"), "{error}");
}

#[test]
fn mistakes_of_seeds_and_grids_are_told_at_their_field() {
    for (more, told) in [
        ("seeds = 0", "seeds: 0"),
        ("seeds = -3", "seeds: -3"),
        ("seeds = 'many'", "seeds: \"many\""),
        ("seeds = [1, 2, 1]", "twice"),
        ("seeds = []", "seeds"),
        ("grid = 3", "grid: 3 is not a table"),
        ("grid = { 'model.hidden' = 3 }", "grid.model.hidden: 3 is one value"),
        ("grid = { 'model.hidden' = [] }", "lists no value"),
        ("grid = { 'model.hidden' = [8, 9, 8] }", "lists a value twice"),
        ("grid = { 'model.dropout' = [0, 0.0] }", "lists a value twice"),
        ("grid = { seed = [1, 2] }", "several seeds"),
        ("grid = { 'model.hiden' = [3] }", "did you mean `hidden`"),
        ("grid = { 'model.hidden' = [8, 0] }", "model.hidden = 0"),
        ("grid = { 'name.first' = ['x'] }", "`name` is not a table"),
        ("seeds = 10000\ngrid = { 'model.hidden' = [8, 9] }", "20000 runs"),
    ] {
        let error = plan(more).unwrap_err().to_string();
        assert!(error.contains(told), "{more}: {error}");
    }
}

#[test]
fn a_share_of_the_training_sessions_is_kept() {
    let (all, few) = (corpus("").unwrap(), corpus("stress = { training = 0.25 }").unwrap());
    assert_eq!(few.train.len(), (all.train.len() as f64 * 0.25).round() as usize);
    assert!(few.train.iter().all(|session| all.train.contains(session)));
    let (anomalous, left) = (&all.anomalous_train, &few.anomalous_train);
    assert!(!anomalous.is_empty());
    assert_eq!(left.len(), (anomalous.len() as f64 * 0.25).round() as usize);
    assert!(left.iter().all(|session| anomalous.contains(session)));
    assert_eq!(few.test, all.test);
}

#[test]
fn anomalous_sessions_move_from_the_test_to_the_training() {
    let (all, mixed) = (corpus("").unwrap(), corpus("stress = { anomalous = 0.1 }").unwrap());
    let moved = mixed.train.len() - all.train.len();
    assert!(
        moved > 0 && (moved as f64 / mixed.train.len() as f64 - 0.1).abs() < 0.03,
        "{moved}"
    );
    assert_eq!(mixed.counters["anomalous_sessions_moved_to_training"], moved as u64);
    assert_eq!(mixed.test.len() + moved, all.test.len());
    let anomalous = |corpus: &Corpus| {
        corpus
            .labels
            .iter()
            .filter(|label| **label == Some(Label::Anomalous))
            .count()
    };
    assert_eq!(anomalous(&mixed) + moved, anomalous(&all));
    // Labels stay with their sessions, and nothing is on both sides.
    for (session, label) in mixed.test.iter().zip(&mixed.labels) {
        let before = all.test.iter().position(|other| other.id == session.id).unwrap();
        assert_eq!(all.labels[before], *label);
        assert!(!mixed.train.contains(session));
    }
    for (session, place) in mixed.train.iter().zip(0..) {
        assert!(all.train.contains(session) || all.test.contains(session), "{place}");
    }
    let none = corpus("stress = { anomalous = 0.001 }").unwrap_err();
    assert!(none.to_string().contains("0 sessions"), "{none}");
}

#[test]
fn trimming_leaves_the_least_normal_sessions_out() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::open(DeviceKind::Cpu).unwrap();
    let data = "synthetic = { sessions = 400, anomalous = 0.2 }\n";
    let mut experiment = changed(&format!("{data}stress = {{ anomalous = 0.1 }}"));
    let corpus = read_corpus(&experiment, folder.path(), &mut Unobserved).unwrap();
    let all = crate::train(&experiment, &corpus, &device, folder.path(), &mut Unobserved).unwrap();
    experiment.training.trim = 0.25;
    let trimmed = crate::train(&experiment, &corpus, &device, folder.path(), &mut Unobserved).unwrap();
    let sessions = |training: &crate::Training| training.train.len() + training.validation.len();
    let cut = (corpus.train.len() as f64 * 0.25).round() as usize;
    assert_eq!(sessions(&trimmed) + cut, sessions(&all));
    // Of the anomalous ones a larger share went than of all.
    let normal = read_corpus(&changed(data), folder.path(), &mut Unobserved).unwrap();
    let anomalous = |training: &crate::Training| {
        let kept = training.train.iter().chain(&training.validation);
        kept.filter(|session| !normal.train.iter().any(|other| other.id == session.id))
            .count()
    };
    assert!(
        (anomalous(&trimmed) as f64) < 0.75 * anomalous(&all) as f64,
        "{} of {}",
        anomalous(&trimmed),
        anomalous(&all)
    );
}

fn run(experiment: &Plan, out: &Path) -> Ran {
    let device = Device::open(DeviceKind::Cpu).unwrap();
    let options = RunOptions {
        out: out.to_owned(),
        check: false,
        data_is_overridden: false,
    };
    run_all(experiment, &device, &options, &mut Unobserved).unwrap()
}

#[test]
fn a_series_goes_on_where_it_stopped_and_notices_another_setting() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |plan: &Plan| match run(plan, folder.path()) {
        Ran::Series(summary) => (summary.kept, summary.results),
        Ran::Once(_) => panic!("several seeds are no single run"),
    };
    let (new, first) = kept(&plan("seeds = 2").unwrap());
    assert_eq!(new, 0);
    let Results::Series(series) = &first else {
        panic!("{first:?}");
    };
    assert_eq!(
        series.runs.iter().map(|run| &*run.folder).collect::<Vec<_>>(),
        ["runs/seed-1", "runs/seed-2"]
    );
    // A damaged run is done again, the other stays; the results are the same.
    std::fs::write(folder.path().join("runs/seed-1/metrics.json"), "{").unwrap();
    let (again, second) = kept(&plan("seeds = 2").unwrap());
    assert_eq!(again, 1);
    let without_time = |results: Results| match results {
        Results::Series(mut series) => {
            series.detector.seconds = None;
            series.baselines.values_mut().for_each(|rival| rival.seconds = None);
            series
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(without_time(first), without_time(second));
    assert_eq!(kept(&plan("seeds = 3").unwrap()).0, 2);
    assert_eq!(kept(&plan("seeds = 2\ndetection = { top_g = 3 }").unwrap()).0, 0);
}

#[test]
fn the_audit_tells_what_flatters() {
    let outcome = |more: &str, name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut table = small_experiment("").table;
        table["data"]
            .as_table_mut()
            .unwrap()
            .extend(more.parse::<toml::Table>().unwrap());
        let plan = Plan::from_table(table, Path::new("."), "test").unwrap();
        let Ran::Once(summary) = run(&plan, folder.path()) else {
            panic!("one run was asked for");
        };
        let check = summary.metrics.audit.iter().find(|check| check.name == name);
        check.unwrap_or_else(|| panic!("no check {name}")).clone()
    };
    let order = outcome("split = { method = 'random' }", "training before test");
    assert_eq!(order.outcome, CheckOutcome::Warning, "{order:?}");
    assert!(order.finding.contains("by lot"));
    let templates = outcome("", "event templates from training lines");
    assert_eq!(templates.outcome, CheckOutcome::Passed);
    let purity = outcome("stress = { anomalous = 0.1 }", "training on normal sessions");
    assert!(purity.finding.contains("put there on purpose"), "{purity:?}");
    let repeated = outcome("", "test sequences that training has not");
    assert_eq!(repeated.outcome, CheckOutcome::Warning);
    assert!(repeated.finding.contains("without: recall"), "{repeated:?}");
}
