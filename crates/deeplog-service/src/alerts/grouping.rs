//! Which findings are told, and when: one matter once, with a count while it goes on, and never more than so many an hour.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use sequence_windowing::Timestamp;
use serde::Serialize;

use super::News;

const HOUR: Duration = Duration::from_secs(3600);

/// Matters that are told apart at one time. What comes beyond is only counted.
const MOST: usize = 10_000;

/// What findings of one matter have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Signature {
    /// Name of the source.
    pub source: String,
    /// Name of the reason.
    pub reason: String,
    /// The event template that was seen; empty where the whole session is meant.
    pub template: String,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) kind: Kind,
    /// The matter; none for a summary of several.
    pub(super) signature: Option<Signature>,
    /// Findings.
    pub(super) count: u64,
    /// When the first of them came in.
    pub(super) first: Timestamp,
    /// When the last of them came in.
    pub(super) last: Timestamp,
    /// Number of the first of them.
    pub(super) first_id: u64,
    /// Number of the last of them.
    pub(super) last_id: u64,
}

/// Why it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A matter begins.
    New,
    /// It goes on.
    Further,
    /// More happened than may be told one by one.
    Summary,
}

/// Findings that were counted and not told yet.
#[derive(Clone, Copy)]
struct Counted {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    first_id: u64,
    last_id: u64,
}

/// A matter that was told.
struct Matter {
    told: Instant,
    since: Option<Counted>,
}

/// Remembers what was told.
pub(super) struct Grouping {
    quiet: Duration,
    per_hour: usize,
    matters: BTreeMap<Signature, Matter>,
    /// What went over the rate.
    beyond: Option<Counted>,
    /// When alerts of the last hour were told.
    told: VecDeque<Instant>,
}

impl Grouping {
    pub(super) fn new(quiet: Duration, per_hour: u32) -> Self {
        Self {
            quiet,
            per_hour: per_hour as usize,
            matters: BTreeMap::new(),
            beyond: None,
            told: VecDeque::new(),
        }
    }

    /// What is to be told at once of a new finding.
    pub(super) fn take(&mut self, news: &News, now: Instant) -> Option<Alert> {
        let one = Counted::one(news);
        if let Some(matter) = self.matters.get_mut(&news.signature)
            && now.duration_since(matter.told) < self.quiet
        {
            Counted::add(&mut matter.since, one);
            return None;
        }
        if self.matters.len() >= MOST && !self.matters.contains_key(&news.signature) {
            Counted::add(&mut self.beyond, one);
            return None;
        }
        let matter = self
            .matters
            .entry(news.signature.clone())
            .or_insert(Matter { told: now, since: None });
        matter.told = now;
        let mut counted = matter.since.take();
        let kind = if counted.is_some() { Kind::Further } else { Kind::New };
        Counted::add(&mut counted, one);
        counted.and_then(|counted| self.tell(kind, Some(&news.signature), counted, now))
    }

    /// What is to be told now of findings that were counted.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Alert> {
        let quiet = self.quiet;
        let mut due = Vec::new();
        self.matters.retain(|signature, matter| {
            if now.duration_since(matter.told) < quiet {
                return true;
            }
            matter.told = now;
            let counted = matter.since.take();
            due.extend(counted.map(|counted| (signature.clone(), counted)));
            counted.is_some()
        });
        // The oldest first: they have waited longest.
        due.sort_by_key(|(_, counted)| counted.first_id);
        let tell = |(signature, counted)| self.tell(Kind::Further, Some(&signature), counted, now);
        let mut alerts: Vec<Alert> = due.into_iter().filter_map(tell).collect();
        if let Some(counted) = self.beyond
            && self.may_tell(now)
        {
            self.beyond = None;
            alerts.extend(self.tell(Kind::Summary, None, counted, now));
        }
        alerts
    }

    /// The lowest number among findings that were counted and not told yet.
    pub(super) fn oldest(&self) -> Option<u64> {
        let counted = self
            .matters
            .values()
            .filter_map(|matter| matter.since)
            .chain(self.beyond);
        counted.map(|counted| counted.first_id).min()
    }

    /// An alert, or none where the rate is reached: then it is counted.
    fn tell(&mut self, kind: Kind, signature: Option<&Signature>, counted: Counted, now: Instant) -> Option<Alert> {
        if !self.may_tell(now) {
            Counted::add(&mut self.beyond, counted);
            return None;
        }
        self.told.push_back(now);
        Some(Alert {
            kind,
            signature: signature.cloned(),
            count: counted.count,
            first: counted.first,
            last: counted.last,
            first_id: counted.first_id,
            last_id: counted.last_id,
        })
    }

    fn may_tell(&mut self, now: Instant) -> bool {
        while self.told.front().is_some_and(|told| now.duration_since(*told) >= HOUR) {
            self.told.pop_front();
        }
        self.told.len() < self.per_hour
    }
}

impl Counted {
    fn one(news: &News) -> Self {
        Self {
            count: 1,
            first: news.received,
            last: news.received,
            first_id: news.id,
            last_id: news.id,
        }
    }

    fn add(all: &mut Option<Self>, more: Self) {
        let all = match all {
            Some(all) => all,
            None => {
                *all = Some(more);
                return;
            }
        };
        all.count += more.count;
        all.first = all.first.min(more.first);
        all.last = all.last.max(more.last);
        all.first_id = all.first_id.min(more.first_id);
        all.last_id = all.last_id.max(more.last_id);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUIET: Duration = Duration::from_secs(600);

    fn news(id: u64, template: &str) -> News {
        News {
            id,
            version: id,
            signature: Signature {
                source: "web".into(),
                reason: "unseen_key".into(),
                template: template.into(),
            },
            received: Timestamp(i64::try_from(id).unwrap()),
        }
    }

    /// Kind, template, count, first and last number.
    fn short(alerts: impl IntoIterator<Item = Alert>) -> Vec<(Kind, String, u64, u64, u64)> {
        let short = |alert: Alert| {
            let template = alert.signature.map(|signature| signature.template).unwrap_or_default();
            assert_eq!(alert.first.0, i64::try_from(alert.first_id).unwrap());
            assert_eq!(alert.last.0, i64::try_from(alert.last_id).unwrap());
            (alert.kind, template, alert.count, alert.first_id, alert.last_id)
        };
        alerts.into_iter().map(short).collect()
    }

    #[test]
    fn a_burst_is_one_alert_and_then_one_with_a_count() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut grouping = Grouping::new(QUIET, 20);
        assert_eq!(
            short(grouping.take(&news(1, "a"), at(0))),
            [(Kind::New, "a".into(), 1, 1, 1)]
        );
        for id in 2..=400 {
            assert_eq!(grouping.take(&news(id, "a"), at(id)), None);
        }
        assert_eq!(
            short(grouping.take(&news(401, "b"), at(401))),
            [(Kind::New, "b".into(), 1, 401, 401)]
        );
        assert_eq!(grouping.oldest(), Some(2));
        assert_eq!(grouping.due(at(599)), []);
        assert_eq!(short(grouping.due(at(600))), [(Kind::Further, "a".into(), 399, 2, 400)]);
        assert_eq!(grouping.oldest(), None);
        // It is quiet again, and what comes then is counted again.
        assert_eq!(grouping.take(&news(402, "a"), at(601)), None);
        assert_eq!(
            short(grouping.due(at(1200))),
            [(Kind::Further, "a".into(), 1, 402, 402)]
        );
        // A matter that did not go on is new when it comes again.
        assert_eq!(grouping.due(at(1800)), []);
        assert_eq!(
            short(grouping.take(&news(403, "a"), at(1801))),
            [(Kind::New, "a".into(), 1, 403, 403)]
        );
    }

    #[test]
    fn what_is_over_the_rate_becomes_a_summary() {
        let start = Instant::now();
        let mut grouping = Grouping::new(QUIET, 3);
        let told: Vec<Alert> = (1..=10)
            .filter_map(|id| grouping.take(&news(id, &format!("t{id}")), start))
            .collect();
        assert_eq!(told.len(), 3);
        assert_eq!(grouping.due(start + QUIET), []);
        assert_eq!(grouping.oldest(), Some(4));
        assert_eq!(
            short(grouping.due(start + HOUR)),
            [(Kind::Summary, String::new(), 7, 4, 10)]
        );
        assert_eq!(grouping.oldest(), None);
    }

    #[test]
    fn without_a_quiet_time_each_is_told() {
        let now = Instant::now();
        let mut grouping = Grouping::new(Duration::ZERO, 20);
        for id in 1..=3 {
            assert_eq!(
                short(grouping.take(&news(id, "a"), now)),
                [(Kind::New, "a".into(), 1, id, id)]
            );
        }
    }

    #[test]
    fn matters_are_bounded() {
        let now = Instant::now();
        let mut grouping = Grouping::new(QUIET, 100_000);
        let told = (1..=MOST as u64 + 5).filter_map(|id| grouping.take(&news(id, &id.to_string()), now));
        assert_eq!(told.count(), MOST);
        assert_eq!(
            short(grouping.due(now)),
            [(Kind::Summary, String::new(), 5, MOST as u64 + 1, MOST as u64 + 5)]
        );
    }

    proptest! {
        /// Whatever comes when: every finding is in exactly one alert in the end, and no hour has more than it may.
        #[test]
        fn every_finding_is_told_once(steps in proptest::collection::vec((0..6u8, 0..900u64), 1..120), per_hour in 1..6u32) {
            let mut now = Instant::now();
            let mut grouping = Grouping::new(QUIET, per_hour);
            let mut told: Vec<(Instant, Alert)> = Vec::new();
            let mut id = 0;
            for (matter, wait) in steps {
                now += Duration::from_secs(wait);
                id += 1;
                told.extend(grouping.take(&news(id, &matter.to_string()), now).map(|alert| (now, alert)));
                let sum: u64 = told.iter().map(|(_, alert)| alert.count).sum();
                prop_assert_eq!(grouping.oldest().is_some(), sum < id);
                told.extend(grouping.due(now).into_iter().map(|alert| (now, alert)));
            }
            while grouping.oldest().is_some() {
                now += Duration::from_secs(60);
                told.extend(grouping.due(now).into_iter().map(|alert| (now, alert)));
            }
            prop_assert_eq!(told.iter().map(|(_, alert)| alert.count).sum::<u64>(), id);
            for (index, (at, _)) in told.iter().enumerate() {
                let hour = told[index..].iter().filter(|(other, _)| other.duration_since(*at) < HOUR);
                prop_assert!(hour.count() <= per_hour as usize);
            }
        }
    }
}
