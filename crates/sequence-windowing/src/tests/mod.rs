//! Tests that need more than one module.

mod grouping;
mod properties;
mod real_data;
mod windows;

use crate::{Collector, Event, GroupCounters, Limits, Session, SessionEnd, SessionRule, Timestamp};

/// A line: its time in seconds, and what it names, separated by spaces. A name that ends in `!` ends its session.
type Line<'l> = (Option<i64>, &'l str);

fn identifier() -> SessionRule {
    SessionRule::Identifier {
        pattern: "unused".into(),
    }
}

fn rule(text: &str) -> SessionRule {
    toml::from_str(text).unwrap()
}

fn limits(text: &str) -> Limits {
    toml::from_str(text).unwrap()
}

fn event(line: u64, second: Option<i64>) -> Event<u64> {
    Event {
        key: line,
        line,
        time: second.map(|second| Timestamp(second * 1_000_000)),
    }
}

fn push(collector: &mut Collector<u64>, number: u64, (second, names): Line<'_>) {
    let ends = names.contains('!');
    let names = names.split(' ').map(|name| name.trim_end_matches('!'));
    collector.push(&event(number, second), names, ends);
}

fn group(rule: SessionRule, limits: Limits, lines: &[Line<'_>]) -> (Vec<Session<u64>>, GroupCounters) {
    let mut collector = Collector::new(rule, limits).unwrap();
    for (number, &line) in (1..).zip(lines) {
        push(&mut collector, number, line);
    }
    collector.finish()
}

/// Sessions as `id: line line … end`, in the order of their closing.
fn shown(sessions: &[Session<u64>]) -> Vec<String> {
    let show = |session: &Session<u64>| {
        let lines: Vec<_> = session.events.iter().map(|event| event.line.to_string()).collect();
        let end = match session.end {
            SessionEnd::Explicit => "explicit",
            SessionEnd::Idle => "idle",
            SessionEnd::EndOfInput => "cut",
            SessionEnd::Evicted => "evicted",
        };
        format!("{}: {} {end}", session.id, lines.join(" "))
    };
    sessions.iter().map(show).collect()
}
