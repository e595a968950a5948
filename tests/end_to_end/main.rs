//! Drives the real `deeplog` binary: what it prints, what it leaves behind, and how it ends.
//!
//! Tests that need the real data find it through `DEEPLOG_DATA`, and say so where they are left out.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod augment;
mod bad_config;
mod bad_input;
mod bad_output;
mod calibrated;
mod command_line;
mod datasets;
mod detecting;
mod exchange;
mod explore;
mod formats;
mod harness;
mod hostile;
mod init;
mod inject;
mod inject_log;
mod interruption;
mod labelled_lines;
mod labels;
mod model_files;
mod page;
mod parse_outputs;
mod parsing;
mod quickstart;
mod real_data;
mod results;
mod rules;
mod runs;
mod samples;
mod serve;
mod sessions;
mod synth;
mod templates;
mod templates_in_use;
mod unjudged;
mod with_labels;
