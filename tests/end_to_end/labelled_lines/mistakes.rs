//! What is wrong with labelled lines, their models and what stands in them.

use super::*;

#[test]
fn mistakes_are_told_before_anything_is_learnt() {
    let room = Room::new();
    room.write("lines.json", object(&lines()));
    room.write("lines.toml", EXPERIMENT.replace("FILE", "lines.json"));
    let wrong = EXPERIMENT.replace("FILE", "lines.json")
        + "labels = \"x.csv\"\n[data.split]\ntrain = 1.5\n[validation]\nfolds = 0\n[model]\nhidden = 8\n";
    room.write("wrong.toml", wrong);
    for verb in ["check", "run"] {
        let facts = [
            "data.split.train",
            "data.labels: unknown field",
            "validation.folds",
            "model: unknown field",
        ];
        room.deeplog(&format!("{verb} wrong.toml")).fails(2, &facts);
    }
    room.deeplog("train lines.toml --out x")
        .fails(2, &["data.kind", "`deeplog run`"]);

    for (name, text, facts) in [
        (
            "none.json",
            "{\"a\": 0, \"b\": 0}",
            &["none of the 2 lines is labelled anomalous"][..],
        ),
        (
            "all.json",
            "{\"a\": 1, \"b\": 1}",
            &["none of the 2 lines is labelled normal"],
        ),
        (
            "late.json",
            "{\"a\": 0, \"b\": 0, \"c\": 0, \"d\": 1}",
            &["none of the first 2 lines, which train, is labelled anomalous"],
        ),
        (
            "odd.json",
            "{\"a\": 0,\n\"b\": \"perhaps\"}",
            &["the label \"perhaps\" is unknown", "line 2"],
        ),
        ("nested.json", "{\"a\": {\"b\": 1}}", &["a label", "line 1"]),
        ("empty.json", "", &["holds no labelled line"]),
    ] {
        room.write(name, text);
        let call = format!("run lines.toml --set data.file={name} --out out-{name}");
        room.deeplog(&call).fails(1, facts);
    }
    room.deeplog("run lines.toml --set data.file=missing.json")
        .fails(1, &["missing.json"]);
}

#[test]
fn models_are_told_from_each_other_and_from_damaged_ones() {
    let room = Room::new();
    room.write("lines.json", object(&lines()));
    room.write("lines.toml", EXPERIMENT.replace("FILE", "lines.json"));
    room.deeplog("run lines.toml --out out").ok();
    room.write("app.log", "INFO request 1 of client 2 served in 3 ms\n");
    let inspected = room.deeplog("inspect out/model.deeplog").ok().stdout;
    assert!(inspected.contains("learnt from 420 labelled lines"), "{inspected}");
    assert!(inspected.contains("\n  level INFO\n"), "{inspected}");
    room.deeplog("inspect out/model.deeplog --json").ok();
    let facts = ["is not a deeplog model, but a model of labelled lines"];
    room.deeplog("explain --model out/model.deeplog app.log")
        .fails(1, &facts);
    room.deeplog("export --model out/model.deeplog --out x")
        .fails(1, &facts);

    let whole = fs::read(room.path("out/model.deeplog")).unwrap();
    for length in (8..whole.len()).step_by(whole.len() / 9) {
        room.write("cut", &whole[..length]);
        room.deeplog("detect --model cut app.log").fails(1, &["cut"]);
    }
    let mut turned = whole.clone();
    turned[whole.len() / 2] ^= 1;
    room.write("turned", turned);
    room.deeplog("detect --model turned app.log").fails(1, &["damaged"]);
    room.write("empty.log", "");
    room.deeplog("detect --model out/model.deeplog empty.log")
        .fails(1, &["empty.log is empty"]);
}

#[test]
fn hostile_lines_stay_text() {
    let room = Room::new();
    let mut lines = lines();
    // The last lines are labelled in turn, so that whatever the verdict the report shows some of them as wrong.
    for (number, (line, label)) in lines.iter_mut().rev().take(9).enumerate() {
        *line = "INFO <script>alert(1)</script> | \u{1b}[31m \u{202e}request".to_owned();
        *label = number % 2 == 0;
    }
    room.write("lines.json", object(&lines));
    room.write("lines.toml", EXPERIMENT.replace("FILE", "lines.json"));
    room.deeplog("run lines.toml --out out").ok();
    for file in ["report.html", "report.md"] {
        let text = room.read(&format!("out/{file}"));
        assert!(text.contains("&lt;script&gt;"), "{file} shows the line");
        for raw in ["<script", "\u{1b}", "\u{202e}"] {
            assert!(!text.contains(raw), "{file} holds {raw:?}");
        }
    }
    room.write(
        "app.log",
        b"\xff\xfe\0\x1b[2J FATAL cannot reach node 7, connection refused\r\n\n",
    );
    let text = room.deeplog("detect --model out/model.deeplog app.log").ok().stdout;
    assert!(!text.contains('\u{1b}') && !text.contains('\0'), "{text:?}");
}
