//! Why the store could not be written or read.

use rusqlite::ErrorCode;

/// Why the store could not be written or read. Nothing was changed, and trying again may help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Another process holds it.
    #[error("the findings are locked by another process: end what has findings.sqlite open")]
    Locked,
    /// No room.
    #[error("the disk is full: free some space where findings.sqlite lies")]
    Full,
    /// The database says otherwise.
    #[error("the findings cannot be written or read: {0}; look at the disk and the permissions of findings.sqlite")]
    Database(rusqlite::Error),
    /// What is in it is no finding.
    #[error("a finding is not in our format: {0}; move findings.sqlite away to begin with an empty one")]
    Format(#[from] serde_json::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(error),
        }
    }
}
