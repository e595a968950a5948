//! Learners that see anomalous training sessions: what labels are worth, where there are any.
//!
//! He, Zhu, He and Lyu ("Experience report: system log analysis for anomaly detection", ISSRE 2016) hold logistic
//! regression, decision trees and support vector machines over count vectors to detectors without labels so.

use detection::Reason;
use sequence_windowing::Session;

use crate::by_score::{ByScore, Scorer, Summary, distinct};
use crate::classifier::{Classifier, Learner};
use crate::counts::Counts;
use crate::rival::Unfit;
use crate::rows::Rows;

/// A classifier over the counts of a session's keys, those that no normal training session has taken as one key. A session
/// scores from 0 to 1: the probability or share that the classifier gives its counts, and for a support vector machine the
/// logistic function of the distance. More than 0.5, the classifier's own threshold, is flagged.
#[derive(Clone, Debug)]
pub struct WithLabels {
    classifier: Classifier,
    keys: usize,
    gives_distances: bool,
}

/// Where a classifier finds both classes as likely.
const EVEN: f64 = 0.5;

impl WithLabels {
    /// Learns from normal and from anomalous sessions; `keys` is the size of the vocabulary.
    ///
    /// # Errors
    /// If there are no sessions of one of the two classes.
    pub fn fit(
        normal: &[&Session],
        anomalous: &[&Session],
        keys: usize,
        learner: Learner,
        seed: u64,
    ) -> Result<ByScore<Self>, Unfit> {
        let mut rows = Rows::new(keys + 1);
        let mut are_anomalous = Vec::new();
        for (sessions, is_anomalous) in [(normal, false), (anomalous, true)] {
            let counts: Vec<Counts> = sessions.iter().map(|session| Counts::of(session)).collect();
            for (counts, times) in distinct(&counts) {
                rows.push(&counts.vector(keys), times);
                are_anomalous.push(is_anomalous);
            }
        }
        let classifier = learner.fit(&rows, &are_anomalous, seed)?;
        let scorer = Self {
            classifier,
            keys,
            gives_distances: learner == Learner::LinearSvm,
        };
        Ok(ByScore::new(scorer, EVEN))
    }
}

impl Scorer for WithLabels {
    type Summary = Counts;
    const REASON: Reason = Reason::LikeAnomalies;

    fn score(&self, counts: &Counts) -> f64 {
        let score = self.classifier.score(&counts.vector(self.keys));
        if self.gives_distances {
            1.0 / (1.0 + (-score).exp())
        } else {
            score
        }
    }
}
