//! Detectors: sessions, whole or as they come, to verdicts that explain themselves.
//!
//! The rule is that of DeepLog (Du, Li, Zheng, Srikumar, CCS 2017): a model of normal sequences gives the candidates for
//! the next log key, and a session whose true key is not among them left the normal path.
//!
//! ```
//! use std::sync::Arc;
//!
//! use deeplog_lstm::{Device, DeviceKind, Input, LstmModel, ModelConfig};
//! use detection::{Closing, DeepLog, Detector, Reason, Rule, ShortSessions};
//! use sequence_windowing::{Alphabet, Event, KeyName, SessionEnd, Vocabulary};
//!
//! let vocabulary = Arc::new(Vocabulary::from(vec![KeyName::from("open"), KeyName::from("close")]));
//! let config = ModelConfig {
//!     alphabet: Alphabet { keys: 2 }, history: 3, hidden: 4, layers: 1, input: Input::OneHot, dropout: 0.0,
//! };
//! let model = LstmModel::new(config, &Device::open(DeviceKind::Cpu)?, 1)?;
//! let detector = DeepLog::new(model, vocabulary.clone(), Rule::TopG(9), ShortSessions::Model);
//!
//! let mut state = detector.open();
//! let event = |name: &str, line| Event { key: vocabulary.key(&KeyName::from(name)), line, time: None };
//! assert!(detector.step(&mut state, &event("open", 1)).is_none());
//! let finding = detector.step(&mut state, &event("explode", 2)).ok_or("an unseen key is always a finding")?;
//! assert_eq!(finding.reason, Reason::UnseenKey);
//! let verdict = detector.close(state, &Closing { session: "a".into(), end: SessionEnd::Explicit, dropped_events: 0 });
//! assert!(verdict.is_anomalous());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod any;
mod calibrated;
mod calibration;
mod deeplog;
mod detector;
mod finding;
mod held_out;
mod judge;
#[cfg(test)]
mod tests;
mod verdict;

pub use any::{AnyDetector, AnyState};
pub use calibrated::{
    Calibrated, CalibratedState, Delay, Delays, Difference, Evidence, Fitted, KnownCounts, Learnt, OrderRelations,
    Past, Relation,
};
pub use calibration::{Calibration, TooFew, false_alarms_to_expect, needed};
pub use deeplog::{DeepLog, DeepLogState, LARGEST_SURPRISE, Rule, ShortSessions};
pub use detector::{Closing, Detector};
pub use finding::{Candidate, Detail, Finding, KeyCount, Reason, Symbol};
pub use held_out::HeldOutRanks;
pub use judge::Judge;
pub use verdict::{Extent, Outcome, Part, PartVerdict, Verdict};
