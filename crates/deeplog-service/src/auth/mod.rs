//! Who may do what: bearer tokens, and what stands in their place on the machine itself.
//!
//! Tokens are kept as hashes in the state folder. As long as there is none the service is for this machine alone: it listens
//! at a loopback address only, and takes no request that a foreign web page could have made in somebody's browser. As
//! soon as there is one, every request but those for health and the page itself needs one of them.

mod bucket;
mod guard;
mod origin;
mod refusal;
mod scope;
#[cfg(test)]
mod tests;
mod tokens;

pub use guard::{Guard, GuardCounters, protect};
pub use scope::{Scope, scope_of};
pub use tokens::{Token, Tokens};
