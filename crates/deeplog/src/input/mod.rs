//! Reading: files of lines, sessions and labels, plain or compressed.

mod blocks;
mod bytes;
mod files;
mod labels;
mod record_texts;
mod records;
mod session_file;
pub(crate) mod spelling;
mod structured;
mod zstandard;

pub(crate) use blocks::{Blocks, lines};
pub use bytes::{Lines, MAX_LINE, decompressed, sha256};
pub(crate) use bytes::{open, read_to_end};
pub(crate) use files::in_order_of_time;
pub use files::{expand, expand_logs};
pub use labels::Labels;
pub use record_texts::record_texts;
pub use records::Records;
pub(crate) use session_file::is_session_file;
pub use session_file::read_sessions;
pub use structured::{StructuredRow, StructuredRows};
