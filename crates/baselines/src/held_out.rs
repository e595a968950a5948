//! What held-out training sessions say: p-values, and thresholds from normal sessions alone.
//!
//! A detector scores the sessions that it learnt from too low, so each fifth of the training sessions is scored by what
//! was learnt from the other four; five or fewer sessions are held out one by one. A key that no other fifth has is one that
//! training never saw. The detector itself then learns from all of them. A session's p-value is the share of the held-out
//! scores and its own that are as high as its own.
//!
//! Held-out sessions are scored by five detectors and new ones by a sixth, so these p-values are only approximately valid.
//! If normal sessions are exchangeable, wherever and whenever they come from, and if what learnt from all sessions scores a
//! new one no higher than what learnt from four fifths, then p-values of at most α occur with probability 2α + √(2/n) at
//! worst, and with about α where one session more or less changes little (Barber, Candès, Ramdas and Tibshirani,
//! "Predictive inference with the jackknife+", Annals of Statistics 49, 2021, on CV+). The second condition holds for
//! whatever looks up or takes the nearest of what training had, and roughly for the others;
//! [`Pca`](crate::Pca) says where it fails for that one.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use detection::Calibration;
use rustc_hash::FxHashMap;
use sequence_windowing::{Key, KeyName, LogKey, Session};

/// Share of normal sessions that a threshold may flag, unless an experiment says otherwise: about what the model raises with
/// a threshold of 0.001 on probability, so that rivals are not held to fewer alarms than it.
pub const FALSE_ALARMS: f64 = 0.005;

const FOLDS: usize = 5;

/// Sessions whose scores differ by rounding alone are as high as each other.
const ROUNDING: f64 = 1e-9;

/// Where a rival draws the line between normal and anomalous scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Above this score.
    Score(f64),
    /// Above the lowest held-out score that lets no more of the held-out sessions be flagged than this share (0..1), rounded
    /// down to whole sessions. A session is then flagged if its p-value, which counts the session itself, is at most that
    /// of one session more.
    Share(f64),
}

/// Scores of training sessions by what did not learn from them.
#[derive(Clone, Debug)]
pub(crate) struct HeldOut {
    calibration: Calibration,
}

impl HeldOut {
    /// `scores` learns from the training sessions at the indices in its first list and scores those of the second.
    pub(crate) fn of(normal: &[&Session], scores: impl Fn(&[usize], &[Cow<'_, Session>]) -> Vec<f64>) -> Self {
        let folds = FOLDS.min(normal.len());
        let only = keys_of_one_fold(normal, folds);
        let all = (0..folds).flat_map(|fold| {
            let (held, rest): (Vec<usize>, Vec<usize>) = (0..normal.len()).partition(|session| session % folds == fold);
            let held: Vec<_> = held.into_iter().map(|i| as_unseen(normal[i], fold, &only)).collect();
            scores(&rest, &held)
        });
        Self {
            calibration: Calibration::new(all.collect()),
        }
    }

    /// The share of these scores and `score` that are as high as `score`.
    pub(crate) fn p_value(&self, score: f64) -> f64 {
        self.calibration.p_value(score - ROUNDING * (1.0 + score.abs()))
    }

    /// The highest score that is not flagged.
    pub(crate) fn threshold(&self, limit: Limit) -> f64 {
        let share = match limit {
            Limit::Score(score) => return score,
            Limit::Share(share) => share,
        };
        let sessions = self.calibration.len();
        if sessions == 0 {
            return 0.0;
        }
        let flagged = (share * sessions as f64) as usize;
        let threshold = self.calibration.threshold((flagged + 1) as f64 / (sessions + 1) as f64);
        threshold.map_or(f64::MAX, |score| score + ROUNDING * (1.0 + score.abs()))
    }

    /// How many there are.
    pub(crate) fn sessions(&self) -> u64 {
        self.calibration.len() as u64
    }
}

/// Keys that the sessions of a single fold have, and which.
fn keys_of_one_fold(normal: &[&Session], folds: usize) -> FxHashMap<LogKey, usize> {
    let mut found: FxHashMap<LogKey, Option<usize>> = FxHashMap::default();
    for (i, session) in normal.iter().enumerate() {
        let fold = i % folds;
        for event in &session.events {
            let Key::Known(key) = event.key else { continue };
            match found.entry(key) {
                Entry::Vacant(entry) => drop(entry.insert(Some(fold))),
                Entry::Occupied(mut entry) if *entry.get() != Some(fold) => drop(entry.insert(None)),
                Entry::Occupied(_) => {}
            }
        }
    }
    found.into_iter().filter_map(|(key, fold)| Some((key, fold?))).collect()
}

/// A held-out session as what learnt from the other folds sees it.
fn as_unseen<'s>(session: &'s Session, fold: usize, only: &FxHashMap<LogKey, usize>) -> Cow<'s, Session> {
    let mut session = Cow::Borrowed(session);
    for place in 0..session.events.len() {
        if let Key::Known(key) = session.events[place].key
            && only.get(&key) == Some(&fold)
        {
            // Its name is nobody's concern, but tells it from others.
            session.to_mut().events[place].key = Key::Unseen(KeyName::from(key.0.to_string()));
        }
    }
    session
}
