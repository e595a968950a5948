//! Log keys grouped into sessions, and sessions cut into windows.
//!
//! DeepLog (Du, Li, Zheng and Srikumar, CCS 2017) predicts the next log key of an execution from the keys before it.
//! This crate makes executions out of interleaved lines: by identifier, by stream, by windows of time or count
//! ([`SessionRule`]). It knows no parser and no model, takes identifiers, time stamps and key names, and does no
//! I/O. Everything streams: a [`Grouper`] keeps a state of yours per open session (a detector's, or the events
//! themselves in a [`Collector`]), in bounded memory ([`Limits`]), can be written down and read back at any point,
//! and counts whatever it could not place ([`GroupCounters`]).
//!
//! ```
//! use sequence_windowing::{
//!     Alphabet, Clock, Collector, DistinctWindows, Event, Framing, Identifier, KeyName, Limits, SessionRule,
//!     TimeFormat, Vocabulary, Windowing,
//! };
//!
//! // Time, key (which a parser would find) and content of the lines of two blocks.
//! let lines = [
//!     ("081109 203518", "5", "Receiving block blk_1"),
//!     ("081109 203519", "5", "Receiving block blk_-2"),
//!     ("081109 203521", "9", "Received block blk_1"),
//!     ("081109 203522", "9", "Received block blk_-2"),
//! ];
//!
//! let pattern = r"blk_-?\d+";
//! let blocks = Identifier::new(pattern)?;
//! let format = TimeFormat::new("%y%m%d %H%M%S", None)?;
//! let limits = Limits { end_keys: vec!["9".into()], ..Limits::default() };
//!
//! let mut clock = Clock::default();
//! let mut collector = Collector::new(SessionRule::Identifier { pattern: pattern.into() }, limits)?;
//! for (line, (time, key, content)) in (1..).zip(lines) {
//!     let event = Event { key: KeyName::from(key), line, time: format.parse(&mut clock, time.as_bytes()) };
//!     let ends = collector.grouper().limits().is_end_key(&event.key);
//!     collector.push(&event, blocks.find_all(content.as_bytes()), ends);
//! }
//! let (sessions, counters) = collector.finish();
//! assert_eq!((sessions.len(), &*sessions[0].id, counters.without_session), (2, "blk_1", 0));
//!
//! let vocabulary = Vocabulary::from_sessions(&sessions);
//! let sessions: Vec<_> = sessions.iter().map(|session| vocabulary.encode(session)).collect();
//! let windowing = Windowing {
//!     alphabet: Alphabet { keys: vocabulary.len() as u32 },
//!     history: 2,
//!     framing: Framing::BeginEnd,
//! };
//! let windows = DistinctWindows::of(&windowing, &sessions);
//! // Both blocks did the same: begin begin → 5, begin 5 → 9, 5 9 → end.
//! assert_eq!(windows.histories, [2, 2, 2, 0, 0, 1]);
//! assert_eq!(windows.targets, [0, 1, 2]);
//! assert_eq!(windows.weights, [2, 2, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod collector;
mod duration;
mod grouper;
mod identifier;
mod key;
mod placement;
mod prefixed;
mod recency;
mod rule;
mod session;
mod sink;
mod split;
#[cfg(test)]
mod tests;
mod time;
mod vocabulary;
mod window;

pub use collector::Collector;
pub use duration::{Duration, InvalidDuration};
pub use grouper::{Grouper, OpenSession};
pub use identifier::{Identifier, Identifiers, InvalidIdentifier};
pub use key::{Key, KeyName, LogKey};
pub use rule::{EndOfInput, InvalidRule, Limits, Problem, SessionRule};
pub use session::{Event, Session, SessionEnd, Timestamp};
pub use sink::{Closed, GroupCounters, SessionSink};
pub use split::{Split, chronological, seeded, validation};
pub use time::{Clock, InvalidTimeFormat, InvalidZone, TimeFormat, Zone};
pub use vocabulary::Vocabulary;
pub use window::{Alphabet, DistinctWindows, Framing, Windowing};
