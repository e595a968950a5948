//! What every verb has in common: talk, colours, help, completions.

use std::process::Stdio;

use crate::harness::{finish, repository};
use crate::samples::{quickstart, session_file, session_model, session_room};

const VERBS: [&str; 14] = [
    "init",
    "run",
    "check",
    "train",
    "detect",
    "explain",
    "inspect",
    "plot",
    "parse",
    "synth",
    "report",
    "completions",
    "explore",
    "features",
];

const RUN: &str = "run sessions.toml --out out";

#[test]
fn quiet_says_nothing_but_results() {
    let outcome = session_room().deeplog(&format!("{RUN} --quiet")).ok();
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.contains("report: out/report.html"), "{}", outcome.stdout);
}

#[test]
fn verbose_adds_the_losses_of_each_epoch() {
    let quiet = session_room().deeplog(RUN).ok();
    let verbose = session_room().deeplog(&format!("-v {RUN}")).ok();
    for epoch in 1..=3 {
        let line = format!("epoch {epoch}: loss");
        assert!(
            verbose.stderr.contains(&line) && !quiet.stderr.contains(&line),
            "{line} in {}",
            verbose.stderr
        );
    }
}

#[test]
fn colours_follow_the_flag_and_no_color() {
    let room = session_room();
    room.deeplog(RUN).ok();
    let detect = ["detect", "--model", "out/model.deeplog", "odd.txt"];
    room.write("odd.txt", "odd,close open never\n");
    let cases: [(&[&str], Option<&str>, bool); 6] = [
        (&[], None, false),
        (&["--color", "never"], None, false),
        (&["--color", "auto"], Some("1"), false),
        (&["--color", "always"], None, true),
        (&["--color=always"], Some("1"), true),
        (&["--color=auto"], Some(""), false),
    ];
    for (flags, no_color, coloured) in cases {
        let mut command = room.command(flags.iter().chain(&detect));
        no_color.map(|value| command.env("NO_COLOR", value));
        let outcome = finish(&mut command).ok();
        assert!(outcome.stdout.contains("odd"), "{}", outcome.stdout);
        assert_eq!(
            outcome.stdout.contains('\u{1b}'),
            coloured,
            "{flags:?} {no_color:?}: {:?}",
            outcome.stdout
        );
        assert_eq!(
            outcome.stderr.contains('\u{1b}'),
            coloured,
            "{flags:?} {no_color:?}: {:?}",
            outcome.stderr
        );
    }
}

#[test]
fn no_color_wins_over_a_forced_terminal() {
    let room = session_room();
    let forced = |no_color: bool| {
        let mut command = room.command(RUN.split(' '));
        command.env("CLICOLOR_FORCE", "1");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        finish(&mut command).ok().stderr.contains('\u{1b}')
    };
    assert!(forced(false) && !forced(true));
}

#[test]
fn a_wrong_call_ends_with_code_2_and_names_what_is_wrong() {
    let room = session_room();
    let cases = [
        ("", "Usage"),
        ("fly", "fly"),
        ("run", "EXPERIMENT"),
        ("run sessions.toml --devise cpu", "--devise"),
        ("run sessions.toml --quiet --verbose", "--verbose"),
        ("detect sessions.txt", "--model"),
        ("detect --model m --format xml sessions.txt", "xml"),
        ("--color pink check sessions.toml", "pink"),
    ];
    for (call, wanted) in cases {
        let outcome = room.deeplog(call).ended(2);
        assert!(outcome.stderr.contains(wanted), "{call}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{call}");
    }
    assert_eq!(room.files("."), ["sessions.toml", "sessions.txt"]);
}

#[test]
fn a_device_that_is_not_built_in_or_unknown_is_told_with_the_way_to_get_it() {
    let room = session_room();
    let devices = [
        ("ndarray", cfg!(feature = "ndarray")),
        ("gpu", cfg!(feature = "gpu")),
        ("cuda", cfg!(feature = "cuda")),
    ];
    for (device, _) in devices.into_iter().filter(|(_, built_in)| !built_in) {
        room.deeplog(&format!("run sessions.toml --out out --device {device}"))
            .fails(2, &[device, "--features"]);
    }
    let outcome = room.deeplog("run sessions.toml --out out --device tpu").ended(2);
    assert!(outcome.stderr.contains("tpu"), "{}", outcome.stderr);
    assert_eq!(room.files("out"), [""; 0]);
}

#[test]
fn every_verb_has_help() {
    let room = session_room();
    let all = room.deeplog("--help").ok().stdout;
    for verb in VERBS {
        assert!(all.contains(&format!("  {verb} ")), "{verb} in {all}");
        let help = room.deeplog(&format!("{verb} --help")).ok().stdout;
        assert!(help.contains(&format!("Usage: deeplog {verb}")), "{help}");
    }
}

#[test]
fn completions_know_every_verb() {
    let room = session_room();
    for shell in ["bash", "zsh", "fish"] {
        let script = room.deeplog(&format!("completions {shell}")).ok().stdout;
        for verb in VERBS {
            assert!(script.contains(verb), "{verb} in the completions of {shell}");
        }
        assert!(
            script.contains("fail-on-anomaly"),
            "flags in the completions of {shell}"
        );
    }
}

#[test]
fn check_accepts_every_experiment_of_the_repository() {
    let room = session_room();
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("experiments")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let outcome = room.call(&["check", &path.to_string_lossy()]).ok();
            assert!(outcome.stdout.contains("is a valid experiment"), "{}", outcome.stdout);
            count += 1;
        }
    }
    assert!(count >= 4, "{count} experiments");
}

#[test]
fn inspect_says_what_is_in_a_model() {
    let room = session_room();
    let model = session_model().to_string_lossy().into_owned();
    let text = room.call(&["inspect", &model]).ok().stdout;
    for wanted in [
        "experiment  sessions",
        "history 5, 1 layers of 16",
        "30 epochs",
        "session files",
        "sha256",
        "4 log keys",
    ] {
        assert!(text.contains(wanted), "{wanted:?} in {text}");
    }
    let json = room.call(&["inspect", &model, "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["experiment"]["name"], "sessions");
    assert_eq!(json["training"]["epochs"], 30);

    let raw = quickstart().join("model.deeplog").to_string_lossy().into_owned();
    let text = room.call(&["inspect", &raw]).ok().stdout;
    for wanted in ["raw logs", "Receiving block <*> src: /<*> dest: /<*>"] {
        assert!(text.contains(wanted), "{wanted:?} in {text}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let room = session_room();
    room.write("many.txt", session_file(20_000));
    let model = session_model().display();
    for call in [
        format!("detect --model {model} --format jsonl many.txt"),
        format!("detect --model {model} --format csv many.txt"),
        format!("inspect {model}"),
        format!("explain --model {model} sessions.txt"),
        "report --schema".to_owned(),
        "completions bash".to_owned(),
    ] {
        let mut command = room.command(call.split(' '));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{call}: {said}");
        assert!(!said.contains("error") && !said.contains("panicked"), "{call}: {said}");
    }
}
