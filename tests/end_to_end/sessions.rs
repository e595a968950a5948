//! Session files and structured CSV as they may be written.

use std::collections::BTreeSet;

use crate::harness::Room;
use crate::samples::{SMALL, json_lines, session_file, session_model, session_room};

fn names(room: &Room, out: &str) -> BTreeSet<String> {
    let verdicts = json_lines(&room.read(&format!("{out}/verdicts.jsonl")));
    verdicts
        .iter()
        .map(|verdict| verdict["session"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn sessions_shorter_than_the_window_train_in_the_models_framing_only() {
    let room = session_room();
    room.write("short.txt", "a,1 2\nb,1 2 3\nc,1 2\nd,1 2 3\n");
    let call = "run sessions.toml --set data.file=short.txt";
    for classic in ["flag", "pass"] {
        let facts = ["training sessions give no window", "the history is 5", "events"];
        room.deeplog(&format!(
            "{call} --out {classic} --set detection.short_sessions={classic}"
        ))
        .fails(1, &facts);
        assert_eq!(room.files(classic), [""; 0]);
    }
    room.deeplog(&format!("{call} --out model --set detection.short_sessions=model"))
        .ok();
    assert_eq!(names(&room, "model").len(), 2);
}

#[test]
fn a_single_session_trains_and_is_not_judged() {
    let room = session_room();
    room.write("one.txt", "only,open read write close\n");
    let outcome = room.deeplog("run sessions.toml --out out --set data.file=one.txt --set data.split.train=1.0");
    let outcome = outcome.ok();
    assert!(outcome.stdout.contains("0 of 0 sessions"));
    let said = "No session is left to judge";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert!(room.read("out/report.md").contains(said));
    let outcome = room.deeplog("run sessions.toml --out judged").ok();
    assert!(!outcome.stderr.contains(said), "{}", outcome.stderr);
}

#[test]
fn key_names_may_be_any_integers_or_strings() {
    let room = session_room();
    let keys = [
        ("open", "-17"),
        ("read", "99999999999999999999"),
        ("write", "E5[x]\u{e4}"),
        ("close", "0"),
    ];
    let renamed = keys
        .iter()
        .fold(session_file(60), |text, (word, key)| text.replace(word, key));
    room.write("renamed.txt", &renamed);
    room.deeplog("run sessions.toml --out words").ok();
    room.deeplog("run sessions.toml --out renamed --set data.file=renamed.txt")
        .ok();
    let outcome = |out: &str| -> Vec<_> {
        let verdicts = json_lines(&room.read(&format!("{out}/verdicts.jsonl")));
        verdicts
            .iter()
            .map(|verdict| (verdict["session"].clone(), verdict["outcome"].clone()))
            .collect()
    };
    assert_eq!(outcome("renamed"), outcome("words"));
    let text = room.deeplog("inspect renamed/model.deeplog").ok().stdout;
    for (_, key) in keys {
        assert!(text.contains(&format!("\n  {key} ")), "{key} in {text}");
    }
}

#[test]
fn headers_ids_blank_lines_and_the_last_newline_are_optional() {
    let room = session_room();
    let plain = session_file(60);
    let variants = [
        ("header.txt", format!("BlockId,EventSequence\n{plain}")),
        ("mark.txt", format!("\u{feff}{plain}")),
        ("blank.txt", plain.replace("\ns30,", "\n\n   \ns30,")),
        ("unended.txt", plain.trim_end().to_owned()),
        ("quoted.csv", plain.replace(',', ",\"").replace('\n', "\"\n")),
    ];
    room.deeplog("run sessions.toml --out plain").ok();
    let scores = |out: &str| -> Vec<_> {
        let verdicts = json_lines(&room.read(&format!("{out}/verdicts.jsonl")));
        verdicts
            .iter()
            .map(|verdict| (verdict["session"].clone(), verdict["score"].clone()))
            .collect()
    };
    for (name, text) in variants {
        room.write(name, text);
        room.deeplog(&format!("run sessions.toml --out {name}.out --set data.file={name}"))
            .ok();
        assert_eq!(scores(&format!("{name}.out")), scores("plain"), "{name}");
    }
    let without_ids: String = plain
        .lines()
        .map(|line| format!("{}\n", line.split_once(',').unwrap().1))
        .collect();
    room.write("bare.txt", without_ids);
    room.deeplog("run sessions.toml --out bare --set data.file=bare.txt")
        .ok();
    assert!(
        names(&room, "bare").contains("bare.txt:31"),
        "{:?}",
        names(&room, "bare")
    );
}

#[test]
fn an_empty_key_list_is_a_session() {
    let room = session_room();
    room.write("some.txt", "none,\nfine,open read write close\n");
    let call = format!("detect --model {} --format jsonl some.txt", session_model().display());
    let verdicts = json_lines(&room.deeplog(&call).ok().stdout);
    assert_eq!(
        (&verdicts[0]["session"], &verdicts[0]["events"]),
        (&"none".into(), &0.into())
    );
    assert_eq!(verdicts[0]["outcome"], "anomalous", "it ends where no session did");
    assert_eq!(verdicts.len(), 2);
}

#[test]
fn divided_files_can_be_replaced_from_the_command_line() {
    let room = Room::new();
    room.write("here/train.txt", session_file(40));
    room.write("here/normal.txt", "n1,open read write close\n");
    room.write("here/abnormal.txt", "a1,close close\n");
    room.write("there.txt", "x1,close\nx2,open never\n");
    let tests = "[data.test]\nnormal = \"normal.txt\"\nabnormal = \"abnormal.txt\"\n";
    let data = format!("[data]\nkind = \"divided\"\nroot = \"here\"\n[data.train]\nnormal = \"train.txt\"\n{tests}");
    room.write("divided.toml", format!("name = \"divided\"\n{data}{SMALL}"));
    room.deeplog("run divided.toml --out own").ok();
    assert_eq!(names(&room, "own"), ["a1", "n1"].map(str::to_owned).into());
    room.deeplog("run divided.toml --out other --set data.test.abnormal=there.txt")
        .ok();
    assert_eq!(names(&room, "other"), ["n1", "x1", "x2"].map(str::to_owned).into());
    let metrics: serde_json::Value = serde_json::from_str(&room.read("other/metrics.json")).unwrap();
    assert_eq!(
        (&metrics["test"]["tp"], &metrics["test"]["fn"]),
        (&2.into(), &0.into()),
        "both kinds are found"
    );
}

#[test]
fn structured_csv_is_grouped_by_an_identifier() {
    let room = Room::new();
    let mut csv = String::from("LineId,Level,Content,EventId,EventTemplate\n");
    let mut line = 0;
    for job in 0..40 {
        for (event, content) in [("E1", "open"), ("E-7", "read"), ("close it", "close")] {
            line += 1;
            csv += &format!("{line},INFO,\"job_{job}, {content}\",{event},\"job_<*>, {content}\"\n");
        }
    }
    csv += "121,INFO,a continuation,,\n122,INFO,job_40 unheard of,E9,job_<*> unheard of\n";
    room.write("log_structured.csv", csv);
    let dataset = "[dataset.header]\nformat = '<LineId>,<Level>,<Content>'\n[dataset.session]\nby = \"identifier\"\npattern = 'job_\\d+'\n";
    let data = "[data]\nkind = \"structured\"\nfile = \"log_structured.csv\"\n";
    room.write("csv.toml", format!("name = \"csv\"\n{dataset}{data}{SMALL}"));
    let outcome = room.deeplog("run csv.toml --out out").ok();
    assert!(outcome.stdout.contains("1 rows without event"), "{}", outcome.stdout);
    assert_eq!(names(&room, "out").len(), 20);
    let verdicts = json_lines(&room.read("out/verdicts.jsonl"));
    let last = verdicts.iter().find(|verdict| verdict["session"] == "job_40").unwrap();
    assert_eq!(last["findings"][0]["reason"], "unseen_key");
    assert!(
        outcome.stdout.contains("job_<*> unheard of"),
        "the template is shown: {}",
        outcome.stdout
    );

    room.write("no_columns.csv", "a,b\n1,2\n");
    room.deeplog("run csv.toml --out bad --set data.file=no_columns.csv")
        .fails(1, &["no_columns.csv", "no column `Content`"]);
}
