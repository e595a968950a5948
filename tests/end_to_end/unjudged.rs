//! Lines that nobody judges are said, and new lines are shown as they stand.

use crate::harness::Room;
use crate::samples::{job_lines, job_room, text};

fn trained_room() -> Room {
    let room = job_room();
    room.deeplog("train jobs.toml --out m/jobs.deeplog").ok();
    room
}

#[test]
fn a_log_that_mostly_does_not_fit_is_no_clean_bill() {
    let room = trained_room();
    let foreign: String = (0..200).map(|i| format!("<{i}> something else\n")).collect();
    room.write("mixed.log", text(&job_lines(4), "\n") + &foreign);
    let outcome = room.deeplog("detect --model m/jobs.deeplog mixed.log").ok();
    assert!(
        outcome
            .stderr
            .contains("lines do not fit the header and were not judged"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn new_lines_without_a_session_are_counted() {
    let room = trained_room();
    let new = "2024-05-01 09:00:00 ERROR kernel: out of memory\n";
    room.write("new.log", text(&job_lines(20), "\n") + new);
    let outcome = room.deeplog("detect --model m/jobs.deeplog new.log").ok();
    assert!(
        outcome
            .stderr
            .contains("1 lines without session, 1 of them without template too"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_new_line_is_shown_in_its_own_words() {
    let room = trained_room();
    let new = "2024-05-01 09:00:00 ERROR worker: job_1 has exploded \x1b[31m\n";
    room.write("new.log", text(&job_lines(20), "\n") + new);
    let outcome = room.deeplog("detect --model m/jobs.deeplog new.log").ok();
    assert!(
        outcome
            .stdout
            .contains("seen      2024-05-01 09:00:00 ERROR worker: job_1 has exploded"),
        "{}",
        outcome.stdout
    );
    assert!(!outcome.stdout.contains('\x1b'), "{}", outcome.stdout);
}

#[test]
fn a_g_that_cannot_flag_anything_is_said() {
    let room = job_room();
    for (g, said) in [(9, true), (1, false)] {
        let outcome = room
            .deeplog(&format!("run jobs.toml --out out{g} --set detection.top_g={g}"))
            .ok();
        assert_eq!(
            outcome.stderr.contains("next to nothing can be flagged"),
            said,
            "{}",
            outcome.stderr
        );
    }
}
