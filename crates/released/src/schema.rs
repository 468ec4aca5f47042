//! The tables: rows appended in release order under an integer key, found by 64-bit hashes.

use policy::NounKind;
use rusqlite::Connection;

use crate::{ReleasedError, shared};

/// Version of the file's layout.
pub(crate) const VERSION: i64 = 3;
/// The layout before sharing groups, which a writer brings to this one.
const BEFORE_GROUPS: i64 = 2;
/// SQLite 3.51.3.
const SQLITE_LEAST: i32 = 3_051_003;

/// The table of a noun.
pub(crate) const fn table(kind: NounKind) -> &'static str {
    match kind {
        NounKind::Indicator => "indicators",
        NounKind::Campaign => "campaigns",
        NounKind::Advisory => "advisories",
        NounKind::Posture => "postures",
    }
}

/// Every noun, in the order of the digest.
pub(crate) const KINDS: [NounKind; 4] =
    [NounKind::Indicator, NounKind::Campaign, NounKind::Advisory, NounKind::Posture];

/// Refuses a SQLite that may damage WAL files.
pub(crate) fn check_sqlite() -> Result<(), ReleasedError> {
    if rusqlite::version_number() < SQLITE_LEAST {
        return Err(ReleasedError::SqliteTooOld(rusqlite::version().to_owned()));
    }
    Ok(())
}

/// Makes the tables, without indexes: bulk loading makes those afterwards.
pub(crate) fn create_tables(conn: &Connection) -> Result<(), ReleasedError> {
    let mut sql = String::from(
        "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS log(tick INTEGER PRIMARY KEY, places BLOB NOT NULL);",
    );
    for kind in KINDS {
        // `live`: 1 for the present version, 0 for a superseded or withdrawn one. `feed`: bit 1 watch, bit 2 block.
        sql.push_str(&format!(
            "CREATE TABLE IF NOT EXISTS {}(n INTEGER PRIMARY KEY, tick INTEGER NOT NULL, h INTEGER NOT NULL, lookup INTEGER NOT NULL,
               camp INTEGER, live INTEGER NOT NULL, feed INTEGER NOT NULL, until INTEGER NOT NULL,
               id BLOB NOT NULL, campaign BLOB, body TEXT NOT NULL);",
            table(kind)
        ));
    }
    conn.execute_batch(&sql)?;
    let found: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == 0 || found == BEFORE_GROUPS {
        shared::migrate(conn)?;
    }
    check_version(conn)
}

/// Refuses a file of another layout.
pub(crate) fn check_version(conn: &Connection) -> Result<(), ReleasedError> {
    let found: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == VERSION { Ok(()) } else { Err(ReleasedError::Version { found, expected: VERSION }) }
}

/// Makes the indexes.
pub(crate) fn create_indexes(conn: &Connection) -> Result<(), ReleasedError> {
    let mut sql = String::new();
    for kind in KINDS {
        let table = table(kind);
        sql.push_str(&format!("CREATE INDEX IF NOT EXISTS {table}_live ON {table}(n) WHERE live = 1;"));
        // Indicators are found by their look-up key: a second index in random order would double what a flood writes.
        if kind != NounKind::Indicator {
            sql.push_str(&format!("CREATE INDEX IF NOT EXISTS {table}_h ON {table}(h);"));
        }
    }
    sql.push_str(
        "CREATE INDEX IF NOT EXISTS indicators_lookup ON indicators(lookup);
         CREATE INDEX IF NOT EXISTS indicators_camp ON indicators(camp) WHERE camp IS NOT NULL;",
    );
    conn.execute_batch(&sql)?;
    shared::create_indexes(conn)
}

/// The 64-bit hash of an id: ids are keyed hashes themselves, so their first half will do.
pub(crate) fn hash(id: &[u8; 16]) -> i64 {
    id.first_chunk::<8>().map_or(0, |head| i64::from_le_bytes(*head))
}
