use std::fs;

use drain_parser::{DrainConfig, FoundBy, LineFormat, ParserConfig};

const NUMBER: FoundBy = FoundBy::BuiltIn("NUM");
use sha2::{Digest as _, Sha256};

use super::page::SCRIPT;
use super::spread::{DISTINCT, Range, Spread};
use super::timeline::Timelines;
use super::{FREQUENT, RARE};
use crate::observer::Unobserved;
use crate::parse::{Parsing, parse};

fn report(log: &[u8], format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x<b>.log");
    fs::write(&path, log).unwrap();
    let parsing = Parsing {
        header: Some(LineFormat::compile(format).unwrap()),
        time: None,
        parser: ParserConfig::Drain(DrainConfig::default()),
        threads: 2,
        tables: Vec::new(),
        report: true,
        state: None,
    };
    parse(&[path], &parsing, folder.path(), &mut Unobserved).unwrap();
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "log, templates and report: {names:?}");
    fs::read_to_string(folder.path().join("report.html")).unwrap()
}

/// Parts of the page between two marks.
fn between<'p>(page: &'p str, from: &str, to: &str) -> Vec<&'p str> {
    page.split(from)
        .skip(1)
        .map(|rest| rest.split(to).next().unwrap())
        .collect()
}

#[test]
fn a_report_tells_what_was_there() {
    let mut log = String::from("a banner\n");
    for i in 0..300 {
        log += &format!(
            "2024-05-01 10:{:02}:{:02} INFO user u{} sent {i} bytes\n",
            i / 60,
            i % 60,
            i % 4
        );
    }
    log += "2024-05-02 10:00:00 WARN disk full\n at x\n";
    let page = report(log.as_bytes(), "<Date> <Time> <Level> <Content>");
    for wanted in [
        "<dt>templates</dt><dd>2</dd>",
        "<dt>messages</dt><dd>301</dd>",
        "<dd>303<small>1 continuations, 1 without header</small></dd>",
        "<dt>seen once</dt><dd>1</dd>",
        "<span>2024-05-01 10:00:00</span> <span>– 2024-05-02 10:00:00</span>",
        "<b>300</b> <small>99.7%</small>",
        "<mark title=\"parameter 1: 4 distinct values\">&lt;*&gt;</mark>",
        "<mark title=\"parameter 2: numbers from 0 to 299, 300 distinct\">&lt;*&gt;</mark>",
        "<dt>line 2</dt><dd><code>user u0 sent 0 bytes</code></dd>",
        "<code>u3</code> <small>25.0%</small>",
        "0 to 299<small>median 1",
        "x&lt;b&gt;.log",
    ] {
        assert!(page.contains(wanted), "{wanted} is not in\n{page}");
    }
    let counts: Vec<&str> = between(&page, "data-count=\"", "\"");
    assert_eq!(counts, ["300", "1"], "by count");
    let pictures = between(&page, "<path d=\"", "\"");
    assert_eq!(pictures[1].matches('M').count(), 1);
    assert!(pictures.iter().all(|path| !path.is_empty()));
}

#[test]
fn without_a_time_the_axis_is_the_lines() {
    let page = report(b"one 1\nother thing 2\none 3\n", "<Content>");
    assert!(page.contains("over the lines") && !page.contains("time span"));
    assert!(page.contains("<span>line 1</span> <span>– line 3</span>"), "{page}");
}

#[test]
fn hostile_content_stays_text() {
    let attacks = [
        "</code><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "' style='x",
        "\u{202e}txt.exe",
        "\u{1b}[31m",
        "<!-- ",
        "</style><img src=x>",
    ];
    let mut log = String::new();
    for attack in attacks {
        // In templates, in parameters and in examples.
        log += &format!("{attack} a\nuser {attack} came\n");
    }
    let page = report(log.as_bytes(), "<Content>");
    for forbidden in [
        "<script>alert",
        "\" onmouseover=\"",
        "<img",
        "<!-- ",
        "\u{202e}",
        "\u{1b}",
        "' style='",
    ] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("://"), "nothing is named that could be loaded");
}

#[test]
fn of_too_many_templates_the_frequent_and_the_rare_are_shown() {
    // Letters alone make words: numbers would be parameters.
    let word = |i: usize| -> String {
        [i / 26, i % 26]
            .map(|digit| char::from(b'a' + digit as u8))
            .iter()
            .collect()
    };
    let templates = 600;
    let mut log = String::new();
    for i in 0..templates {
        // Different lengths and words: each a template of its own.
        let line = format!("{} {}\n", word(i), "x ".repeat(i % 40 + 1));
        log += &line.repeat(if i < 450 { 3 } else { 2 });
    }
    log += "a line that comes once\n";
    let page = report(log.as_bytes(), "<Content>");
    let shown = between(&page, "data-count=\"", "\"");
    assert_eq!(shown.len(), FREQUENT + RARE);
    assert_eq!((shown[0], shown[FREQUENT], shown[FREQUENT + RARE - 1]), ("3", "2", "1"));
    assert!(page.contains("a line that comes once"));
    assert!(page.contains("101 between them are not"), "{}", &page[..4000]);
}

#[test]
fn what_is_long_or_much_is_bounded() {
    let long = "y".repeat(5_000_000);
    let many: String = (0..3_000).map(|i| format!("and v{i} ")).collect();
    let log = format!(
        "one {long} two\none b two\none {} two\n{many}\n{}\n{long}\n",
        "z".repeat(3_000_000),
        many.replace('v', "w")
    );
    let page = report(log.as_bytes(), "<Content>");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("more parameters are not shown"));
}

/// Against counting with all points at hand.
#[test]
fn timelines_lose_no_point_and_keep_their_bounds() {
    let points: [&[i64]; 7] = [
        &[5],
        &[0, 59],
        &[0, 60],
        &[-7, 100, 3, -1_000_000, 44],
        &[i64::MIN, i64::MAX, 0],
        &[i64::MAX, i64::MIN],
        &[1_714_557_600_000_000, 1_714_557_601_000_000, 1_714_500_000_000_000],
    ];
    let many: Vec<i64> = (0..5_000).map(|i| i * i % 7_919).collect();
    for points in points.into_iter().chain([many.as_slice()]) {
        let mut timelines = Timelines::new(2);
        for (i, &at) in points.iter().enumerate() {
            timelines.add(i % 2, at);
        }
        let series = [timelines.counts(0), timelines.counts(1)];
        let sums = series.each_ref().map(|counts| counts.iter().sum::<u64>() as usize);
        assert_eq!(sums, [points.len().div_ceil(2), points.len() / 2], "{points:?}");
        assert_eq!(series[0].len(), series[1].len());
        assert!((1..=60).contains(&series[0].len()), "{points:?}: {}", series[0].len());
        let (low, high) = (points.iter().min(), points.iter().max());
        let column = |at: &i64| {
            let mut alone = Timelines::new(1);
            [low.unwrap(), high.unwrap(), at]
                .iter()
                .for_each(|at| alone.add(0, **at));
            alone.counts(0).len()
        };
        assert_eq!(
            column(low.unwrap()),
            series[0].len(),
            "the ends alone decide the width: {points:?}"
        );
    }
}

#[test]
fn spreads_count_values_and_describe_numbers() {
    let mut room = usize::MAX;
    let mut spread = Spread::default();
    for i in 0..1_000_u32 {
        spread.add(i.to_string().as_bytes(), NUMBER, &mut room);
    }
    for _ in 0..500 {
        spread.add(b"7", NUMBER, &mut room);
    }
    assert_eq!(
        (spread.seen, spread.distinct(), spread.is_cut),
        (1_500, DISTINCT, false)
    );
    assert_eq!(spread.top(2), [(&b"7"[..], 501), (b"0", 1)]);
    assert_eq!(spread.found_by(), Some(NUMBER));
    let Range { low, median, high, .. } = spread.range().unwrap();
    assert_eq!((low, high), (0.0, 999.0));
    // Ranks 500 of 0..1000 and 500 sevens: a third of all is 7, the median is 250.
    assert!((median - 250.0).abs() < 60.0, "{median}");

    spread.add(b"1001", FoundBy::Position, &mut room);
    assert_eq!(
        (spread.distinct(), spread.is_cut, spread.found_by()),
        (DISTINCT, true, None)
    );
    assert_eq!(spread.range().unwrap().high, 1_001.0);
    for word in [&b"1e5"[..], b"inf", b"0x10", b"", b"10.0.0.1", b"-"] {
        let mut words = Spread::default();
        words.add(b"12", FoundBy::Position, &mut room);
        words.add(word, FoundBy::Position, &mut room);
        words.add(b"12", FoundBy::Position, &mut room);
        assert_eq!(words.range(), None, "{}", String::from_utf8_lossy(word));
    }

    let mut little = 1;
    let mut spread = Spread::default();
    for value in [&b"a"[..], b"b", b"a"] {
        spread.add(value, FoundBy::Position, &mut little);
    }
    assert_eq!((spread.distinct(), spread.is_cut, little), (1, true, 0));
    assert_eq!(spread.top(5), [(&b"a"[..], 2)]);
}

/// The page allows this one script by its hash.
#[test]
fn the_script_has_the_hash_that_the_page_allows() {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let hash = Sha256::digest(SCRIPT.text);
    let mut text = String::new();
    for three in hash.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    assert_eq!(text, SCRIPT.sha256, "page.js was changed: put this hash into page.rs");
}
