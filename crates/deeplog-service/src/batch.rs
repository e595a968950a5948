//! Lines on their way in.

use std::sync::Arc;

use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// Some lines of one source, taken in together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Name of the source.
    pub source: Arc<str>,
    /// How the lines came.
    pub origin: Origin,
    /// When they came, by the clock of this machine.
    pub received: Timestamp,
    /// The lines, each with its line feed. It may be empty where only a position is to be remembered.
    pub block: Vec<u8>,
}

/// How a batch came, and what is remembered of it so that its lines are not read twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Pushed by a client, who may name the batch so that sending it again does no harm.
    Pushed(Option<IdempotencyKey>),
    /// Read from a file, up to this position.
    File(FilePosition),
    /// From a client or a pipe that nothing is acknowledged to: syslog, standard input.
    Stream,
}

/// A client's name for a batch, by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdempotencyKey(pub u128);

impl IdempotencyKey {
    /// The key of a name that a client of a source gives. Names of different sources never meet.
    #[must_use]
    pub fn new(source: &str, name: &[u8]) -> Self {
        Self(xxh3_128(&[source.as_bytes(), b"\0", name].concat()))
    }
}

/// Which file on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId {
    /// The file system's number.
    pub device: u64,
    /// The file's number in it.
    pub inode: u64,
}

/// How far a file was read. It tells the file from another one that was given its number later, and finds it again
/// under another name, or packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// Which file.
    pub id: FileId,
    /// Where it lay then.
    pub path: String,
    /// How many of its first bytes, unpacked, are known.
    pub prefix_length: u32,
    /// XXH3-64 of these.
    pub prefix_hash: u64,
    /// Bytes that were read, unpacked; a line begins there.
    pub offset: u64,
}
