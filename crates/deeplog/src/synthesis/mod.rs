//! Logs and faults that are made: simulated ones, and faults in normal sessions.

pub(crate) mod faults;
mod hdfs;
mod inject;

pub use hdfs::write;
pub use inject::{Injection, inject_sessions};
