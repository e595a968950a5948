//! The detector of the DeepLog paper: a session leaves the normal path where its true next key is not among the
//! candidates that the model expects (Du, Li, Zheng, Srikumar: DeepLog, CCS 2017, section 3.1).

use std::sync::Arc;

use deeplog_lstm::{LstmModel, Score};
use sequence_windowing::{Event, Framing, KeyName, Session, Vocabulary, Windowing};
use serde::{Deserialize, Serialize};

use crate::finding::MOST_FINDINGS;
use crate::{Candidate, Closing, Detector, Extent, Finding, HeldOutRanks, Judge, Reason, Symbol, Verdict};

/// The surprise of an unseen key, in nats, and the cap on any other: finite, so that sessions stay comparable.
pub const LARGEST_SURPRISE: f64 = 100.0;

/// Candidates shown with a finding under a rule without one g for all.
const SHOWN_CANDIDATES: usize = 5;

/// When a next key departs from the normal path.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It is not among the g most probable ones. The paper's rule; its g is 9.
    TopG(u32),
    /// Its probability is below this.
    Probability(f64),
    /// It is outside the smallest set of most probable symbols that holds this share of the probability: those that are
    /// more probable hold it already. The candidates are many where the model is unsure and few where it is sure.
    ///
    /// Such sets are the nucleus that Holtzman et al. sample from (*The curious case of neural text degeneration*, ICLR
    /// 2020) and, over real numbers, the highest density regions of Hyndman (The American Statistician 50, 1996).
    Mass(f64),
    /// So few held-out targets had a rank as bad [after the same key](HeldOutRanks::share): this share or less. Such is
    /// a g for each context; see [`DeepLog::with_held_out`].
    ContextShare(f64),
}

impl Rule {
    /// The score from which a session departs, in nats. `None` for a g, which goes by ranks.
    #[must_use]
    pub fn threshold(self) -> Option<f64> {
        match self {
            Self::TopG(_) => None,
            Self::Probability(least) | Self::ContextShare(least) => Some(-least.ln()),
            Self::Mass(mass) => Some(-(1.0 - mass).ln()),
        }
    }
}

/// What becomes of sessions that are not longer than the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortSessions {
    /// Judged like all others: begin symbols fill the history, an end symbol closes it.
    #[default]
    Model,
    /// Classic windows; every session without one is flagged, as the padding of the usual code does.
    Flag,
    /// Classic windows; every session without one passes, whatever it holds.
    Pass,
}

impl ShortSessions {
    /// The framing of windows that this needs, in training and in scoring.
    #[must_use]
    pub fn framing(self) -> Framing {
        match self {
            Self::Model => Framing::BeginEnd,
            Self::Flag | Self::Pass => Framing::Classic,
        }
    }
}

/// DeepLog's key model as a detector.
#[derive(Clone)]
pub struct DeepLog {
    model: LstmModel,
    vocabulary: Arc<Vocabulary>,
    rule: Rule,
    short_sessions: ShortSessions,
    windowing: Windowing,
    held_out: Arc<HeldOutRanks>,
}

/// What [`DeepLog`] knows of an open session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeepLogState {
    /// Up to h input codes, the newest last.
    history: Vec<u32>,
    extent: Extent,
    surprise: f64,
    worst_rank: Option<u32>,
    findings: Vec<Finding>,
}

/// Who answers for a window: the model itself, or what it said of many windows at once.
pub(crate) trait NextKey {
    fn score(&mut self, window: &[u32]) -> Score;
    fn candidates(&mut self, history: &[u32]) -> Vec<(u32, f32)>;
}

impl DeepLog {
    /// A detector around a trained model. The vocabulary must be the one it was trained with.
    #[must_use]
    pub fn new(model: LstmModel, vocabulary: Arc<Vocabulary>, rule: Rule, short_sessions: ShortSessions) -> Self {
        let config = model.config();
        let windowing = Windowing {
            alphabet: config.alphabet,
            history: config.history,
            framing: short_sessions.framing(),
        };
        Self {
            model,
            vocabulary,
            rule,
            short_sessions,
            windowing,
            held_out: Arc::default(),
        }
    }

    /// With the ranks that [`Rule::ContextShare`] compares with; without any it finds unseen keys alone. Other rules do
    /// not look at them.
    #[must_use]
    pub fn with_held_out(self, held_out: HeldOutRanks) -> Self {
        Self {
            held_out: Arc::new(held_out),
            ..self
        }
    }

    /// The model behind it.
    #[must_use]
    pub fn model(&self) -> &LstmModel {
        &self.model
    }

    /// When a next key departs from the normal path.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How sessions are cut into windows.
    #[must_use]
    pub fn windowing(&self) -> Windowing {
        self.windowing
    }

    /// The training vocabulary.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What the model expects after a history, most probable first.
    #[must_use]
    pub fn expected(&self, history: &[u32]) -> Vec<Candidate> {
        self.named(&Direct(self).candidates_of(history))
    }

    pub(crate) fn shown(&self) -> usize {
        match self.rule {
            Rule::TopG(g) => g as usize,
            Rule::Probability(_) | Rule::Mass(_) | Rule::ContextShare(_) => SHOWN_CANDIDATES,
        }
    }

    pub(crate) fn departs(&self, history: &[u32], score: &Score) -> bool {
        match self.rule {
            Rule::TopG(g) => score.rank > g,
            Rule::Probability(least) => f64::from(score.log_probability).exp() < least,
            Rule::Mass(mass) => f64::from(score.log_tail).exp() <= 1.0 - mass,
            Rule::ContextShare(share) => self.share(history, score, share) <= share,
        }
    }

    /// How surprising a next key is, in nats: −ln of what the rule compares with its limit; under a g, of the probability.
    fn surprise(&self, history: &[u32], score: &Score) -> f64 {
        let surprise = match self.rule {
            Rule::TopG(_) | Rule::Probability(_) => -f64::from(score.log_probability),
            Rule::Mass(_) => -f64::from(score.log_tail),
            Rule::ContextShare(share) => -self.share(history, score, share).ln(),
        };
        surprise.min(LARGEST_SURPRISE)
    }

    fn share(&self, history: &[u32], score: &Score, least: f64) -> f64 {
        let begin = self.windowing.alphabet.begin();
        let context = history.last().copied().unwrap_or(begin);
        self.held_out.share(context, score.rank, least)
    }

    fn named(&self, candidates: &[(u32, f32)]) -> Vec<Candidate> {
        let name = |code: u32| match self.vocabulary.names().get(code as usize) {
            Some(name) => Symbol::Key(name.clone()),
            None => Symbol::End,
        };
        candidates
            .iter()
            .map(|&(code, p)| Candidate {
                symbol: name(code),
                probability: f64::from(p),
            })
            .collect()
    }

    /// The one place where a window is judged. `seen` is `None` for the end of the session.
    fn window(
        &self,
        state: &mut DeepLogState,
        target: u32,
        position: usize,
        seen: Option<(&KeyName, u64)>,
        model: &mut impl NextKey,
    ) -> Option<Finding> {
        state.history.push(target);
        let window = &state.history[..];
        let history = &window[..self.windowing.history];
        let unseen = target == self.windowing.alphabet.unseen();
        let score = (!unseen).then(|| model.score(window));
        let rank = score.map_or(u32::MAX, |score| score.rank);
        let surprise = score.map_or(LARGEST_SURPRISE, |score| self.surprise(history, &score));
        let finding = score
            .is_none_or(|score| self.departs(history, &score))
            .then(|| Finding {
                reason: match (seen, self.rule) {
                    _ if unseen => Reason::UnseenKey,
                    (None, _) => Reason::UnexpectedEnd,
                    (_, Rule::TopG(_) | Rule::Mass(_) | Rule::ContextShare(_)) => Reason::OutsideTopCandidates,
                    (_, Rule::Probability(_)) => Reason::BelowProbability,
                },
                position: Some(position),
                line: seen.map(|(_, line)| line),
                seen: Some(seen.map_or(Symbol::End, |(name, _)| Symbol::Key(name.clone()))),
                expected: self.named(&model.candidates(history)),
                rank: score.map(|score| score.rank),
                probability: Some(score.map_or(0.0, |score| f64::from(score.log_probability).exp())),
                detail: None,
            });
        state.history.pop();
        state.surprise = state.surprise.max(surprise);
        state.worst_rank = state.worst_rank.max(Some(rank));
        if seen.is_none() || state.findings.len() < MOST_FINDINGS {
            state.findings.extend(finding.clone());
        }
        finding
    }

    pub(crate) fn step_with(
        &self,
        state: &mut DeepLogState,
        event: &Event,
        model: &mut impl NextKey,
    ) -> Option<Finding> {
        let position = state.extent.count(event);
        let code = self.windowing.alphabet.code(&event.key);
        let name = self.vocabulary.name_of(&event.key);
        let finding = (state.history.len() == self.windowing.history)
            .then(|| self.window(state, code, position, Some((name, event.line)), model))
            .flatten();
        if state.history.len() == self.windowing.history {
            state.history.remove(0);
        }
        state.history.push(code);
        finding
    }

    pub(crate) fn close_with(&self, mut state: DeepLogState, closing: &Closing, model: &mut impl NextKey) -> Verdict {
        if self.windowing.has_end(closing.end, closing.dropped_events) {
            let end = state.extent.events as usize;
            self.window(&mut state, self.windowing.alphabet.end(), end, None, model);
        }
        let is_short = state.extent.events <= self.windowing.history as u64;
        if self.short_sessions == ShortSessions::Flag && is_short {
            state.surprise = LARGEST_SURPRISE;
            state.worst_rank = Some(u32::MAX);
            state.findings.push(Finding::of_session(Reason::ShortSession));
        }
        let worst_rank = Some(state.worst_rank.unwrap_or(0));
        Verdict {
            worst_rank,
            ..Verdict::new(closing, state.extent, state.surprise, state.findings)
        }
    }
}

impl Detector for DeepLog {
    type State = DeepLogState;

    fn open(&self) -> DeepLogState {
        DeepLogState {
            history: vec![self.windowing.alphabet.begin(); self.windowing.padding()],
            ..DeepLogState::default()
        }
    }

    fn step(&self, state: &mut DeepLogState, event: &Event) -> Option<Finding> {
        self.step_with(state, event, &mut Direct(self))
    }

    fn close(&self, state: DeepLogState, closing: &Closing) -> Verdict {
        self.close_with(state, closing, &mut Direct(self))
    }

    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        Judge::new(self.clone()).judge(sessions, progress)
    }
}

/// Asks the model window by window.
struct Direct<'d>(&'d DeepLog);

impl Direct<'_> {
    fn candidates_of(&self, history: &[u32]) -> Vec<(u32, f32)> {
        self.0
            .model
            .candidates(history, self.0.shown())
            .pop()
            .unwrap_or_default()
    }
}

impl NextKey for Direct<'_> {
    fn score(&mut self, window: &[u32]) -> Score {
        let (history, target) = window.split_at(window.len() - 1);
        self.0.model.score(history, target)[0]
    }

    fn candidates(&mut self, history: &[u32]) -> Vec<(u32, f32)> {
        self.candidates_of(history)
    }
}
