//! One body of sessions into training and test.

use evaluation::Label;
use sequence_windowing::{Session, chronological, seeded};

use super::Corpus;
use crate::error::{Error, Result};
use crate::experiment::{Experiment, SplitMethod};

/// Which sessions train and which test, as indices in order of time.
pub(crate) struct Division {
    pub(crate) train: Vec<usize>,
    pub(crate) test: Vec<usize>,
    /// Sessions of the training part that are labelled anomalous.
    pub(crate) anomalous: Vec<usize>,
    unlabelled: u64,
    straddling: u64,
}

impl Division {
    /// Divides sessions as an experiment says. Where labels exist, only sessions that are labelled normal train.
    pub(crate) fn of<K>(
        experiment: &Experiment,
        sessions: &[Session<K>],
        labels: Option<&[Option<Label>]>,
    ) -> Result<Self> {
        let split = experiment.data.split;
        let parts = match split.method {
            SplitMethod::Chronological => chronological(sessions, split.train),
            SplitMethod::Random => seeded(sessions.len(), split.train, experiment.seed),
        };
        let label = |&i: &usize| labels.map_or(Some(Label::Normal), |labels| labels[i]);
        let (train, left_out): (Vec<usize>, Vec<usize>) =
            parts.train.iter().partition(|i| label(i) == Some(Label::Normal));
        let (anomalous, unlabelled): (Vec<usize>, Vec<usize>) = left_out.iter().partition(|i| label(i).is_some());
        let division = Self {
            train,
            test: parts.test,
            anomalous,
            unlabelled: unlabelled.len() as u64,
            straddling: parts.straddlers as u64,
        };
        if division.train.is_empty() {
            return Err(Error::run(
                format!(
                    "no normal session is left to train on: of {} sessions in the training part {} are anomalous and {} have no label",
                    parts.train.len(),
                    division.anomalous.len(),
                    division.unlabelled,
                ),
                "raise `data.split.train`, or check that the labels name the sessions as the session rule does",
            ));
        }
        Ok(division)
    }

    /// Leaves its counts with a corpus.
    pub(crate) fn count(&self, corpus: &mut Corpus) {
        corpus.count("anomalous_sessions_left_out_of_training", self.anomalous.len() as u64);
        corpus.count("unlabelled_sessions_left_out_of_training", self.unlabelled);
        corpus.count("training_sessions_straddling_the_split", self.straddling);
    }
}

/// Labels of sessions, in their order, with what does not fit counted.
pub(crate) fn labels_of<'s>(
    labels: &crate::input::Labels,
    ids: impl ExactSizeIterator<Item = &'s str>,
    corpus: &mut Corpus,
) -> Vec<Option<Label>> {
    let found: Vec<Option<Label>> = ids.map(|id| labels.get(id)).collect();
    let labelled = found.iter().flatten().count();
    corpus.faults = labels.faults().clone();
    corpus.count("sessions_without_label", (found.len() - labelled) as u64);
    corpus.count("labels_without_session", labels.len().saturating_sub(labelled) as u64);
    found
}
