//! The file as connections meet it: how one that writes is set, how entries are read, how their hashes follow.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params};

use crate::codec;
use crate::entry::Seq;
use crate::error::JournalError;
use crate::files;
use crate::journal::{Head, RawEntry};

/// Stored bytes that one read brings into memory; one entry is always read, however long.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The oldest SQLite that is safe for WAL with several connections: 3.51.3 fixed a corruption in WAL recovery.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// What a connection that writes must do, and the answer of one that does. A commit is on disk when it returns only in
/// this mode; a page that is not what it says is an error and not data.
const PRAGMAS: [(&str, &str, &str); 7] = [
    // What is taken out is overwritten, not only unlinked.
    ("secure_delete", "ON", "1"),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", "ON", "1"),
    ("checkpoint_fullfsync", "ON", "1"),
    ("cell_size_check", "ON", "1"),
    ("wal_autocheckpoint", "8000", "8000"),
];

fn new_enough() -> Result<(), JournalError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(JournalError::io(format!("SQLite {} is older than 3.51.3", rusqlite::version())));
    }
    Ok(())
}

pub(super) fn connect(path: &Path) -> Result<Connection, JournalError> {
    new_enough()?;
    // SQLite gives the files beside it the mode of this one; those of an older version are closed as well.
    files::private_file(path).map_err(JournalError::io)?;
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        let beside = PathBuf::from(beside);
        if beside.exists() {
            files::close_to_others(&beside).map_err(JournalError::io)?;
        }
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    for (name, value, _) in PRAGMAS {
        connection.pragma_update(None, name, value)?;
    }
    is_durable(&connection)?;
    Ok(connection)
}

/// SQLite takes an unknown or impossible setting without a word, so what holds is asked for.
pub(super) fn is_durable(connection: &Connection) -> Result<(), JournalError> {
    for (name, _, expected) in PRAGMAS {
        let holds = connection.pragma_query_value(None, name, |row| {
            Ok(match row.get(0)? {
                Value::Text(text) => text,
                Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            })
        })?;
        if holds != expected {
            return Err(JournalError::io(format!("SQLite has {name} {holds}, where {expected} is needed")));
        }
    }
    Ok(())
}

pub(crate) fn open_read_only(path: &Path) -> Result<Connection, JournalError> {
    new_enough()?;
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

pub(super) fn head_of(connection: &Connection) -> Result<Head, JournalError> {
    let mut statement = connection.prepare("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Head::default()) };
    Ok(Head { seq: unsigned(row.get(0)?), hash: row.get(1)? })
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Stored entries from a place on.
pub(crate) fn read_raw(connection: &Connection, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT seq, at, hash, body, redacted FROM journal WHERE seq >= ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query(params![signed(from), signed(max as u64)])?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(3)?;
        bytes += body.len();
        if bytes > READ_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(RawEntry {
            seq: unsigned(row.get(0)?),
            at: Timestamp::from_millis(row.get(1)?),
            hash: row.get(2)?,
            body,
            redacted: row.get(4)?,
        });
    }
    Ok(entries)
}

/// Makes room for saying that an entry's content was taken out, in a file of an older version.
pub(super) fn note_redactions(connection: &Connection) -> Result<(), JournalError> {
    let known = connection.prepare("SELECT 1 FROM pragma_table_info('journal') WHERE name = 'redacted'")?.exists([])?;
    if !known {
        connection.execute_batch("ALTER TABLE journal ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0")?;
    }
    Ok(())
}

/// The entry if it is the one after `previous` and its hash follows from its bytes.
pub(crate) fn follows(previous: &Head, raw: &RawEntry) -> Result<Head, JournalError> {
    let seq = previous.seq + 1;
    if raw.seq != seq {
        return Err(JournalError::corrupt(seq, "it is missing"));
    }
    if raw.redacted {
        // What is left of it is vouched for by a later entry; what followed it was chained to this hash.
        return Ok(Head { seq, hash: raw.hash });
    }
    let hash = codec::chain(&previous.hash, seq, raw.at, &raw.body);
    if hash != raw.hash {
        return Err(JournalError::corrupt(seq, "its hash does not follow from its bytes and the entry before"));
    }
    Ok(Head { seq, hash })
}
