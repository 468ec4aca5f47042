//! Connections to the store's file, and which file it is: a rebuild swaps it under readers of other processes.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::ReleasedError;
use crate::schema;

/// How long a connection waits for another's lock.
const BUSY_MILLIS: u64 = 5_000;
const WRITER_CACHE_KIB: i64 = 128 * 1024;
const READER_CACHE_KIB: i64 = 4 * 1024;
/// Pages of the WAL after which it is written back: large, since hashes fall on random pages.
const CHECKPOINT_PAGES: i64 = 8_000;
const STATEMENTS_CACHED: usize = 64;

/// Tells one file from another at the same path.
pub(crate) type Identity = (u64, u64);

#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|_| (0, 0))
}

pub(crate) fn open_writer(path: &Path) -> Result<Connection, ReleasedError> {
    schema::check_sqlite()?;
    let conn = Connection::open(path)?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    schema::create_tables(&conn)?;
    schema::create_indexes(&conn)?;
    Ok(conn)
}

pub(crate) fn open_memory() -> Result<Connection, ReleasedError> {
    schema::check_sqlite()?;
    let conn = Connection::open_in_memory()?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    schema::create_tables(&conn)?;
    schema::create_indexes(&conn)?;
    Ok(conn)
}

/// A connection that only reads; the file must exist.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, ReleasedError> {
    schema::check_sqlite()?;
    // Not read-only in SQLite's sense: a reader of a WAL file takes part in its shared index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    schema::check_version(&conn)?;
    Ok(conn)
}
