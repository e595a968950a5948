//! Files of ours: recognised by their first bytes, versioned, and read whole or not at all.
//!
//! Layout, all numbers little endian: a magic (8 bytes), the format version (`u32`), the length of the description
//! (`u64`), the description as JSON, whatever else belongs to it, and XXH3-64 of everything before it (`u64`).

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};

const FIXED: usize = 8 + 4 + 8;
const CHECKSUM: usize = 8;

/// What files of ours begin with, and what they are called.
const OURS: [(&[u8; 8], &str); 4] = [
    (b"DEEPLOG\n", "model of sessions"),
    (b"DLLINES\n", "model of labelled lines"),
    (b"DLPARSE\n", "parser state"),
    (b"DLSTATE\n", "state of a live service"),
];

/// A kind of file.
pub struct Frame {
    /// What it begins with.
    pub magic: &'static [u8; 8],
    /// The only format version that is read.
    pub version: u32,
    /// What such a file is called.
    pub name: &'static str,
    /// What helps against another file in its place.
    pub foreign: &'static str,
    /// What helps against another format version.
    pub other_version: &'static str,
    /// What helps against damage.
    pub damaged: &'static str,
}

impl Frame {
    /// The bytes of a file: those of its description as JSON, and what `rest` adds.
    ///
    /// # Errors
    /// A description that JSON cannot hold.
    pub fn seal(&self, description: &impl Serialize, rest: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(self.magic);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        serde_json::to_writer(&mut bytes, description)
            .map_err(|error| Error::run(format!("cannot write down the {}: {error}", self.name), ""))?;
        let length = (bytes.len() - FIXED) as u64;
        bytes[FIXED - 8..FIXED].copy_from_slice(&length.to_le_bytes());
        rest(&mut bytes);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// The description in the bytes of a file, and the rest; or why they are none of ours.
    ///
    /// # Errors
    /// Bytes of something else, of another format version, and damaged ones.
    pub fn open<'b, D: DeserializeOwned>(&self, path: &Path, bytes: &'b [u8]) -> Result<(D, &'b [u8])> {
        self.parts(bytes)
            .map_err(|(fact, hint)| Error::run(format!("{}: {fact}", path.display()), hint))
    }

    fn parts<'b, D: DeserializeOwned>(
        &self,
        bytes: &'b [u8],
    ) -> std::result::Result<(D, &'b [u8]), (String, &'static str)> {
        let Self { name, version, .. } = self;
        let Some(rest) = bytes.strip_prefix(self.magic) else {
            let other = OURS.iter().find(|(magic, _)| bytes.starts_with(*magic));
            let fact = match other {
                Some((_, other)) => format!("is not a deeplog {name}, but a {other}"),
                None => format!("is not a deeplog {name}"),
            };
            return Err((fact, self.foreign));
        };
        let Some((found, rest)) = rest.split_first_chunk::<4>() else {
            return Err((format!("is cut short after {} bytes", bytes.len()), self.damaged));
        };
        let found = u32::from_le_bytes(*found);
        if found != *version {
            let fact = format!("is a {name} of format {found}, and this program reads format {version}");
            return Err((fact, self.other_version));
        }
        let (body, checksum) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM).max(FIXED.min(bytes.len())));
        if checksum != xxh3_64(body).to_le_bytes() {
            let length = bytes.len();
            let fact = format!("is damaged or cut short: the checksum over its {length} bytes does not agree");
            return Err((fact, self.damaged));
        }
        let damaged = |what: &str| (format!("is damaged: {what}"), self.damaged);
        let Some((length, rest)) = rest.split_first_chunk::<8>() else {
            return Err(damaged("it has no description"));
        };
        let rest = &rest[..rest.len() - CHECKSUM];
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((description, rest)) = rest.split_at_checked(length) else {
            return Err(damaged("its description is longer than the file"));
        };
        let description =
            serde_json::from_slice(description).map_err(|error| damaged(&format!("its description: {error}")))?;
        Ok((description, rest))
    }
}
