//! What the parts said of the sessions they did not know, and what a new session's scores mean beside that.

use std::collections::BTreeMap;

use deeplog_lstm::LstmModel;
use sequence_windowing::{Session, Windowing};
use serde::{Deserialize, Serialize};

use super::fold::{Fold, Learnt};
use super::past::Past;
use crate::calibration::{allowed, is_within};
use crate::{Calibration, Part, TooFew, needed};

/// Scores of the training sessions by part, each given by the fit that did not know the session, and what follows from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Evidence {
    parts: Vec<Part>,
    rows: Vec<Row>,
    /// By part and fold.
    scores: Vec<Vec<Calibration>>,
    /// What a new session's harmonic mean is ranked among, ascending: those of the training sessions themselves.
    means: Vec<f64>,
}

/// Sessions that are alike to all parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    fold: usize,
    sessions: usize,
    /// By part.
    scores: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    parts: Vec<Part>,
    rows: Vec<Row>,
}

impl From<Wire> for Evidence {
    fn from(Wire { parts, rows }: Wire) -> Self {
        Self::of(parts, rows)
    }
}

impl From<Evidence> for Wire {
    fn from(Evidence { parts, rows, .. }: Evidence) -> Self {
        Self { parts, rows }
    }
}

/// The harmonic mean of p-values.
fn harmonic_mean(p_values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let parts = p_values.len() as f64;
    parts / p_values.map(f64::recip).sum::<f64>()
}

impl Evidence {
    /// Has each fold's fit score the sessions of that fold. `folds` gives each session's fold; `models` and `learnt` are by
    /// fold.
    #[must_use]
    pub fn gather(
        sessions: &[Session],
        folds: &[usize],
        models: &[LstmModel],
        learnt: &[Learnt],
        parts: &[Part],
        windowing: &Windowing,
    ) -> Self {
        let fits = models.iter().zip(learnt).map(|(model, learnt)| Fold {
            model: model.clone(),
            learnt: learnt.clone(),
        });
        let mut scores = vec![vec![0.0; parts.len()]; sessions.len()];
        for (number, fit) in fits.enumerate() {
            let own = || (0..sessions.len()).filter(|&i| folds[i] == number);
            fit.prepare(&own().map(|i| sessions[i].clone()).collect::<Vec<_>>(), windowing);
            for i in own() {
                scores[i] = whole(&fit, parts, &sessions[i], windowing);
            }
        }
        let mut alike: BTreeMap<(usize, Vec<u64>), Row> = BTreeMap::new();
        for (&fold, scores) in folds.iter().zip(scores) {
            let bits = scores.iter().map(|score| score.to_bits()).collect();
            let row = alike.entry((fold, bits)).or_insert(Row {
                fold,
                sessions: 0,
                scores,
            });
            row.sessions += 1;
        }
        Self::of(parts.to_vec(), alike.into_values().collect())
    }

    fn of(parts: Vec<Part>, rows: Vec<Row>) -> Self {
        let folds = rows.iter().map(|row| row.fold + 1).max().unwrap_or(0);
        let of = |part: usize, fold: usize| {
            let own = rows.iter().filter(|row| row.fold == fold);
            Calibration::new(
                own.flat_map(|row| std::iter::repeat_n(row.scores[part], row.sessions))
                    .collect(),
            )
        };
        let by_fold = |part| (0..folds).map(|fold| of(part, fold)).collect();
        let mut evidence = Self {
            scores: (0..parts.len()).map(by_fold).collect(),
            means: Vec::new(),
            parts,
            rows,
        };
        let sessions = evidence.rows.iter().map(|row| row.sessions).sum::<usize>();
        // A session's own score is among those that are as high, as a new one counts itself.
        let p_value = |part: usize, score: f64| {
            let as_high: usize = evidence.scores[part].iter().map(|fold| fold.as_high(score)).sum();
            as_high as f64 / (1 + sessions) as f64
        };
        let mean = |row: &Row| {
            let each = row.scores.iter().enumerate();
            harmonic_mean(each.map(|(part, &score)| p_value(part, score)))
        };
        let means = evidence.rows.iter();
        let means = means.flat_map(|row| std::iter::repeat_n(mean(row), row.sessions));
        let mut means: Vec<f64> = match evidence.parts[..] {
            // The p-value of a single part is calibrated already: every rank stands for itself, a new session's own in front.
            [_] => (2..=1 + sessions)
                .map(|rank| rank as f64 / (1 + sessions) as f64)
                .collect(),
            _ => means.collect(),
        };
        means.sort_unstable_by(f64::total_cmp);
        evidence.means = means;
        evidence
    }

    /// The same with some of the parts, for what each of them is worth.
    #[must_use]
    pub fn with_parts(&self, parts: &[Part]) -> Self {
        let kept: Vec<usize> = (0..self.parts.len())
            .filter(|&i| parts.contains(&self.parts[i]))
            .collect();
        let rows = self.rows.iter().map(|row| Row {
            scores: kept.iter().map(|&i| row.scores[i]).collect(),
            ..row.clone()
        });
        Self::of(kept.iter().map(|&i| self.parts[i]).collect(), rows.collect())
    }

    /// The parts, in their order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Training sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.means.len()
    }

    /// A part's p-value for the scores of each fold's fit.
    pub(super) fn p_value_of(&self, part: usize, scores: &[f64]) -> f64 {
        let folds = self.scores[part].iter().zip(scores);
        let as_high: usize = folds.map(|(fold, &score)| fold.as_high(score)).sum();
        (1 + as_high) as f64 / (1 + self.sessions()) as f64
    }

    /// The harmonic mean of the parts' p-values, and its own p-value.
    pub(super) fn combine(&self, p_values: &[f64]) -> (f64, f64) {
        let mean = harmonic_mean(p_values.iter().copied());
        // Rounding must not tell apart what is equal.
        let as_low = self.means.partition_point(|&known| known <= mean * (1.0 + 1e-9));
        (mean, (1 + as_low) as f64 / (1 + self.sessions()) as f64)
    }

    /// −ln of the largest mean that is not flagged.
    pub(super) fn threshold(&self, budget: f64) -> f64 {
        let last = allowed(self.sessions(), budget).clamp(1, self.sessions().max(1)) - 1;
        self.means.get(last).map_or(0.0, |mean| -mean.ln())
    }

    /// For each part the p-value at or below which it flags a session by itself, all others finding it as normal as can be; 0 if
    /// it never does.
    ///
    /// # Errors
    /// If even the least mean would have a p-value above the budget.
    pub(super) fn limits(&self, budget: f64) -> Result<Vec<f64>, TooFew> {
        if allowed(self.sessions(), budget) == 0 {
            return Err(TooFew {
                sessions: self.sessions(),
                needed: needed(budget),
            });
        }
        let flags = |part: usize, as_high: usize| {
            let p = (1 + as_high) as f64 / (1 + self.sessions()) as f64;
            let mut p_values = vec![1.0; self.parts.len()];
            p_values[part] = p;
            is_within(self.combine(&p_values).1, budget).then_some(p)
        };
        // How many flag is where the first does not; p grows with what is as high.
        let limit = |part: usize| {
            let (mut low, mut high) = (0, self.sessions() + 1);
            while low < high {
                let middle = usize::midpoint(low, high);
                if flags(part, middle).is_some() {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            low.checked_sub(1).and_then(|last| flags(part, last)).unwrap_or(0.0)
        };
        Ok((0..self.parts.len()).map(limit).collect())
    }
}

/// The score of a whole session by each part: that of its most unusual event.
fn whole(fit: &Fold, parts: &[Part], session: &Session, windowing: &Windowing) -> Vec<f64> {
    let mut past = Past::new(windowing);
    let mut worst = vec![0.0_f64; parts.len()];
    let end = windowing.has_end(session.end, session.dropped_events).then_some(None);
    for next in session.events.iter().map(Some).chain(end) {
        for (worst, &part) in worst.iter_mut().zip(parts) {
            *worst = worst.max(fit.look(part, &past, next, windowing).score);
        }
        if let Some(event) = next {
            past.add(event, windowing);
        }
    }
    worst
}
