//! Rules that adapt: to how sure the model is, to the key before, to how sure it deserves to be.

use serde_json::Value;

use crate::harness::Room;
use crate::samples::{json_lines, session_file, session_room};

/// Sixty normal sessions, of which the last are judged, and two that are not normal.
fn room() -> (Room, String) {
    let (room, normal) = (session_room(), session_file(60));
    let odd = "odd,open close read\nnew,open explode close\n";
    room.write("sessions.txt", normal.clone() + odd);
    let judged: String = normal.split_inclusive('\n').skip(50).collect();
    room.write("judged.txt", judged.clone() + odd);
    (room, judged + odd)
}

const RUN: &str = "run sessions.toml --out out --set data.split.train=0.8 --set training.validation=0.2";

#[test]
fn a_model_of_each_rule_says_in_detect_what_it_said_in_its_run() {
    for (rule, reason, inspected) in [
        ("mass=0.95", "outside_top_candidates", "mass = 0.95"),
        ("context_share=0.05", "outside_top_candidates", "held-out next keys"),
        (
            "probability=0.01 --set training.temperature=true",
            "below_probability",
            "temperature ",
        ),
    ] {
        let (room, judged) = room();
        room.deeplog(&format!("{RUN} --set detection.{rule}")).ok();
        let run = json_lines(&room.read("out/verdicts.jsonl"));
        let detected = json_lines(
            &room
                .deeplog("detect --model out/model.deeplog --format jsonl judged.txt")
                .ok()
                .stdout,
        );
        assert_eq!(run.len(), judged.lines().count(), "{rule}");
        let said = |verdict: &Value| {
            let reasons = verdict["findings"].as_array().unwrap().iter();
            let reasons = reasons.map(|finding| finding["reason"].clone()).collect::<Vec<_>>();
            (verdict["session"].clone(), verdict["score"].clone(), reasons)
        };
        let (run, detected): (Vec<_>, Vec<_>) = (run.iter().map(said).collect(), detected.iter().map(said).collect());
        assert_eq!(run, detected, "{rule}");
        let [normal @ .., odd, new] = &run[..] else {
            panic!("{run:?}")
        };
        assert!(
            normal.iter().all(|(.., reasons)| reasons.is_empty()),
            "{rule}: {normal:?}"
        );
        assert_eq!(
            (&odd.0, &odd.2[0]),
            (&Value::from("odd"), &Value::from(reason)),
            "{rule}"
        );
        assert_eq!((&new.1, &new.2[0]), (&Value::from(100.0), &Value::from("unseen_key")));
        let told = room.deeplog("inspect out/model.deeplog").ok().stdout;
        assert!(told.contains(inspected), "{told}");
    }
}

#[test]
fn a_share_that_the_held_out_keys_cannot_tell_is_refused() {
    let (room, _) = room();
    room.deeplog(&format!("{RUN} --set detection.context_share=0.0001"))
        .fails(1, &["takes 9999 held-out next keys"]);
}
