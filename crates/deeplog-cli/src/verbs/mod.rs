//! One file a verb: its arguments, and what it does with them.

pub(crate) mod check;
mod common;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod detect;
mod detect_lines;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod export;
pub(crate) mod features;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod parse;
pub(crate) mod plot;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod synth;
pub(crate) mod templates;
pub(crate) mod token;
pub(crate) mod train;
pub(crate) mod watch;
mod watch_text;
