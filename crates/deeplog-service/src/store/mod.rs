//! Findings on disk, in an SQLite database of their own.
//!
//! One [`Store`] writes. Whatever it has taken in it never takes in again: the number of the last change stands in the
//! same transaction as the changes. [`Reader`]s look at it from any thread meanwhile.

mod error;
mod filter;
mod item;
mod publishing;
mod reader;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

pub(crate) use error::StoreError;
pub(crate) use filter::Filter;
pub(crate) use item::Item;
pub(crate) use publishing::Publishing;
pub(crate) use reader::{Bucket, Reader};

use crate::{Change, Ended, FindingRecord};

/// The database's file in the folder of the service's state.
const FILE: &str = "findings.sqlite";

/// Where findings are written to.
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
    keep: u64,
    totals: Totals,
}

/// What the database says of itself.
#[derive(Clone, Copy)]
struct Totals {
    /// Number of the last change in it.
    last_version: u64,
    /// Findings in it.
    kept: u64,
    /// Findings that were in it and made room for later ones.
    dropped: u64,
}

impl Store {
    /// Opens the findings in a folder, or begins with none. At most `keep` findings are kept: the oldest make room.
    ///
    /// # Errors
    /// If the file cannot be opened, or is not ours, or is of another version; it is left as it is then.
    pub(crate) fn open(folder: &Path, keep: u64) -> deeplog::Result<Self> {
        let path = folder.join(FILE);
        let connection = schema::open(&path)?;
        let totals = Totals::read(&connection).map_err(|error| schema::unreadable(&path, &error))?;
        Ok(Self {
            path,
            connection,
            keep,
            totals,
        })
    }

    /// Number of the last change that is stored; 0 before the first.
    #[must_use]
    pub(crate) fn last_version(&self) -> u64 {
        self.totals.last_version
    }

    /// Findings that are stored.
    #[must_use]
    pub(crate) fn kept(&self) -> u64 {
        self.totals.kept
    }

    /// Findings that were stored, and made room for later ones.
    #[must_use]
    pub(crate) fn dropped(&self) -> u64 {
        self.totals.dropped
    }

    /// For those who look.
    #[must_use]
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.path.clone())
    }

    /// Writes changes down, all or none, in the order of their versions. Those that are stored already are passed over.
    ///
    /// # Errors
    /// If the database is locked, the disk is full, or anything else: everything is as before then, and the same call
    /// may be made again.
    pub(crate) fn append(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut totals = Totals::read(&transaction)?;
        for change in changes {
            if change.version() <= totals.last_version {
                continue;
            }
            match change {
                Change::Found(record) => {
                    insert(&transaction, record)?;
                    totals.kept += 1;
                }
                Change::Ended { version, id, ended } => end(&transaction, *version, *id, ended)?,
            }
            totals.last_version = change.version();
        }
        let surplus = totals.kept.saturating_sub(self.keep);
        if surplus > 0 {
            let oldest = "DELETE FROM findings WHERE id IN (SELECT id FROM findings ORDER BY id LIMIT ?1)";
            let dropped = transaction.prepare_cached(oldest)?.execute([surplus])? as u64;
            totals.kept -= dropped;
            totals.dropped += dropped;
        }
        totals.write(&transaction)?;
        transaction.commit()?;
        self.totals = totals;
        Ok(())
    }
}

fn insert(transaction: &Transaction<'_>, record: &FindingRecord) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO findings (id, version, received, time, source, session, reason, template, seen, explanation, ended, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let seen = record.seen.as_ref();
    transaction.prepare_cached(sql)?.execute(params![
        record.id,
        record.version,
        record.received.0,
        record.time.map(|time| time.0),
        record.source,
        record.session,
        record.reason.name(),
        seen.map(|seen| &seen.key),
        seen.map(|seen| &seen.template),
        record.explanation,
        record.ended.as_ref().map(serde_json::to_vec).transpose()?,
        serde_json::to_vec(record)?,
    ])?;
    Ok(())
}

/// The finding may have made room already; then there is nothing to say.
fn end(transaction: &Transaction<'_>, version: u64, id: u64, ended: &Ended) -> Result<(), StoreError> {
    let sql = "UPDATE findings SET version = ?1, ended = ?2 WHERE id = ?3";
    let ended = serde_json::to_vec(ended)?;
    transaction.prepare_cached(sql)?.execute(params![version, ended, id])?;
    Ok(())
}

impl Totals {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT last_version, kept, dropped FROM totals";
        let totals = connection.prepare_cached(sql)?.query_one([], |row| {
            Ok(Self {
                last_version: row.get(0)?,
                kept: row.get(1)?,
                dropped: row.get(2)?,
            })
        });
        let none = Self {
            last_version: 0,
            kept: 0,
            dropped: 0,
        };
        Ok(totals.optional()?.unwrap_or(none))
    }

    fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO totals (only, last_version, kept, dropped) VALUES (1, ?1, ?2, ?3)";
        let values = [self.last_version, self.kept, self.dropped];
        connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }
}
