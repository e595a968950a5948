//! Raw log lines to log keys and parameters: Drain (He, Zhu, Zheng, Lyu: *Drain: An Online Log Parsing Approach with
//! Fixed Depth Tree*, ICWS 2017), grouping as the authors' own code in logparser does.
//!
//! A line goes through four steps, all on bytes:
//!
//! 1. [`HeaderFormat::split`] takes the header apart and leaves the content; [`LineFormat::split`] does it for JSON,
//!    logfmt, syslog, containers, the journal and tables too, whose lines a [`RecordJoiner`] makes records of;
//! 2. masks (regexes of [`DrainConfig::masks`]) replace what is known to be a parameter by `<*>`;
//! 3. [`Drain::learn`] walks the fixed-depth tree and joins the content to a cluster, whose event template it widens;
//! 4. [`Drain::freeze`] gives the immutable [`FrozenDrain`], whose [`parse`](FrozenDrain::parse) finds a content's
//!    template and parameters and never learns.
//!
//! ```
//! use drain_parser::{Drain, DrainConfig, HeaderFormat, Scratch};
//!
//! let format = HeaderFormat::compile("<Date> <Time> <Level> <Component>: <Content>")?;
//! let mut drain = Drain::new(DrainConfig { masks: vec![r"blk_-?\d+".into()], ..DrainConfig::default() })?;
//! let log = "081109 203518 INFO dfs.FSDataset: Deleting block blk_1 file a\n\
//!            081109 203519 INFO dfs.FSDataset: Deleting block blk_-22 file b";
//! for line in log.lines() {
//!     let header = format.split(line.as_bytes()).ok_or("no header")?;
//!     drain.learn(header.content());
//! }
//!
//! let frozen = drain.freeze();
//! assert_eq!(frozen.templates()[0].text, "Deleting block <*> file <*>");
//! let mut scratch = Scratch::default();
//! let parsed = frozen.parse(b"Deleting block blk_7 file c", &mut scratch).ok_or("no template")?;
//! assert_eq!(parsed.parameters.as_slice(), [b"blk_7".as_slice(), b"c"]);
//! assert!(frozen.parse(b"something else altogether", &mut scratch).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod drain;
mod format;
mod frozen;
mod masking;
mod reading;
mod recency;
mod saved;
mod template;
mod tokens;
mod tree;
mod vocabulary;

pub use config::{ConfigErrors, ConfigProblem, DrainConfig};
pub use drain::{ClusterId, ClusterView, Drain};
pub use format::{
    FormatError, Header, HeaderFormat, JoinerState, LineFormat, MAX_RECORD_BYTES, MAX_RECORD_LINES, Piece, Record,
    RecordJoiner, Unescaped,
};
pub use frozen::{FrozenDrain, ParsedLine};
pub use reading::Scratch;
pub use template::{Template, TemplateId, TemplateIdError};
