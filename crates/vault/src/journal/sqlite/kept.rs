//! Rows beside the journal: the sealed answers to requests that may come again.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::JournalError;
use crate::journal::Kept;
use crate::vault::REPEAT_HOURS;

/// Old rows that go for each row that comes: more than come, so that none stays for long.
const GO_FOR_ONE: usize = 2;

fn row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { key: row.get(0)?, about: row.get(1)?, hour: row.get(2)?, body: row.get(3)? })
}

/// Writes rows, and takes out some that are too old.
pub(super) fn write<'a>(connection: &Connection, rows: impl Iterator<Item = &'a Kept>) -> rusqlite::Result<()> {
    let (mut count, mut latest) = (0, i64::MIN);
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO kept(key, about, hour, body) VALUES (?1, ?2, ?3, ?4)")?;
    for row in rows {
        insert.execute(params![row.key, row.about, row.hour, row.body])?;
        (count, latest) = (count + 1, latest.max(row.hour));
    }
    if count > 0 {
        let old = "DELETE FROM kept WHERE key IN (SELECT key FROM kept WHERE hour < ?1 ORDER BY hour LIMIT ?2)";
        let most = i64::try_from(count * GO_FOR_ONE).unwrap_or(i64::MAX);
        connection.prepare_cached(old)?.execute(params![latest.saturating_sub(REPEAT_HOURS), most])?;
    }
    Ok(())
}

pub(super) fn of_key(connection: &Connection, key: &[u8; 32]) -> Result<Option<Kept>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT key, about, hour, body FROM kept WHERE key = ?1")?;
    Ok(statement.query_row([key], row).optional()?)
}

pub(super) fn about(connection: &Connection, about: &[u8; 32]) -> Result<Vec<Kept>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT key, about, hour, body FROM kept WHERE about = ?1")?;
    let rows = statement.query_map([about], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn after(connection: &Connection, key: Option<&[u8; 32]>) -> Result<Option<Kept>, JournalError> {
    let mut statement =
        connection.prepare_cached("SELECT key, about, hour, body FROM kept WHERE key > ?1 ORDER BY key LIMIT 1")?;
    Ok(statement.query_row([key.map_or(&[][..], |key| key)], row).optional()?)
}
