//! Raw log lines to log keys and parameters: event templates, found by either of two methods.
//!
//! - `auto` needs no settings: built-in masks, and the log itself, tell parameters from events. See [`Parser`].
//! - [`Drain`] (He, Zhu, Zheng, Lyu: *Drain: An Online Log Parsing Approach with Fixed Depth Tree*, ICWS 2017) groups as
//!   the authors' own code in logparser does, with masks, a similarity and a depth set for the log at hand.
//!
//! A line goes through these steps, all on bytes:
//!
//! 1. [`HeaderFormat::split`] takes the header apart and leaves the content; [`LineFormat::split`] does it for JSON,
//!    logfmt, syslog, containers, the journal and tables too, whose lines a [`RecordJoiner`] makes records of;
//! 2. [`Parser::learn`] counts the content in;
//! 3. [`Parser::freeze`] gives the immutable [`FrozenParser`], whose [`parse`](FrozenParser::parse) finds a content's
//!    template and parameters and never learns. [`restore`](FrozenParser::restore) gives the content back, byte for byte.
//!
//! What several parsers have [`Mined`] comes together in any order. What a person decides about templates, as that two of
//! them are one event, is kept in [`Edits`] and holds whatever is learnt afterwards.
//!
//! ```
//! use drain_parser::{DrainConfig, HeaderFormat, Parser, ParserConfig, Scratch};
//!
//! let format = HeaderFormat::compile("<Date> <Time> <Level> <Component>: <Content>")?;
//! let log = "081109 203518 INFO dfs.FSDataset: Deleting block blk_1 file /a\n\
//!            081109 203519 INFO dfs.FSDataset: Deleting block blk_-22 file /b";
//! let drain = DrainConfig { masks: vec![r"blk_-?\d+".into()], ..DrainConfig::default() };
//! for config in [ParserConfig::default(), ParserConfig::Drain(drain)] {
//!     let mut parser = Parser::new(config)?;
//!     for line in log.lines() {
//!         let header = format.split(line.as_bytes()).ok_or("no header")?;
//!         parser.learn(header.content());
//!     }
//!
//!     let frozen = parser.freeze();
//!     assert_eq!(frozen.templates()[0].text, "Deleting block <*> file <*>");
//!     let mut scratch = Scratch::default();
//!     let parsed = frozen.parse(b"Deleting block blk_7 file /c", &mut scratch).ok_or("no template")?;
//!     let values: Vec<&[u8]> = parsed.parameters.iter().map(|parameter| parameter.value).collect();
//!     assert_eq!(values, [b"blk_7".as_slice(), b"/c"]);
//!     assert!(frozen.parse(b"something else altogether", &mut scratch).is_none());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auto;
mod config;
mod drain;
mod edits;
mod format;
mod found_by;
mod frozen;
mod masking;
mod mined;
mod parser;
mod prepared;
mod reader;
mod reading;
mod recency;
mod saved;
mod template;
mod tokens;
mod tree;
mod vocabulary;
mod words;

pub use auto::AutoMiner;
pub use config::{AutoConfig, ConfigErrors, ConfigProblem, DrainConfig};
pub use drain::{ClusterId, ClusterView, Drain};
pub use edits::{Edit, EditError, Edits, Gone, Part, Splitting, Wording};
pub use format::{
    FormatError, Header, HeaderFormat, JoinerState, LineFormat, MAX_RECORD_BYTES, MAX_RECORD_LINES, Piece, Record,
    RecordJoiner, Unescaped,
};
pub use found_by::FoundBy;
pub use frozen::{FrozenParser, Parameter, ParsedLine};
pub use mined::{MergeError, Mined};
pub use parser::{Parser, ParserConfig};
pub use prepared::{Prepared, Preparer};
pub use reading::Scratch;
pub use template::{Template, TemplateId, TemplateIdError};
