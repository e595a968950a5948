//! What closes a session, and where each event goes.

use std::sync::Arc;

use super::{Line, event, group, identifier, limits, rule, shown};
use crate::{Closed, Collector, Event, GroupCounters, Grouper, Limits, SessionSink, Timestamp};

#[test]
fn a_line_belongs_to_every_session_that_it_names() {
    let (sessions, counters) = group(
        identifier(),
        Limits::default(),
        &[(None, "b a"), (None, "a"), (None, ""), (None, "b")],
    );
    assert_eq!(shown(&sessions), ["b: 1 4 cut", "a: 1 2 cut"]);
    let expected = GroupCounters {
        events: 4,
        placed: 4,
        without_session: 1,
        sessions: 2,
        ..GroupCounters::default()
    };
    assert_eq!(counters, expected);
}

#[test]
fn an_end_key_closes_its_sessions_with_its_event_in_them() {
    let lines = [(None, "a b"), (None, "a!"), (None, "b"), (None, "a b!")];
    let (sessions, counters) = group(identifier(), Limits::default(), &lines);
    assert_eq!(
        shown(&sessions),
        ["a: 1 2 explicit", "a#2: 4 explicit", "b: 1 3 4 explicit"]
    );
    assert_eq!(counters.reopened, 1);
}

#[test]
fn a_complete_input_ends_its_sessions() {
    let (sessions, _) = group(identifier(), limits("end_of_input = \"complete\""), &[(None, "a")]);
    assert_eq!(shown(&sessions), ["a: 1 explicit"]);
}

#[test]
fn a_quiet_session_closes_by_the_clock_of_the_log() {
    let lines = [
        (Some(0), "a"),
        (Some(5), "b"),
        (Some(10), "a"), // exactly the idle time after its last event
        (Some(16), "a"), // b was quiet for 11
        (None, "c"),     // at 16
        (Some(3), "d"),  // late: the clock stays at 16
        (Some(26), "x"), // a, c and d at 16: 10 is not longer than the idle time
        (Some(27), "d"), // a, c and d, in the order of their last events
        (Some(100), ""), // the clock goes on without a session
    ];
    let (sessions, counters) = group(identifier(), limits("idle = \"10s\""), &lines);
    let expected = [
        "b: 2 idle",
        "a: 1 3 4 idle",
        "c: 5 idle",
        "d: 6 idle",
        "x: 7 idle",
        "d#2: 8 idle",
    ];
    assert_eq!(shown(&sessions), expected);
    assert_eq!((counters.reopened, counters.without_session), (1, 1));
}

/// Notes what closes.
#[derive(Default)]
struct Closing(Vec<String>);

impl SessionSink<u64> for Closing {
    type State = ();

    fn open(&mut self, _: &Arc<str>) {}

    fn event(&mut self, _: &Arc<str>, (): &mut (), _: &Event<u64>) {}

    fn close(&mut self, closed: Closed<()>) {
        self.0.push(format!("{} {:?}", closed.id, closed.end));
    }
}

#[test]
fn time_that_passes_without_an_event_closes_what_an_event_would() {
    let windows = rule("by = 'time'\nlength = '10s'");
    for (rule, first, last, closed) in [
        (identifier(), 61, 62, ["a Idle", "b Idle"]),
        (
            windows,
            10,
            20,
            ["1970-01-01T00:00:00 Explicit", "1970-01-01T00:00:10 Explicit"],
        ),
    ] {
        let mut grouper = Grouper::new(rule, limits("idle = '60s'")).unwrap();
        let mut sink = Closing::default();
        let at = |second: i64| Timestamp(second * 1_000_000);
        // Before the first stamp there is no clock that could run.
        assert!(!grouper.is_due(at(1000)));
        grouper.pass_time(at(1000), &mut sink);
        grouper.push(&event(1, Some(0)), ["a"], false, &mut sink);
        let late = if first == 10 { 10 } else { 1 };
        assert!(!grouper.is_due(at(first - 1)));
        grouper.push(&event(2, Some(late)), ["b"], false, &mut sink);
        let open: Vec<String> = grouper.sessions().map(|session| session.id.to_string()).collect();
        assert_eq!(open.len() + sink.0.len(), 2);
        grouper.pass_time(at(first - 1), &mut sink);
        assert_eq!(sink.0.len(), usize::from(first == 10));
        assert!(grouper.is_due(at(last)));
        grouper.pass_time(at(last), &mut sink);
        assert_eq!(sink.0, closed);
        assert!(!grouper.is_due(at(last + 1000)));
        // It was no event: one without a stamp still takes that of the event before.
        assert_eq!(grouper.clock(), Some(at(last)));
    }
}

#[test]
fn sessions_that_began_before_the_first_time_stamp_are_quiet_from_there_on() {
    let lines = [(None, "a"), (Some(1_000), "b"), (Some(1_010), "b"), (Some(1_011), "b")];
    let (sessions, _) = group(identifier(), limits("idle = \"10s\""), &lines);
    assert_eq!(shown(&sessions), ["a: 1 idle", "b: 2 3 4 cut"]);
}

#[test]
fn the_longest_quiet_session_gives_way() {
    let lines = [
        (None, "a"),
        (None, "b"),
        (None, "a"),
        (None, "c"),
        (None, "b"),
        (None, "b"),
    ];
    let (sessions, counters) = group(identifier(), limits("max_open = 2"), &lines);
    assert_eq!(
        shown(&sessions),
        ["b: 2 evicted", "a: 1 3 evicted", "c: 4 cut", "b#2: 5 6 cut"]
    );
    assert_eq!((counters.evicted, counters.reopened, counters.sessions), (2, 1, 4));
}

#[test]
fn closed_ids_are_remembered_within_the_bound() {
    let lines: Vec<Line<'_>> = ["a!", "b!", "a!", "a!", "c!", "d!", "a!"]
        .map(|name| (None, name))
        .into();
    let (sessions, _) = group(identifier(), limits("max_open = 2"), &lines);
    let ids: Vec<_> = sessions.iter().map(|session| &*session.id).collect();
    assert_eq!(ids, ["a", "b", "a#2", "a#3", "c", "d", "a"]);
}

#[test]
fn a_session_holds_so_many_events_and_counts_the_rest() {
    let (sessions, counters) = group(
        identifier(),
        limits("max_events = 2"),
        &[(None, "a"), (None, "a"), (None, "a b"), (None, "a!")],
    );
    assert_eq!(shown(&sessions), ["a: 1 2 explicit", "b: 3 cut"]);
    assert_eq!((sessions[0].dropped_events, sessions[1].dropped_events), (2, 0));
    assert_eq!((counters.dropped_events, counters.placed), (2, 5));
}

#[test]
fn windows_of_time_close_when_the_log_moves_on() {
    let rule = rule("by = \"time\"\nlength = \"1m\"");
    let lines = [
        (None, ""),
        (Some(0), ""),
        (Some(59), "ignored"),
        (None, ""),
        (Some(60), ""),
        (Some(200), ""),
    ];
    let (sessions, counters) = group(rule, Limits::default(), &lines);
    let expected = [
        "1970-01-01T00:00:00: 2 3 4 explicit",
        "1970-01-01T00:01:00: 5 explicit",
        "1970-01-01T00:03:00: 6 cut",
    ];
    assert_eq!(shown(&sessions), expected);
    assert_eq!((counters.without_session, counters.late), (1, 0));
}

#[test]
fn late_lines_go_to_their_own_window_or_to_the_oldest_open_one() {
    let lines = [
        (Some(30), "h"),
        (Some(70), "h"),
        (Some(35), "h"),   // the first window waits for 20 seconds more
        (Some(81), "h"),   // and is closed now
        (Some(36), "h"),   // late
        (Some(37), "g i"), // late, in streams without an open window: counted once
        (Some(130), "h"),  // the second window is over, and waits
    ];
    let (sessions, counters) = group(
        rule("by = \"time\"\nlength = \"1m\"\nfield = \"Host\""),
        limits("lateness = \"20s\""),
        &lines,
    );
    let expected = [
        "h 1970-01-01T00:00:00: 1 3 explicit",
        "h 1970-01-01T00:01:00: 2 4 5 explicit",
        "g 1970-01-01T00:01:00: 6 explicit",
        "i 1970-01-01T00:01:00: 6 explicit",
        "h 1970-01-01T00:02:00: 7 cut",
    ];
    assert_eq!(shown(&sessions), expected);
    assert_eq!(counters.late, 2);
}

#[test]
fn windows_of_time_may_overlap() {
    let rule = rule("by = \"time\"\nlength = \"60s\"\nstep = \"30s\"");
    let lines = [(Some(0), ""), (Some(45), ""), (Some(70), ""), (Some(40), "")];
    let (sessions, counters) = group(rule, Limits::default(), &lines);
    let expected = [
        "1969-12-31T23:59:30: 1 explicit",
        "1970-01-01T00:00:00: 1 2 explicit",
        "1970-01-01T00:00:30: 2 3 4 cut", // line 4 lay in the closed window, too
        "1970-01-01T00:01:00: 3 cut",
    ];
    assert_eq!(shown(&sessions), expected);
    assert_eq!((counters.late, counters.placed), (1, 7));
}

#[test]
fn windows_of_count_close_when_they_are_full() {
    let lines: [Line<'_>; 5] = [(None, ""); 5];
    let (sessions, counters) = group(rule("by = \"count\"\nevents = 2"), Limits::default(), &lines);
    assert_eq!(
        shown(&sessions),
        ["1-2: 1 2 explicit", "3-4: 3 4 explicit", "5-6: 5 cut"]
    );
    assert_eq!((counters.without_session, counters.sessions), (0, 3));

    let (sessions, _) = group(rule("by = \"count\"\nevents = 3\nstep = 2"), Limits::default(), &lines);
    assert_eq!(
        shown(&sessions),
        ["1-3: 1 2 3 explicit", "3-5: 3 4 5 explicit", "5-7: 5 cut"]
    );

    let lines = [(None, "g"), (None, "h"), (None, "g"), (None, ""), (None, "h")];
    let (sessions, counters) = group(
        rule("by = \"count\"\nevents = 2\nfield = \"Host\""),
        Limits::default(),
        &lines,
    );
    assert_eq!(shown(&sessions), ["g 1-2: 1 3 explicit", "h 1-2: 2 5 explicit"]);
    assert_eq!(counters.without_session, 1);
}

#[test]
fn a_window_that_was_closed_early_goes_on_under_a_new_id() {
    let (sessions, _) = group(
        rule("by = \"count\"\nevents = 4"),
        Limits::default(),
        &[(None, "!"), (None, ""), (None, ""), (None, "")],
    );
    assert_eq!(shown(&sessions), ["1-4: 1 explicit", "1-4#2: 2 3 4 explicit"]);
    let lines = [(Some(0), ""), (Some(20), ""), (Some(90), "")];
    let (sessions, _) = group(rule("by = \"time\"\nlength = \"1m\""), limits("idle = \"10s\""), &lines);
    let expected = [
        "1970-01-01T00:00:00: 1 idle",
        "1970-01-01T00:00:00#2: 2 explicit",
        "1970-01-01T00:01:00: 3 cut",
    ];
    assert_eq!(shown(&sessions), expected);
}

#[test]
fn stamps_from_the_end_of_time_break_nothing() {
    let far = i64::MAX / 1_000_000;
    let lines = [(Some(0), "a"), (Some(far), "a"), (Some(-far), "a"), (Some(1), "a")];
    for text in [
        "by = \"time\"\nlength = \"1d\"\nstep = \"1h\"",
        "by = \"stream\"\nfield = \"Pid\"",
    ] {
        let (sessions, counters) = group(rule(text), limits("idle = \"1s\"\nlateness = \"365000d\""), &lines);
        assert_eq!(counters.without_session, 0);
        assert_eq!(
            sessions.iter().map(|session| session.events.len() as u64).sum::<u64>(),
            counters.placed
        );
    }
}

#[test]
fn every_mistake_in_rule_and_limits_is_told_at_once() {
    let error = Collector::<u64>::new(rule("by = \"count\"\nevents = 0"), limits("max_open = 0"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "events is 0, so windows would be empty: give more than that; max_open is 0: give 1 to 1000000000"
    );
}
