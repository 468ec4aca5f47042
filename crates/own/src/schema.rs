//! The one table, the version of its layout, and the record by which the store knows its key.

use model::Entropy;
use rusqlite::{Connection, TransactionBehavior};

use crate::key::OwnKey;
use crate::records::{Progress, Record as _};
use crate::{OwnError, rows};

/// Version of the file's layout: of the table, the hashes, the seal and the records.
pub(crate) const VERSION: i64 = 1;
/// SQLite 3.51.3.
const SQLITE_LEAST: i32 = 3_051_003;
/// Size of the file's pages: a row with its largest piece is below the 1,002 bytes that stay in such a page.
const PAGE_BYTES: i64 = 4096;

const TABLE: &str =
    "CREATE TABLE rows(scope BLOB NOT NULL, item BLOB NOT NULL, piece INTEGER NOT NULL, sealed BLOB NOT NULL,
   PRIMARY KEY(scope, item, piece)) WITHOUT ROWID";
const CHECK: &[u8] = b"own reports";
const CHECK_NAME: &str = "the record that knows the key";

/// Refuses a SQLite that may damage WAL files.
pub(crate) fn check_sqlite() -> Result<(), OwnError> {
    if rusqlite::version_number() < SQLITE_LEAST {
        return Err(OwnError::SqliteTooOld(rusqlite::version().to_owned()));
    }
    Ok(())
}

fn version(conn: &Connection) -> Result<i64, OwnError> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Settings of a writer's file that hold before its first page is written.
pub(crate) fn prepare(conn: &Connection) -> Result<(), OwnError> {
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    // What is removed or replaced is overwritten with zeros: a recall leaves nothing in the file.
    conn.pragma_update(None, "secure_delete", "ON")?;
    Ok(())
}

/// Makes the store if there is none, and refuses one of another layout or key.
pub(crate) fn create(conn: &mut Connection, key: &OwnKey, entropy: &dyn Entropy) -> Result<(), OwnError> {
    if version(conn)? == 0 {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been quicker.
        if version(&transaction)? == 0 {
            transaction.execute(TABLE, [])?;
            begin(&transaction, key, entropy)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    check(conn, key)
}

/// The records that an empty store has.
pub(crate) fn begin(conn: &Connection, key: &OwnKey, entropy: &dyn Entropy) -> Result<(), OwnError> {
    let meta = key.meta()?;
    let place = key.check(&meta);
    rows::put(conn, &place, &meta.seal(entropy, &place, CHECK_NAME, CHECK)?, 0)?;
    put_progress(conn, key, entropy, 0)
}

/// Refuses a file of another layout or key.
pub(crate) fn check(conn: &Connection, key: &OwnKey) -> Result<(), OwnError> {
    let found = version(conn)?;
    if found != VERSION {
        return Err(OwnError::Version { found, expected: VERSION });
    }
    let meta = key.meta()?;
    let place = key.check(&meta);
    // Under another key it lies elsewhere, or not at all.
    let sealed = rows::get(conn, &place)?.ok_or(OwnError::OtherKey)?;
    meta.open(&place, CHECK_NAME, sealed, |text| (text == CHECK).then_some(())).map_err(|_| OwnError::OtherKey)
}

pub(crate) fn progress(conn: &Connection, key: &OwnKey) -> Result<u64, OwnError> {
    let found = rows::open_only(conn, key, &key.meta()?)?;
    found.map(|(Progress(at), _)| at).ok_or(OwnError::Damaged(Progress::NAME))
}

pub(crate) fn put_progress(
    conn: &Connection,
    key: &OwnKey,
    entropy: &dyn Entropy,
    progress: u64,
) -> Result<(), OwnError> {
    let meta = key.meta()?;
    let place = key.only(&meta);
    rows::put(conn, &place, &meta.seal(entropy, &place, Progress::NAME, &Progress(progress).encode())?, 0)
}
