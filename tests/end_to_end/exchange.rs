//! Models from PyTorch and to it. `scripts/check-pytorch` compares with PyTorch itself; here its answers are files.

use std::fs;

use serde_json::Value;

use crate::harness::{Room, repository};
use crate::samples::{json_lines, session_model, session_room};

/// A room with the files that PyTorch wrote.
fn pytorch_room() -> Room {
    let room = Room::new();
    for entry in fs::read_dir(repository().join("tests/pytorch")).unwrap() {
        let path = entry.unwrap().path();
        room.write(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
    }
    room
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

#[test]
fn imported_models_predict_what_pytorch_predicts() {
    let room = pytorch_room();
    for input in ["one-hot", "number", "embedding"] {
        let expected: Value = serde_json::from_str(&room.read(&format!("{input}.json"))).unwrap();
        let histories = expected["histories"].as_array().unwrap();
        let sessions: String = histories
            .iter()
            .map(|history| {
                let names: Vec<String> = numbers(history)
                    .iter()
                    .map(|class| format!("{}", class + 1.0))
                    .collect();
                names.join(" ") + " unheard-of\n"
            })
            .collect();
        room.write("sessions.txt", sessions);
        for format in ["pt", "safetensors"] {
            room.deeplog(&format!("import {input}.{format} --out model.deeplog --top-g 7"))
                .ok();
            let verdicts = room
                .deeplog("detect --model model.deeplog --format jsonl sessions.txt")
                .ok()
                .stdout;
            let verdicts = json_lines(&verdicts);
            assert_eq!(verdicts.len(), 20);
            for (verdict, logits) in verdicts.iter().zip(expected["logits"].as_array().unwrap()) {
                let finding = &verdict["findings"][0];
                assert_eq!(
                    (&finding["reason"], &finding["position"]),
                    (&"unseen_key".into(), &10.into())
                );
                let logits = numbers(logits);
                let total = logits.iter().map(|logit| logit.exp()).sum::<f64>().ln();
                let candidates = finding["expected"].as_array().unwrap();
                assert_eq!(candidates.len(), 7, "six keys and the end");
                assert_eq!(candidates[6]["probability"], 0.0, "which never comes");
                for candidate in &candidates[..6] {
                    let class: usize = candidate["symbol"]["key"].as_str().unwrap().parse().unwrap();
                    let ours = candidate["probability"].as_f64().unwrap().ln();
                    let theirs = logits[class - 1] - total;
                    assert!((ours - theirs).abs() < 1e-5, "{input}.{format}: {ours} and {theirs}");
                }
            }
        }
    }
}

#[test]
fn keys_history_and_rule_are_what_the_call_says() {
    let room = pytorch_room();
    room.write("keys.txt", "open\r\nread\nwrite\nclose\n17\n\u{e4}\n");
    room.write(
        "sessions.txt",
        "long,open read write close close\nshort,open read write\nother,open read write 1\n",
    );
    let outcomes = |flags: &str| -> Vec<String> {
        room.deeplog(&format!(
            "import number.pt --out model.deeplog --keys keys.txt --history 3 {flags}"
        ))
        .ok();
        let verdicts = room
            .deeplog("detect --model model.deeplog --format jsonl sessions.txt")
            .ok()
            .stdout;
        let reason = |verdict: &Value| verdict["findings"][0]["reason"].as_str().unwrap_or("normal").to_owned();
        json_lines(&verdicts).iter().map(reason).collect()
    };
    assert_eq!(outcomes("--top-g 6"), ["normal", "short_session", "unseen_key"]);
    assert_eq!(
        outcomes("--top-g 6 --short-sessions pass"),
        ["normal", "normal", "unseen_key"]
    );
    assert_eq!(
        outcomes("--probability 0.999"),
        ["below_probability", "short_session", "unseen_key"]
    );
    let inspected = room.deeplog("inspect model.deeplog").ok().stdout;
    for wanted in ["history 3, 2 layers of 8", "number.pt  sha256", "\n  \u{e4} "] {
        assert!(inspected.contains(wanted), "{wanted:?} is not in {inspected}");
    }
    room.deeplog("explain --model model.deeplog sessions.txt").ok();
}

#[test]
fn a_g_that_cannot_flag_anything_is_said() {
    let room = pytorch_room();
    for (flags, said) in [("", true), ("--top-g 3", false), ("--probability 0.01", false)] {
        let outcome = room
            .deeplog(&format!("import number.pt --out model.deeplog {flags}"))
            .ok();
        let said_so = outcome
            .stderr
            .contains("6 keys and g is 9, so next to nothing can be flagged");
        assert_eq!(said_so, said, "{flags}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("(6 keys, 2 layers of 8, history 10)"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn our_models_go_to_pytorch_and_come_back() {
    let room = session_room();
    let own = session_model().display().to_string();
    room.deeplog(&format!("export --model {own} --out own.safetensors"))
        .ok();
    room.deeplog(&format!("import own.safetensors --like {own} --out back.deeplog"))
        .ok();
    let verdicts = |model: &str| {
        room.deeplog(&format!("detect --model {model} --format jsonl sessions.txt"))
            .ok()
            .stdout
    };
    assert_eq!(verdicts("back.deeplog"), verdicts(&own));
    room.deeplog("export --model back.deeplog --out back.safetensors").ok();
    assert_eq!(
        fs::read(room.path("back.safetensors")).unwrap(),
        fs::read(room.path("own.safetensors")).unwrap()
    );

    let other = repository().join("tests/pytorch/one-hot.pt");
    room.deeplog(&format!("import {} --like {own} --out other.deeplog", other.display()))
        .fails(
            1,
            &[
                "one-hot.pt holds 2 layers of 8 over 5 keys",
                "1 layers of 16 over 4 keys",
            ],
        );
    assert!(!room.path("other.deeplog").exists());
}

#[test]
fn what_cannot_be_imported_is_told_and_leaves_no_file() {
    let room = pytorch_room();
    let mut weights = fs::read(room.path("number.safetensors")).unwrap();
    let end = weights.len();
    weights[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    room.write("nan.safetensors", weights);
    let whole = fs::read(room.path("embedding.pt")).unwrap();
    room.write("cut.pt", &whole[..whole.len() / 2]);
    room.write("text.pt", "a log line\nanother one\n");
    room.write("two.txt", "1\n2\n");
    room.write("twice.txt", "1\n2\n3\n1\n5\n6\n");
    room.write("words.txt", "1\nopen file\n");
    room.write("gap.txt", "1\n\n3\n");
    for (call, code, facts) in [
        ("missing.pt", 1, &["cannot read missing.pt"][..]),
        (".", 1, &["is a directory"]),
        ("text.pt", 1, &["text.pt: no weights can be read"]),
        ("cut.pt", 1, &["cut.pt: no weights can be read"]),
        (
            "nan.safetensors",
            1,
            &["nan.safetensors: number ", " of lstm.weight_ih_l1 is NaN"],
        ),
        ("6-gigabytes-of-one-number.pt", 1, &["bytes of weights are declared"]),
        ("number.pt --history 0", 1, &["history is 0"]),
        ("number.pt --history 20001", 2, &["model.history: 20001 is outside"]),
        ("number.pt --top-g 0", 2, &["detection.top_g: 0 candidates"]),
        ("number.pt --probability 1.5", 2, &["detection.probability: 1.5"]),
        (
            "number.pt --keys two.txt",
            1,
            &["number.pt has 6 classes, and 2 keys are named"],
        ),
        (
            "number.pt --keys twice.txt",
            1,
            &["twice.txt, line 4: \"1\" is named in line 1 already"],
        ),
        (
            "number.pt --keys words.txt",
            1,
            &["words.txt, line 2: holds several words"],
        ),
        ("number.pt --keys gap.txt", 1, &["gap.txt, line 2: is empty"]),
        ("number.pt --keys missing.txt", 1, &["cannot read missing.txt"]),
        ("number.pt --like two.txt", 1, &["two.txt: is not a deeplog model"]),
    ] {
        room.deeplog(&format!("import --out out.deeplog {call}"))
            .fails(code, facts);
        assert!(!room.path("out.deeplog").exists(), "{call}");
    }
    room.deeplog("import number.pt --out no/folder/model")
        .fails(1, &["cannot write no/folder/model"]);
    room.deeplog("export --model number.pt --out x")
        .fails(1, &["number.pt: is not a deeplog model"]);
    for call in [
        "import number.pt",
        "import number.pt --out x --top-g 3 --probability 0.1",
        "import number.pt --out x --like y --history 3",
        "import number.pt --out x --short-sessions model",
    ] {
        room.deeplog(call).ended(2);
    }
}
