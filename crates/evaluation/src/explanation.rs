//! One session, key by key: where it left the normal path, and what was expected there.

use std::sync::Arc;

use detection::{Finding, Outcome, Reason, Symbol, Verdict};
use sequence_windowing::{Event, KeyName, SessionEnd};
use serde::{Deserialize, Serialize};

use crate::Label;

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
    /// The events in their order.
    pub steps: Vec<Step>,
    /// Why the session holds no further event.
    pub end: SessionEnd,
    /// Where the session left the path by ending.
    pub end_departure: Option<Departure>,
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
    /// Set where the session left the normal path.
    pub departure: Option<Departure>,
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
            departure: departures_at(Some(position)).next(),
        };
        Self {
            session: verdict.session.clone(),
            label,
            outcome: verdict.outcome,
            score: verdict.score,
            steps: events.iter().enumerate().map(step).collect(),
            end: verdict.end,
            end_departure: departures_at(Some(events.len())).next(),
            whole: departures_at(None).collect(),
            dropped_events: verdict.dropped_events,
        }
    }

    /// The departure that decides, and where it lies: `None` for the end or the whole session.
    #[must_use]
    pub fn decisive(&self) -> Option<(Option<&Step>, &Departure)> {
        let on_the_way = self
            .steps
            .iter()
            .find_map(|step| Some((Some(step), step.departure.as_ref()?)));
        let whole = || {
            self.end_departure
                .as_ref()
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
        let departures = (0..steps.len()).filter(|&place| steps[place].departure.is_some());
        // The end of the session is a place to look at as well.
        for place in departures.take(DEPARTURES).chain([steps.len()]) {
            let from = place.saturating_sub(BEFORE);
            let to = (place + AFTER + 1).min(steps.len());
            shown[from..to].fill(true);
        }
        shown
    }
}

impl Departure {
    fn of(finding: &Finding, texts: &dyn Texts) -> Self {
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
        }
    }

    /// What was seen in figures: its rank and probability.
    pub(crate) fn measure(&self) -> Option<String> {
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
