//! Records as rows: a sealed record lies in pieces that fit a page of the file.

use rusqlite::{Connection, params};

use crate::OwnError;
use crate::key::{Hash, OwnKey, Place, Scope};
use crate::records::Record;

/// Largest piece of a record, in bytes. SQLite would put a longer row on pages of its own, which it takes in the order of
/// writing: the file would then tell in which order records came. Rows of this size stay in the tree, ordered by hash.
pub(crate) const PIECE_BYTES: usize = 512;

const GET: &str = "SELECT sealed FROM rows WHERE scope = ?1 AND item = ?2 ORDER BY piece";
const HAS: &str = "SELECT 1 FROM rows WHERE scope = ?1 AND item = ?2 AND piece = 0";
const RANGE: &str = "SELECT item, sealed FROM rows WHERE scope = ?1 ORDER BY item, piece";
const PUT: &str = "INSERT OR REPLACE INTO rows(scope, item, piece, sealed) VALUES(?1, ?2, ?3, ?4)";
const CUT: &str = "DELETE FROM rows WHERE scope = ?1 AND item = ?2 AND piece >= ?3";
const ERASE: &str = "DELETE FROM rows WHERE scope = ?1";

/// Every statement that reads, for the test of how much work an answer is.
#[cfg(test)]
pub(crate) const READS: [&str; 3] = [GET, HAS, RANGE];

/// The sealed record at a place.
pub(crate) fn get(conn: &Connection, at: &Place) -> Result<Option<Vec<u8>>, OwnError> {
    let mut statement = conn.prepare_cached(GET)?;
    let mut rows = statement.query(params![at.scope, at.item])?;
    let mut sealed: Option<Vec<u8>> = None;
    while let Some(row) = rows.next()? {
        sealed.get_or_insert_default().extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
    }
    Ok(sealed)
}

/// Opens the one record of a scope, and says how many bytes it takes.
pub(crate) fn open_only<T: Record>(
    conn: &Connection,
    key: &OwnKey,
    scope: &Scope,
) -> Result<Option<(T, usize)>, OwnError> {
    let place = key.only(scope);
    let Some(sealed) = get(conn, &place)? else { return Ok(None) };
    let size = sealed.len();
    scope.open(&place, T::NAME, sealed, T::decode).map(|record| Some((record, size)))
}

/// Whether there is a record at a place.
pub(crate) fn has(conn: &Connection, at: &Place) -> Result<bool, OwnError> {
    Ok(conn.prepare_cached(HAS)?.exists(params![at.scope, at.item])?)
}

/// All sealed records of a scope, in one range of the tree.
pub(crate) fn range(conn: &Connection, scope: &Hash) -> Result<Vec<(Place, Vec<u8>)>, OwnError> {
    let mut statement = conn.prepare_cached(RANGE)?;
    let mut rows = statement.query([scope])?;
    let mut records: Vec<(Place, Vec<u8>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let item: Hash = row.get(0)?;
        let piece = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        match records.last_mut() {
            Some((place, sealed)) if place.item == item => sealed.extend_from_slice(piece),
            _ => records.push((Place { scope: *scope, item }, piece.to_vec())),
        }
    }
    Ok(records)
}

/// Puts a sealed record in place of one that took `before` bytes there.
pub(crate) fn put(conn: &Connection, at: &Place, sealed: &[u8], before: usize) -> Result<(), OwnError> {
    let mut statement = conn.prepare_cached(PUT)?;
    for (piece, bytes) in (0_i64..).zip(sealed.chunks(PIECE_BYTES)) {
        statement.execute(params![at.scope, at.item, piece, bytes])?;
    }
    if before > sealed.len() {
        let pieces = i64::try_from(sealed.len().div_ceil(PIECE_BYTES)).unwrap_or(i64::MAX);
        conn.prepare_cached(CUT)?.execute(params![at.scope, at.item, pieces])?;
    }
    Ok(())
}

/// Removes every record of a scope.
pub(crate) fn erase(conn: &Connection, scope: &Hash) -> Result<(), OwnError> {
    conn.prepare_cached(ERASE)?.execute([scope])?;
    Ok(())
}
