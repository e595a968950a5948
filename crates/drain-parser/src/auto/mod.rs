//! The `auto` method: templates without settings.
//!
//! Drain needs masks, a similarity and a depth for each system. Here nothing is set, and it takes two steps:
//!
//! 1. *Patterns.* Each content is cut into words, punctuation and parameters by built-in masks ([`masks`]); contents with
//!    the same words and punctuation have one pattern. A pattern remembers a few of the values at its parameters. This
//!    depends on nothing but the content, so parts of a log may be read in any order, on any machine, and put together.
//! 2. *Clusters.* On freezing, patterns with the same punctuation are divided, as IPLoM does (Makanju, Zincir-Heywood,
//!    Milios, KDD 2009), at the position with the fewest different words, until a group has one word everywhere or differs
//!    only where words are values ([`cluster`]).

mod cluster;
mod lines;
mod masks;
mod miner;
mod saved;
mod scan;
mod scanner;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use lines::Lines;
pub use miner::AutoMiner;
pub(crate) use scan::{Kind, Token, cut};
