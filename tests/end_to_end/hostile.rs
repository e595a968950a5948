//! Log content that attacks whoever looks at it.

use std::fs;

use crate::samples::{job_lines, job_room, session_file, session_room, text};

/// Colours, a cleared screen, a script, a reversed text, a hidden character, a bell, a broken Markdown cell.
const ATTACKS: [&str; 6] = [
    "\u{1b}[31mred",
    "\u{1b}]0;title\u{7}",
    "<script>alert(1)</script>",
    "user\u{202e}txt.exe",
    "zero\u{200b}width",
    "a|b`c",
];

fn assert_harmless(shown: &str, of: &str) {
    for (name, character) in [
        ("escape", '\u{1b}'),
        ("bell", '\u{7}'),
        ("reversal", '\u{202e}'),
        ("hidden", '\u{200b}'),
    ] {
        assert!(!shown.contains(character), "{of} holds the {name} character: {shown:?}");
    }
}

fn assert_harmless_html(html: &str) {
    assert_harmless(html, "report.html");
    assert!(!html.contains("<script>alert"), "report.html holds the script");
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "the script is shown as text"
    );
}

#[test]
fn hostile_session_names_and_keys_are_shown_spelt_out() {
    let room = session_room();
    let odd = |attack: &str| format!("{attack},open {} close\n", attack.replace(' ', ""));
    let sessions = ATTACKS.map(odd).concat();
    room.write("hostile.txt", format!("{}{sessions}", session_file(60)));
    let run = room
        .deeplog("run sessions.toml --out out --set data.file=hostile.txt --set data.split.train=0.9")
        .ok();
    assert_harmless(&run.stdout, "run");
    assert_harmless_html(&room.read("out/report.html"));
    let markdown = room.read("out/report.md");
    assert_harmless(&markdown, "report.md");
    assert!(!markdown.contains("<script>"), "{markdown}");

    let detect = room.deeplog("detect --model out/model.deeplog hostile.txt").ok();
    assert_harmless(&detect.stdout, "detect");
    for wanted in [r"\u{1b}[31mred", "<script>alert(1)</script>", r"user\u{202e}txt.exe"] {
        assert!(detect.stdout.contains(wanted), "{wanted} in {}", detect.stdout);
    }
    for attack in ATTACKS {
        let call = [
            "explain",
            "--model",
            "out/model.deeplog",
            "hostile.txt",
            "--session",
            attack,
        ];
        let explained = room.call(&call).ok();
        assert_harmless(&explained.stdout, "explain");
        assert!(explained.stdout.contains("is anomalous"), "{}", explained.stdout);
    }
    let missing = room.call(&[
        "explain",
        "--model",
        "out/model.deeplog",
        "hostile.txt",
        "--session",
        "\u{1b}[2J\u{202e}",
    ]);
    assert_harmless(&missing.fails(1, &["no session is called"]).stderr, "an error");
}

#[test]
fn a_model_trained_on_hostile_content_is_inspected_safely() {
    let room = session_room();
    room.write(
        "hostile.txt",
        session_file(60)
            .replace("read", ATTACKS[0])
            .replace("write", ATTACKS[3]),
    );
    room.deeplog("run sessions.toml --out out --set data.file=hostile.txt")
        .ok();
    assert_harmless(&room.deeplog("inspect out/model.deeplog").ok().stdout, "inspect");
    room.write("odd.txt", "odd,close open\n");
    assert_harmless(
        &room.deeplog("detect --model out/model.deeplog odd.txt").ok().stdout,
        "detect",
    );
}

#[test]
fn hostile_lines_are_shown_spelt_out() {
    let room = job_room();
    let mut lines = job_lines(60);
    lines.extend(
        ATTACKS
            .iter()
            .enumerate()
            .map(|(i, attack)| format!("2024-05-01 02:00:00 INFO worker: job_90{i} says {attack}")),
    );
    room.write("hostile.log", text(&lines, "\n"));
    let run = room.deeplog("run jobs.toml --out out --set data.log=hostile.log").ok();
    assert_harmless(&run.stdout, "run");
    assert_harmless_html(&room.read("out/report.html"));
    assert_harmless(
        &room.deeplog("detect --model out/model.deeplog hostile.log").ok().stdout,
        "detect",
    );
    for i in 0..ATTACKS.len() {
        let explained = room
            .deeplog(&format!(
                "explain --model out/model.deeplog hostile.log --session job_90{i}"
            ))
            .ok();
        assert_harmless(&explained.stdout, "explain");
        assert!(explained.stdout.contains(" says "), "{}", explained.stdout);
    }
    room.deeplog("parse hostile.log --format <Content> --out parsed").ok();
    for file in ["parsed/templates.csv", "parsed/structured.csv"] {
        assert!(!room.read(file).contains('\u{1b}'), "{file} holds an escape character");
    }
}

#[test]
fn a_model_trained_on_hostile_lines_shows_its_templates_spelt_out() {
    let room = job_room();
    room.write(
        "hostile.log",
        text(&job_lines(60), "\n")
            .replace("running", ATTACKS[0])
            .replace("stored", ATTACKS[3])
            .replace("accepted", ATTACKS[2]),
    );
    let run = room.deeplog("run jobs.toml --out out --set data.log=hostile.log").ok();
    assert_harmless(&run.stdout, "run");
    assert_harmless(&room.deeplog("inspect out/model.deeplog").ok().stdout, "inspect");
    room.write(
        "odd.log",
        "2024-05-01 02:00:00 INFO worker: finished job_1 without error\n",
    );
    let detected = room.deeplog("detect --model out/model.deeplog odd.log").ok();
    assert!(detected.stdout.contains("anomaly job_1"), "{}", detected.stdout);
    assert_harmless(&detected.stdout, "detect");
    assert_harmless(&room.read("out/report.html"), "report.html");
}

#[test]
fn hostile_file_and_experiment_names_are_spelt_out_in_errors() {
    let room = session_room();
    for name in ["\u{1b}[31m.txt", "a\u{202e}b.txt", "line\nerror: forged"] {
        let set = format!("data.file={}", room.path(name).display());
        let outcome = room
            .call(&["run", "sessions.toml", "--out", "out", "--set", &set])
            .ended(1);
        assert_harmless(&outcome.stderr, "an error");
        assert!(!outcome.stderr.contains("\nerror: forged"), "{}", outcome.stderr);
    }
    for name in ["../up", "a/b", "", ".hidden", "\u{1b}[31m"] {
        let set = format!("name={name:?}");
        let outcome = room
            .call(&["run", "sessions.toml", "--set", &set])
            .fails(2, &["name: "]);
        assert_harmless(&outcome.stderr, "an error");
    }
    assert_eq!(room.files("."), ["sessions.toml", "sessions.txt"]);
    let folders = fs::read_dir(room.path("."))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count();
    assert!(folders <= 1, "at most the folder of the run that found no data");
}
