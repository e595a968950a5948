//! `deeplog templates`: the life of templates after they were learnt.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Outcome, Room};
use crate::samples::{job_room, session_model};

pub(crate) const JOBS: &str = "<Date> <Time> <Level> <Component>: <Content>";

/// A room whose `jobs.state` has learnt `jobs.log`.
pub(crate) fn learnt_room() -> Room {
    let room = job_room();
    learn(&room, "jobs.log", "out");
    room
}

fn learn(room: &Room, log: &str, out: &str) -> Outcome {
    let new = !room.path("jobs.state").exists();
    let first = ["--format", JOBS, "--auto", "--mask", r"job_\d+"];
    let call = ["parse", log, "--state", "jobs.state", "--out", out];
    room.call(&[&call[..], if new { &first[..] } else { &[] }].concat())
        .ok()
}

pub(crate) fn templates(room: &Room, args: &[&str]) -> Outcome {
    room.call(&[&["templates"][..], args].concat())
}

/// Id and count by text.
pub(crate) fn listed(room: &Room, state: &str) -> BTreeMap<String, (String, u64)> {
    let json = templates(room, &["list", state, "--format", "json"]).ok().stdout;
    let all: Vec<Value> = serde_json::from_str(&json).unwrap();
    let entry = |one: &Value| {
        let id = one["id"].as_str().unwrap().to_owned();
        (
            one["template"].as_str().unwrap().to_owned(),
            (id, one["count"].as_u64().unwrap()),
        )
    };
    all.iter().map(entry).collect()
}

pub(crate) fn id_of(room: &Room, text: &str) -> String {
    let all = listed(room, "jobs.state");
    all.get(text)
        .unwrap_or_else(|| panic!("{text} is not in {all:?}"))
        .0
        .clone()
}

/// The templates of lines, by line number.
fn structured(room: &Room, out: &str) -> Vec<String> {
    let text = room.read(&format!("{out}/structured.csv"));
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let rows = table.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| row.unwrap()["EventTemplate"].clone()).collect()
}

const ACCEPTED: &str = "accepted <*> from client <*>";
pub(crate) const FINISHED: &str = "finished <*> without error";
const RUNNING: &str = "running step <*> of <*>";
pub(crate) const STORED: &str = "stored result <*> of <*> on disk";

#[test]
fn lists_and_shows() {
    let room = learnt_room();
    let all = listed(&room, "jobs.state");
    assert_eq!(all.keys().collect::<Vec<_>>(), [ACCEPTED, FINISHED, RUNNING, STORED]);
    let total: u64 = all.values().map(|(_, count)| count).sum();
    let lines = |outcome: Outcome| outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>();
    let by_text = lines(templates(&room, &["list", "jobs.state", "--sort", "text"]).ok());
    assert!(
        by_text[0].ends_with(ACCEPTED) && by_text[3].ends_with(STORED),
        "{by_text:?}"
    );
    let rare = lines(templates(&room, &["list", "jobs.state", "--rare", "1"]).ok());
    assert!(
        rare.len() == 1 && rare[0].ends_with(ACCEPTED) | rare[0].ends_with(FINISHED),
        "{rare:?}"
    );
    let csv = templates(&room, &["list", "jobs.state", "--format", "csv"]).ok().stdout;
    assert!(
        csv.starts_with("EventId,EventTemplate,Occurrences,Name,Pinned\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 5);

    let id = id_of(&room, RUNNING);
    let shown = templates(&room, &["show", "jobs.state", &id[..6], "--log", "jobs.log"])
        .ok()
        .stdout;
    for wanted in [
        &*id,
        RUNNING,
        "<NUM>",
        "<MASK1>",
        "60 different",
        "running step 0 of job_0",
    ] {
        assert!(shown.contains(wanted), "{wanted:?} in {shown}");
    }
    assert_eq!(
        shown.lines().filter(|line| line.starts_with("line ")).count(),
        3,
        "{shown}"
    );
    assert!(total > 200, "{total}");
}

#[test]
fn edits_hold_when_more_is_learnt() {
    let room = learnt_room();
    let (running, stored) = (id_of(&room, RUNNING), id_of(&room, STORED));
    templates(&room, &["rename", "jobs.state", &running, "begun"]).ok();
    templates(
        &room,
        &["split", "jobs.state", "begun", "--place", "1", "--log", "jobs.log"],
    )
    .ok();
    templates(
        &room,
        &[
            "merge",
            "jobs.state",
            &stored,
            &id_of(&room, FINISHED),
            "--into",
            "done with <*>",
        ],
    )
    .ok();
    templates(&room, &["pin", "jobs.state", "--text", "lost <*>"]).ok();
    let edits = templates(&room, &["edits", "jobs.state"]).ok().stdout;
    assert_eq!(edits.lines().count(), 4, "{edits}");

    let before = listed(&room, "jobs.state");
    room.write(
        "more.log",
        room.read("jobs.log") + "2024-05-02 01:00:00 INFO worker: lost job_9\n",
    );
    learn(&room, "more.log", "more");
    let after = listed(&room, "jobs.state");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let total = |all: &BTreeMap<String, (String, u64)>| all.values().map(|(_, count)| count).sum::<u64>();
    assert_eq!(total(&after), 2 * total(&before) + 1);
    let rows = structured(&room, "more");
    let count = |text: &str| rows.iter().filter(|row| *row == text).count() as u64;
    for text in ["done with <*>", "running step 2 of <*>", "lost <*>"] {
        assert!(count(text) > 0 && before.contains_key(text), "{text} in {before:?}");
    }
    assert_eq!(count(STORED) + count(FINISHED) + count(RUNNING), 0);
    assert_eq!(count("running step 1 of <*>"), before["running step 1 of <*>"].1);
    assert_eq!(count("done with <*>"), before["done with <*>"].1);

    // The name is where templates are listed; a template without lines has one too.
    let csv = room.read("more/templates.csv");
    assert!(csv.starts_with("EventId,EventTemplate,Occurrences,Name\n"), "{csv}");
    assert!(csv.contains(&format!("{running},{RUNNING},0,begun")), "{csv}");
    assert!(
        room.read("out/templates.csv")
            .starts_with("EventId,EventTemplate,Occurrences\n")
    );

    for _ in 0..4 {
        templates(&room, &["undo", "jobs.state"]).ok();
    }
    assert_eq!(
        listed(&room, "jobs.state").len(),
        5,
        "what was learnt is as it was, and the lost job"
    );
}

#[test]
fn a_match_prints_what_matches_nothing() {
    let room = learnt_room();
    let strange = "2024-05-02 01:00:00 INFO worker: never \u{1b}[31mseen";
    room.write("more.log", room.read("jobs.log") + strange + "\nno header\n");
    let before = fs::read(room.path("jobs.state")).unwrap();
    let outcome = templates(&room, &["match", "jobs.state", "more.log"]).ok();
    let lines = room.read("more.log").lines().count();
    assert_eq!(outcome.stdout, format!("{}\tnever \\u{{1b}}[31mseen\n", lines - 1));
    let counts = format!(
        "{} messages: {} match, 0 match but for numbers, 1 match no template",
        lines - 1,
        lines - 2
    );
    assert!(outcome.stderr.contains(&counts), "{}", outcome.stderr);
    assert_eq!(templates(&room, &["match", "jobs.state", "jobs.log"]).ok().stdout, "");
    assert_eq!(
        fs::read(room.path("jobs.state")).unwrap(),
        before,
        "matching learns nothing"
    );
}

#[test]
fn a_diff_tells_what_came_and_went() {
    let room = learnt_room();
    fs::copy(room.path("jobs.state"), room.path("old.state")).unwrap();
    room.write("more.log", "2024-05-02 01:00:00 INFO worker: lost job_9\n".repeat(20));
    learn(&room, "more.log", "more");
    templates(
        &room,
        &[
            "merge",
            "jobs.state",
            &id_of(&room, STORED),
            &id_of(&room, FINISHED),
            "--into",
            "done <*>",
        ],
    )
    .ok();
    let json = templates(&room, &["diff", "old.state", "jobs.state", "--json"])
        .ok()
        .stdout;
    let diff: Value = serde_json::from_str(&json).unwrap();
    let texts = |part: &str| -> Vec<&str> {
        let all = diff[part].as_array().unwrap().iter();
        all.map(|change| change["template"].as_str().unwrap()).collect()
    };
    assert_eq!(texts("only_in_a"), [STORED, FINISHED]);
    assert_eq!(texts("only_in_b"), ["done <*>", "lost <*>"]);
    assert_eq!(texts("in_both").len(), 2);
    let share = |part: &str, field: &str| diff[part][0][field].as_f64().unwrap();
    assert!(share("in_both", "share_a") > share("in_both", "share_b"));
    let table = templates(&room, &["diff", "old.state", "jobs.state"]).ok().stdout;
    for wanted in [
        "only in old.state: 2",
        "only in jobs.state: 2",
        "in both: 2",
        "lost <*>",
    ] {
        assert!(table.contains(wanted), "{wanted:?} in {table}");
    }
    let same = templates(&room, &["diff", "old.state", "old.state"]).ok().stdout;
    assert!(
        same.contains("only in old.state: 0") && same.contains("in both: 4"),
        "{same}"
    );
}

#[test]
fn imported_templates_are_pinned() {
    let room = learnt_room();
    let csv = "EventId,EventTemplate\nE1,running <*> of <*>\nE2,accepted <*> from <*>\nE3,<*>\nE4,\nE5\n\
               E6,accepted <*> from <*>\nE7,running step <*> of <*>\n";
    room.write("known.csv", csv);
    let outcome = templates(&room, &["import", "jobs.state", "known.csv"]).ok();
    let wanted = "3 templates pinned, 1 repeated, 3 could not be read";
    assert!(
        outcome.stderr.contains(wanted) && outcome.stderr.contains("row 3: "),
        "{}",
        outcome.stderr
    );
    let all = listed(&room, "jobs.state");
    assert!(
        all["running step <*> of <*>"].1 > 0 && all["running <*> of <*>"].1 == 0,
        "{all:?}"
    );
    let unused = all["running <*> of <*>"].0.clone();
    templates(&room, &["unpin", "jobs.state", &unused]).ok();
    assert!(!listed(&room, "jobs.state").contains_key("running <*> of <*>"));
    templates(&room, &["unpin", "jobs.state", &unused]).fails(1, &[&unused]);
    // Our own table is one too.
    templates(&room, &["import", "jobs.state", "out/templates.csv"]).ok();
    for (name, content) in [
        ("empty.csv", ""),
        ("odd.csv", "a,b\n1,2\n"),
        ("none.csv", "EventTemplate\n<*>\n"),
    ] {
        room.write(name, content);
        let before = fs::read(room.path("jobs.state")).unwrap();
        templates(&room, &["import", "jobs.state", name]).fails(1, &[name]);
        assert_eq!(fs::read(room.path("jobs.state")).unwrap(), before);
    }
}

#[test]
fn mistakes_are_told_and_change_nothing() {
    let room = learnt_room();
    let (running, finished) = (id_of(&room, RUNNING), id_of(&room, FINISHED));
    let before = fs::read(room.path("jobs.state")).unwrap();
    room.write("foreign", "EventId,EventTemplate\n");
    let mut old = before.clone();
    old[8] = 1;
    room.write("old.state", &old);
    let model = session_model().to_str().unwrap();
    let table: [(&[&str], &str); 16] = [
        (&["show", "jobs.state", "0000"], "0000"),
        (&["show", "jobs.state", &running[..3]], &running[..3]),
        (&["show", "missing.state", &running], "missing.state"),
        (&["list", "foreign"], "foreign: is not a deeplog parser state"),
        (&["list", "old.state"], "format 1, and this program reads format 2"),
        (&["list", model], "no templates"),
        (&["rename", model, &running, "x"], "is not a deeplog parser state"),
        (&["rename", "jobs.state", &running, "a\u{1b}[31mb"], "cannot be a name"),
        (&["rename", "jobs.state", &running, ""], "cannot be a name"),
        (&["merge", "jobs.state", &running, &finished], "differ in length"),
        (&["merge", "jobs.state", &running, &running], "two different"),
        (
            &["merge", "jobs.state", &running, &finished, "--into", "<*>"],
            "no constant",
        ),
        (
            &["split", "jobs.state", &running, "--place", "3", "--log", "jobs.log"],
            "2 parameters",
        ),
        (
            &["split", "jobs.state", &running, "--place", "2", "--log", "jobs.log"],
            "<MASK1>",
        ),
        (&["pin", "jobs.state", "--text", "<*> <*>"], "no constant"),
        (&["undo", "jobs.state"], "0 edits"),
    ];
    for (args, fact) in table {
        templates(&room, args).fails(1, &[fact]);
        assert_eq!(fs::read(room.path("jobs.state")).unwrap(), before, "{args:?}");
    }
    // The beginning of several ids. Of 4 digits chance makes none, so a name that several have stands for it.
    templates(&room, &["rename", "jobs.state", &running, "twin"]).ok();
    templates(&room, &["rename", "jobs.state", &finished, "twin"]).ok();
    templates(&room, &["show", "jobs.state", "twin"]).fails(1, &[&running, &finished]);
}

#[test]
fn many_edits_at_once_leave_a_whole_state() {
    let room = learnt_room();
    let ids: Vec<String> = listed(&room, "jobs.state").values().map(|(id, _)| id.clone()).collect();
    let rename = |i: usize| room.command(["templates", "rename", "jobs.state", &ids[i % 4], &format!("name{i}")]);
    let running: Vec<_> = (0..8)
        .map(|i| rename(i).stderr(Stdio::null()).spawn().unwrap())
        .collect();
    let codes: Vec<_> = running
        .into_iter()
        .map(|mut call| call.wait().unwrap().code())
        .collect();
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 1))) && codes.contains(&Some(0)),
        "{codes:?}"
    );
    assert_eq!(listed(&room, "jobs.state").len(), 4);
    assert!(templates(&room, &["list", "jobs.state"]).ok().stdout.contains("name"));
    let strays = room.files("").into_iter().filter(|file| file.contains("tmp"));
    assert_eq!(strays.collect::<Vec<_>>(), [""; 0]);
}
