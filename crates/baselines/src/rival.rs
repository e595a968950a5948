//! All rivals under their names, as an experiment chooses them.

use detection::Verdict;
use sequence_windowing::{Session, Vocabulary};

use crate::classifier::Learner;
use crate::isolation_forest::ForestSize;
use crate::{
    CountVector, EditDistance, EventTime, FrequentKeys, Invariants, IsolationForest, LocalOutlierFactor, LogClustering,
    NgramModel, Pca, SessionLength, UnseenKey, UnseenKeySet, UnseenNgram, WithLabels,
};

/// A rival with its settings; each is described, with its source, at the detector of its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rival {
    /// [`UnseenKey`].
    UnseenKey,
    /// [`UnseenKeySet`].
    UnseenKeySet,
    /// [`UnseenNgram`].
    UnseenNgram {
        /// Keys in a row, at least 1.
        n: usize,
    },
    /// [`NgramModel`].
    NgramModel {
        /// Keys in a row, the predicted one included; at least 1.
        n: usize,
    },
    /// [`FrequentKeys`].
    FrequentKeys {
        /// Keys that pass, at least 1.
        top_g: usize,
        /// Events at the beginning that are not looked at.
        history: usize,
    },
    /// [`SessionLength`].
    SessionLength,
    /// [`CountVector`].
    CountVector,
    /// [`EditDistance`].
    EditDistance,
    /// [`EventTime`].
    EventTime,
    /// [`Pca`].
    Pca {
        /// Share of the variance that the normal space holds, 0..=1.
        variance: f64,
    },
    /// [`IsolationForest`].
    IsolationForest(ForestSize),
    /// [`LocalOutlierFactor`].
    LocalOutlierFactor {
        /// Nearest vectors that are looked at, at least 1.
        neighbours: usize,
    },
    /// [`Invariants`].
    Invariants {
        /// Share of the sessions that a relation holds in, 0..=1.
        support: f64,
    },
    /// [`LogClustering`].
    LogClustering {
        /// Largest cosine distance within a cluster, 0..=1.
        distance: f64,
    },
    /// [`WithLabels`]: it sees anomalous training sessions, which no other rival does.
    WithLabels(Learner),
}

/// What a rival learns from. Test sessions have no place in it.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'l> {
    /// Normal training sessions, encoded by the vocabulary, in order of time.
    pub normal: &'l [&'l Session],
    /// Training sessions that are labelled anomalous, encoded by the same vocabulary. Only rivals that
    /// [use labels](Rival::uses_labels) look at them.
    pub anomalous: &'l [&'l Session],
    /// The training vocabulary.
    pub vocabulary: &'l Vocabulary,
    /// Share of held-out training sessions that a threshold may flag, see [`FALSE_ALARMS`](crate::FALSE_ALARMS).
    pub false_alarms: f64,
    /// Drives what is drawn by lot.
    pub seed: u64,
}

/// Why a rival cannot learn from its lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A rival that looks at times, and a log without.
    #[error("no event of the training sessions has a time")]
    NoTimes,
    /// A rival whose time grows with the cube of the vocabulary, and a large one.
    #[error("the vocabulary has {keys} keys, and with more than {most} it would take too long")]
    TooManyKeys {
        /// Keys of the vocabulary.
        keys: usize,
        /// The most that it is tried with.
        most: usize,
    },
    /// A learner without a row.
    #[error("there is nothing to learn from")]
    NothingToLearnFrom,
    /// A learner that needs both classes, and no anomalous row.
    #[error("nothing it could learn from is labelled anomalous")]
    NoneAnomalous,
    /// A learner that needs both classes, and no normal row.
    #[error("nothing it could learn from is labelled normal")]
    NoneNormal,
}

/// Behind the name of a rival that learns from labels, wherever it is shown.
pub const WITH_LABELS: &str = " (with labels)";

/// A rival of any kind that has learnt: a detector that judges whole sessions.
pub trait Judging: Send + Sync {
    /// See [`Detector::judge`](detection::Detector::judge).
    fn judge(&self, sessions: &[Session], progress: &mut dyn FnMut(usize)) -> Vec<Verdict>;

    /// Held-out training sessions that the p-values of its verdicts are counted among; `None` where these have none.
    fn calibrated_on(&self) -> Option<u64>;
}

impl Rival {
    /// Those that cost next to nothing on any data: the ones that stand in every report.
    #[must_use]
    pub fn cheap() -> Vec<Self> {
        vec![
            Self::UnseenKey,
            Self::UnseenKeySet,
            Self::UnseenNgram { n: 2 },
            Self::UnseenNgram { n: 3 },
            Self::NgramModel { n: 5 },
            Self::SessionLength,
            Self::CountVector,
            Self::EventTime,
            Self::Pca { variance: 0.95 },
            Self::IsolationForest(ForestSize::default()),
        ]
    }

    /// What tables call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::UnseenKey => "unseen key".into(),
            Self::UnseenKeySet => "unseen key set".into(),
            Self::UnseenNgram { n } => format!("unseen {n}-gram"),
            Self::NgramModel { n } => format!("{n}-gram model"),
            Self::FrequentKeys { top_g, .. } => format!("top {top_g} keys"),
            Self::SessionLength => "session length".into(),
            Self::CountVector => "count vector".into(),
            Self::EditDistance => "edit distance".into(),
            Self::EventTime => "event time".into(),
            Self::Pca { .. } => "PCA".into(),
            Self::IsolationForest(_) => "isolation forest".into(),
            Self::LocalOutlierFactor { .. } => "local outlier factor".into(),
            Self::Invariants { .. } => "invariants".into(),
            Self::LogClustering { .. } => "log clustering".into(),
            Self::WithLabels(learner) => format!("{}{WITH_LABELS}", learner.name()),
        }
    }

    /// Whether it learns from labels, so that its figures do not compare with those of the others.
    #[must_use]
    pub fn uses_labels(&self) -> bool {
        matches!(self, Self::WithLabels(_))
    }

    /// Learns, and gives the detector.
    ///
    /// # Errors
    /// If the training sessions lack what the rival looks at.
    pub fn fit(&self, lesson: &Lesson<'_>) -> Result<Box<dyn Judging>, Unfit> {
        let Lesson {
            normal,
            anomalous,
            vocabulary,
            false_alarms,
            seed,
        } = *lesson;
        let keys = vocabulary.len();
        Ok(match *self {
            Self::UnseenKey => Box::new(UnseenKey::fit(normal)),
            Self::UnseenKeySet => Box::new(UnseenKeySet::fit(normal)),
            Self::UnseenNgram { n } => Box::new(UnseenNgram::fit(normal, n, vocabulary)),
            Self::NgramModel { n } => Box::new(NgramModel::fit(normal, n, false_alarms, vocabulary)),
            Self::FrequentKeys { top_g, history } => Box::new(FrequentKeys::fit(normal, top_g, history, vocabulary)),
            Self::SessionLength => Box::new(SessionLength::fit(normal)),
            Self::CountVector => Box::new(CountVector::fit(normal, false_alarms)),
            Self::EditDistance => Box::new(EditDistance::fit(normal, false_alarms)),
            Self::EventTime => {
                let mut events = normal.iter().flat_map(|session| &session.events);
                if events.all(|event| event.time.is_none()) {
                    return Err(Unfit::NoTimes);
                }
                Box::new(EventTime::fit(normal, false_alarms, vocabulary))
            }
            Self::Pca { .. } if keys > Pca::MOST_KEYS => {
                return Err(Unfit::TooManyKeys {
                    keys,
                    most: Pca::MOST_KEYS,
                });
            }
            Self::Pca { variance } => Box::new(Pca::fit(normal, keys, variance, false_alarms)),
            Self::IsolationForest(size) => Box::new(IsolationForest::fit(normal, keys, size, seed, false_alarms)),
            Self::LocalOutlierFactor { neighbours } => {
                Box::new(LocalOutlierFactor::fit(normal, keys, neighbours, false_alarms))
            }
            Self::Invariants { support } => Box::new(Invariants::fit(normal, keys, support)),
            Self::WithLabels(learner) => Box::new(WithLabels::fit(normal, anomalous, keys, learner, seed)?),
            Self::LogClustering { distance } => Box::new(LogClustering::fit(normal, keys, distance, false_alarms)),
        })
    }
}
