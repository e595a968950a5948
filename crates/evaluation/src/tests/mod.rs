//! What the tests of this crate share.

mod alignment;
mod budgets;
mod documents;
mod explanations;
mod figures;
mod kinds;
mod many;
mod parts;
mod pictures;

use detection::{Candidate, Finding, Outcome, Reason, Symbol, Verdict};
use sequence_windowing::{Event, KeyName, SessionEnd};

use crate::*;

/// A session of three events; `reason` flags it.
pub(super) fn verdict(score: f64, worst_rank: Option<u32>, reason: Option<Reason>) -> Verdict {
    let finding = |reason| Finding {
        reason,
        position: Some(1),
        line: Some(8),
        seen: Some(Symbol::Key("17".into())),
        expected: vec![
            Candidate {
                symbol: Symbol::Key("5".into()),
                probability: 0.75,
            },
            Candidate {
                symbol: Symbol::End,
                probability: 0.2496,
            },
            Candidate {
                symbol: Symbol::Key("9".into()),
                probability: 0.0004,
            },
        ],
        rank: worst_rank,
        probability: Some(0.0),
        detail: None,
    };
    Verdict {
        session: "blk_1".into(),
        outcome: if reason.is_some() {
            Outcome::Anomalous
        } else {
            Outcome::Normal
        },
        score,
        worst_rank,
        p_value: None,
        parts: Vec::new(),
        findings: reason.map(finding).into_iter().collect(),
        events: 3,
        dropped_events: 0,
        first_line: 7,
        end: SessionEnd::Explicit,
    }
}

/// Labels from a string of `+` for anomalous and `-` for normal.
pub(super) fn labels(signs: &str) -> Vec<Label> {
    signs
        .chars()
        .map(|sign| if sign == '+' { Label::Anomalous } else { Label::Normal })
        .collect()
}

/// Sequences by their numbers; training has those of odd ones.
pub(super) fn sequences(numbers: impl IntoIterator<Item = u64>) -> Vec<Sequence> {
    let sequence = |number| Sequence {
        number,
        in_training: number % 2 == 1,
    };
    numbers.into_iter().map(sequence).collect()
}

/// Every session a sequence of its own.
pub(super) fn judged<'a>(verdicts: &'a [Verdict], labels: &[Label]) -> Vec<Judged<'a>> {
    pair(verdicts, labels, &sequences(0..verdicts.len() as u64)).unwrap()
}

pub(super) fn events() -> Vec<Event<KeyName>> {
    let event = |(place, key): (usize, &str)| Event {
        key: key.into(),
        line: 7 + place as u64,
        time: None,
    };
    ["5", "17", "9"].into_iter().enumerate().map(event).collect()
}

/// Templates and raw lines, as hostile as they come.
pub(super) struct HostileTexts;

pub(super) const HOSTILE: &str = "</td><script>alert('x')</script> \u{1b}[2J\u{202e}gnp.exe & \"<*>\"\r\n\0";

impl Texts for HostileTexts {
    fn template(&self, key: &KeyName) -> Option<String> {
        (key.as_str() != "9").then(|| format!("Receiving block <*> {HOSTILE}"))
    }

    fn line(&self, number: u64) -> Option<String> {
        Some(format!("{number} {HOSTILE}"))
    }
}

/// Metrics with every field set.
pub(super) fn metrics() -> Metrics {
    let reasons = [Reason::UnseenKey, Reason::OutsideTopCandidates, Reason::UnexpectedEnd];
    let verdicts: Vec<Verdict> = (0..60_u32)
        .map(|session| {
            let reason = (session % 4 == 0).then(|| reasons[session as usize % 7 % 3]);
            verdict(f64::from(session * 7 % 16), Some(1 + session * 7 % 16), reason)
        })
        .collect();
    let labels = labels(&"+--+-+".repeat(10));
    let judged = judged(&verdicts, &labels);
    let assessment = Assessment::of(&judged, Some(Prevalence::new(0.25).unwrap()), 7);
    let part = Part {
        sessions: 60,
        normal: 30,
        anomalous: 30,
        distinct: 60,
        events: 180,
    };
    let timing = Some(Timing::new(2.0, 1_000, Unit::Windows));
    Metrics {
        schema_version: SCHEMA_VERSION,
        experiment: Experiment {
            name: "hdfs <&> \u{202e}".into(),
            description: HOSTILE.into(),
        },
        seed: 7,
        fingerprint: "5eed".into(),
        audit: vec![Check {
            name: HOSTILE.into(),
            outcome: CheckOutcome::Warning,
            finding: HOSTILE.into(),
        }],
        data: Data {
            train: part,
            validation: part,
            test: part,
            keys: 14,
            windows: 99_980,
            distinct_windows: 4_727,
            counters: [("skipped_lines".to_owned(), 3)].into(),
        },
        baselines: [(
            "unseen_key<".to_owned(),
            Baseline::of(&judged, Some(Prevalence::new(0.25).unwrap()), 7),
        )]
        .into(),
        ablation: vec![Ablated {
            label: "without <order>".into(),
            figures: Baseline::of(&judged, Some(Prevalence::new(0.25).unwrap()), 7),
        }],
        by_kind: [("deeplog", 3), ("unseen_key<", 0)]
            .map(|(name, found)| (name.to_owned(), kinds::figures(found)))
            .into(),
        budgets: ["deeplog", "unseen_key<"]
            .map(|name| (name.to_owned(), budgets::budgets(1_000)))
            .into(),
        detector: assessment,
        operating_point: OperatingPoint {
            g: Some(9),
            threshold: Some(4.5),
            alerts: Some(0.001),
            chosen_on: ChosenOn::Oracle,
        },
        sweeps: Sweeps::of(&judged, 16),
        scores: ScoreHistogram::of(&judged),
        losses: vec![
            EpochLoss {
                epoch: 1,
                train: 1.5,
                validation: Some(1.75),
            },
            EpochLoss {
                epoch: 2,
                train: 0.5,
                validation: Some(0.75),
            },
        ],
        timings: Timings {
            parse: timing,
            group: timing,
            train: timing,
            detect: timing,
            baselines: [(
                "unseen_key<".to_owned(),
                RivalTiming {
                    fit_seconds: 0.25,
                    detect_seconds: 0.5,
                },
            )]
            .into(),
        },
        environment: Environment {
            device: "cpu".into(),
            threads: 2,
            version: "0.1.0".into(),
        },
    }
}

/// Fails unless every tag that opens is closed in its order.
pub(super) fn assert_balanced(markup: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag that does not end");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a bare < before {tag}");
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta"].contains(&name) {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<&str>::new());
}
