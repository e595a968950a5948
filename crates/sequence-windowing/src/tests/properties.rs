//! What holds for all inputs.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{event, identifier, rule};
use crate::{Collector, Duration, EndOfInput, GroupCounters, Limits, Session, SessionRule};

/// A line: seconds since the one before (negative is late), the names it holds, whether it ends its sessions.
type Line = (Option<i64>, Vec<String>, bool);

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let names = proptest::collection::btree_set("[a-f]", 0..3).prop_map(|names| names.into_iter().collect());
    vec(
        (option::weighted(0.9, -8..20i64), names, proptest::bool::weighted(0.1)),
        0..80,
    )
}

fn rules() -> impl Strategy<Value = SessionRule> {
    let time = |length, step, field| SessionRule::Time {
        length: Duration::seconds(length),
        step,
        field,
    };
    let field = || option::of(Just("Host".to_owned()));
    prop_oneof![
        Just(identifier()),
        Just(SessionRule::Stream { field: "Host".into() }),
        (1..40u32, field()).prop_map(move |(length, field)| time(length, None, field)),
        (10..40u32, 1..10u32, field()).prop_map(move |(length, step, field)| time(
            length,
            Some(Duration::seconds(step)),
            field
        )),
        (1..6u64, field()).prop_map(|(events, field)| SessionRule::Count {
            events,
            step: None,
            field
        }),
        (5..9u64, 1..5u64, field()).prop_map(|(events, step, field)| SessionRule::Count {
            events,
            step: Some(step),
            field
        }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let lateness = prop_oneof![Just(0), 1..30u32].prop_map(Duration::seconds);
    (
        option::of((1..30u32).prop_map(Duration::seconds)),
        1..9usize,
        1..9usize,
        any::<bool>(),
        lateness,
    )
        .prop_map(|(idle, max_open, max_events, complete, lateness)| {
            let end_of_input = if complete {
                EndOfInput::Complete
            } else {
                EndOfInput::Cut
            };
            Limits {
                idle,
                max_open,
                max_events,
                end_of_input,
                lateness,
                ..Limits::default()
            }
        })
}

/// Groups the lines; before those lines for which `restarts` says so, everything is written down and read back.
fn group(rule: &SessionRule, limits: &Limits, lines: &[Line], restarts: &[bool]) -> (Vec<Session<u64>>, GroupCounters) {
    let mut collector = Collector::new(rule.clone(), limits.clone()).unwrap();
    let mut second = 0;
    for (number, (pause, names, ends)) in (1u64..).zip(lines) {
        if restarts.get(number as usize - 1) == Some(&true) {
            collector = serde_json::from_str(&serde_json::to_string(&collector).unwrap()).unwrap();
        }
        second += pause.unwrap_or(0);
        collector.push(&event(number, pause.map(|_| second)), names, *ends);
    }
    collector.finish()
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(
        rule in rules(), limits in limits(), lines in lines(), restarts in vec(any::<bool>(), 80),
    ) {
        let expected = group(&rule, &limits, &lines, &[]);
        prop_assert_eq!(group(&rule, &limits, &lines, &restarts), expected);
    }

    #[test]
    fn nothing_is_lost_uncounted_and_order_is_kept(rule in rules(), limits in limits(), lines in lines()) {
        let (sessions, counters) = group(&rule, &limits, &lines, &[]);
        let kept: u64 = sessions.iter().map(|session| session.events.len() as u64).sum();
        let dropped: u64 = sessions.iter().map(|session| session.dropped_events).sum();
        prop_assert_eq!(counters.events, lines.len() as u64);
        prop_assert_eq!(counters.placed, kept + dropped);
        prop_assert_eq!(counters.dropped_events, dropped);
        prop_assert_eq!(counters.sessions, sessions.len() as u64);
        prop_assert!(counters.placed + counters.without_session >= counters.events);
        for session in &sessions {
            prop_assert!(!session.events.is_empty() && session.events.len() <= limits.max_events);
            prop_assert!(session.events.is_sorted_by(|a, b| a.line < b.line), "{session:?}");
        }
    }

    #[test]
    fn sessions_by_identifier_are_what_a_map_would_hold(lines in lines()) {
        let lines: Vec<Line> = lines.into_iter().map(|(pause, names, _)| (pause, names, false)).collect();
        let mut expected: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (number, (_, names, _)) in (1..).zip(&lines) {
            for name in names {
                expected.entry(name).or_default().push(number);
            }
        }
        let (sessions, counters) = group(&identifier(), &Limits::default(), &lines, &[]);
        let found: BTreeMap<&str, Vec<u64>> =
            sessions.iter().map(|session| (&*session.id, session.events.iter().map(|event| event.line).collect())).collect();
        prop_assert_eq!(sessions.len(), expected.len());
        prop_assert_eq!(found, expected);
        prop_assert_eq!(counters.without_session, lines.iter().filter(|line| line.1.is_empty()).count() as u64);
    }

    #[test]
    fn windows_of_time_hold_the_lines_of_their_time(
        pauses in vec(-15..20i64, 1..60), length in 10..40i64, step in 1..10i64, lateness in 0..20i64,
    ) {
        let lines: Vec<Line> = pauses.iter().map(|&pause| (Some(pause), vec![], false)).collect();
        let rule = rule(&format!("by = \"time\"\nlength = \"{length}s\"\nstep = \"{step}s\""));
        let limits = Limits { lateness: Duration::seconds(lateness as u32), ..Limits::default() };
        let (sessions, counters) = group(&rule, &limits, &lines, &[]);

        let (mut expected, mut late) = (BTreeMap::<i64, Vec<u64>>::new(), 0);
        let (mut second, mut newest) = (0, i64::MIN);
        for (line, pause) in (1..).zip(pauses) {
            second += pause;
            newest = newest.max(second);
            let starts = |range: std::ops::RangeInclusive<i64>| range.filter(|start| start.rem_euclid(step) == 0);
            let own: Vec<i64> = starts(second - length + 1..=second).collect();
            let mut open = own.clone();
            open.retain(|start| start + length + lateness > newest);
            late += u64::from(open.len() < own.len());
            if open.is_empty() {
                open.extend(starts(newest - length - lateness + 1..=newest).next());
            }
            for start in open {
                expected.entry(start).or_default().push(line);
            }
        }
        let found: Vec<Vec<u64>> =
            sessions.iter().map(|session| session.events.iter().map(|event| event.line).collect()).collect();
        prop_assert_eq!(counters.late, late);
        // Late lines can open windows out of order; those close at the end in the order of their opening.
        let in_order = |mut windows: Vec<Vec<u64>>| {
            windows.sort();
            windows
        };
        prop_assert_eq!(in_order(found), in_order(expected.into_values().collect()));
    }

    #[test]
    fn windows_of_count_are_runs_of_so_many_events(count in 0..60u64, events in 1..9u64) {
        let lines: Vec<Line> = vec![(None, vec![], false); count as usize];
        let (sessions, _) = group(&rule(&format!("by = \"count\"\nevents = {events}")), &Limits::default(), &lines, &[]);
        let found: Vec<Vec<u64>> =
            sessions.iter().map(|session| session.events.iter().map(|event| event.line).collect()).collect();
        let all: Vec<u64> = (1..=count).collect();
        let expected: Vec<Vec<u64>> = all.chunks(events as usize).map(<[u64]>::to_vec).collect();
        prop_assert_eq!(found, expected);
    }
}
