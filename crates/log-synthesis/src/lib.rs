//! Logs and faults that are made, from a seed and with labels: a simulator of HDFS, and known faults for normal sessions
//! ([`Injector`]), and varied copies of messages ([`Variator`]).
//!
//! The simulator writes raw log lines of block lives, interleaved over many blocks and nodes.
//! The lines have the header of the published HDFS_v1 log, `<Date> <Time> <Pid> <Level> <Component>: <Content>`, and the
//! wording of its templates E1 to E29 (Xu et al., SOSP 2009; He et al., Loghub). Normal lives resemble the sessions that
//! DeepLog (Du et al., CCS 2017) was trained on; the others depart from them in ways that the HDFS literature names.
//! The crate does no I/O of its own: lines go to a buffer or to a writer of the caller's.
//!
//! ```
//! use log_synthesis::{HdfsConfig, HdfsSimulator};
//!
//! let config = HdfsConfig { seed: 7, sessions: Some(50), anomalous: 0.1, ..HdfsConfig::default() };
//! let (mut log, mut labels) = (Vec::new(), Vec::new());
//! HdfsSimulator::new(config)?.write_to(&mut log, &mut |label| labels.push(label))?;
//! assert!(log.starts_with(b"081109 2035"));
//! assert_eq!(labels.len(), 50);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anomaly;
mod augment;
mod clock;
mod cluster;
mod config;
mod fault;
mod label;
mod life;
mod serving;
mod simulator;
mod step;
#[cfg(test)]
mod tests;
mod wording;

pub use augment::{Rule, Variator, rule_of};
pub use config::{Drift, HdfsConfig, InvalidConfig, Problem};
pub use fault::{Fault, FaultCount, FaultKind, Injector, NumberRanges, Piece, Subject, UnknownFault};
pub use label::{Kind, Label};
pub use simulator::{HdfsSimulator, Line};

/// The longest silence between two lines of one block, in seconds of simulated time: sessions that are closed after a
/// longer one are never cut in two.
pub const LARGEST_GAP_SECONDS: u64 = 60;
