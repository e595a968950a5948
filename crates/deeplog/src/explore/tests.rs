use std::fs;
use std::path::PathBuf;

use drain_parser::{AutoConfig, LineFormat, ParserConfig};
use proptest::prelude::*;
use sequence_windowing::{Limits, SessionRule, Zone};

use super::*;
use crate::experiment::Stamp;
use crate::observer::Unobserved;

/// Lines `<seconds> <level> <message>` by job.
fn dataset() -> Profile {
    Profile {
        name: "test".to_owned(),
        header: LineFormat::compile("<Time> <Level> <Content>").unwrap(),
        time: Some(Stamp {
            fields: vec!["Time".to_owned()],
            format: "%s".to_owned(),
            year: None,
            zone: Zone::default(),
        }),
        parser: ParserConfig::Auto(AutoConfig::default()),
        known: None,
        session: SessionRule::Identifier {
            pattern: r"job-\d+".to_owned(),
        },
        limits: Limits::default(),
        labels: None,
    }
}

fn explored(log: &[u8], dataset: Option<&Profile>, threads: usize) -> Exploration {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("x.log");
    fs::write(&path, log).unwrap();
    explore(&[path], dataset, threads, &mut Unobserved).unwrap()
}

/// Forty jobs, one after the other, each taken and done ten seconds later; the last one fails.
fn jobs() -> String {
    let mut log = String::new();
    for n in 0..40 {
        let at = 1_700_000_000 + 20 * n;
        log += &format!("{at} INFO job-{n} taken by worker {}\n", n % 4);
        log += &match n {
            39 => format!("{} ERROR job-{n} failed: disk full\n", at + 10),
            _ => format!("{} INFO job-{n} done\n", at + 10),
        };
        if n == 20 {
            log += "misfit\n";
        }
    }
    // A day later, a line that is earlier than the one before.
    log + "1700100000 INFO job-99 taken by worker 1\n1700099990 INFO job-99 done\n"
}

fn sentences(exploration: &Exploration) -> Vec<String> {
    let text = |piece: &findings::Piece| match piece {
        findings::Piece::Ours(text) | findings::Piece::Theirs(text) => text.clone(),
    };
    exploration
        .odd
        .iter()
        .map(|odd| odd.pieces.iter().map(text).collect())
        .collect()
}

#[test]
fn what_is_odd_is_told_with_its_lines() {
    let exploration = explored(jobs().as_bytes(), Some(&dataset()), 2);
    let odd = sentences(&exploration).join("\n");
    for wanted in [
        "1 line (1.20%) fits no header, the first in line 43: misfit",
        "1 line (1.22%) is of level error or worse, of 1 template: 1 × ",
        " failed: disk full from line 81",
        "Nothing was written for 1 d 3 h after 2023-11-14 22:26:30, between lines 81 and 82",
        "Time runs backwards once, by 10 s in line 83",
    ] {
        assert!(odd.contains(wanted), "{wanted:?} is not in\n{odd}");
    }
    let gathered = &exploration.gathered;
    assert_eq!((gathered.lines.lines, gathered.lines.messages), (83, 82));
    assert_eq!((gathered.flow.lengths.count, gathered.flow.lengths.high), (41, 2));
    assert_eq!(
        gathered.flow.durations.quantile(0.5),
        10_000_000_u64.min(gathered.flow.durations.high)
    );
    let events: u64 = gathered.templates.all.iter().map(|seen| seen.count).sum();
    assert_eq!(events, 82);
}

#[test]
fn a_calm_log_has_nothing_odd() {
    let calm: String = (0..200)
        .map(|n| format!("{} INFO job-{} beats\n", 1_700_000_000 + n, n % 7))
        .collect();
    let exploration = explored(calm.as_bytes(), Some(&dataset()), 1);
    assert_eq!(sentences(&exploration), Vec::<String>::new());
    assert!(exploration.html().contains("Nothing: no errors"));
    assert!(exploration.text(80).contains("what looks odd\n  nothing"));
}

#[test]
fn little_or_nothing_is_told_and_no_error() {
    for (log, wanted) in [
        (&b""[..], "The log is empty."),
        (b"\n\n", "2 blank lines and nothing else"),
        (b"one line only", "1 line"),
        (b"\xff\xfe\xfd broken\n\xff\xfe\xfd broken\n", "no UTF-8"),
    ] {
        let exploration = explored(log, None, 2);
        let text = exploration.text(80);
        assert!(text.contains(wanted), "{wanted} in {text}");
        assert!(exploration.html().starts_with("<!DOCTYPE html>"));
    }
    let unfit = explored(b"a\nb\n", Some(&dataset()), 2);
    assert!(
        unfit.html().contains("None of the 2 lines fits the header"),
        "{}",
        unfit.html()
    );
}

#[test]
fn long_lines_are_shown_by_their_beginnings() {
    let mut log = jobs().into_bytes();
    log.extend(b"1700000999 INFO job-1 ");
    log.extend(std::iter::repeat_n(b'x', 3 << 20));
    let exploration = explored(&log, Some(&dataset()), 2);
    let page = exploration.html();
    assert!(page.len() < 200_000 && page.contains("xxxx"), "{}", page.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever stands in a log: no markup of its own, no hidden characters, and the same with any number of threads.
    #[test]
    fn any_log_makes_a_safe_page(pieces in prop::collection::vec(
        prop::sample::select(&[
            "1700000001 INFO job-1 starts", "1700000009 ERROR job-2 <script>alert(1)</script>", "\u{1b}[31m", "\u{202e}x", "\n",
            "\n", " ", "'\"&", "<*>", "1600000000 WARN job-3 ", "\u{200b}", "</svg>", "\0", "{}", "-5",
        ][..]), 0..120), with_dataset in any::<bool>())
    {
        let log = pieces.concat();
        let dataset = dataset();
        let dataset = with_dataset.then_some(&dataset);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        fs::write(&path, &log).unwrap();
        let explored = |threads| explore(std::slice::from_ref(&path), dataset, threads, &mut Unobserved);
        // A guess may find that this is no text.
        if let Ok(exploration) = explored(1) {
            let (page, text) = (exploration.html(), exploration.text(60));
            prop_assert!(!page.contains("<script") && !page.contains("alert(1)</script>"));
            for shown in [&page, &text] {
                let is_hidden = shown.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\0']);
                prop_assert!(!is_hidden, "{}", shown);
            }
            prop_assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
            prop_assert_eq!(page, explored(3).unwrap().html());
        }
    }
}
