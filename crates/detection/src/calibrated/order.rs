//! Which keys come how often before each other.
//!
//! A next-key model sees a session through its last keys. Writers that work at once interleave at random there, while most
//! pairs of keys keep to a relation whatever comes between them: the first acknowledgement comes after the first write,
//! the third packet after the second. So for each key and each time it comes (the first, the second, …) this learns how often
//! every other key had come by then. Relations between pairs of events in logs go back to Beschastnikh et al. (*Leveraging existing
//! instrumentation to automatically infer invariant-constrained models*, ESEC/FSE 2011); that these are distributions of counts, so
//! that rare exceptions are merely rare, is ours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Times are told apart up to this one, and so are counts; more are as many.
const MOST: u32 = 8;

/// What an unseen relation owes to how often it holds at any time of the key, in sessions.
const PRIOR: f64 = 2.0;

/// How often each other key had come when a key came, learnt from normal sessions. The end of a session counts as a key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct OrderRelations {
    /// By key.
    keys: BTreeMap<u32, Times>,
}

/// The times that a key came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Times {
    /// At any time.
    all: Befores,
    /// The first time, the second, … and from [`MOST`] on.
    each: Vec<Befores>,
}

/// What had come by then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Befores {
    /// How often that time was seen.
    times: u64,
    /// By other key, ascending: how often it had come once, twice, … and [`MOST`] times or more.
    others: Vec<(u32, Vec<u64>)>,
}

/// JSON has no numbers as keys.
#[derive(Serialize, Deserialize)]
struct Wire(Vec<(u32, Times)>);

impl From<Wire> for OrderRelations {
    fn from(Wire(keys): Wire) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }
}

impl From<OrderRelations> for Wire {
    fn from(relations: OrderRelations) -> Self {
        Self(relations.keys.into_iter().collect())
    }
}

/// The least usual relation of an event to what came before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relation {
    /// −ln p, in nats.
    pub surprise: f64,
    /// The other key.
    pub other: u32,
    /// How often it had come.
    pub before: u32,
    /// How often it mostly has, as far as counts are told apart.
    pub usual: u32,
}

impl Befores {
    fn learn(&mut self, counts: &[(u32, u32)], own: u32) {
        self.times += 1;
        for &(other, count) in counts.iter().filter(|&&(other, _)| other != own) {
            let at = match self.others.binary_search_by_key(&other, |&(key, _)| key) {
                Ok(at) => at,
                Err(at) => {
                    self.others.insert(at, (other, Vec::new()));
                    at
                }
            };
            let level = count.min(MOST) as usize;
            let seen = &mut self.others[at].1;
            if seen.len() < level {
                seen.resize(level, 0);
            }
            seen[level - 1] += 1;
        }
    }

    /// How often another key had come so often.
    fn seen(&self, other: u32, count: u32) -> u64 {
        let found = self.others.binary_search_by_key(&other, |&(key, _)| key);
        let levels = found.map_or(&[][..], |at| &self.others[at].1);
        match count {
            0 => self.times - levels.iter().sum::<u64>(),
            count => levels.get(count.min(MOST) as usize - 1).copied().unwrap_or(0),
        }
    }

    fn usual(&self, other: u32) -> u32 {
        // Of equals the least.
        let levels = (0..=MOST).rev();
        levels.max_by_key(|&count| self.seen(other, count)).unwrap_or(0)
    }
}

impl OrderRelations {
    /// Takes in that a key, or the end, came after so many of each key.
    pub(super) fn learn(&mut self, counts: &[(u32, u32)], own: u32, came: u32) {
        let times = self.keys.entry(own).or_default();
        times.all.learn(counts, own);
        let time = came.min(MOST) as usize;
        if times.each.len() <= time {
            times.each.resize(time + 1, Befores::default());
        }
        times.each[time].learn(counts, own);
    }

    /// Whether the key came at all.
    #[must_use]
    pub fn knows(&self, key: u32) -> bool {
        self.keys.contains_key(&key)
    }

    /// The least usual relation of a key that comes now, after so many of each key, to the others. `None` where the key was
    /// never seen, or nothing beside it.
    #[must_use]
    pub fn least_usual(&self, counts: &[(u32, u32)], own: u32, came: u32) -> Option<Relation> {
        let times = self.keys.get(&own)?;
        let nothing = Befores::default();
        let here = times.each.get(came.min(MOST) as usize).unwrap_or(&nothing);
        let absent = times.all.others.iter().map(|&(other, _)| (other, 0));
        let absent = absent.filter(|(other, _)| counts.binary_search_by_key(other, |&(key, _)| key).is_err());
        let present = counts.iter().copied().filter(|&(other, _)| self.knows(other));
        present
            .chain(absent)
            .filter(|&(other, _)| other != own)
            .map(|(other, before)| {
                let levels = f64::from(MOST + 1);
                let ever = (times.all.seen(other, before) as f64 + 0.5) / (times.all.times as f64 + 0.5 * levels);
                let probability = (here.seen(other, before) as f64 + PRIOR * ever) / (here.times as f64 + PRIOR);
                (-probability.ln(), other, before)
            })
            // Of equals the first key: the order of the counts is that of the codes.
            .reduce(|worst, next| {
                if (next.0, worst.1) > (worst.0, next.1) {
                    next
                } else {
                    worst
                }
            })
            .map(|(surprise, other, before)| Relation {
                surprise: surprise.max(0.0),
                other,
                before,
                usual: if here.times > 0 {
                    here.usual(other)
                } else {
                    times.all.usual(other)
                },
            })
    }
}
