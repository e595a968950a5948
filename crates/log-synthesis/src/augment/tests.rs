//! Copies vary where they may, by what was observed, and nowhere else.

use std::collections::BTreeSet;

use drain_parser::{Parser, ParserConfig};
use proptest::prelude::*;

use super::*;

fn variator(lines: &[Vec<u8>], seed: u64, stays: impl Fn(Range<usize>) -> bool + Copy) -> Variator {
    let mut parser = Parser::new(ParserConfig::default()).unwrap();
    lines.iter().for_each(|line| {
        parser.learn(line);
    });
    let mut variator = Variator::new(parser.freeze(), seed);
    lines.iter().for_each(|line| variator.observe(line, stays));
    variator
}

fn jobs() -> Vec<Vec<u8>> {
    (0..500)
        .map(|n| format!("job j{n} done on node {} in {} ms", n % 7, n * 3).into_bytes())
        .collect()
}

#[test]
fn parameters_come_from_the_same_place_and_what_stays_stays() {
    let lines = jobs();
    let is_job = |place: Range<usize>| place.start < 8;
    let mut variator = variator(&lines, 1, is_job);
    let mut nodes = BTreeSet::new();
    let mut times = BTreeSet::new();
    for line in &lines {
        let varied = String::from_utf8(variator.vary(line, is_job).unwrap()).unwrap();
        let words: Vec<&str> = varied.split(' ').collect();
        let before = String::from_utf8(line.clone()).unwrap();
        assert_eq!(words[1], before.split(' ').nth(1).unwrap(), "the job stays");
        let (node, time): (u32, u32) = (words[5].parse().unwrap(), words[7].parse().unwrap());
        assert!(node < 7 && time % 3 == 0 && time < 1500, "{varied}");
        nodes.insert(node);
        times.insert(time);
    }
    assert_eq!(nodes.len(), 7);
    assert!(
        times.len() > 50 && times.len() <= 100,
        "a sample of the values: {}",
        times.len()
    );
}

#[test]
fn samples_are_bounded_and_uniform() {
    let mut values = Values::default();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for n in 0..100_000_u32 {
        values.observe(0, n.to_string().as_bytes(), &mut random);
        values.observe(n, b"x", &mut random);
    }
    values.observe(0, &[b'x'; 300], &mut random);
    assert!(values.kept() < 20_100, "{}", values.kept());
    let late = (0..1000).filter(|_| {
        let value = values.draw(0, &mut random).unwrap();
        std::str::from_utf8(value)
            .unwrap()
            .parse::<u32>()
            .is_ok_and(|n| n >= 50_000)
    });
    let late = late.count();
    assert!((300..700).contains(&late), "{late} of 1000 from the later half");
}

#[test]
fn levels_vary_now_and_then() {
    let mut variator = variator(&[], 1, |_| false);
    assert_eq!(variator.vary_level(b"INFO"), b"INFO", "nothing else was observed");
    variator.observe_level(b"WARN");
    let warned = (0..1000).filter(|_| variator.vary_level(b"INFO") == b"WARN").count();
    assert!((60..150).contains(&warned), "{warned}");
}

#[test]
fn rules_name_what_they_saw() {
    for (level, content, rule) in [
        ("INFO", "OutOfMemoryError: heap", Some("memory")),
        ("info", "Permission denied for bob", Some("permission")),
        ("", "java.net.ConnectException: Connection refused", Some("connection")),
        ("WARN", "java.io.IOException: no space", Some("exception")),
        ("INFO", "read FAILED", Some("error")),
        ("Fatal", "bye", Some("level")),
        ("WARN", "slow", None),
        ("", "", None),
    ] {
        assert_eq!(rule_of(level.as_bytes(), content.as_bytes()), rule, "{level} {content}");
    }
}

proptest! {
    /// Any bytes come out as bytes of their template, and alone they come out as they were.
    #[test]
    fn hostile_bytes_survive(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8), seed: u64) {
        let mut variator = variator(&lines, seed, |_| false);
        for line in &lines {
            prop_assert!(variator.vary(line, |_| true).is_none_or(|kept| kept == *line));
            variator.vary(line, |_| false);
        }
    }
}
