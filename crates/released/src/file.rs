//! Connections to the store's file, and which file it is: a rebuild swaps it under readers of other processes.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::ReleasedError;
use crate::schema;

/// How long a connection waits for another's lock.
const BUSY_MILLIS: u64 = 5_000;
const WRITER_CACHE_KIB: i64 = 128 * 1024;
const READER_CACHE_KIB: i64 = 4 * 1024;
/// Pages of the WAL after which the writer writes it back itself, should the checkpointer not keep up.
const CHECKPOINT_PAGES: i64 = 64_000;
/// Bytes of the WAL after which the checkpointer writes it back: many, since hashes fall on random pages.
const WAL_BYTES: u64 = 32 * 1024 * 1024;
/// How often the checkpointer looks.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
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
    conn.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    prepare(&conn)?;
    schema::create_tables(&conn)?;
    schema::create_indexes(&conn)?;
    Ok(conn)
}

/// What every connection is set to.
fn prepare(conn: &Connection) -> Result<(), ReleasedError> {
    // Plans hang on the statement, never on the values bound: SQLite would prepare anew at each execution otherwise.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

/// Writes the WAL back beside the writer, which would stand still for it otherwise. Ends when it is dropped.
pub(crate) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(path: &Path) -> Result<Self, ReleasedError> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let wal = PathBuf::from(wal);
        let (stop, stopped) = channel::<()>();
        let work = move || {
            while stopped.recv_timeout(CHECKPOINT_EVERY) == Err(RecvTimeoutError::Timeout) {
                if std::fs::metadata(&wal).is_ok_and(|meta| meta.len() > WAL_BYTES) {
                    // What it cannot do now, for a reader that holds an old page, it does the next time.
                    let _ = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("released-wal".to_owned())
            .spawn(work)
            .map_err(ReleasedError::file(path))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn open_memory() -> Result<Connection, ReleasedError> {
    schema::check_sqlite()?;
    let conn = Connection::open_in_memory()?;
    prepare(&conn)?;
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
    conn.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    prepare(&conn)?;
    schema::check_version(&conn)?;
    Ok(conn)
}
