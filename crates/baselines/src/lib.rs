//! Rivals of the sequence model, each a detector in a file of its own, so that no figure stands alone.
//!
//! On HDFS a rule without learning ("this set of keys never occurred in training") finds nearly everything; a model's
//! F1 proves nothing unless such rules stand beside it.
//!
//! ```
//! use baselines::UnseenKeySet;
//! use detection::Detector;
//! use sequence_windowing::{Event, KeyName, Session, SessionEnd, Vocabulary};
//!
//! let session = |id: &str, keys: &str| Session {
//!     id: id.into(),
//!     events: keys.split(' ').map(|key| Event { key: KeyName::from(key), line: 1, time: None }).collect(),
//!     end: SessionEnd::Explicit,
//!     dropped_events: 0,
//! };
//! let normal = [session("a", "open read close"), session("b", "open write close")];
//! let vocabulary = Vocabulary::from_sessions(&normal);
//! let normal: Vec<_> = normal.iter().map(|session| vocabulary.encode(session)).collect();
//! let rule = UnseenKeySet::fit(&normal.iter().collect::<Vec<_>>());
//!
//! let odd = vocabulary.encode(&session("c", "open read write close"));
//! assert!(rule.judge(&[odd], &mut |_| ())[0].is_anomalous());
//! ```

mod by_event;
mod by_score;
mod classifier;
mod count_vector;
mod counts;
mod edit_distance;
mod event_time;
mod frequent_keys;
mod held_out;
mod invariants;
mod isolation_forest;
mod local_outlier_factor;
mod log_clustering;
mod ngram_model;
mod pca;
mod rival;
mod rows;
mod session_length;
mod unseen_key;
mod unseen_key_set;
mod unseen_ngram;
mod with_labels;

#[cfg(test)]
mod tests;

pub use by_event::{ByEvent, EventScorer, PastState};
pub use by_score::{ByScore, Scorer, Summary, SummaryState};
pub use classifier::{Classifier, Learner};
pub use count_vector::CountVector;
pub use counts::Counts;
pub use edit_distance::{EditDistance, Sequence};
pub use event_time::EventTime;
pub use frequent_keys::FrequentKeys;
pub use held_out::{FALSE_ALARMS, Limit};
pub use invariants::Invariants;
pub use isolation_forest::{ForestSize, IsolationForest};
pub use local_outlier_factor::LocalOutlierFactor;
pub use log_clustering::LogClustering;
pub use ngram_model::NgramModel;
pub use pca::Pca;
pub use rival::{Judging, Lesson, Rival, Unfit, WITH_LABELS};
pub use rows::Rows;
pub use session_length::{Length, SessionLength};
pub use unseen_key::UnseenKey;
pub use unseen_key_set::{KeySet, UnseenKeySet};
pub use unseen_ngram::UnseenNgram;
pub use with_labels::WithLabels;
