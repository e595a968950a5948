//! Which sessions get which fault.

use std::collections::{BTreeMap, BTreeSet};

use log_synthesis::{FaultCount, FaultKind, Injector, Subject};
use sequence_windowing::{Session, SessionRule, seeded};

use super::Standing;
use super::change::{self, Faulty, What};
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::experiment::{Inject, Profile};

pub(super) struct Plan {
    /// In the order of the sessions.
    pub(super) faulty: Vec<Faulty>,
    pub(super) counts: BTreeMap<FaultKind, FaultCount>,
    /// Sessions that were to have a fault, and that none fits.
    pub(super) without: u64,
}

/// Draws faults for a share of the normal sessions. None ends up as the sequence of a normal one.
pub(super) fn plan(survey: &Survey, standings: &[Standing], profile: &Profile, config: &Inject) -> Result<Plan> {
    let indices = (0..survey.sessions.len()).filter(|&i| standings[i] == Standing::Normal);
    let indices: Vec<usize> = indices.collect();
    if indices.is_empty() {
        return Err(Error::run(
            "no normal session is left to put faults into",
            "check that the labels name sessions as the dataset's session rule does, and that some are normal",
        ));
    }
    let keys = |&i: &usize| survey.sessions[i].events.iter().map(|event| event.key).collect();
    let normal: Vec<Vec<u32>> = indices.iter().map(keys).collect();
    let mut injector = Injector::new(config.seed, kinds(config), normal.iter().map(Vec::as_slice));
    let idle = profile
        .limits
        .idle
        .map(|idle| i64::try_from(idle.microseconds()).unwrap_or(i64::MAX));
    let ids: BTreeSet<&str> = survey.sessions.iter().map(|session| &*session.id).collect();
    let by_time = matches!(profile.session, SessionRule::Time { .. });
    let (mut faulty, mut without) = (Vec::new(), 0);
    for at in seeded(indices.len(), config.share, config.seed).train {
        let session = &survey.sessions[indices[at]];
        let facts = |index: usize| survey.facts(session.events[index].line);
        let numbered = (0..session.events.len()).filter(|&index| facts(index).is_some_and(|facts| facts.has_number));
        let numbered: Vec<usize> = numbered.collect();
        let subject = Subject {
            keys: &normal[at],
            // A late event would be in another window of time, or in the next session of its name.
            timed: session.events.iter().all(|event| event.time.is_some()) && !by_time && !comes_again(session, &ids),
            numbered: &numbered,
        };
        let change = |fault: &_| change::of(survey, indices[at], fault, idle);
        let has_example = |change: &Faulty| {
            change.made.iter().all(|made| match made.what {
                What::Template(template) => survey.examples.contains_key(&template),
                _ => true,
            })
        };
        let fault = if session.dropped_events > 0 {
            None
        } else {
            injector.inject_where(&subject, |fault| change(fault).as_ref().is_some_and(has_example))
        };
        match fault.as_ref().and_then(change) {
            Some(change) => faulty.push(change),
            None => without += 1,
        }
    }
    Ok(Plan {
        faulty,
        counts: injector.counts().clone(),
        without,
    })
}

/// The kinds to draw from.
pub(super) fn kinds(config: &Inject) -> &[FaultKind] {
    if config.kinds.is_empty() {
        FaultKind::ALL
    } else {
        &config.kinds
    }
}

/// Whether a session of the same name was before it or comes behind it.
fn comes_again(session: &Session<u32>, ids: &BTreeSet<&str>) -> bool {
    let is_again = |id: &str| match id.rsplit_once('#') {
        Some((name, number)) => ids.contains(name) && number.bytes().all(|byte| byte.is_ascii_digit()),
        None => false,
    };
    is_again(&session.id) || ids.contains(&*format!("{}#2", session.id))
}

impl Plan {
    /// Takes back the faults that cannot be written after all.
    pub(super) fn take_back(&mut self, indices: &BTreeSet<usize>) {
        for kind in indices
            .iter()
            .filter_map(|&i| self.faulty.get(i))
            .map(|faulty| faulty.kind)
        {
            if let Some(count) = self.counts.get_mut(&kind) {
                count.injected -= 1;
                count.impossible += 1;
            }
        }
        self.without += indices.len() as u64;
        let mut index = 0..;
        self.faulty
            .retain(|_| index.next().is_some_and(|index| !indices.contains(&index)));
    }
}
