//! Syslog over TCP and UDP, by RFC 5424, RFC 3164 and RFC 6587.
//!
//! Syslog acknowledges nothing, so that a message arrives at most once. Over TCP nothing is dropped while the
//! service runs: when no more may wait, the connection is not read any further and the sender waits. What a sender has
//! written and the service has not yet read when it ends is lost without the sender knowing. Over UDP, messages are dropped, and
//! counted, when no more may wait; what the operating system drops is counted by itself.

mod counters;
mod frame;
mod gather;
mod message;
mod shape;
mod stamp;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

pub use counters::Counters;
pub use frame::{Framer, TooLong};
pub use message::{Message, Standard, parse};
pub use shape::Shape;
pub use tcp::{TcpLimits, listen_tcp};
pub use udp::listen_udp;
