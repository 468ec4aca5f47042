//! Connections to the store's file, closed to others on the machine, and the log beside it, which is kept short.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use model::Entropy;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::key::OwnKey;
use crate::{OwnError, schema};

/// How long a connection waits for another's lock.
const BUSY_MILLIS: u64 = 5_000;
/// How long the writer's log may hold the writer up to be emptied.
const EMPTY_MILLIS: u64 = 100;
const WRITER_CACHE_KIB: i64 = 64 * 1024;
const READER_CACHE_KIB: i64 = 4 * 1024;
/// Pages of the WAL after which the writer writes it back itself, should the sweeper not keep up.
const CHECKPOINT_PAGES: i64 = 64_000;
/// How often the WAL is written back and emptied.
const SWEEP_EVERY: Duration = Duration::from_millis(500);
const STATEMENTS_CACHED: usize = 16;

/// Tells one file from another at the same path.
pub(crate) type Identity = (u64, u64);

pub(crate) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Makes the file if it is absent, and closes it and those beside it to others. SQLite gives new ones the same mode.
fn close_to_others(path: &Path) -> Result<(), OwnError> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(OwnError::file(path))?;
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match std::fs::set_permissions(&path, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(OwnError::file(&path)(error)),
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn open_writer(path: &Path, key: &OwnKey, entropy: &dyn Entropy) -> Result<Connection, OwnError> {
    schema::check_sqlite()?;
    close_to_others(path)?;
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    schema::prepare(&conn)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // A commit need not be on disk when it returns: what a crash takes back is delivered again from the journal, after the
    // place that was committed with it.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    settle_plans(&conn)?;
    schema::create(&mut conn, key, entropy)?;
    Ok(conn)
}

/// What every connection is set to.
fn settle_plans(conn: &Connection) -> Result<(), OwnError> {
    // Plans hang on the statement, never on the values bound: SQLite would prepare anew at each execution otherwise.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

pub(crate) fn open_memory(key: &OwnKey, entropy: &dyn Entropy) -> Result<Connection, OwnError> {
    schema::check_sqlite()?;
    let mut conn = Connection::open_in_memory()?;
    schema::prepare(&conn)?;
    settle_plans(&conn)?;
    schema::create(&mut conn, key, entropy)?;
    Ok(conn)
}

/// A connection that only reads; the file must exist.
pub(crate) fn open_reader(path: &Path, key: &OwnKey) -> Result<Connection, OwnError> {
    schema::check_sqlite()?;
    if !path.exists() {
        return Err(OwnError::Absent(path.display().to_string()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    settle_plans(&conn)?;
    match schema::check(&conn, key) {
        // Its writer has not made it yet.
        Err(OwnError::Version { found: 0, .. }) => Err(OwnError::Absent(path.display().to_string())),
        checked => checked.map(|()| conn),
    }
}

/// Writes the WAL back and empties it; false if a reader or the writer is in the way.
///
/// The log holds pages in the order of commits. What it tells of order and time, and what a recall removed, is gone with it.
pub(crate) fn sweep(conn: &Connection) -> Result<bool, OwnError> {
    // The larger part goes while the writer writes on; emptying holds it up for what came meanwhile.
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

/// Sweeps beside the writer. Ends when it is dropped.
pub(crate) struct Sweeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sweeper {
    pub(crate) fn start(path: &Path) -> Result<Self, OwnError> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_millis(EMPTY_MILLIS))?;
        let wal = beside(path, "-wal");
        let (stop, stopped) = channel::<()>();
        let work = move || {
            while stopped.recv_timeout(SWEEP_EVERY) == Err(RecvTimeoutError::Timeout) {
                if std::fs::metadata(&wal).is_ok_and(|meta| meta.len() > 0) {
                    // What it cannot do now, for a reader that holds an old page, it does the next time.
                    let _ = sweep(&conn);
                }
            }
            let _ = sweep(&conn);
        };
        let thread =
            std::thread::Builder::new().name("own-wal".to_owned()).spawn(work).map_err(OwnError::file(path))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
