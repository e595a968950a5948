//! DeepLog live: lines in, explained findings out, and nothing lost.
//!
//! Every source of lines (pushed batches, syslog, followed files) hands [`Batch`]es to one [`Entrance`]. There they are
//! written to a log of accepted input, acknowledged, and judged in that order by the library's own `Pipeline`. What comes of
//! it are [`Change`]s to findings, numbered in the order in which they come about, so that the same input gives the
//! same numbers again after a crash.
//!
//! [`serve`] puts it all together. Its parts can be used alone, those that read what comes in for instance:
//!
//! ```
//! use deeplog_service::body::{Decoding, decode};
//! use deeplog_service::syslog::{Shape, parse};
//!
//! let body = br#"[{"message": "session 7 opened"}, {"level": "info"}]"#;
//! let decoded = decode(Some("application/json"), None, body, &Decoding::default())?;
//! assert_eq!((decoded.lines, decoded.rejected), (1, 1));
//! assert_eq!(decoded.block, b"session 7 opened\n");
//!
//! let message = parse(b"<38>1 2026-11-21T08:00:00Z web1 sshd 411 - - session 7 opened");
//! let mut line = Vec::new();
//! Shape::File.write(&message, &mut line);
//! assert_eq!(line, b"2026-11-21T08:00:00Z web1 sshd[411]: session 7 opened\n");
//! # Ok::<_, deeplog_service::body::BodyError>(())
//! ```

pub mod alerts;
pub mod auth;
mod batch;
pub mod body;
pub mod config;
mod engine;
mod entrance;
pub mod follow;
mod http;
mod json;
pub mod listen;
mod metrics;
pub mod notify;
mod page;
mod record;
mod runner;
mod serve;
mod store;
pub mod syslog;
mod times;
mod wal;

pub use batch::{Batch, FileId, FilePosition, IdempotencyKey, Origin};
pub use engine::{Engine, Minute, Models, OpenSession, Outcome, Source, Volume};
pub use entrance::{Entrance, Receipt, Refused};
pub use metrics::Metrics;
pub use record::{Change, Ended, Expected, FindingRecord, PartValue, PathStep, RawLine, Seen};
pub use runner::{EngineHandle, Health, Running, Settings, Sink};
pub use serve::{Task, serve};
use store::{Bucket, Filter, Item, Reader, StoreError};
pub use times::{now, rfc3339};
pub use wal::{Definition, Entry};

#[cfg(test)]
mod tests;
