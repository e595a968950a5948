//! Known faults in normal sessions: as files by `deeplog synth inject`, and within an experiment by `[data.inject]`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::harness::{Room, data};

/// Sessions that go through `open`, work in a fixed order and `close`: eight kinds of them, 300 in all.
fn sessions() -> String {
    let mut text = String::from("Session,Keys\n");
    for index in 0..300 {
        let work = ["read", "write", "flush"].repeat(1 + index % 8).join(" ");
        writeln!(text, "s{index},open {work} close").unwrap();
    }
    text
}

/// Sessions by name.
fn keys(csv: &str) -> BTreeMap<String, Vec<String>> {
    let rows = csv.lines().skip(1);
    rows.map(|row| {
        let (id, keys) = row.split_once(',').unwrap();
        (id.to_owned(), keys.split(' ').map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn each_label_tells_kind_and_position_of_what_was_changed() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    let outcome = room.deeplog("synth inject normal.csv --out out --share 0.4").ok();
    assert!(
        outcome.stderr.contains("120 faults in 300 sessions"),
        "{}",
        outcome.stderr
    );
    assert!(
        !outcome.stderr.contains("did not fit"),
        "nobody asked for kinds that session files cannot have: {}",
        outcome.stderr
    );
    assert_eq!(room.files("out"), ["labels.csv", "sessions.csv"]);
    let (before, after) = (keys(&sessions()), keys(&room.read("out/sessions.csv")));
    let normal: Vec<&Vec<String>> = before.values().collect();
    let labels = room.read("out/labels.csv");
    let mut rows = labels.lines();
    assert_eq!(rows.next(), Some("Session,Label,Kind,Position"));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let [id, label, kind, position] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let (old, new) = (&before[id], &after[id]);
        if label == "Normal" {
            assert_eq!((old, kind, position), (new, "normal", ""), "{row}");
            continue;
        }
        assert!(!normal.contains(&new), "{row} is a normal sequence: {new:?}");
        let position: usize = position.parse().unwrap();
        let departs = (0..).find(|&i| old.get(i) != new.get(i));
        assert_eq!(departs, Some(position), "{row}: {old:?} {new:?}");
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    assert!(kinds.values().all(|&count| (17..=18).contains(&count)), "{kinds:?}");
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    for (out, seed) in [("a", 5), ("b", 5), ("c", 6)] {
        room.deeplog(&format!("synth inject normal.csv --seed {seed} --out {out}"))
            .ok();
    }
    for file in ["sessions.csv", "labels.csv"] {
        let bytes = |out: &str| fs::read(room.path(&format!("{out}/{file}"))).unwrap();
        assert_eq!(bytes("a"), bytes("b"), "{file}");
        assert_ne!(bytes("a"), bytes("c"), "{file} of another seed");
    }
}

#[test]
fn what_stands_in_the_way_is_told() {
    let room = Room::new();
    room.write("empty.csv", "");
    room.write("twice.csv", "a,1 2 3\na,3 2 1\n");
    room.write("alike.csv", "a,7\nb,7\nc,7\nd,7\n");
    room.write("mixed.csv", "a,7\nb,7 8\nc,7\nd,7\n");
    room.write("there/labels.csv", "precious\n");
    room.deeplog("synth inject empty.csv --out out")
        .fails(1, &["holds no session"]);
    room.write(
        "raw.log",
        "081109 203615 148 INFO dfs.DataNode: Received block blk_1 of size 7\n",
    );
    for flags in ["raw.log", "mixed.csv --known raw.log"] {
        let said = room.deeplog(&format!("synth inject {flags} --out out"));
        let said = said.fails(1, &["raw.log looks like a raw log"]).stderr;
        assert!(said.contains("--dataset") && said.contains("deeplog init"), "{said}");
    }
    room.deeplog("synth inject twice.csv --out out")
        .fails(1, &["two sessions `a`"]);
    room.deeplog("synth inject mixed.csv --known empty.csv --out out")
        .fails(1, &["empty.csv holds no session"]);
    // One event, alike everywhere: nothing to swap, move, replace or leave out.
    for (input, kinds) in [
        ("alike.csv", "missing, swapped, moved, replaced"),
        ("mixed.csv", "delayed"),
        ("mixed.csv", "out_of_range"),
    ] {
        let flags = kinds.replace(' ', "");
        let outcome = room.deeplog(&format!("synth inject {input} --share 1 --kinds {flags} --out out"));
        let told = format!("none of 4 normal sessions got a fault, of these kinds: {kinds}");
        let said = outcome.fails(1, &[&told]).stderr;
        kinds
            .split(", ")
            .for_each(|kind| assert!(said.contains(&format!("{kind} needs")), "{said}"));
    }
    room.deeplog("synth inject alike.csv --out there")
        .fails(1, &["labels.csv is there already"]);
    assert_eq!(room.read("there/labels.csv"), "precious\n");
    for (flags, fact) in [
        ("--share 0", "no share"),
        ("--share x", "no number"),
        ("--kinds swoped", "known are missing"),
    ] {
        let outcome = room
            .deeplog(&format!("synth inject alike.csv --out out {flags}"))
            .ended(2);
        assert!(outcome.stderr.contains(fact), "{}", outcome.stderr);
    }
    assert_eq!(room.files("out"), [""; 0]);
    let said = room
        .deeplog("synth inject mixed.csv --share 1 --kinds swapped,moved --out out")
        .ok()
        .stderr;
    assert!(said.contains("3 sessions take no fault of these kinds"), "{said}");
    assert!(said.contains("3 swapped, 3 moved"), "{said}");
    assert_eq!(room.read("out/labels.csv").matches("Anomaly").count(), 1);
}

#[test]
fn a_run_reads_the_labels_and_reports_recall_by_kind_and_delay() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    room.deeplog("synth inject normal.csv --share 0.3 --out faulty").ok();
    let model = "[model]\nhidden = 16\nlayers = 1\n[training]\nepochs = 4\n[detection]\ntop_g = 2\n";
    room.write(
        "labelled.toml",
        format!(
            "name = 'labelled'\n[data]\nkind = 'sessions'\nroot = '.'\nfile = 'faulty/sessions.csv'\nlabels = 'faulty/labels.csv'\n{model}"
        ),
    );
    room.write(
        "injected.toml",
        format!(
            "name = 'injected'\n[data]\nkind = 'sessions'\nroot = '.'\nfile = 'normal.csv'\n[data.inject]\nshare = 0.4\nkinds = ['foreign', 'truncated']\n{model}"
        ),
    );
    room.deeplog("run labelled.toml --out labelled").ok();
    let outcome = room.deeplog("run injected.toml --out injected").ok();
    assert!(outcome.stdout.contains("recall by kind of fault"), "{}", outcome.stdout);
    for out in ["labelled", "injected"] {
        for report in ["report.html", "report.md"] {
            let text = room.read(&format!("{out}/{report}"));
            assert!(
                text.contains("Recall by kind of fault") && text.contains("truncated ("),
                "{out}/{report}"
            );
        }
        let metrics: serde_json::Value = serde_json::from_str(&room.read(&format!("{out}/metrics.json"))).unwrap();
        let foreign = &metrics["by_kind"]["deeplog"]["foreign"];
        assert_eq!(foreign["recall"], 1.0, "an unseen key is always found: {foreign}");
        assert_eq!(foreign["largest_delay"], 0, "and at once: {foreign}");
        let truncated = &metrics["by_kind"]["unseen key"]["truncated"];
        assert_eq!(truncated["recall"], 0.0, "there is nothing unseen in it: {truncated}");
        assert_eq!(truncated["median_delay"], serde_json::Value::Null, "{truncated}");
        let sessions = |kinds: &serde_json::Value| -> u64 {
            let kinds = kinds.as_object().unwrap().values();
            kinds.map(|figures| figures["sessions"].as_u64().unwrap()).sum()
        };
        let all = metrics["tp"].as_u64().or(metrics["test"]["tp"].as_u64()).unwrap()
            + metrics["fn"].as_u64().or(metrics["test"]["fn"].as_u64()).unwrap();
        assert_eq!(sessions(&metrics["by_kind"]["deeplog"]), all, "{out}");
    }
}

#[test]
fn impossible_settings_of_an_experiment_are_told() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    room.write(
        "bad.toml",
        "name = 'bad'\n[data]\nkind = 'sessions'\nroot = '.'\nfile = 'normal.csv'\n[data.inject]\nshare = 1.5\nkinds = ['swoped']\nsed = 1\n",
    );
    room.deeplog("check bad.toml").fails(
        2,
        &[
            "data.inject.share: 1.5",
            "data.inject.kinds: `swoped`",
            "data.inject.sed: unknown field",
        ],
    );
}

#[test]
fn an_experiment_without_a_fault_to_put_or_a_name_to_label_is_told() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    room.write("twice.csv", sessions().replace("s299,", "s298,"));
    room.write(
        "bad.toml",
        "name = 'bad'\n[data]\nkind = 'sessions'\nroot = '.'\nfile = 'normal.csv'\n[data.inject]\n",
    );
    for (set, fact) in [
        ("data.file=twice.csv", "there are two sessions `s298`"),
        (
            "data.inject.kinds=[\"out_of_range\"]",
            "none of 150 normal sessions got a fault, of these kinds: out_of_range",
        ),
    ] {
        room.deeplog(&format!("run bad.toml --out out --set {set}"))
            .fails(1, &[fact]);
    }
}

#[test]
fn labels_with_a_position_that_is_none_are_told() {
    let room = Room::new();
    room.write("normal.csv", sessions());
    room.write("labels.csv", "Session,Label,Kind,Position\ns1,Anomaly,swapped,third\n");
    room.write(
        "bad.toml",
        "name = 'bad'\n[data]\nkind = 'sessions'\nroot = '.'\nfile = 'normal.csv'\nlabels = 'labels.csv'\n",
    );
    room.deeplog("run bad.toml --out out")
        .fails(1, &["labels.csv: line 2: the position is no whole number"]);
}

#[test]
fn unseen_events_are_found_at_once_on_real_sessions() {
    let Some(data) = data("unseen_events_are_found_at_once_on_real_sessions") else {
        return;
    };
    let room = Room::new();
    let train = data.join("hdfs/normal_train.txt");
    let args = [
        "synth",
        "inject",
        train.to_str().unwrap(),
        "--out",
        "out",
        "--share",
        "1",
    ];
    let said = room.call(&args).ok().stderr;
    assert!(said.contains("4855 faults in 4855 sessions"), "{said}");
    let normal: Vec<String> = fs::read_to_string(train)
        .unwrap()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    let normal: std::collections::BTreeSet<&str> = normal.iter().map(String::as_str).collect();
    let faulty = room.read("out/sessions.csv");
    let equal = faulty
        .lines()
        .filter(|row| normal.contains(row.split_once(',').unwrap().1))
        .count();
    assert_eq!(equal, 0, "no fault is a normal sequence");
}
