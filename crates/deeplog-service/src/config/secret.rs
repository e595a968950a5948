//! Values that must not be seen.

use std::fmt;
use std::fs;
use std::path::Path;

use deeplog::{Error, Fields};

/// A password or key. It is shown nowhere: not in errors, logs or debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for its one use.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secret that a field holds.
pub(super) fn inline(fields: &mut Fields<'_>, key: &'static str) -> Option<Secret> {
    // Read by hand, as mistakes are told with the value that they are in.
    match fields.optional::<toml::Value>(key)? {
        toml::Value::String(text) if !text.is_empty() => Some(Secret::new(text)),
        _ => {
            fields.problem(key, "is no text, or an empty one");
            None
        }
    }
}

/// The secret in the file that a field names, without the line end behind it.
pub(super) fn from_file(fields: &mut Fields<'_>, key: &'static str, folder: &Path) -> Option<Secret> {
    let path = folder.join(fields.optional::<std::path::PathBuf>(key)?);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let text = text.trim_end_matches(['\r', '\n']);
            fields.ensure(!text.is_empty(), key, || format!("{} is empty", path.display()));
            Some(Secret::new(text))
        }
        Err(error) => {
            fields.problem(key, Error::io("read", &path)(error).to_string());
            None
        }
    }
}
