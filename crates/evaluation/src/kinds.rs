//! Faults by kind: how many of each a detector finds, and how soon.

use std::collections::BTreeMap;

use detection::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of the fault in an anomalous session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: String,
    /// Index of the event, from 0, where the session leaves the normal path; the number of events if it merely ends too
    /// early. `None` where nobody knows.
    pub position: Option<usize>,
}

/// What a detector makes of the faults of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindFigures {
    /// Sessions with such a fault.
    pub sessions: u64,
    /// Of them, the flagged ones.
    pub found: u64,
    /// Their share.
    pub recall: Option<f64>,
    /// Flagged sessions whose first finding stands before the fault: a false position, and no merit of the detector.
    pub early: u64,
    /// Sessions with a finding at the fault or behind it: those that a delay can be told of.
    pub placed: u64,
    /// Median number of events from the fault to the first finding at it or behind it; 0 is at once.
    pub median_delay: Option<f64>,
    /// The largest of these numbers.
    pub largest_delay: Option<u64>,
}

/// Figures by kind of fault. A finding about a session as a whole finds, but tells no delay.
///
/// ```
/// use detection::{Finding, Outcome, Reason, Verdict};
/// use evaluation::{Fault, by_kind};
/// use sequence_windowing::SessionEnd;
///
/// let finding = Finding { position: Some(7), ..Finding::of_session(Reason::OutsideTopCandidates) };
/// let verdict = Verdict {
///     session: "a".into(), outcome: Outcome::Anomalous, score: 9.0, worst_rank: None,
///     p_value: None, parts: vec![], findings: vec![finding],
///     events: 12, dropped_events: 0, first_line: 1, end: SessionEnd::Explicit,
/// };
/// let fault = Fault { kind: "swapped".into(), position: Some(5) };
/// let figures = &by_kind([(&verdict, &fault)])["swapped"];
/// assert_eq!((figures.found, figures.median_delay), (1, Some(2.0)));
/// ```
pub fn by_kind<'a>(judged: impl IntoIterator<Item = (&'a Verdict, &'a Fault)>) -> BTreeMap<String, KindFigures> {
    let mut kinds: BTreeMap<String, (KindFigures, Vec<u64>)> = BTreeMap::new();
    for (verdict, fault) in judged {
        let (figures, delays) = kinds.entry(fault.kind.clone()).or_default();
        figures.sessions += 1;
        figures.found += u64::from(verdict.is_anomalous());
        let Some(at) = fault.position else { continue };
        let mut positions = verdict.findings.iter().filter_map(|finding| finding.position);
        figures.early += u64::from(positions.clone().next().is_some_and(|first| first < at));
        delays.extend(
            positions
                .find(|&position| position >= at)
                .map(|position| (position - at) as u64),
        );
    }
    let figures = kinds.into_iter().map(|(kind, (mut figures, mut delays))| {
        delays.sort_unstable();
        figures.recall = (figures.sessions > 0).then(|| figures.found as f64 / figures.sessions as f64);
        figures.placed = delays.len() as u64;
        figures.median_delay = median(&delays);
        figures.largest_delay = delays.last().copied();
        (kind, figures)
    });
    figures.collect()
}

fn median(sorted: &[u64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    let lower = if sorted.len().is_multiple_of(2) {
        sorted[middle - 1]
    } else {
        upper
    };
    Some((lower + upper) as f64 / 2.0)
}
