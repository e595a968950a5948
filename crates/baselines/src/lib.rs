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
//! let rule = UnseenKeySet::fit(&normal);
//!
//! let odd = vocabulary.encode(&session("c", "open read write close"));
//! assert!(rule.judge(&[odd], &mut |_| ())[0].is_anomalous());
//! ```

mod unseen_key;
mod unseen_key_set;

#[cfg(test)]
mod tests;

pub use unseen_key::UnseenKey;
pub use unseen_key_set::UnseenKeySet;
