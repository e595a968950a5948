//! The database's tables, and how it is opened.

use std::path::Path;
use std::time::Duration;

use deeplog::{Error, Result};
use rusqlite::{Connection, OpenFlags};

/// Of these tables. A database of another one is left alone.
const VERSION: i64 = 1;

/// Body stands last: rows are filtered without reading its pages.
const TABLES: &str = "
    CREATE TABLE findings (
        id INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        received INTEGER NOT NULL,
        time INTEGER,
        source TEXT NOT NULL,
        session TEXT NOT NULL,
        reason TEXT NOT NULL,
        template TEXT,
        seen TEXT,
        explanation TEXT NOT NULL,
        ended BLOB,
        body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX findings_version ON findings (version);
    CREATE INDEX findings_received ON findings (received);
    CREATE INDEX findings_source ON findings (source);
    CREATE INDEX findings_session ON findings (session);
    CREATE INDEX findings_reason ON findings (reason);
    CREATE INDEX findings_template ON findings (template);
    CREATE TABLE totals (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        last_version INTEGER NOT NULL,
        kept INTEGER NOT NULL,
        dropped INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE cursors (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
";

/// How long to wait for somebody else's transaction. Ours take milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens or begins the database for its one writer.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let database = |error: rusqlite::Error| unreadable(path, &error);
    let mut connection =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).map_err(database)?;
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(database)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(database)?;
    if found != VERSION && tables > 0 {
        return Err(Error::run(
            format!(
                "{} was written by another version (format {found}, and this one reads {VERSION}); it is kept as it is",
                path.display()
            ),
            "run that version, or move the file away to begin with an empty one",
        ));
    }
    // A power cut must not take back what was stored: changes that are stored are not computed again.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(database)?;
    if tables == 0 {
        let create = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()
        };
        create(&mut connection).map_err(database)?;
    }
    Ok(connection)
}

/// A connection without more ado.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A file that cannot be read as findings.
pub(super) fn unreadable(path: &Path, error: &rusqlite::Error) -> Error {
    Error::run(
        format!(
            "cannot open the findings in {}: {error}; the file is kept as it is",
            path.display()
        ),
        "check the permissions and the disk, or move the file away to begin with an empty one",
    )
}
