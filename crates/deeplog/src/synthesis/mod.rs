//! Logs and faults that are made: simulated ones, varied copies, and faults in normal sessions and in raw logs.

mod augment;
pub(crate) mod faults;
mod faulty_log;
mod hdfs;
mod inject;
mod line;

pub use augment::{Augmentation, augment};
pub use faulty_log::{LogInjection, inject_log};
pub use hdfs::write;
pub use inject::{Injection, inject_sessions};
