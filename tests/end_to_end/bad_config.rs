//! Mistakes in experiments and in `--set`: all told at once, before anything is done.

use crate::harness::finish;
use crate::samples::{job_room, session_room};

#[test]
fn three_mistakes_are_all_shown_by_check_and_by_run() {
    let room = session_room();
    room.write(
        "bad.toml",
        "name = \"bad\"\nsed = 3\n[data]\nkind = \"sessions\"\nfile = \"sessions.txt\"\n[model]\nhidden = \"many\"\nhistory = 0\n",
    );
    for verb in [
        "check bad.toml",
        "run bad.toml --out out",
        "train bad.toml --out out/model",
    ] {
        let outcome = room.deeplog(verb).fails(
            2,
            &[
                "bad.toml has 3 mistakes",
                "\n  model.hidden: \"many\"",
                "\n  model.history: 0 is outside 1 to 10000",
                "\n  sed: unknown field; did you mean `seed`?",
            ],
        );
        assert_eq!(outcome.stderr.lines().count(), 5, "a line each: {}", outcome.stderr);
    }
    assert_eq!(room.files("."), ["bad.toml", "sessions.toml", "sessions.txt"]);
}

#[test]
fn set_reaches_fields_and_tells_its_own_mistakes() {
    let room = session_room();
    let cases: [(&str, &[&str]); 9] = [
        (
            "model.hiden=3",
            &["model.hiden: unknown field", "did you mean `hidden`?"],
        ),
        ("modle.hidden=3", &["modle: unknown field", "did you mean `model`?"]),
        ("model.hidden=many", &["model.hidden: \"many\""]),
        ("model.hidden=0", &["model.hidden: 0 is outside"]),
        ("model.hidden.deep=1", &["model.hidden"]),
        ("model.hidden", &["--set model.hidden", "has no `=`"]),
        ("=3", &["empty name"]),
        ("data.kind=cooked", &["data.kind: `cooked` is no kind of data", "raw"]),
        (
            "detection.probability=2",
            &["detection.probability: 2 is not between 0 and 1"],
        ),
    ];
    for (set, facts) in cases {
        room.call(&["run", "sessions.toml", "--out", "out", "--set", set])
            .fails(2, facts);
    }
    let outcome = room.call(&[
        "run",
        "sessions.toml",
        "--out",
        "out",
        "--set",
        "grid.model.hidden=[8, 0]",
    ]);
    let said = outcome.fails(
        2,
        &[
            "sessions.toml has 1 mistake",
            "model.hidden: 0 is outside",
            "(with model.hidden = 0)",
        ],
    );
    assert!(said.stderr.contains("hint: correct these fields"), "{}", said.stderr);
    assert_eq!(room.files("out"), [""; 0]);
    room.call(&[
        "check",
        "sessions.toml",
        "--set",
        "model.hidden=32",
        "--set",
        "description=a=b",
    ])
    .ok();
}

#[test]
fn check_sees_everything_that_a_run_would_complain_of() {
    let room = session_room();
    let wrong = [
        "training.epochs=0",
        "training.batch=0",
        "training.learning_rate=-1",
        "training.clip=0",
        "training.patience=0",
        "training.validation=1.5",
        "model.dropout=1",
        "model.input=embedding",
        "model.embedding=0",
        "detection.top_g=0",
        "detection.short_sessions=maybe",
        "data.split.train=0",
        "data.split.method=magic",
        "evaluation.prevalence=1",
        "name=a/b",
    ];
    let mut command = room.command(["check", "sessions.toml"]);
    wrong.iter().for_each(|set| {
        command.args(["--set", set]);
    });
    let said = finish(&mut command).fails(2, &["sessions.toml has 14 mistakes"]).stderr;
    for set in wrong.iter().filter(|set| **set != "model.input=embedding") {
        let field = set.split_once('=').unwrap().0;
        assert!(said.contains(&format!("\n  {field}: ")), "{field} in {said}");
    }
}

#[test]
fn a_text_that_is_no_toml_is_told_with_its_line() {
    let room = session_room();
    room.write("broken.toml", "name = \"broken\"\n[data\nkind = 1\n");
    room.deeplog("check broken.toml").fails(2, &["broken.toml", "line 2"]);
    room.write("binary.toml", [0xff, 0xfe, 0x00, 0x01]);
    assert_ne!(room.deeplog("check binary.toml").code, Some(0));
}

#[test]
fn a_missing_experiment_or_dataset_is_told_with_its_path() {
    let room = session_room();
    room.deeplog("run missing.toml --out out")
        .fails(1, &["missing.toml", "no such file"]);
    room.write(
        "job.toml",
        "name = \"job\"\ndataset = \"nowhere.toml\"\n[data]\nkind = \"raw\"\nlog = \"x.log\"\n",
    );
    room.deeplog("run job.toml --out out")
        .fails(1, &["nowhere.toml", "no such file"]);
    assert_eq!(room.files("out"), [""; 0]);
}

#[test]
fn mistakes_in_a_dataset_are_told_with_their_fields() {
    let room = job_room();
    let cases: [(&str, &[&str]); 7] = [
        ("dataset.session.pattern=(", &["session"]),
        (
            "dataset.session.by=magic",
            &["dataset.session.by: `magic`", "identifier"],
        ),
        ("dataset.header.format='<Date> <Time>'", &["dataset.header.format"]),
        (
            "dataset.time.fields=['Datum']",
            &["time.fields: `Datum` is no field of the header", "Date"],
        ),
        ("dataset.time.format='%Q'", &["dataset.time.format"]),
        ("dataset.parser.similarity=7", &["dataset.parser.similarity"]),
        ("dataset.parser.masks=['[']", &["dataset.parser.masks"]),
    ];
    for (set, facts) in cases {
        room.call(&["run", "jobs.toml", "--out", "out", "--set", set])
            .fails(2, facts);
    }
    assert_eq!(room.files("out"), [""; 0]);
}

#[test]
fn check_binds_to_checksums_and_expectations_unless_the_data_was_replaced() {
    let room = session_room();
    let experiment = room.read("sessions.toml");
    let wrong = format!("[data.checksums]\n\"sessions.txt\" = \"{}\"\n", "0".repeat(64));
    room.write("sums.toml", format!("{experiment}\n{wrong}"));
    room.deeplog("run sums.toml --out out --check")
        .fails(2, &["data.checksums", "sessions.txt", "0000"]);
    assert_eq!(room.files("out"), [""; 0]);
    room.deeplog("run sums.toml --out out").ok();
    room.deeplog("run sums.toml --out out --check --set data.file=sessions.txt")
        .ok();

    let expect = "[expect]\nf1 = 0.5\ntolerance = 0.1\nsource = \"a table\"\n";
    room.write("expect.toml", format!("{experiment}\n{expect}"));
    let outcome = room.deeplog("run expect.toml --out out --check").ended(1);
    assert!(
        outcome.stderr.contains("F1 is undefined") && outcome.stderr.contains("0.5 within 0.1"),
        "{}",
        outcome.stderr
    );
    room.deeplog("run expect.toml --out out").ok();
}

#[test]
fn the_configuration_of_a_service_is_checked_as_such() {
    let room = session_room();
    let good = "[[sources]]\nname = \"a\"\n[[sources]]\nname = \"b\"\n[limits]\nconnections = 7\n";
    room.write("serve.toml", good);
    let told = room.deeplog("check serve.toml").ok().stdout;
    assert_eq!(
        told,
        "serve.toml is a valid configuration of a service with 2 sources\n"
    );
    room.deeplog("check serve.toml --set limits.connections=8")
        .fails(2, &["--set: serve.toml is the configuration of a service"]);
    let facts = [
        "bad.toml has 2 mistakes",
        "http.port: unknown field",
        "limits.connections: 0",
    ];
    room.write("bad.toml", "[http]\nport = 80\n[limits]\nconnections = 0\n");
    for verb in ["check bad.toml", "serve --state state --config bad.toml"] {
        let said = room.deeplog(verb).fails(2, &facts).stderr;
        assert!(said.contains("`deeplog check` looks again"), "{said}");
    }
    let outcome = room.deeplog("check sessions.toml").ok();
    assert_eq!(outcome.stdout, "sessions is a valid experiment\n");
    assert_eq!(
        room.files("."),
        ["bad.toml", "serve.toml", "sessions.toml", "sessions.txt"]
    );
}
