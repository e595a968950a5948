//! One session, key by key: where it left the normal path, and what was expected there.

use std::collections::BTreeMap;
use std::sync::Arc;

use detection::{Detail, Finding, Outcome, PartVerdict, Reason, Symbol, Verdict};
use sequence_windowing::{Event, KeyName, SessionEnd};
use serde::{Deserialize, Serialize};

use crate::wording::{Wording, key_words};
use crate::{Alignment, Label, Pair};

/// Departures of a session that are shown with what was expected.
pub(crate) const DEPARTURES: usize = 5;
/// Events shown before and after a departure.
const BEFORE: usize = 10;
const AFTER: usize = 2;
/// Events of a session that is shown whole.
const SHORT: usize = 30;

/// A session beside its verdict, with the texts a reader needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Identifier of the session.
    pub session: Arc<str>,
    /// What it really was, where that is known.
    pub label: Option<Label>,
    /// What the detector said.
    pub outcome: Outcome,
    /// How anomalous.
    pub score: f64,
    /// Share of normal sessions that are at least as anomalous; `None` without calibration.
    pub p_value: Option<f64>,
    /// What each part of a combined detector says; empty for others.
    pub parts: Vec<PartVerdict>,
    /// The nearest normal session, where it was looked for: see [`Self::beside`].
    pub nearest: Option<Alignment>,
    /// Templates of the keys that the parts and the nearest normal session speak of.
    pub templates: BTreeMap<KeyName, String>,
    /// The events in their order.
    pub steps: Vec<Step>,
    /// Why the session holds no further event.
    pub end: SessionEnd,
    /// Where the session left the path by ending.
    pub end_departures: Vec<Departure>,
    /// What is said of the session as a whole.
    pub whole: Vec<Departure>,
    /// Events that were over the cap on session length and not judged.
    pub dropped_events: u64,
}

/// One event of the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Index in the session, from 0.
    pub position: usize,
    /// Number of its line in the input, from 1; `None` if it has none of its own.
    pub line: Option<u64>,
    /// Its log key.
    pub key: KeyName,
    /// The template of that key.
    pub template: Option<String>,
    /// The raw line.
    pub text: Option<String>,
    /// Why the session left the normal path there; empty where it did not.
    pub departures: Vec<Departure>,
}

/// A finding, with the templates of what was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// Why.
    pub reason: Reason,
    /// What was seen.
    pub seen: Option<Symbol>,
    /// Rank of what was seen, from 1.
    pub rank: Option<u32>,
    /// Probability of what was seen.
    pub probability: Option<f64>,
    /// What was expected, most probable first.
    pub expected: Vec<Expectation>,
    /// What else there is to say, in words that are not escaped.
    pub detail: Option<String>,
}

/// One of the expected continuations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// The key, or the end of the session.
    pub symbol: Symbol,
    /// The template of that key.
    pub template: Option<String>,
    /// Its probability.
    pub probability: f64,
}

/// Where texts are looked up.
pub trait Texts {
    /// The template of a key.
    fn template(&self, key: &KeyName) -> Option<String>;
    /// The raw line with this number, from 1.
    fn line(&self, number: u64) -> Option<String>;
}

impl Explanation {
    /// Lays a verdict over the events of its session.
    #[must_use]
    pub fn of(verdict: &Verdict, events: &[Event<KeyName>], label: Option<Label>, texts: &dyn Texts) -> Self {
        // The events of a session file all bear the number of the session's one line: it says nothing of the event.
        let own_lines = events.len() == 1 || events.windows(2).any(|pair| pair[0].line != pair[1].line);
        let departures_at = |position: Option<usize>| {
            let here = verdict
                .findings
                .iter()
                .filter(move |finding| finding.position == position);
            here.map(|finding| Departure::of(finding, texts))
        };
        let step = |(position, event): (usize, &Event<KeyName>)| Step {
            position,
            line: own_lines.then_some(event.line),
            key: event.key.clone(),
            template: texts.template(&event.key),
            text: if own_lines { texts.line(event.line) } else { None },
            departures: departures_at(Some(position)).collect(),
        };
        let mut parts = verdict.parts.clone();
        let worst = parts.iter_mut().filter_map(|part| part.worst.as_mut());
        worst.filter(|_| !own_lines).for_each(|finding| finding.line = None);
        let mut templates = BTreeMap::new();
        for key in parts.iter().filter_map(|part| part.worst.as_ref()).flat_map(keys_of) {
            templates.extend(texts.template(key).map(|template| (key.clone(), template)));
        }
        Self {
            session: verdict.session.clone(),
            label,
            outcome: verdict.outcome,
            score: verdict.score,
            p_value: verdict.p_value,
            parts,
            nearest: None,
            templates,
            steps: events.iter().enumerate().map(step).collect(),
            end: verdict.end,
            end_departures: departures_at(Some(events.len())).collect(),
            whole: departures_at(None).collect(),
            dropped_events: verdict.dropped_events,
        }
    }

    /// With the nearest normal session beside it.
    #[must_use]
    pub fn beside(mut self, nearest: Option<Alignment>, texts: &dyn Texts) -> Self {
        for pair in nearest.iter().flat_map(|alignment| &alignment.pairs) {
            let (Pair::Missing(key) | Pair::Replaced { usual: key, .. } | Pair::Same(key) | Pair::Added(key)) = pair;
            if let (false, Some(template)) = (self.templates.contains_key(key), texts.template(key)) {
                self.templates.insert(key.clone(), template);
            }
        }
        self.nearest = nearest;
        self
    }

    /// The departure that decides, and where it lies: `None` for the end or the whole session.
    #[must_use]
    pub fn decisive(&self) -> Option<(Option<&Step>, &Departure)> {
        let on_the_way = self
            .steps
            .iter()
            .find_map(|step| Some((Some(step), step.departures.first()?)));
        let whole = || {
            self.end_departures
                .first()
                .or(self.whole.first())
                .map(|departure| (None, departure))
        };
        on_the_way.or_else(whole)
    }

    /// The decisive departure in one sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.decisive() {
            None => format!("stays on the normal path for all of its {} events", self.steps.len()),
            Some((Some(step), departure)) => {
                format!(
                    "left the normal path at event {} of {}: {}",
                    step.position + 1,
                    self.steps.len(),
                    departure.reason.describe()
                )
            }
            Some((None, departure)) => departure.reason.describe().to_owned(),
        }
    }
}

impl Explanation {
    /// Which steps are worth showing: all of a short session, else the surroundings of the first departures and of the
    /// end.
    pub(crate) fn shown_steps(&self) -> Vec<bool> {
        let steps = &self.steps;
        let mut shown = vec![steps.len() <= SHORT; steps.len()];
        let departures = (0..steps.len()).filter(|&place| !steps[place].departures.is_empty());
        // The end of the session is a place to look at as well.
        for place in departures.take(DEPARTURES).chain([steps.len()]) {
            let from = place.saturating_sub(BEFORE);
            let to = (place + AFTER + 1).min(steps.len());
            shown[from..to].fill(true);
        }
        shown
    }
}

/// The keys that a finding speaks of.
fn keys_of(finding: &Finding) -> impl Iterator<Item = &KeyName> {
    let expected = finding.expected.iter().map(|candidate| &candidate.symbol);
    let symbols = finding.seen.iter().chain(expected).filter_map(|symbol| match symbol {
        Symbol::Key(key) => Some(key),
        Symbol::End => None,
    });
    let (other, counts) = match &finding.detail {
        Some(Detail::Order { other, .. }) => (Some(other), &[][..]),
        Some(Detail::Counts(counts)) => (None, counts.as_slice()),
        Some(Detail::Delay { .. }) | None => (None, &[][..]),
    };
    symbols.chain(other).chain(counts.iter().map(|count| &count.key))
}

impl Departure {
    fn of(finding: &Finding, texts: &dyn Texts) -> Self {
        let name = |key: &KeyName| key_words(key, texts.template(key).as_deref());
        let expected = finding.expected.iter().map(|candidate| Expectation {
            symbol: candidate.symbol.clone(),
            template: match &candidate.symbol {
                Symbol::Key(key) => texts.template(key),
                Symbol::End => None,
            },
            probability: candidate.probability,
        });
        Self {
            reason: finding.reason,
            seen: finding.seen.clone(),
            rank: finding.rank,
            probability: finding.probability,
            expected: expected.collect(),
            detail: finding.detail.as_ref().map(|_| Wording { name: &name }.found(finding)),
        }
    }

    /// What was seen in words or figures: the detail, or its rank and probability. Not escaped.
    pub(crate) fn measure(&self) -> Option<String> {
        if self.detail.is_some() {
            return self.detail.clone();
        }
        let probability = self.probability.map(crate::number::probability);
        match (self.rank, probability) {
            (Some(rank), Some(probability)) => Some(format!("rank {rank}, probability {probability}")),
            (Some(rank), None) => Some(format!("rank {rank}")),
            (None, Some(probability)) => Some(format!("probability {probability}")),
            (None, None) => None,
        }
    }

    /// The likely ones among the expected, and how many are left out: below 0.1%, or beyond `limit`.
    pub(crate) fn likely(&self, limit: usize) -> (&[Expectation], usize) {
        let likely = self
            .expected
            .iter()
            .take_while(|candidate| candidate.probability >= 0.001)
            .count();
        let shown = likely.max(1).min(limit).min(self.expected.len());
        (&self.expected[..shown], self.expected.len() - shown)
    }
}

impl Expectation {
    /// The name of the key, or `end`.
    pub(crate) fn name(&self) -> &str {
        match &self.symbol {
            Symbol::Key(key) => key.as_str(),
            Symbol::End => "end",
        }
    }

    /// The template, or what stands for it.
    pub(crate) fn words(&self) -> &str {
        match (&self.symbol, &self.template) {
            (Symbol::End, _) => "(the session ends)",
            (Symbol::Key(_), Some(template)) => template,
            (Symbol::Key(_), None) => "",
        }
    }
}

/// What stands in the place of events that are left out.
pub(crate) fn hidden_events(number: usize) -> String {
    match number {
        1 => "1 event not shown".to_owned(),
        _ => format!("{} events not shown", crate::number::count(number as u64)),
    }
}

/// How a session ended, in words.
pub(crate) fn describe_end(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::Explicit => "the session ends here",
        SessionEnd::Idle => "the session ends here: nothing came for the idle time",
        SessionEnd::EndOfInput => "the input ends here: more might have come",
        SessionEnd::Evicted => "closed early, to bound the number of open sessions",
    }
}
