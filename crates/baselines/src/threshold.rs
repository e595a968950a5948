//! Thresholds from normal training sessions alone.
//!
//! A detector scores the sessions that it learnt from too low, so each fifth of the training sessions is scored by what
//! was learnt from the other four. The threshold is the lowest of these scores that lets no more of them be flagged
//! than the stated share; five or fewer sessions are held out one by one. The detector itself then learns from all of
//! them.

/// Share of normal sessions that a threshold may flag, unless an experiment says otherwise: about what the model raises with
/// a threshold of 0.001 on probability, so that rivals are not held to fewer alarms than it.
pub const FALSE_ALARMS: f64 = 0.005;

const FOLDS: usize = 5;

/// Sessions whose scores differ by rounding alone are on the same side of a threshold.
const ROUNDING: f64 = 1e-9;

/// The threshold over `sessions` training sessions: `scores` learns from those of the first list and scores those of
/// the second.
pub(crate) fn held_out(sessions: usize, false_alarms: f64, scores: impl Fn(&[usize], &[usize]) -> Vec<f64>) -> f64 {
    let folds = FOLDS.min(sessions);
    let mut all: Vec<f64> = (0..folds)
        .flat_map(|fold| {
            let (held, rest): (Vec<usize>, Vec<usize>) = (0..sessions).partition(|session| session % folds == fold);
            scores(&rest, &held)
        })
        .collect();
    all.sort_unstable_by(|left, right| right.total_cmp(left));
    let allowed = (false_alarms * sessions as f64) as usize;
    all.get(allowed)
        .map_or(0.0, |score| score + ROUNDING * (1.0 + score.abs()))
}
