//! Looking at findings while they are written.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params, params_from_iter};
use schemars::JsonSchema;
use sequence_windowing::Timestamp;
use serde::Serialize;

use super::filter::Filter;
use super::item::Item;
use super::{StoreError, schema};
use crate::times::as_rfc3339;
use crate::{FindingRecord, Seen};

const ITEM: &str = "id, version, received, time, source, session, reason, template, seen, explanation, ended";

/// Connections that are kept open while nobody looks.
const IDLE_CONNECTIONS: usize = 8;

/// Looks at the findings of a [`Store`](super::Store) through connections of its own. Clones share them.
#[derive(Clone)]
pub(crate) struct Reader {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// Findings that came in within a part of a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Bucket {
    /// Where it begins, RFC 3339.
    #[serde(serialize_with = "as_rfc3339::serialize")]
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Findings from there to the next one.
    pub findings: u64,
}

impl Reader {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path: Arc::new(path),
            idle: Arc::default(),
        }
    }

    /// The latest findings first, from below the number `before` where one is given.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn page(&self, filter: &Filter, before: Option<u64>, limit: usize) -> Result<Vec<Item>, StoreError> {
        let mut conditions = filter.conditions();
        if let Some(before) = before {
            conditions.add("id < ?", before);
        }
        let clause = conditions.clause();
        conditions.values.push(Box::new(limit));
        let sql = format!("SELECT {ITEM} FROM findings {clause} ORDER BY id DESC LIMIT ?");
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_and_then(params_from_iter(&conditions.values), item)?;
            rows.collect()
        })
    }

    /// Findings that were added or changed after the change of a number, in the order of their last changes. One that
    /// is new has an id above that number.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn since(&self, version: u64, limit: usize) -> Result<Vec<Item>, StoreError> {
        let sql = format!("SELECT {ITEM} FROM findings WHERE version > ?1 ORDER BY version LIMIT ?2");
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_and_then(params![version, limit], item)?;
            rows.collect()
        })
    }

    /// A finding with everything that is known of it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn one(&self, id: u64) -> Result<Option<FindingRecord>, StoreError> {
        let sql = "SELECT version, ended, body FROM findings WHERE id = ?1";
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut record: FindingRecord = serde_json::from_slice(row.get_ref(2)?.as_blob().unwrap_or_default())?;
            record.version = row.get(0)?;
            record.ended = ended(row.get(1)?)?;
            Ok(Some(record))
        })
    }

    /// How many findings came in when: the span from `from` to `to` in at most so many parts of one length, in whole
    /// microseconds, empty ones too. The span of the filter counts besides.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn histogram(
        &self,
        from: Timestamp,
        to: Timestamp,
        parts: u32,
        filter: &Filter,
    ) -> Result<Vec<Bucket>, StoreError> {
        let span = to.0.saturating_sub(from.0).max(0);
        let width = (span / i64::from(parts.max(1))).max(0) + i64::from(span % i64::from(parts.max(1)) != 0);
        if width == 0 {
            return Ok(Vec::new());
        }
        let mut buckets: Vec<Bucket> = (0..)
            .map(|part| part * width)
            .take_while(|&start| start < span)
            .map(|start| Bucket {
                from: Timestamp(from.0 + start),
                findings: 0,
            })
            .collect();
        let mut conditions = filter.conditions();
        conditions.add("received >= ?", from.0);
        conditions.add("received < ?", to.0);
        let clause = conditions.clause();
        let sql = format!(
            "SELECT (received - {}) / {width} AS part, count(*) FROM findings {clause} GROUP BY part",
            from.0
        );
        self.with(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(&conditions.values))?;
            while let Some(row) = rows.next()? {
                if let Some(bucket) = buckets.get_mut(row.get::<_, usize>(0)?) {
                    bucket.findings = row.get(1)?;
                }
            }
            Ok(())
        })?;
        Ok(buckets)
    }

    /// How far somebody of this name has read; 0 at first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn cursor(&self, name: &str) -> Result<u64, StoreError> {
        let sql = "SELECT version FROM cursors WHERE name = ?1";
        self.with(|connection| {
            let version = connection.query_row(sql, [name], |row| row.get(0)).optional()?;
            Ok(version.unwrap_or(0))
        })
    }

    /// Remembers how far somebody of this name has read.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub(crate) fn set_cursor(&self, name: &str, version: u64) -> Result<(), StoreError> {
        let connection = schema::connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute(
            "INSERT OR REPLACE INTO cursors (name, version) VALUES (?1, ?2)",
            params![name, version],
        )?;
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = idle().pop();
        let connection = match connection {
            Some(connection) => connection,
            None => schema::connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let seen = look(&connection)?;
        let mut idle = idle();
        if idle.len() < IDLE_CONNECTIONS {
            idle.push(connection);
        }
        Ok(seen)
    }
}

fn item(row: &Row<'_>) -> Result<Item, StoreError> {
    let key: Option<String> = row.get(7)?;
    let template: Option<String> = row.get(8)?;
    Ok(Item {
        id: row.get(0)?,
        version: row.get(1)?,
        received: Timestamp(row.get(2)?),
        time: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        source: row.get(4)?,
        session: row.get(5)?,
        reason: row.get(6)?,
        seen: key.zip(template).map(|(key, template)| Seen { key, template }),
        explanation: row.get(9)?,
        ended: ended(row.get(10)?)?,
    })
}

fn ended<T: serde::de::DeserializeOwned>(json: Option<Vec<u8>>) -> Result<Option<T>, StoreError> {
    Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?)
}
