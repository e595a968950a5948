//! Assigns a stream of events to sessions, and closes them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::placement::{CountWindows, TimeWindows};
use crate::recency::RecencyMap;
use crate::{
    Closed, EndOfInput, Event, GroupCounters, InvalidRule, Limits, SessionEnd, SessionRule, SessionSink, Timestamp,
};

/// Assigns events to sessions as they come, and keeps a state `S` for each open one.
///
/// It is a value that can be written down and read back between any two events, and goes on as if nothing had happened.
///
/// - *Clock*: the newest time stamp so far. An event without one takes that of the event before. Sessions that
///   were quiet for longer than [`Limits::idle`] close before the next event is placed.
/// - *Ids*: the identifier or the value of the stream's field; `2005-06-03T15:42:00` for windows of time; `1-100` for
///   windows of count; `host 1-100` where these are split by a field. An id that comes again after its
///   session was closed opens another, with `#2`, `#3`, … appended. The last [`Limits::max_open`] closed
///   ids are remembered for that; one that comes back later still starts again without a number. So does the
///   count of a stream, if more than `max_open` other streams came since its last event.
/// - *Order of closing*: idle and evicted sessions by their last event, windows of time by their start, and what is
///   open at the end of the input by its opening. It depends on nothing but the input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grouper<S> {
    rule: SessionRule,
    limits: Limits,
    open: RecencyMap<Open<S>>,
    /// How often the ids that were closed last have been opened.
    closed: RecencyMap<u64>,
    /// Events so far of each stream, for windows of count.
    streams: RecencyMap<i64>,
    /// Open windows of time, in the order in which they will be over: window, number of the session, stream.
    due: BTreeSet<(i64, u64, Arc<str>)>,
    newest: Option<Timestamp>,
    last: Option<Timestamp>,
    counters: GroupCounters,
}

/// A session that is still open.
#[derive(Clone, Copy, Debug)]
pub struct OpenSession<'g, S> {
    /// Its id.
    pub id: &'g Arc<str>,
    /// Sessions opened before it.
    pub number: u64,
    /// What the log's clock showed at its last event.
    pub touched: Option<Timestamp>,
    /// What is kept for it.
    pub state: &'g S,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open<S> {
    id: Arc<str>,
    /// Sessions opened before it.
    number: u64,
    /// How often this identifier has been opened.
    opening: u64,
    /// What the log's clock showed at the last event.
    touched: Option<Timestamp>,
    events: usize,
    dropped: u64,
    state: S,
}

impl<S> Grouper<S> {
    /// Begins with no open session.
    ///
    /// # Errors
    /// Every mistake in the rule and in the limits.
    pub fn new(rule: SessionRule, limits: Limits) -> Result<Self, InvalidRule> {
        let problems = [rule.problems(), limits.problems()].concat();
        if !problems.is_empty() {
            return Err(InvalidRule(problems));
        }
        Ok(Self {
            rule,
            limits,
            open: RecencyMap::default(),
            closed: RecencyMap::default(),
            streams: RecencyMap::default(),
            due: BTreeSet::new(),
            newest: None,
            last: None,
            counters: GroupCounters::default(),
        })
    }

    /// The rule it follows.
    #[must_use]
    pub fn rule(&self) -> &SessionRule {
        &self.rule
    }

    /// The limits it keeps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the events went so far.
    #[must_use]
    pub fn counters(&self) -> GroupCounters {
        self.counters
    }

    /// Number of open sessions.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.open.len()
    }

    /// Takes in the next event.
    ///
    /// `names` are the distinct identifiers of its line, or the value of the rule's [`field`](SessionRule::field) if
    /// the line has it; a rule without either does not look at them. `ends` says that the event ends the sessions it
    /// is in, see [`Limits::is_end_key`].
    pub fn push<K, N: AsRef<str>>(
        &mut self,
        event: &Event<K>,
        names: impl IntoIterator<Item = N>,
        ends: bool,
        sink: &mut impl SessionSink<K, State = S>,
    ) {
        self.counters.events += 1;
        self.advance(event.time, sink);
        let placed = self.counters.placed;
        if let Some(windows) = self.windows_now() {
            if self.rule.is_one_stream() {
                self.place("", windows, event, ends, sink);
            } else {
                for name in names {
                    if !name.as_ref().is_empty() {
                        self.place(name.as_ref(), windows.clone(), event, ends, sink);
                    }
                }
            }
        }
        if self.counters.placed == placed {
            self.counters.without_session += 1;
        }
    }

    /// Closes all sessions that are still open, and says where the events went.
    pub fn finish<K>(self, sink: &mut impl SessionSink<K, State = S>) -> GroupCounters {
        let running = self
            .time_windows()
            .zip(self.newest)
            .map(|(windows, newest)| windows.first_running(newest));
        let complete = self.limits.end_of_input == EndOfInput::Complete;
        let mut open: Vec<_> = self.open.into_entries().collect();
        open.sort_by_key(|(_, session)| session.number);
        for (window, session) in open {
            // A window of time that was only waiting for late lines is whole.
            let whole = complete || running.is_some_and(|running| window < running);
            sink.close(session.closed(if whole {
                SessionEnd::Explicit
            } else {
                SessionEnd::EndOfInput
            }));
        }
        self.counters
    }

    /// What the log's clock shows: the newest time stamp so far.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Whether anything is over when the log's clock shows this.
    #[must_use]
    pub fn is_due(&self, time: Timestamp) -> bool {
        let first_open = self.time_windows().map(|windows| windows.first_open(time));
        let is_over = first_open.zip(self.due.first()).is_some_and(|(open, due)| due.0 < open);
        let touched = self.open.oldest().and_then(|(_, session)| session.touched);
        let is_idle = |idle| touched.is_some_and(|touched| time.since(touched) > idle);
        is_over || self.limits.idle.is_some_and(is_idle)
    }

    /// Moves the log's clock without an event, and closes what is over by it: for logs that have fallen silent.
    pub fn pass_time<K>(&mut self, time: Timestamp, sink: &mut impl SessionSink<K, State = S>) {
        if self.newest.is_some() {
            self.move_clock(time, sink);
        }
    }

    /// The open sessions, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = OpenSession<'_, S>> {
        self.open.values().map(|session| OpenSession {
            id: &session.id,
            number: session.number,
            touched: session.touched,
            state: &session.state,
        })
    }

    fn advance<K>(&mut self, time: Option<Timestamp>, sink: &mut impl SessionSink<K, State = S>) {
        if let Some(time) = time {
            self.last = Some(time);
            self.move_clock(time, sink);
        }
    }

    /// Moves the log's clock, and closes what is over by it.
    fn move_clock<K>(&mut self, time: Timestamp, sink: &mut impl SessionSink<K, State = S>) {
        let Some(newest) = self.newest else {
            self.newest = Some(time);
            self.open.values_mut().for_each(|session| session.touched = Some(time));
            return;
        };
        if time <= newest {
            return;
        }
        self.newest = Some(time);
        if let Some(first_open) = self.time_windows().map(|windows| windows.first_open(time)) {
            while let Some(&(window, ..)) = self.due.first()
                && window < first_open
                && let Some((window, _, stream)) = self.due.pop_first()
            {
                if let Some(slot) = self.open.find(&stream, window) {
                    self.close(slot, SessionEnd::Explicit, sink);
                }
            }
        }
        if let Some(idle) = self.limits.idle {
            while let Some((slot, session)) = self.open.oldest()
                && session.touched.is_some_and(|touched| time.since(touched) > idle)
            {
                self.close(slot, SessionEnd::Idle, sink);
            }
        }
    }

    /// The windows that an event lies in by its time; just one for rules that do not go by time.
    fn windows_now(&mut self) -> Option<RangeInclusive<i64>> {
        let Some(windows) = self.time_windows() else {
            return Some(0..=0);
        };
        let (own, first_open) = (windows.of(self.last?), windows.first_open(self.newest?));
        if *own.start() >= first_open {
            return Some(own);
        }
        self.counters.late += 1;
        Some(first_open..=first_open.max(*own.end()))
    }

    fn time_windows(&self) -> Option<TimeWindows> {
        match self.rule {
            SessionRule::Time { length, step, .. } => Some(TimeWindows::new(length, step, self.limits.lateness)),
            _ => None,
        }
    }

    /// Whether a window is one of time that never comes again.
    fn is_over(&self, window: i64) -> bool {
        let windows = self.time_windows().zip(self.newest);
        windows.is_some_and(|(windows, newest)| window < windows.first_open(newest))
    }

    fn place<K>(
        &mut self,
        name: &str,
        windows: RangeInclusive<i64>,
        event: &Event<K>,
        ends: bool,
        sink: &mut impl SessionSink<K, State = S>,
    ) {
        let SessionRule::Count { events, step, .. } = self.rule else {
            return windows.for_each(|window| self.give(name, window, event, ends, sink));
        };
        let windows = CountWindows::new(events, step);
        let number = self.next_number(name);
        for window in windows.of(number) {
            self.give(name, window, event, ends || windows.last(window) == number, sink);
        }
    }

    /// Number of the next event of a stream, from 1.
    fn next_number(&mut self, stream: &str) -> i64 {
        let slot = remembered(&mut self.streams, stream, 0, self.limits.max_open);
        let number = self.streams.value_mut(slot);
        *number += 1;
        *number
    }

    /// Gives an event to one session, which is opened if need be.
    fn give<K>(
        &mut self,
        name: &str,
        window: i64,
        event: &Event<K>,
        ends: bool,
        sink: &mut impl SessionSink<K, State = S>,
    ) {
        let slot = match self.open.find(name, window) {
            Some(slot) => slot,
            None => self.open(name, window, sink),
        };
        self.open.touch(slot);
        let session = self.open.value_mut(slot);
        session.touched = self.newest;
        self.counters.placed += 1;
        if session.events < self.limits.max_events {
            session.events += 1;
            sink.event(&session.id, &mut session.state, event);
        } else {
            session.dropped += 1;
            self.counters.dropped_events += 1;
        }
        if ends {
            self.close(slot, SessionEnd::Explicit, sink);
        }
    }

    fn open<K>(&mut self, name: &str, window: i64, sink: &mut impl SessionSink<K, State = S>) -> u32 {
        if self.open.len() >= self.limits.max_open
            && let Some((oldest, _)) = self.open.oldest()
        {
            self.counters.evicted += 1;
            self.close(oldest, SessionEnd::Evicted, sink);
        }
        let opening = 1 + self
            .closed
            .find(name, window)
            .map_or(0, |slot| *self.closed.value_mut(slot));
        let name: Arc<str> = name.into();
        let id = self.id(&name, window, opening);
        let number = self.counters.sessions;
        self.counters.sessions += 1;
        self.counters.reopened += u64::from(opening > 1);
        if self.time_windows().is_some() {
            self.due.insert((window, number, name.clone()));
        }
        let state = sink.open(&id);
        let session = Open {
            id,
            number,
            opening,
            touched: self.newest,
            events: 0,
            dropped: 0,
            state,
        };
        self.open.insert(name, window, session)
    }

    fn id(&self, name: &Arc<str>, window: i64, opening: u64) -> Arc<str> {
        let window = match self.rule {
            SessionRule::Time { length, step, .. } => TimeWindows::new(length, step, self.limits.lateness).name(window),
            SessionRule::Count { events, step, .. } => CountWindows::new(events, step).name(window),
            _ if opening == 1 => return name.clone(),
            _ => String::new(),
        };
        let space = if name.is_empty() || window.is_empty() { "" } else { " " };
        match opening {
            1 => format!("{name}{space}{window}").into(),
            _ => format!("{name}{space}{window}#{opening}").into(),
        }
    }

    fn close<K>(&mut self, slot: u32, end: SessionEnd, sink: &mut impl SessionSink<K, State = S>) {
        let (name, window, session) = self.open.remove(slot);
        self.due.remove(&(window, session.number, name.clone()));
        if !self.is_over(window) {
            let slot = remembered(&mut self.closed, &name, window, self.limits.max_open);
            *self.closed.value_mut(slot) = session.opening;
        }
        sink.close(session.closed(end));
    }
}

impl<S> Open<S> {
    fn closed(self, end: SessionEnd) -> Closed<S> {
        Closed {
            id: self.id,
            state: self.state,
            end,
            dropped_events: self.dropped,
        }
    }
}

/// The slot of an entry, now the one used last; if it was not there, it is added at the cost of the oldest.
fn remembered<T: Default>(map: &mut RecencyMap<T>, name: &str, window: i64, most: usize) -> u32 {
    match map.find(name, window) {
        Some(slot) => {
            map.touch(slot);
            slot
        }
        None => {
            if map.len() >= most
                && let Some((oldest, _)) = map.oldest()
            {
                map.remove(oldest);
            }
            map.insert(name.into(), window, T::default())
        }
    }
}
