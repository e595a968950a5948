//! What one fault changes among the lines of a log.

use log_synthesis::{Fault, FaultKind, Piece};
use sequence_windowing::{Session, Timestamp};

use super::survey::Survey;
use crate::synthesis::faults::{LEAST_DELAY, delay};

/// Every format of time stamps knows minutes.
const MINUTE: i64 = 60_000_000;

/// Where a line is put: before this unit; of several there in this order.
pub(super) type Place = (usize, i64);

/// Right behind the unit before, and right before the unit.
const FIRST: i64 = i64::MIN;
const LAST: i64 = i64::MAX;

/// A session with a fault, in lines.
#[derive(Clone, Debug)]
pub(super) struct Faulty {
    /// Its index.
    pub(super) session: usize,
    pub(super) kind: FaultKind,
    pub(super) position: usize,
    /// First lines of messages that are gone.
    pub(super) removed: Vec<u64>,
    pub(super) made: Vec<Made>,
    /// Where the event at the position is.
    pub(super) at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The message that begins in this line of the log.
    Line(u64),
    /// One of those that were made.
    Made(usize),
    /// Nowhere: the session ends before.
    End,
}

/// A message that is put into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) place: Place,
    pub(super) what: What,
    /// The message that it takes stamp and names from.
    pub(super) like: u64,
    /// Its time, where that is another than that message's.
    pub(super) time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The message that begins in this line.
    Line(u64),
    /// The same with a number out of range.
    OutOfRange(u64),
    /// Any message of this template.
    Template(u32),
    /// A message of no template.
    Foreign,
}

/// What a fault of a session changes; `None` where that would change another session, or part this one. `idle`: the longest
/// silence within a session, in microseconds.
pub(super) fn of(survey: &Survey, session: usize, fault: &Fault<u32>, idle: Option<i64>) -> Option<Faulty> {
    let events = &survey.sessions[session];
    let (removed, made, at, times) = match fault.kind {
        FaultKind::Delayed => delayed(survey, events, fault.position, idle)?,
        FaultKind::OutOfRange => {
            let line = events.events[fault.position].line;
            let made = Made {
                place: (survey.unit(line)?, LAST),
                what: What::OutOfRange(line),
                like: line,
                time: None,
            };
            (vec![line], vec![made], At::Made(0), Vec::new())
        }
        _ => rearranged(survey, events, fault)?,
    };
    let is_fixed = |line: &u64| survey.facts(*line).is_none_or(|facts| facts.is_fixed);
    let sources = made.iter().flat_map(|made| {
        let source = match made.what {
            What::Line(line) | What::OutOfRange(line) => Some(line),
            What::Template(_) | What::Foreign => None,
        };
        source.into_iter().chain([made.like])
    });
    if removed.iter().copied().chain(sources).any(|line| is_fixed(&line)) {
        return None;
    }
    let parts = |pair: &[Option<Timestamp>]| match (pair[0], pair[1], idle) {
        (Some(before), Some(after), Some(idle)) => after.0.saturating_sub(before.0) > idle,
        _ => false,
    };
    if times.windows(2).any(parts) {
        return None;
    }
    Some(Faulty {
        session,
        kind: fault.kind,
        position: fault.position,
        removed,
        made,
        at,
    })
}

type Changes = (Vec<u64>, Vec<Made>, At, Vec<Option<Timestamp>>);

/// The event at the position and all behind it, as much later.
fn delayed(survey: &Survey, session: &Session<u32>, position: usize, idle: Option<i64>) -> Option<Changes> {
    let times: Vec<Option<Timestamp>> = session.events.iter().map(|event| event.time).collect();
    let wanted = delay(&times);
    let before = times[position.checked_sub(1)?]?;
    let gap = times[position]?.0.saturating_sub(before.0);
    let most = idle.map_or(i64::MAX, |idle| idle.saturating_sub(gap));
    let late = (wanted.checked_add(MINUTE - 1)? / MINUTE * MINUTE).min(most / MINUTE * MINUTE);
    if late < LEAST_DELAY {
        return None;
    }
    let (mut removed, mut made, mut last) = (Vec::new(), Vec::new(), (0, FIRST));
    for event in &session.events[position..] {
        let time = Timestamp(event.time?.0.checked_add(late)?);
        let own = survey.unit(event.line)?;
        let behind = survey.units.partition_point(|unit| unit.clock <= time.0);
        last = last.max((behind.max(own + 1), time.0));
        removed.push(event.line);
        made.push(Made {
            place: last,
            what: What::Line(event.line),
            like: event.line,
            time: Some(time),
        });
    }
    Some((removed, made, At::Made(0), Vec::new()))
}

/// Events gone, come or in another place. One at most is made, and stands right behind the one before it.
fn rearranged(survey: &Survey, session: &Session<u32>, fault: &Fault<u32>) -> Option<Changes> {
    let (events, pieces) = (&session.events, &fault.pieces);
    let odd = odd_one(pieces);
    let own = |index: usize| match pieces.get(index) {
        Some(Piece::Own(own)) if Some(index) != odd => events.get(*own),
        _ => None,
    };
    let mut is_gone = vec![true; events.len()];
    for (at, piece) in pieces.iter().enumerate() {
        if let (Piece::Own(index), true) = (piece, Some(at) != odd) {
            is_gone[*index] = false;
        }
    }
    let gone = events.iter().zip(is_gone).filter(|(_, is_gone)| *is_gone);
    let removed: Vec<u64> = gone.map(|(event, _)| event.line).collect();
    let mut times: Vec<Option<Timestamp>> = (0..pieces.len()).filter_map(own).map(|event| event.time).collect();
    let mut made = Vec::new();
    if let Some(odd) = odd {
        let (like, place) = match (fault.kind, odd.checked_sub(1)) {
            (FaultKind::Replaced, _) => (&events[odd], (survey.unit(events[odd].line)?, LAST)),
            (_, Some(before)) => {
                let like = own(before)?;
                (like, (survey.unit(like.line)? + 1, FIRST))
            }
            (_, None) => {
                let like = own(1)?;
                (like, (survey.unit(like.line)?, LAST))
            }
        };
        times.insert(odd, like.time);
        let what = match pieces[odd] {
            Piece::Own(index) => What::Line(events[index].line),
            Piece::Known(key) => What::Template(key),
            Piece::Foreign => What::Foreign,
        };
        made.push(Made {
            place,
            what,
            like: like.line,
            time: None,
        });
    }
    let at = match (own(fault.position), odd == Some(fault.position)) {
        (_, true) => At::Made(0),
        (Some(event), _) => At::Line(event.line),
        (None, _) => At::End,
    };
    Some((removed, made, at, times))
}

/// The piece without which the others are the session's own events in their order.
fn odd_one(pieces: &[Piece<u32>]) -> Option<usize> {
    let index = |at: usize| match pieces.get(at) {
        Some(Piece::Own(index)) => Some(*index),
        _ => None,
    };
    let stranger = (0..pieces.len()).find(|&at| index(at).is_none());
    stranger.or_else(|| {
        let falls = (1..pieces.len()).find(|&at| index(at) <= index(at - 1))?;
        let fits_without = index(falls + 1).is_none_or(|next| Some(next) > index(falls - 1));
        Some(if fits_without { falls } else { falls - 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_one_is_what_moved() {
        let own = |indices: &[usize]| odd_one(&indices.iter().map(|&i| Piece::Own(i)).collect::<Vec<_>>());
        for (indices, odd) in [
            (&[0, 1, 2][..], None),
            (&[0, 2, 3], None),
            (&[], None),
            (&[1, 0, 2], Some(1)),
            (&[0, 1, 1, 2], Some(2)),
            (&[0, 4, 1, 2, 3, 5], Some(1)),
            (&[0, 2, 3, 1, 4], Some(3)),
            (&[1, 2, 3, 0], Some(3)),
            (&[3, 0, 1, 2], Some(0)),
        ] {
            assert_eq!(own(indices), odd, "{indices:?}");
        }
        assert_eq!(odd_one(&[Piece::Own(0), Piece::Foreign, Piece::Own(1)]), Some(1));
    }
}
