//! A detector that keeps to the false alarms its user can stand.
//!
//! Normal training sessions are divided into folds. Each part (the next-key model, the order of keys, their counts, the delays) is
//! fitted once without each fold, and scores the sessions of that fold. A new session is scored by all fits, and its
//! p-value by a part is the share of training sessions that are as unusual, each compared by the fit that did not know it: cross-conformal
//! prediction (Vovk, *Cross-conformal predictors*, Annals of Mathematics and Artificial Intelligence, 2015). The parts are
//! combined by the harmonic mean of their p-values (Wilson, *The harmonic mean p-value for combining dependent tests*, PNAS
//! 2019), which needs no independence, and that mean is itself ranked among those of the training sessions, so the last p-value is
//! calibrated whatever the parts share. The p-value of a single part is the last one itself.
//!
//! **What is guaranteed.** If a session and the training sessions are exchangeable (all normal, drawn alike in time and place), p ≤ α
//! has a probability near α. Proven is at most 2α plus a term that vanishes with the size of the folds, whatever the parts (Vovk and Wang,
//! *Combining p-values via averaging*, Biometrika 2020; Barber, Candès, Ramdas and Tibshirani, *Predictive inference with
//! the jackknife+*, Annals of Statistics 2021); that the parts' p-values of the training sessions are among themselves where the harmonic
//! mean is ranked is beyond these proofs and measured in tests. Those p-values do not count the new session, its own do, which makes
//! it look more normal by a rank at most. Of sessions from another time or place nothing is guaranteed.

mod counts;
mod delays;
mod evidence;
mod fold;
mod order;
mod past;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use deeplog_lstm::LstmModel;
use sequence_windowing::{Event, Session, Vocabulary, Windowing};
use serde::{Deserialize, Serialize};

pub use counts::{Difference, KnownCounts};
pub use delays::{Delay, Delays};
pub use evidence::Evidence;
pub use fold::Learnt;
use fold::{About, Fold, Look};
pub use order::{OrderRelations, Relation};
pub use past::Past;
pub use state::CalibratedState;

use crate::detector::one_by_one;
use crate::{Candidate, Closing, Detector, Finding, Part, Symbol, TooFew, Verdict};

/// Candidates shown with a finding.
const SHOWN_CANDIDATES: usize = 5;

/// All that calibration gives, but for the weights of the next-key models: what a model file keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// What the parts learnt without each fold.
    pub folds: Vec<Learnt>,
    /// What they said of the sessions of each fold.
    pub evidence: Evidence,
}

/// Flags a session whose p-value is within a budget of false alarms.
#[derive(Clone)]
pub struct Calibrated {
    vocabulary: Arc<Vocabulary>,
    windowing: Windowing,
    folds: Arc<[Fold]>,
    evidence: Arc<Evidence>,
    budget: f64,
    /// For each part the p-value at which it flags by itself.
    limits: Vec<f64>,
}

impl Fitted {
    /// Has the parts learn from normal sessions, encoded by the vocabulary, and score those that each fit did not know. `folds`
    /// gives the fold of each session, `models` the next-key model that was trained without each fold.
    #[must_use]
    pub fn fit(
        sessions: &[Session],
        folds: &[usize],
        models: &[LstmModel],
        parts: &[Part],
        windowing: &Windowing,
    ) -> Self {
        let without = |fold: usize| {
            let others = sessions.iter().zip(folds).filter(|&(_, &own)| own != fold);
            Learnt::fit(&others.map(|(session, _)| session).collect::<Vec<_>>(), windowing)
        };
        let learnt: Vec<Learnt> = (0..models.len()).map(without).collect();
        let evidence = Evidence::gather(sessions, folds, models, &learnt, parts, windowing);
        Self {
            folds: learnt,
            evidence,
        }
    }
}

impl Calibrated {
    /// A detector with the next-key model of each fold, and a budget: the share of normal sessions that may be flagged, above 0 and
    /// below 1.
    ///
    /// # Errors
    /// If there are too few calibration sessions for the budget.
    pub fn new(
        models: Vec<LstmModel>,
        vocabulary: Arc<Vocabulary>,
        windowing: Windowing,
        fitted: Fitted,
        budget: f64,
    ) -> Result<Self, TooFew> {
        let folds = models.into_iter().zip(fitted.folds);
        let limits = fitted.evidence.limits(budget)?;
        Ok(Self {
            vocabulary,
            windowing,
            folds: folds.map(|(model, learnt)| Fold::new(model, learnt)).collect(),
            evidence: Arc::new(fitted.evidence),
            budget,
            limits,
        })
    }

    /// The same with another budget.
    ///
    /// # Errors
    /// If there are too few calibration sessions for it.
    pub fn with_budget(&self, budget: f64) -> Result<Self, TooFew> {
        Ok(Self {
            limits: self.evidence.limits(budget)?,
            budget,
            ..self.clone()
        })
    }

    /// The same with some of its parts, calibrated anew.
    ///
    /// # Errors
    /// If there are too few calibration sessions for the budget.
    pub fn with_parts(&self, parts: &[Part]) -> Result<Self, TooFew> {
        let evidence = self.evidence.with_parts(parts);
        Ok(Self {
            limits: evidence.limits(self.budget)?,
            evidence: Arc::new(evidence),
            ..self.clone()
        })
    }

    /// The ways in which it looks at sessions.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        self.evidence.parts()
    }

    /// The share of normal sessions that may be flagged.
    #[must_use]
    pub fn budget(&self) -> f64 {
        self.budget
    }

    /// The highest score that is not flagged.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.evidence.threshold(self.budget)
    }

    /// Sessions that it was calibrated on.
    #[must_use]
    pub fn calibrated_on(&self) -> usize {
        self.evidence.sessions()
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

    /// Whether times make no difference to it.
    pub(crate) fn is_timeless(&self) -> bool {
        !self.evidence.parts().contains(&Part::Delays)
    }

    /// Has the models score all windows of some sessions, so that they need not be asked one by one.
    pub(crate) fn prepare(&self, sessions: &[Session]) {
        self.folds
            .iter()
            .for_each(|fold| fold.prepare(sessions, &self.windowing));
    }

    /// What the models expect after a history on average, most probable first, all symbols.
    fn expected(&self, history: &[u32]) -> Vec<(u32, f64)> {
        let symbols = self.windowing.alphabet.symbols();
        let mut sums = vec![0.0; symbols as usize];
        for fold in self.folds.iter() {
            let history = fold.history(history, &self.windowing);
            for (code, p) in fold.model.candidates(&history, symbols as usize).into_iter().flatten() {
                sums[code as usize] += f64::from(p) / self.folds.len() as f64;
            }
        }
        let mut expected: Vec<(u32, f64)> = (0..symbols).zip(sums).collect();
        expected.sort_by(|left, right| right.1.total_cmp(&left.1));
        expected
    }

    fn symbol(&self, code: u32) -> Symbol {
        match self.vocabulary.names().get(code as usize) {
            Some(name) => Symbol::Key(name.clone()),
            None => Symbol::End,
        }
    }

    /// A finding of the next-key model with what it expected, which takes time to ask for.
    fn with_candidates(&self, mut finding: Finding, history: &[u32]) -> Finding {
        let expected = self.expected(history);
        let rank = expected
            .iter()
            .position(|&(code, _)| finding.seen == Some(self.symbol(code)));
        finding.rank = rank.map(|rank| rank as u32 + 1);
        finding.probability = Some(rank.map_or(0.0, |rank| expected[rank].1));
        let shown = expected.into_iter().take(SHOWN_CANDIDATES);
        finding.expected = shown
            .map(|(code, probability)| Candidate {
                symbol: self.symbol(code),
                probability,
            })
            .collect();
        finding
    }
}

impl Detector for Calibrated {
    type State = CalibratedState;

    fn open(&self) -> CalibratedState {
        CalibratedState::new(self)
    }

    fn step(&self, state: &mut CalibratedState, event: &Event) -> Option<Finding> {
        state.step(self, event)
    }

    fn close(&self, state: CalibratedState, closing: &Closing) -> Verdict {
        state.close(self, closing)
    }

    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict> {
        self.prepare(sessions);
        one_by_one(self, sessions, progress)
    }
}
