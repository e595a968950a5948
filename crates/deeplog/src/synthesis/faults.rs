//! Faults in sessions that lie there whole.

use std::collections::BTreeMap;

use evaluation::Fault;
use log_synthesis::{FaultCount, FaultKind, Injector, Piece, Subject};
use rustc_hash::{FxHashMap, FxHashSet};
use sequence_windowing::{Event, KeyName, Session, Timestamp, seeded};

use crate::error::{Error, Result};
use crate::experiment::Inject;
use crate::observer::Observer;

/// Name of the key of an event that occurs nowhere.
const FOREIGN: &str = "(foreign)";

/// A delayed event is late by so many times the longest gap in its session, and by so many microseconds at least.
const LATE: i64 = 10;
pub(super) const LEAST_DELAY: i64 = 60_000_000;

/// What was put where.
pub(crate) struct Injected {
    /// By identifier of the session.
    pub(crate) faults: FxHashMap<String, Fault>,
    /// By kind.
    pub(crate) counts: BTreeMap<FaultKind, FaultCount>,
    /// Sessions that were to have a fault, and that none fits.
    pub(crate) without: u64,
}

/// Puts faults into a share of normal sessions, drawn by lot. None ends up as the sequence of a session in `train` or of
/// one that is normal here; replacements are keys of `train`.
///
/// # Errors
/// Two sessions of one name, and settings by which no session gets a fault.
pub(crate) fn inject(
    sessions: &mut [Session<KeyName>],
    train: &[Session<KeyName>],
    config: &Inject,
) -> Result<Injected> {
    ensure_names(sessions)?;
    let keys = |session: &Session<KeyName>| session.events.iter().map(|event| event.key.clone()).collect();
    let known: Vec<Vec<KeyName>> = train.iter().map(keys).collect();
    let normal: Vec<Vec<KeyName>> = sessions.iter().map(keys).collect();
    let is_timed = |session: &Session<KeyName>| session.events.iter().all(|event| event.time.is_some());
    let fits = |kind: &FaultKind| match kind {
        FaultKind::OutOfRange => false,
        FaultKind::Delayed => sessions.iter().any(is_timed),
        _ => true,
    };
    let all = FaultKind::ALL.iter().copied().filter(fits);
    let kinds = if config.kinds.is_empty() {
        all.collect()
    } else {
        config.kinds.clone()
    };
    let mut injector = Injector::new(config.seed, &kinds, known.iter().map(Vec::as_slice));
    injector.hold_normal(normal.iter().map(Vec::as_slice));
    let mut faults = FxHashMap::default();
    let mut without = 0;
    for index in seeded(sessions.len(), config.share, config.seed).train {
        let session = &mut sessions[index];
        let subject = Subject {
            timed: is_timed(session),
            ..Subject::from(&normal[index][..])
        };
        let Some(fault) = injector.inject(&subject) else {
            without += 1;
            continue;
        };
        session.events = carry_out(&session.events, &fault);
        let fault = Fault {
            kind: fault.kind.to_string(),
            position: Some(fault.position),
        };
        faults.insert(session.id.to_string(), fault);
    }
    ensure_any(faults.len(), &kinds, sessions.len())?;
    Ok(Injected {
        faults,
        counts: injector.counts().clone(),
        without,
    })
}

/// Two sessions of one name could not be told apart by their labels.
fn ensure_names(sessions: &[Session<KeyName>]) -> Result<()> {
    let mut names = FxHashSet::default();
    match sessions.iter().find(|session| !names.insert(&session.id)) {
        None => Ok(()),
        Some(twice) => Err(Error::run(
            format!("there are two sessions `{}`", twice.id),
            "give each session a name of its own: labels go by names",
        )),
    }
}

/// What was to have faults and has none would be measured for nothing.
pub(super) fn ensure_any(faults: usize, kinds: &[FaultKind], sessions: usize) -> Result<()> {
    if faults > 0 {
        return Ok(());
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let needs: Vec<String> = kinds.iter().map(|kind| format!("{kind} {}", needs(*kind))).collect();
    Err(Error::run(
        format!(
            "none of {sessions} normal sessions got a fault, of these kinds: {}",
            names.join(", ")
        ),
        format!(
            "raise the share, or choose kinds that fit; {}; and no fault may end up as a normal sequence",
            needs.join("; ")
        ),
    ))
}

/// What a session must have to take a fault.
fn needs(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Missing | FaultKind::Truncated => "needs two events",
        FaultKind::Doubled => "needs an event",
        FaultKind::Swapped => "needs two unequal events side by side",
        FaultKind::Moved => "needs three events",
        FaultKind::Replaced => "needs a second event template",
        FaultKind::Foreign => "needs nothing",
        FaultKind::Delayed => "needs two events and times, which session files do not have",
        FaultKind::OutOfRange => "needs numbers, which only raw logs have (`deeplog synth inject LOG --dataset FILE`)",
    }
}

/// Events in a new order happen at the times at which the old ones did.
fn carry_out(events: &[Event<KeyName>], fault: &log_synthesis::Fault<KeyName>) -> Vec<Event<KeyName>> {
    let mut time = events.first().and_then(|event| event.time);
    let made = fault.pieces.iter().map(|piece| {
        let new = |key: KeyName, time| Event { key, line: 0, time };
        let event = match piece {
            Piece::Own(index) => events[*index].clone(),
            Piece::Known(key) => new(key.clone(), time),
            Piece::Foreign => new(KeyName::from(FOREIGN), time),
        };
        time = event.time;
        event
    });
    let mut made: Vec<Event<KeyName>> = made.collect();
    let mut times: Vec<Option<Timestamp>> = made.iter().map(|event| event.time).collect();
    if !fault.kind.keeps_keys() {
        times.sort_unstable();
    }
    let late = if fault.kind == FaultKind::Delayed {
        delay(&times)
    } else {
        0
    };
    for (index, (event, time)) in made.iter_mut().zip(times).enumerate() {
        let late = if index >= fault.position { late } else { 0 };
        event.time = time.map(|Timestamp(time)| Timestamp(time.saturating_add(late)));
    }
    made
}

/// How late a delayed event of a session is, in microseconds: never what its times would lead to expect.
pub(super) fn delay(times: &[Option<Timestamp>]) -> i64 {
    let gap = |pair: &[Option<Timestamp>]| Some(pair[1]?.0.saturating_sub(pair[0]?.0));
    let longest = times.windows(2).filter_map(gap).max().unwrap_or(0);
    longest.saturating_mul(LATE).max(LEAST_DELAY)
}

impl Injected {
    /// What came out, in a sentence; what stood in the way is warned of.
    pub(crate) fn told(&self, sessions: usize, observer: &mut dyn Observer) -> String {
        let of = |count: fn(&FaultCount) -> u64| {
            let kinds = self.counts.iter().filter(|(_, counted)| count(counted) > 0);
            let kinds: Vec<String> = kinds
                .map(|(kind, counted)| format!("{} {}", count(counted), kind.name().replace('_', " ")))
                .collect();
            kinds.join(", ")
        };
        for (count, fact) in [
            (
                of(|count| count.impossible),
                "did not fit a session (too short, no times, no numbers, nothing unequal), which took another kind",
            ),
            (
                of(|count| count.normal),
                "draws gave a normal sequence, where no look at keys could find anything, and were drawn anew",
            ),
        ] {
            if !count.is_empty() {
                observer.warn(&format!("{fact}: {count}"));
            }
        }
        if self.without > 0 {
            observer.warn(&format!(
                "{} sessions take no fault of these kinds and stay as they are",
                self.without
            ));
        }
        format!(
            "{} faults in {sessions} sessions: {}",
            self.faults.len(),
            of(|count| count.injected)
        )
    }
}
