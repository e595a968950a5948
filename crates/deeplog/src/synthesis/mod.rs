//! Logs and faults that are made: simulated ones, varied copies, and faults in normal sessions.

mod augment;
pub(crate) mod faults;
mod hdfs;
mod inject;

pub use augment::{Augmentation, augment};
pub use hdfs::write;
pub use inject::{Injection, inject_sessions};
