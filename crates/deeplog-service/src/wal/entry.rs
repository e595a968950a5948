//! What the log of accepted input holds, and how it is spelt in bytes.

use std::sync::Arc;

use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Batch, FilePosition, IdempotencyKey, Origin};

/// One thing that happened to the service, in the order in which everything is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Lines came.
    Lines(Batch),
    /// No lines came for a while, and this is what the clock showed.
    Silence(Timestamp),
    /// From here on the lines of a source are read and judged in another way; not at all without a definition.
    Define {
        /// Name of the source.
        source: Arc<str>,
        /// How its lines are read and judged.
        definition: Option<Definition>,
    },
}

/// How the lines of a source are read and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// SHA-256 of the model file, in hex.
    pub model: String,
    /// What differs from the dataset that the model was trained on: header, time, session.
    #[serde(default)]
    pub dataset: Option<toml::Table>,
    /// Another budget of alarms than the model's.
    #[serde(default)]
    pub alerts: Option<String>,
}

/// An entry with its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Rising by one from record to record, from 1.
    pub number: u64,
    /// What happened.
    pub entry: Entry,
}

const LINES: u8 = 0;
const SILENCE: u8 = 1;
const DEFINE: u8 = 2;

const PUSHED: u8 = 0;
const NAMED: u8 = 1;
const FILE: u8 = 2;
const STREAM: u8 = 3;

/// Adds the bytes of a record. All numbers are little endian.
pub(super) fn encode(number: u64, entry: &Entry, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&number.to_le_bytes());
    match entry {
        Entry::Lines(batch) => {
            bytes.push(LINES);
            bytes.extend_from_slice(&batch.received.0.to_le_bytes());
            put(bytes, batch.source.as_bytes());
            match &batch.origin {
                Origin::Pushed(None) => bytes.push(PUSHED),
                Origin::Pushed(Some(key)) => {
                    bytes.push(NAMED);
                    bytes.extend_from_slice(&key.0.to_le_bytes());
                }
                Origin::File(position) => {
                    bytes.push(FILE);
                    for number in [
                        position.id.device,
                        position.id.inode,
                        position.prefix_hash,
                        position.offset,
                    ] {
                        bytes.extend_from_slice(&number.to_le_bytes());
                    }
                    bytes.extend_from_slice(&position.prefix_length.to_le_bytes());
                    put(bytes, position.path.as_bytes());
                }
                Origin::Stream => bytes.push(STREAM),
            }
            bytes.extend_from_slice(&batch.block);
        }
        Entry::Silence(time) => {
            bytes.push(SILENCE);
            bytes.extend_from_slice(&time.0.to_le_bytes());
        }
        Entry::Define { source, definition } => {
            bytes.push(DEFINE);
            put(bytes, source.as_bytes());
            // Strings and tables of strings always have a spelling in JSON.
            bytes.extend_from_slice(&serde_json::to_vec(definition).unwrap_or_default());
        }
    }
}

/// Adds a text with its length; what is beyond 64 KiB is cut, and no name or path is that long.
fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    let text = &text[..text.len().min(usize::from(u16::MAX))];
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text);
}

/// A record from its bytes; `None` if they are none.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Record> {
    let rest = &mut bytes;
    let number = u64::from_le_bytes(take(rest)?);
    let [kind] = take(rest)?;
    let entry = match kind {
        LINES => {
            let received = Timestamp(i64::from_le_bytes(take(rest)?));
            let source = text(rest)?.into();
            let [origin] = take(rest)?;
            let origin = match origin {
                PUSHED => Origin::Pushed(None),
                NAMED => Origin::Pushed(Some(IdempotencyKey(u128::from_le_bytes(take(rest)?)))),
                FILE => {
                    let mut next = || Some(u64::from_le_bytes(take(rest)?));
                    let (device, inode, prefix_hash, offset) = (next()?, next()?, next()?, next()?);
                    Origin::File(FilePosition {
                        id: crate::FileId { device, inode },
                        prefix_hash,
                        offset,
                        prefix_length: u32::from_le_bytes(take(rest)?),
                        path: text(rest)?.to_owned(),
                    })
                }
                STREAM => Origin::Stream,
                _ => return None,
            };
            Entry::Lines(Batch {
                source,
                origin,
                received,
                block: rest.to_vec(),
            })
        }
        SILENCE => Entry::Silence(Timestamp(i64::from_le_bytes(take(rest)?))),
        DEFINE => Entry::Define {
            source: text(rest)?.into(),
            definition: serde_json::from_slice(rest).ok()?,
        },
        _ => return None,
    };
    Some(Record { number, entry })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let length = u16::from_le_bytes(take(rest)?);
    let (text, left) = rest.split_at_checked(length.into())?;
    *rest = left;
    std::str::from_utf8(text).ok()
}
